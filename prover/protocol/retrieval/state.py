"""RetrievalBounty (docs/SPEC.md section 7): datasets and the states of requests, from events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import singledispatch

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from prover.protocol import jobs, terms
from prover.protocol.event import JobEvent
from prover.protocol.jobs import (
    Jobs,
    joined,
    require,
    require_ascending,
    require_equal,
    shares,
)
from prover.protocol.mappings import put
from prover.protocol.retrieval.events import (
    DatasetCommitted,
    RecordMalformed,
    RecordMatched,
    RecordsProven,
    RetrievalAccepted,
    RetrievalCancelled,
    RetrievalCompleted,
    RetrievalEvent,
    RetrievalExpired,
    RetrievalPosted,
    RetrievalSettled,
    RetrievalVoided,
)
from prover.protocol.retrieval.terms import Predicate as Predicate
from prover.protocol.retrieval.terms import PredicateKind as PredicateKind
from prover.protocol.retrieval.terms import RetrievalTerms
from prover.protocol.table import ByTime, Move, Rule, table_of

Terms = RetrievalTerms
Job = terms.Job[Terms]


class State(IntEnum):
    """`IRetrievalBounty.State`, value by value."""

    NONE = 0
    OPEN = 1
    PROVING = 2
    CLOSING = 3
    SETTLED = 4
    CANCELLED = 5
    EXPIRED = 6
    MALFORMED = 7
    VOIDED = 8


TABLE = table_of(
    (
        Rule(
            State.OPEN,
            (
                Move("requester", "cancel", RetrievalCancelled, State.CANCELLED),
                Move("owner", "accept", RetrievalAccepted, State.PROVING),
            ),
            "`openUntil`",
            Move("anyone", "settle", RetrievalExpired, State.EXPIRED),
        ),
        Rule(
            State.PROVING,
            (
                Move("anyone", "submit", RecordsProven, State.PROVING),
                Move("anyone", "submit", RecordMatched, State.PROVING, "a match, with its key"),
                Move("anyone", "submit", RetrievalCompleted, State.CLOSING, "all are proven"),
            ),
            "acceptance + `proveSeconds`",
            ByTime(State.CLOSING),
        ),
        Rule(
            State.CLOSING,
            (Move("requester", "dispute", RecordMalformed, State.MALFORMED),),
            "end of Proving + `disputeSeconds`",
            Move("anyone", "settle", RetrievalSettled, State.SETTLED),
        ),
    )
)
VOID = Move("anyone", "settle", RetrievalVoided, State.VOIDED)


@dataclass(frozen=True)
class Dataset:
    """A commitment to `count` sealed records, since `committed_at` (Unix time)."""

    owner: str
    root: bytes
    count: int
    data_hash: bytes
    uri: bytes
    committed_at: int

    @property
    def id(self) -> bytes:
        """keccak256(abi.encode(owner, root, count))."""
        return keccak(encode(["address", "bytes32", "uint32"], [self.owner, self.root, self.count]))


@dataclass(frozen=True, kw_only=True)
class Record(jobs.Record[Terms]):
    """Where a request stands; `provider` is the dataset's owner once it has accepted.

    `proven` are the indices of the records done, `matches` the keys of those that match, `complete`
    says whether all were proven in time, and `count` is the dataset's.
    """

    TABLE = TABLE
    VOID = VOID

    state: State = State.OPEN
    count: int
    proven: frozenset[int] = frozenset()
    matches: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every record was proven."""
        return len(self.proven) == self.count

    @property
    def state_deadline(self) -> int:
        """Last second (Unix time) of the present state's moves; 0 when the request has ended."""
        late = self.state is State.CLOSING and not self.complete
        return super().state_deadline + (self.job.terms.dispute_seconds if late else 0)

    @property
    def void_until(self) -> int:
        """The deadline to prove, once it was missed: what is condemned later rescues no owner."""
        return super().state_deadline

    @property
    def escrow(self) -> int:
        """count * pricePerRecord, in wei or token units."""
        return self.job.terms.price_of(self.count)

    @property
    def overdue(self) -> str:
        """The last proof begins the time to dispute, and a key comes with its proof."""
        if self.state is not State.PROVING:
            return ""
        if self.complete:
            return "RetrievalCompleted, as every record is proven"
        unproven = sorted(self.matches.keys() - self.proven)
        return f"RecordsProven of the matches {unproven}" if unproven else ""

    def payouts(self) -> dict[str, int]:
        """What each account has been credited for this request, by the state it ended in."""
        wanted, consumer = self.job.terms, self.job.consumer
        if self.state is State.SETTLED:
            earned = wanted.price_of(len(self.proven))
            keeper = self.payee if self.complete else consumer
            unspent = self.escrow - earned
            return shares((self.payee, earned), (keeper, wanted.stake), (consumer, unspent))
        if self.state is State.MALFORMED:
            return shares((consumer, self.escrow + wanted.stake))
        return self.returned() if self.ended else {}


@dataclass(frozen=True)
class Retrievals(Jobs[Record]):
    """All requests of one contract, and the datasets committed there, by id."""

    datasets: Mapping[bytes, Dataset] = field(default_factory=dict)


def apply(state: Retrievals, event: RetrievalEvent | DatasetCommitted) -> Retrievals:
    """The state after `event`. Raises IllegalEvent if the rules do not allow it here."""
    if isinstance(event, DatasetCommitted):
        return _committed(state, event)
    if isinstance(event, RetrievalPosted):
        return state.posted(event, _posted(state, event))
    if isinstance(event, RetrievalAccepted):
        owner = state.datasets[state.of(event).job.terms.dataset_id].owner
        require_equal(event, "owner", event.owner, owner)
    return state.moved(event, _after)


def _committed(state: Retrievals, event: DatasetCommitted) -> Retrievals:
    fields = (event.owner, event.root, event.count, event.data_hash, event.uri)
    dataset = Dataset(*fields, committed_at=event.at)
    most = state.limits.max_items
    require(1 <= event.count <= most, event, f"{event.count} records", f"1 to {most}")
    require_equal(event, "id", event.dataset_id, dataset.id)
    require(event.dataset_id not in state.datasets, event, "the dataset exists", "a new one")
    return replace(state, datasets=put(state.datasets, dataset.id, dataset))


def _posted(state: Retrievals, event: RetrievalPosted) -> Record:
    wanted, dataset = event.terms, state.datasets.get(event.dataset_id)
    require_equal(event, "dataset id", event.dataset_id, wanted.dataset_id)
    if dataset is None:
        raise jobs.illegal(event, "an unknown dataset", "one committed before")
    require(wanted.price_per_record > 0, event, "price 0", "a price above 0")
    require(wanted.stake > 0, event, "stake 0", "a stake above 0")
    flag = wanted.predicate
    plain = flag.kind is PredicateKind.AT_LEAST or flag.threshold == 0
    require(plain, event, f"a label with threshold {flag.threshold}", "threshold 0")
    state.require_windows(event, wanted.prove_seconds, wanted.dispute_seconds)
    job = Job(event.consumer, event.nonce, wanted)
    return Record(job=job, posted_at=event.at, count=dataset.count)


@singledispatch
def _after(event: JobEvent, record: Record) -> Record:
    """The record with the event's own data, once the move is known to be allowed."""
    return record


@_after.register
def _accepted(event: RetrievalAccepted, record: Record) -> Record:
    seconds = record.job.terms.prove_seconds
    by = event.owner
    return joined(event, record, by, by, event.payee, event.deadline, seconds)


@_after.register
def _matched(event: RecordMatched, record: Record) -> Record:
    require_ascending(event, (event.index,), record.count)
    new = event.index not in record.proven and event.index not in record.matches
    require(new, event, f"record {event.index} again", "one not proven yet")
    return replace(record, matches={**record.matches, event.index: event.key})


@_after.register
def _proven(event: RecordsProven, record: Record) -> Record:
    require_ascending(event, event.indices, record.count)
    again = record.proven.intersection(event.indices)
    require(not again, event, f"records {sorted(again)} again", "those not proven yet")
    return replace(record, proven=record.proven.union(event.indices))


@_after.register
def _completed(event: RetrievalCompleted, record: Record) -> Record:
    found = f"{len(record.proven)} of {record.count} records proven"
    require(record.complete, event, found, "all of them")
    due = event.at + record.job.terms.dispute_seconds
    require_equal(event, "deadline", event.deadline, due)
    return replace(record, deadline=event.deadline)


@_after.register
def _settled(event: RetrievalSettled, record: Record) -> Record:
    require_equal(event, "payee", event.payee, record.payee)
    require_equal(event, "proven", event.proven, len(record.proven))
    require_equal(event, "complete", event.complete, record.complete)
    return record


@_after.register
def _malformed(event: RecordMalformed, record: Record) -> Record:
    require_equal(event, "payee", event.payee, record.payee)
    matches = sorted(record.matches)
    require(event.index in record.matches, event, f"record {event.index}", f"a match: {matches}")
    return record
