"""Several proofs in one transaction: as many as fit, by gas and by bytes."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from prover.chain.contracts import Call
from prover.chain.transactions import GAS_CAP, Sender
from prover.protocol.limits import limits_of

T = TypeVar("T")


def grouped(
    sender: Sender, submissions: Iterable[T], call_of: Callable[[list[T]], Call]
) -> Iterator[list[T]]:
    """Groups in order; each submission is tried alone, so that a bad one is named before any is
    sent. Raises ContractRefused.
    """
    most = limits_of(sender.client.chain_id).call_bytes
    group: list[T] = []
    gas = size = 0
    for submission in submissions:
        call = call_of([submission])
        cost = sender.estimate(call).gas
        if group and (gas + cost > GAS_CAP or size + len(call.data) > most):
            yield group
            group, gas, size = [], 0, 0
        group.append(submission)
        gas, size = gas + cost, size + len(call.data)
    if group:
        yield group
