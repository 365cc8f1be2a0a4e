"""Events of the contracts, as values.

Ids are 32 bytes, addresses checksummed, amounts in wei or token units.
"""

from dataclasses import dataclass, field

from prover.protocol.terms import Terms

ZERO_ADDRESS = "0x" + "0" * 40


@dataclass(frozen=True, kw_only=True)
class Event:
    """Any event; `at` is the Unix time of its block."""

    at: int


@dataclass(frozen=True, kw_only=True)
class Deposited(Event):
    """Money came in for a job."""

    job_id: bytes
    currency: str
    sender: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class Credited(Event):
    """Money of a job became an account's to withdraw."""

    job_id: bytes
    currency: str
    account: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class Withdrawn(Event):
    """An account took its whole credit out."""

    currency: str
    account: str
    to: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class CircuitRegistered(Event):
    """A circuit passed its self-test; `circuit` is the struct as nested ABI tuples."""

    circuit_id: bytes
    registrant: str
    circuit: tuple[object, ...]


@dataclass(frozen=True, kw_only=True)
class ModelRegistered(Event):
    """Weights were registered under a circuit."""

    model_id: bytes
    circuit_id: bytes
    weights_commitment: int


@dataclass(frozen=True, kw_only=True)
class CircuitCondemned(Event):
    """Two accepted proofs contradicted each other."""

    circuit_id: bytes
    condemner: str


@dataclass(frozen=True, kw_only=True)
class Located(Event):
    """Somebody said where artifacts may be found; nothing follows from it."""

    id: bytes
    by: str
    uri: str


@dataclass(frozen=True, kw_only=True)
class JobPosted(Event):
    """A consumer asks for a prediction."""

    job_id: bytes
    consumer: str
    model_id: bytes
    nonce: int
    terms: Terms
    data_hash: bytes
    uri: str


@dataclass(frozen=True, kw_only=True)
class JobCancelled(Event):
    """The consumer took the job back."""

    job_id: bytes


@dataclass(frozen=True, kw_only=True)
class JobLocked(Event):
    """A provider promised to deliver until `deadline`."""

    job_id: bytes
    provider: str
    payee: str
    deadline: int


@dataclass(frozen=True, kw_only=True)
class PredictionDelivered(Event):
    """The proof was accepted; `outputs` are the output words of all items, in order."""

    job_id: bytes
    payee: str
    items: int
    outputs: tuple[int, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class JobExpired(Event):
    """Nobody locked in time."""

    job_id: bytes


@dataclass(frozen=True, kw_only=True)
class ProviderSlashed(Event):
    """The provider was late and its stake went to the consumer."""

    job_id: bytes
    payee: str
    stake: int


@dataclass(frozen=True, kw_only=True)
class JobVoided(Event):
    """The circuit was condemned in time and the deposits went back."""

    job_id: bytes
    circuit_id: bytes


EscrowEvent = Deposited | Credited | Withdrawn
RegistryEvent = CircuitRegistered | ModelRegistered | CircuitCondemned | Located
MarketEvent = (
    JobPosted
    | JobCancelled
    | JobLocked
    | PredictionDelivered
    | JobExpired
    | ProviderSlashed
    | JobVoided
)
