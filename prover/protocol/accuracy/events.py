"""Events of contracts/interfaces/IAccuracyBounty.sol."""

from dataclasses import dataclass, field

from prover.protocol.accuracy.terms import AccuracyTerms
from prover.protocol.event import JobEvent


@dataclass(frozen=True, kw_only=True)
class BountyPosted(JobEvent):
    """A consumer asks for a model; ciphertexts and inner hashes are at `uri`."""

    consumer: str
    circuit_id: bytes
    nonce: int
    terms: AccuracyTerms
    uri: bytes


@dataclass(frozen=True, kw_only=True)
class BountyCancelled(JobEvent):
    """The consumer took the bounty back."""


@dataclass(frozen=True, kw_only=True)
class BountyAccepted(JobEvent):
    """A provider entered a model; the key must be revealed until `deadline`."""

    provider: str
    payee: str
    model_id: bytes
    deadline: int


@dataclass(frozen=True, kw_only=True)
class KeyRevealed(JobEvent):
    """The test set can be read; the target must be proven until `deadline`."""

    key: bytes
    deadline: int


@dataclass(frozen=True, kw_only=True)
class ItemsProven(JobEvent):
    """These items were proven for the first time; `correct` counts all right ones up to now."""

    indices: tuple[int, ...] = field(repr=False)
    correct: int


@dataclass(frozen=True, kw_only=True)
class BountyPaid(JobEvent):
    """The target was reached."""

    payee: str
    correct: int


@dataclass(frozen=True, kw_only=True)
class BountyExpired(JobEvent):
    """Nobody accepted in time."""


@dataclass(frozen=True, kw_only=True)
class KeyWithheld(JobEvent):
    """The key did not come in time; the bond went to the payee."""

    payee: str
    bond: int


@dataclass(frozen=True, kw_only=True)
class TargetMissed(JobEvent):
    """The target was not reached in time."""

    payee: str
    correct: int


@dataclass(frozen=True, kw_only=True)
class ItemMalformed(JobEvent):
    """The provider showed that an item of the test set cannot be proven or read."""

    payee: str
    index: int


@dataclass(frozen=True, kw_only=True)
class BountyVoided(JobEvent):
    """The circuit was condemned in time and the deposits went back."""

    circuit_id: bytes


AccuracyEvent = (
    BountyPosted
    | BountyCancelled
    | BountyAccepted
    | KeyRevealed
    | ItemsProven
    | BountyPaid
    | BountyExpired
    | KeyWithheld
    | TargetMissed
    | ItemMalformed
    | BountyVoided
)
