"""ModelRegistry: circuits, models and condemnations, from events. It only grows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from prover.base.errors import IllegalEvent
from prover.protocol.event import ZERO_ADDRESS
from prover.protocol.mappings import put
from prover.protocol.registry.events import (
    CircuitCondemned,
    CircuitRegistered,
    ModelRegistered,
    RegistryEvent,
)
from prover.statement.field import FIELD_MODULUS
from prover.statement.layout import Layout
from prover.statement.sealing import SEALING_ABI

LAYOUT_ABI = (
    "(uint16,uint16,uint16,uint8,uint8,uint16,uint16,uint16,uint16,uint16,uint8,uint8,uint16,"
    "uint16,uint8,uint16)"
)
CIRCUIT_ABI = (
    f"(address,address,bytes32,bytes32,{LAYOUT_ABI},int64,int64,{SEALING_ABI},bool,uint64)"
)


@dataclass(frozen=True)
class RegistryState:
    """Circuits (ABI tuples), models as (circuit id, weights commitment), times of condemnation."""

    contract: str = ZERO_ADDRESS
    circuits: Mapping[bytes, tuple[object, ...]] = field(default_factory=dict)
    models: Mapping[bytes, tuple[bytes, int]] = field(default_factory=dict)
    condemned_at: Mapping[bytes, int] = field(default_factory=dict)


def circuit_id_of(circuit: tuple[object, ...]) -> bytes:
    """keccak256(abi.encode(circuit))."""
    return keccak(encode([CIRCUIT_ABI], [circuit]))


def layout_of(circuit: tuple[object, ...]) -> Layout:
    """The statement's layout of a circuit. Raises StatementInvalid unless it tiles."""
    return Layout(*cast(tuple[Any, ...], circuit[4]))


def model_id_of(circuit_id: bytes, weights_commitment: int) -> bytes:
    """keccak256(abi.encode(circuitId, weightsCommitment))."""
    return keccak(encode(["bytes32", "uint256"], [circuit_id, weights_commitment]))


def apply(state: RegistryState, event: RegistryEvent) -> RegistryState:
    """The state after `event`.

    Raises IllegalEvent on a wrong id or a repetition, StatementInvalid on a layout that does not
    tile.
    """
    if isinstance(event, CircuitRegistered):
        return _circuit(state, event)
    if isinstance(event, ModelRegistered):
        return _model(state, event)
    if isinstance(event, CircuitCondemned):
        return _condemned(state, event)
    raise IllegalEvent(f"{event} is no event of the registry: check the caller")


def _circuit(state: RegistryState, event: CircuitRegistered) -> RegistryState:
    expected = circuit_id_of(event.circuit)
    _require(event.circuit_id == expected, event, f"id of its fields 0x{expected.hex()}")
    _require(event.circuit_id not in state.circuits, event, "a circuit that is new")
    layout_of(event.circuit)  # refuses one that does not tile
    return replace(state, circuits=put(state.circuits, event.circuit_id, event.circuit))


def _model(state: RegistryState, event: ModelRegistered) -> RegistryState:
    _require(event.circuit_id in state.circuits, event, "a registered circuit")
    expected = model_id_of(event.circuit_id, event.weights_commitment)
    _require(event.model_id == expected, event, f"id of its fields 0x{expected.hex()}")
    if not layout_of(state.circuits[event.circuit_id]).weight_points:
        _require(event.weights_commitment < FIELD_MODULUS, event, "a commitment below the modulus")
    _require(event.model_id not in state.models, event, "a model that is new")
    entry = (event.circuit_id, event.weights_commitment)
    return replace(state, models=put(state.models, event.model_id, entry))


def _condemned(state: RegistryState, event: CircuitCondemned) -> RegistryState:
    _require(event.circuit_id in state.circuits, event, "a registered circuit")
    _require(event.circuit_id not in state.condemned_at, event, "one condemnation")
    return replace(state, condemned_at=put(state.condemned_at, event.circuit_id, event.at))


def _require(holds: bool, event: RegistryEvent, allowed: str) -> None:
    if not holds:
        raise IllegalEvent(
            f"found {event}, expected {allowed}; the node or the contract is not what it "
            "claims to be"
        )
