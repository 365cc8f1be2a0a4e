"""Events of contracts/interfaces/IModelRegistry.sol."""

from dataclasses import dataclass

from prover.protocol.event import Event


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


RegistryEvent = CircuitRegistered | ModelRegistered | CircuitCondemned
