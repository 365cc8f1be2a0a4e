"""The events of the contracts, with where they happened."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from prover.chain.deployments import Deployment
from prover.chain.events.decoding import Logged, decode_log
from prover.chain.events.sync import read_logs
from prover.chain.node.client import Client

__all__ = ["Logged", "by_transaction", "decode_log", "fetch_events"]


def fetch_events(
    client: Client, deployment: Deployment, last: int | None = None
) -> Iterator[Logged]:
    """All events of the contracts up to block `last`, in order; by default the latest block."""
    for log in read_logs(client, deployment, last):
        yield decode_log(log)


def by_transaction(events: Iterable[Logged]) -> Iterator[list[Logged]]:
    """The events of each transaction together, in order."""
    for _, group in groupby(events, key=lambda logged: logged.transaction):
        yield list(group)
