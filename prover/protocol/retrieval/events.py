"""Events of contracts/interfaces/IRetrievalBounty.sol."""

from dataclasses import dataclass, field

from prover.protocol.event import Event, JobEvent
from prover.protocol.retrieval.terms import RetrievalTerms


@dataclass(frozen=True, kw_only=True)
class DatasetCommitted(Event):
    """`count` sealed records were committed under `root`; they are at `uri`."""

    dataset_id: bytes
    owner: str
    root: bytes
    count: int
    data_hash: bytes
    uri: bytes


@dataclass(frozen=True, kw_only=True)
class RetrievalPosted(JobEvent):
    """A requester asks for the records that a model flags."""

    consumer: str
    dataset_id: bytes
    nonce: int
    terms: RetrievalTerms


@dataclass(frozen=True, kw_only=True)
class RetrievalCancelled(JobEvent):
    """The requester took the request back."""


@dataclass(frozen=True, kw_only=True)
class RetrievalAccepted(JobEvent):
    """The owner promised to prove every record until `deadline`."""

    owner: str
    payee: str
    deadline: int


@dataclass(frozen=True, kw_only=True)
class RecordsProven(JobEvent):
    """These records were proven for the first time."""

    indices: tuple[int, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class RecordMatched(JobEvent):
    """A record matches, and this is its key."""

    index: int
    key: bytes


@dataclass(frozen=True, kw_only=True)
class RetrievalCompleted(JobEvent):
    """All records were proven; matches may be disputed until `deadline`."""

    deadline: int


@dataclass(frozen=True, kw_only=True)
class RetrievalSettled(JobEvent):
    """The owner was paid for what it proved."""

    payee: str
    proven: int
    complete: bool


@dataclass(frozen=True, kw_only=True)
class RetrievalExpired(JobEvent):
    """The owner did not accept in time."""


@dataclass(frozen=True, kw_only=True)
class RecordMalformed(JobEvent):
    """The requester showed that a match cannot be read."""

    payee: str
    index: int


@dataclass(frozen=True, kw_only=True)
class RetrievalVoided(JobEvent):
    """The circuit was condemned in time and the deposits went back."""

    circuit_id: bytes


RetrievalEvent = (
    RetrievalPosted
    | RetrievalCancelled
    | RetrievalAccepted
    | RecordsProven
    | RecordMatched
    | RetrievalCompleted
    | RetrievalSettled
    | RetrievalExpired
    | RecordMalformed
    | RetrievalVoided
)
