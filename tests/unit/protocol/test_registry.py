"""The registry by its events: what commits to a model's weights."""

from dataclasses import replace
from typing import Any

import pytest

from prover.base.errors import IllegalEvent, StatementInvalid
from prover.protocol import events as e
from prover.protocol.registry.state import RegistryState, apply, circuit_id_of, model_id_of
from prover.statement.field import FIELD_MODULUS
from tests.unit.protocol.plays import LAYOUT, PROVIDER, REGISTRY, SALTED

ABOUT: dict[str, Any] = {"contract": REGISTRY, "at": 1}
BEYOND = [FIELD_MODULUS, 2**256 - 1]


def registered(*, weight_points: int) -> tuple[bytes, RegistryState]:
    """A circuit's id, and the registry that has it."""
    layout = (*LAYOUT[:11], weight_points, *LAYOUT[12:])
    circuit = (*SALTED[:4], layout, *SALTED[5:])
    circuit_id = circuit_id_of(circuit)
    event = e.CircuitRegistered(
        **ABOUT, circuit_id=circuit_id, registrant=PROVIDER, circuit=circuit
    )
    return circuit_id, apply(RegistryState(), event)


def model(circuit_id: bytes, weights: int) -> e.ModelRegistered:
    model_id = model_id_of(circuit_id, weights)
    return e.ModelRegistered(
        **ABOUT, model_id=model_id, circuit_id=circuit_id, weights_commitment=weights
    )


@pytest.mark.parametrize("weights", [1, *BEYOND])
def test_points_of_hidden_weights_have_any_commitment(weights: int) -> None:
    circuit_id, state = registered(weight_points=3)
    event = model(circuit_id, weights)
    assert apply(state, event).models == {event.model_id: (circuit_id, weights)}


@pytest.mark.parametrize("weights", BEYOND)
def test_a_digest_beyond_the_field_is_refused(weights: int) -> None:
    circuit_id, state = registered(weight_points=0)
    with pytest.raises(IllegalEvent, match="a commitment below the modulus"):
        apply(state, model(circuit_id, weights))


def test_a_model_under_another_id_is_refused() -> None:
    circuit_id, state = registered(weight_points=3)
    false = replace(model(circuit_id, 5), weights_commitment=6)
    with pytest.raises(IllegalEvent, match="id of its fields"):
        apply(state, false)


def test_a_circuit_whose_sections_contradict_each_other_is_refused() -> None:
    layout = (*LAYOUT[:8], 0, *LAYOUT[9:])  # its input has no word, and no room is left out
    circuit = (*SALTED[:4], layout, *SALTED[5:])
    event = e.CircuitRegistered(
        **ABOUT, circuit_id=circuit_id_of(circuit), registrant=PROVIDER, circuit=circuit
    )
    with pytest.raises(StatementInvalid, match="tile"):
        apply(RegistryState(), event)
