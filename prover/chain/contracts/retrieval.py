"""RetrievalBounty: calls and views, typed."""

from collections.abc import Sequence
from dataclasses import dataclass

from prover.chain.abi.contract import RETRIEVAL, Call
from prover.chain.contracts.batch import Run
from prover.chain.contracts.jobs import JobContract, state_in
from prover.chain.contracts.sealed import DigitOpening
from prover.chain.node.client import checksum, map_rpc_errors
from prover.protocol.retrieval.state import Job, State


@dataclass(frozen=True)
class SealedRecord:
    """`IRetrievalBounty.Record`: what a leaf holds besides index and input commitment."""

    chunks_hash: bytes
    key_hash: bytes


@dataclass(frozen=True)
class CommittedRecord:
    """`IRetrievalBounty.Committed`: what a leaf holds besides index and key hash."""

    chunks: tuple[bytes, ...]
    digests: tuple[int, ...]
    path: tuple[bytes, ...]

    def to_abi(self) -> tuple[object, ...]:
        """The fields as the Solidity struct takes them."""
        return (list(self.chunks), list(self.digests), list(self.path))


@dataclass(frozen=True)
class Submission:
    """`IRetrievalBounty.Submission`: one proof, the records in its first slots, keys of matches."""

    runs: tuple[Run, ...]
    records: tuple[SealedRecord, ...]
    keys: tuple[bytes, ...]
    proof: bytes
    instances: tuple[int, ...]

    def to_abi(self) -> tuple[object, ...]:
        """The fields as the Solidity struct takes them."""
        records = [(one.chunks_hash, one.key_hash) for one in self.records]
        runs = [run.to_abi() for run in self.runs]
        return (runs, records, self.keys, self.proof, self.instances)


@dataclass(frozen=True)
class Status:
    """Where the contract says a request stands, as it stores it."""

    state: State
    payee: str
    deadline: int
    proven: int


@dataclass(frozen=True)
class Commitment:
    """What the contract keeps of a dataset."""

    owner: str
    count: int
    committed_at: int
    root: bytes


class RetrievalBounty(JobContract):
    """The retrieval bounties at an address."""

    NAME = RETRIEVAL

    def commit_dataset(self, root: bytes, count: int, data_hash: bytes, uri: str) -> Call:
        """Commit to sealed records."""
        arguments = (root, count, data_hash, uri)
        return self._call("committing the dataset", "commitDataset", *arguments)

    def post(self, job: Job, count: int) -> Call:
        """Post a request and pay for all `count` records of the dataset in."""
        terms = job.terms
        escrow = terms.price_of(count)
        return self._pay("posting the request", terms, escrow, "post", terms.to_abi(), job.nonce)

    def cancel(self, job: Job) -> Call:
        """Take an open request back."""
        return self._call("cancelling the request", "cancel", job.to_abi())

    def accept(self, job: Job, payee: str) -> Call:
        """Promise to prove every record, and pay the stake in."""
        arguments = (job.to_abi(), checksum(payee))
        return self._pay("accepting the request", job.terms, job.terms.stake, "accept", *arguments)

    def submit(self, job: Job, submissions: Sequence[Submission]) -> Call:
        """Prove records, with the keys of those that match."""
        rows = [one.to_abi() for one in submissions]
        return self._call("proving records", "submit", job.to_abi(), rows)

    def dispute_chunk(
        self,
        job: Job,
        index: int,
        key: bytes,
        chunk: int,
        ciphertext: bytes,
        committed: CommittedRecord,
    ) -> Call:
        """Show that a chunk of a match, decrypted with its key, is not what was proven."""
        arguments = (job.to_abi(), index, key, chunk, ciphertext, committed.to_abi())
        return self._call("disputing a match", "disputeChunk", *arguments)

    def dispute_digit(
        self,
        job: Job,
        index: int,
        key: bytes,
        place: DigitOpening,
        ciphertext: bytes,
        committed: CommittedRecord,
    ) -> Call:
        """Show that an element of a match packs a digit that no input has."""
        arguments = (job.to_abi(), index, key, place.to_abi(), ciphertext, committed.to_abi())
        return self._call("disputing a match", "disputeDigit", *arguments)

    def settle(self, job: Job) -> Call:
        """End a request whose deadline passed or whose circuit was condemned in time."""
        return self._call("settling the request", "settle", job.to_abi())

    @map_rpc_errors
    def status(self, job_id: bytes, block: int | None = None) -> Status:
        """A request in the contract's storage (a deadline that passed is not noticed there)."""
        state, *rest = self._view("jobs", job_id, block=block)
        return Status(state_in(State, state), *rest)

    @map_rpc_errors
    def status_now(self, job: Job, block: int | None = None) -> tuple[State, int]:
        """State and deadline at the block's time, whether or not anybody has called anything."""
        state, deadline = self._view("standing", job.to_abi(), block=block)
        return state_in(State, state), int(deadline)

    @map_rpc_errors
    def dataset(self, dataset_id: bytes, block: int | None = None) -> Commitment:
        """A committed dataset; ContractRefused if it is unknown."""
        return Commitment(*self._view("datasets", dataset_id, block=block))

    @map_rpc_errors
    def outcome(self, job_id: bytes, index: int, block: int | None = None) -> tuple[bool, bool]:
        """Whether a record was proven, and whether it matched."""
        proven, matched = self._view("outcome", job_id, index, block=block)
        return bool(proven), bool(matched)
