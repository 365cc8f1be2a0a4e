"""Events of contracts/interfaces/IServingRound.sol."""

from dataclasses import dataclass, field

from prover.protocol.event import JobEvent
from prover.protocol.serving.terms import ServingTerms


@dataclass(frozen=True, kw_only=True)
class RoundPosted(JobEvent):
    """A consumer asks for n predictions; the inputs are at `uri`."""

    consumer: str
    model_id: bytes
    nonce: int
    terms: ServingTerms
    data_hash: bytes
    uri: bytes


@dataclass(frozen=True, kw_only=True)
class RoundCancelled(JobEvent):
    """The consumer took the round back."""


@dataclass(frozen=True, kw_only=True)
class RoundJoined(JobEvent):
    """A provider promised to post all outputs until `deadline`."""

    provider: str
    payee: str
    deadline: int


@dataclass(frozen=True, kw_only=True)
class OutputsCommitted(JobEvent):
    """All outputs were posted, item after item; they may be contested until `deadline`."""

    root: bytes
    outputs: bytes = field(repr=False)
    deadline: int


@dataclass(frozen=True, kw_only=True)
class OutputsContested(JobEvent):
    """The outputs of these items must be proven until `deadline`."""

    indices: tuple[int, ...] = field(repr=False)
    deadline: int


@dataclass(frozen=True, kw_only=True)
class ContestsAnswered(JobEvent):
    """The items at these places of the contested list were proven, for the first time."""

    positions: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class RoundSettled(JobEvent):
    """The round ended well; `answered` contested items were proven."""

    payee: str
    answered: int


@dataclass(frozen=True, kw_only=True)
class RoundExpired(JobEvent):
    """Nobody joined in time."""


@dataclass(frozen=True, kw_only=True)
class RoundUnserved(JobEvent):
    """The outputs did not come in time; the stake went to the consumer."""

    payee: str
    stake: int


@dataclass(frozen=True, kw_only=True)
class RoundUnanswered(JobEvent):
    """Not every contested item was proven in time; the stake went to the consumer."""

    payee: str
    stake: int


@dataclass(frozen=True, kw_only=True)
class RoundVoided(JobEvent):
    """The circuit was condemned in time and the deposits went back."""

    circuit_id: bytes


ServingEvent = (
    RoundPosted
    | RoundCancelled
    | RoundJoined
    | OutputsCommitted
    | OutputsContested
    | ContestsAnswered
    | RoundSettled
    | RoundExpired
    | RoundUnserved
    | RoundUnanswered
    | RoundVoided
)
