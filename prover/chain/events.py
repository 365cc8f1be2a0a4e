"""The events of the contracts, with where they happened."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from prover.chain.client import Client
from prover.chain.decoding import Logged, decode_log
from prover.chain.deployments import Deployment
from prover.chain.logs import fetch_logs

__all__ = ["Logged", "by_transaction", "decode_log", "fetch_events"]


def fetch_events(
    client: Client, deployment: Deployment, first: int | None = None, last: int | None = None
) -> Iterator[Logged]:
    """All events of the contracts, in order, up to the latest block when the call began."""
    end = int(client.block()["number"]) if last is None else last
    start = deployment.first_block if first is None else first
    addresses = [deployment.registry, *deployment.holding_jobs]
    times: dict[int, int] = {}
    for log in fetch_logs(client, addresses, start, end):
        number = int(log["blockNumber"])
        if number not in times:
            times = {number: int(client.block(number)["timestamp"])}
        yield decode_log(log, times[number])


def by_transaction(events: Iterable[Logged]) -> Iterator[list[Logged]]:
    """The events of each transaction together, in order."""
    for _, group in groupby(events, key=lambda logged: logged.transaction):
        yield list(group)
