"""AccuracyBounty: calls and views, typed."""

from collections.abc import Sequence
from dataclasses import dataclass

from prover.chain.abi.contract import ACCURACY, Call
from prover.chain.contracts.batch import Run
from prover.chain.contracts.jobs import JobContract, state_in
from prover.chain.contracts.sealed import DigitOpening
from prover.chain.node.client import checksum, map_rpc_errors
from prover.protocol.accuracy.state import Job, State


@dataclass(frozen=True)
class TestItem:
    """`IAccuracyBounty.TestItem`: what a leaf holds besides index and input commitment."""

    parts_hash: bytes
    label: int
    label_salt: bytes

    def to_abi(self) -> tuple[object, ...]:
        """The fields as the Solidity struct takes them."""
        return (self.parts_hash, self.label, self.label_salt)


@dataclass(frozen=True)
class Committed:
    """`IAccuracyBounty.Committed`: what a leaf holds besides index, as it was committed."""

    parts: tuple[bytes, ...]
    digests: tuple[int, ...]
    label_hash: bytes
    path: tuple[bytes, ...]

    def to_abi(self) -> tuple[object, ...]:
        """The fields as the Solidity struct takes them."""
        return (list(self.parts), list(self.digests), self.label_hash, list(self.path))


@dataclass(frozen=True)
class Submission:
    """`IAccuracyBounty.Submission`: one proof, and the test items in its first slots."""

    runs: tuple[Run, ...]
    items: tuple[TestItem, ...]
    proof: bytes
    instances: tuple[int, ...]

    def to_abi(self) -> tuple[object, ...]:
        """The fields as the Solidity struct takes them."""
        items = [one.to_abi() for one in self.items]
        return ([run.to_abi() for run in self.runs], items, self.proof, self.instances)


@dataclass(frozen=True)
class Status:
    """Where the contract says a bounty stands; what has not happened yet is zero."""

    state: State
    payee: str
    deadline: int
    provider: str
    proven: int
    correct: int
    model_id: bytes
    key: bytes


class AccuracyBounty(JobContract):
    """The accuracy bounties at an address."""

    NAME = ACCURACY

    def post(self, job: Job, uri: str) -> Call:
        """Post a bounty and pay reward and bond in."""
        terms = job.terms
        arguments = (terms.to_abi(), job.nonce, uri)
        return self._pay("posting the bounty", terms, terms.escrow, "post", *arguments)

    def cancel(self, job: Job) -> Call:
        """Take an open bounty back."""
        return self._call("cancelling the bounty", "cancel", job.to_abi())

    def accept(self, job: Job, model_id: bytes, payee: str) -> Call:
        """Enter a model, and pay the stake in."""
        arguments = (job.to_abi(), model_id, checksum(payee))
        return self._pay("accepting the bounty", job.terms, job.terms.stake, "accept", *arguments)

    def reveal_key(self, job: Job, key: bytes) -> Call:
        """Open the test set to the provider and to everybody."""
        return self._call("revealing the key", "revealKey", job.to_abi(), key)

    def submit(self, job: Job, submissions: Sequence[Submission]) -> Call:
        """Prove items of the test set."""
        rows = [one.to_abi() for one in submissions]
        return self._call("proving test items", "submit", job.to_abi(), rows)

    def dispute_chunk(
        self, job: Job, index: int, chunk: int, ciphertext: bytes, committed: Committed
    ) -> Call:
        """Show that a chunk of an item is malformed, or not what its digest hashes."""
        arguments = (job.to_abi(), index, chunk, ciphertext, committed.to_abi())
        return self._call("disputing a test item", "disputeChunk", *arguments)

    def dispute_digit(
        self, job: Job, index: int, place: DigitOpening, ciphertext: bytes, committed: Committed
    ) -> Call:
        """Show that an element of an item packs a digit that no input has."""
        arguments = (job.to_abi(), index, place.to_abi(), ciphertext, committed.to_abi())
        return self._call("disputing a test item", "disputeDigit", *arguments)

    def dispute_label(self, job: Job, index: int, ciphertext: bytes, committed: Committed) -> Call:
        """Show that the label of an item is malformed, or not what its leaf hides."""
        arguments = (job.to_abi(), index, ciphertext, committed.to_abi())
        return self._call("disputing a test item", "disputeLabel", *arguments)

    def settle(self, job: Job) -> Call:
        """End a bounty whose deadline passed or whose circuit was condemned in time."""
        return self._call("settling the bounty", "settle", job.to_abi())

    @map_rpc_errors
    def status(self, job_id: bytes, block: int | None = None) -> Status:
        """A bounty in the contract's storage (a deadline that passed is not noticed there)."""
        state, *rest = self._view("jobs", job_id, block=block)
        return Status(state_in(State, state), *rest)

    @map_rpc_errors
    def is_proven(self, job_id: bytes, index: int, block: int | None = None) -> bool:
        """Whether an item was proven, right or wrong."""
        return bool(self._view("isProven", job_id, index, block=block))
