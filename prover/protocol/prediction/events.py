"""Events of contracts/interfaces/IPredictionMarket.sol."""

from dataclasses import dataclass, field

from prover.protocol.event import JobEvent
from prover.protocol.prediction.terms import PredictionTerms


@dataclass(frozen=True, kw_only=True)
class JobPosted(JobEvent):
    """A consumer asks for a prediction."""

    consumer: str
    model_id: bytes
    nonce: int
    terms: PredictionTerms
    data_hash: bytes
    uri: bytes


@dataclass(frozen=True, kw_only=True)
class JobCancelled(JobEvent):
    """The consumer took the job back."""


@dataclass(frozen=True, kw_only=True)
class JobLocked(JobEvent):
    """A provider promised to deliver until `deadline`."""

    provider: str
    payee: str
    deadline: int


@dataclass(frozen=True, kw_only=True)
class PredictionDelivered(JobEvent):
    """The proof was accepted; `outputs` are the output words of all items, in order."""

    payee: str
    items: int
    outputs: tuple[int, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class JobExpired(JobEvent):
    """Nobody locked in time."""


@dataclass(frozen=True, kw_only=True)
class ProviderSlashed(JobEvent):
    """The provider was late and its stake went to the consumer."""

    payee: str
    stake: int


@dataclass(frozen=True, kw_only=True)
class JobVoided(JobEvent):
    """The circuit was condemned in time and the deposits went back."""

    circuit_id: bytes


PredictionEvent = (
    JobPosted
    | JobCancelled
    | JobLocked
    | PredictionDelivered
    | JobExpired
    | ProviderSlashed
    | JobVoided
)
