"""Several proofs in one transaction: as many as fit, by gas and by bytes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from web3.types import TxReceipt

from prover.chain.abi.contract import Call
from prover.chain.sending.transactions import GAS_CAP, Sender
from prover.protocol.limits import limits_of

T = TypeVar("T")


@dataclass(frozen=True)
class ProofsSent:
    """What proving took: proofs made now (others were there), their seconds, transactions, gas."""

    proofs: int
    seconds: float
    transactions: int
    gas: int

    def after(self, again: Sequence[TxReceipt]) -> "ProofsSent":
        """With what a reorganisation had taken away, and was sent again before."""
        gas = sum(int(one["gasUsed"]) for one in again)
        return replace(self, transactions=self.transactions + len(again), gas=self.gas + gas)


@dataclass
class Pack(Generic[T]):
    """Submissions that go into one transaction of at most `most` bytes; `gas` is that of each."""

    most: int
    submissions: list[T] = field(default_factory=list)
    gas: int = 0
    size: int = 0

    @classmethod
    def on(cls, sender: Sender) -> "Pack[T]":
        """An empty one, within the limits of the sender's chain."""
        return cls(limits_of(sender.client.chain_id).call_bytes)

    def has_room(self, gas: int, size: int) -> bool:
        """Whether a submission of this cost fits in too; an empty one takes any."""
        fits = self.gas + gas <= GAS_CAP and self.size + size <= self.most
        return fits or not self.submissions

    def add(self, submission: T, gas: int, size: int) -> None:
        """Take a submission in."""
        self.submissions.append(submission)
        self.gas, self.size = self.gas + gas, self.size + size


def grouped(
    sender: Sender, submissions: Iterable[T], call_of: Callable[[list[T]], Call]
) -> tuple[list[list[T]], int]:
    """Groups in order, and the gas of all; each submission is tried alone, so that a bad one is
    named before any is sent. Raises ContractRefused.
    """
    packs = list[Pack[T]]()
    for submission in submissions:
        call = call_of([submission])
        gas, size = sender.estimate(call).gas, len(call.data)
        if not packs or not packs[-1].has_room(gas, size):
            packs.append(Pack.on(sender))
        packs[-1].add(submission, gas, size)
    return [pack.submissions for pack in packs], sum(pack.gas for pack in packs)
