"""The ABIs in the package are those of the contracts."""

import json
from importlib.resources import files

import pytest

from prover.chain.contracts import NAMES, abi
from prover.protocol import events
from prover.protocol.prediction import State
from prover.protocol.registry import CIRCUIT_ABI
from prover.solidity.compile import compile_contracts


@pytest.mark.parametrize("name", NAMES)
def test_the_abi_is_that_of_the_sources(name: str) -> None:
    """If this fails: python scripts/abi.py."""
    compiled = compile_contracts([name])[name].abi
    text = files("prover.chain").joinpath("abi", f"{name}.json").read_text()
    assert json.loads(text) == json.loads(json.dumps(compiled))


def test_every_event_has_its_class_with_the_same_fields() -> None:
    for name in NAMES:
        for entry in abi(name):
            if entry["type"] == "event":
                kind = getattr(events, entry["name"])
                fields = {field for field in kind.__dataclass_fields__ if field != "at"}
                assert {_snake(one["name"]) for one in entry["inputs"]} == fields


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def test_the_states_are_those_of_the_contract() -> None:
    from prover.settings import PROJECT

    source = (PROJECT / "contracts/interfaces/IPredictionMarket.sol").read_text()
    body = source.split("enum State {", 1)[1].split("}", 1)[0]
    names = [line.split("//")[0].strip(" ,\n") for line in body.strip().splitlines()]
    assert [name.upper() for name in names] == [state.name for state in State]


def test_the_circuit_struct_is_that_of_the_abi() -> None:
    entry = next(one for one in abi("ModelRegistry") if one.get("name") == "circuits")
    assert _tuple(entry["outputs"][0]) == CIRCUIT_ABI


def _tuple(entry: dict) -> str:  # type: ignore[type-arg]
    if entry["type"] != "tuple":
        return str(entry["type"])
    return "(" + ",".join(_tuple(one) for one in entry["components"]) + ")"
