"""Several proofs in one transaction: as many as fit, by gas and by bytes."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from prover.chain.abi.contract import Call
from prover.chain.sending.transactions import GAS_CAP, Sender
from prover.protocol.limits import limits_of

T = TypeVar("T")


def grouped(
    sender: Sender, submissions: Iterable[T], call_of: Callable[[list[T]], Call]
) -> tuple[list[list[T]], int]:
    """Groups in order, and the gas of all; each submission is tried alone, so that a bad one is
    named before any is sent. Raises ContractRefused.
    """
    most = limits_of(sender.client.chain_id).call_bytes
    groups, whole = list[list[T]](), 0
    gas = size = 0
    for submission in submissions:
        call = call_of([submission])
        cost = sender.estimate(call).gas
        if not groups or gas + cost > GAS_CAP or size + len(call.data) > most:
            groups.append([])
            gas = size = 0
        groups[-1].append(submission)
        gas, size, whole = gas + cost, size + len(call.data), whole + cost
    return groups, whole
