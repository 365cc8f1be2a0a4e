"""The ABIs in the package are those of the contracts."""

import json
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest

from prover.base.errors import ArtifactMismatch
from prover.chain.abi.contract import NAMES, REGISTRY, abi
from prover.chain.codes import creation, template
from prover.chain.contracts import deploy
from prover.chain.deployments import PLAN
from prover.protocol import events
from prover.protocol.accuracy import state as accuracy
from prover.protocol.prediction import state as prediction
from prover.protocol.registry.state import CIRCUIT_ABI
from prover.protocol.retrieval import state as retrieval
from prover.protocol.retrieval.terms import Predicate
from prover.protocol.serving import state as serving
from prover.protocol.table import title
from prover.solidity.compile import SOLC_VERSION, compile_contracts, compile_templates

ROOT = Path(__file__).parents[4]
_BLOCK = {"at", "contract"}  # what an event has from its log, not from its arguments


@cache
def templates() -> dict[str, tuple[bytes, dict[str, list[int]]]]:
    """All compiled once, as they are for the package: it takes a compiler half a minute."""
    return compile_templates(PLAN)


@pytest.mark.parametrize("name", NAMES)
def test_the_abi_is_that_of_the_sources(name: str) -> None:
    """If this fails: python scripts/abi.py."""
    compiled = compile_contracts(NAMES)[name].abi
    text = files("prover.chain").joinpath("abi", f"{name}.json").read_text()
    assert json.loads(text) == json.loads(json.dumps(compiled))


@pytest.mark.parametrize("name", PLAN)
def test_the_code_is_that_of_the_sources(name: str) -> None:
    """If this fails: python scripts/abi.py."""
    code, places = templates()[name]
    known = template(name)
    assert known.runtime == code == compile_contracts(PLAN)[name].runtime
    assert {one: list(starts) for one, starts in known.immutables.items()} == places


def test_what_is_deployed_is_that_of_the_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails: python scripts/abi.py."""
    deploy.check_sources()
    known = creation(REGISTRY)
    assert (known.name, known.compiler) == (REGISTRY, SOLC_VERSION)
    assert known.code.endswith(template(REGISTRY).runtime[-64:])
    changed = replace(known, code=known.code + b"\0")
    monkeypatch.setattr(deploy, "creation", lambda name: changed if name == REGISTRY else known)
    with pytest.raises(ArtifactMismatch, match="sources of ModelRegistry give other code"):
        deploy.check_sources()


def test_every_event_has_its_class_with_the_same_fields() -> None:
    for name in NAMES:
        for entry in abi(name):
            if entry["type"] == "event":
                kind = getattr(events, entry["name"])
                fields = {field for field in kind.__dataclass_fields__ if field not in _BLOCK}
                assert {_snake(one["name"]) for one in entry["inputs"]} == fields


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


PROTOCOLS = {
    "PredictionMarket": prediction,
    "ServingRound": serving,
    "AccuracyBounty": accuracy,
    "RetrievalBounty": retrieval,
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_states_are_those_of_the_contract(name: str) -> None:
    source = (ROOT / f"contracts/interfaces/I{name}.sol").read_text()
    body = source.split("enum State {", 1)[1].split("}", 1)[0]
    names = [line.split("//")[0].strip(" ,\n") for line in body.strip().splitlines()]
    assert names == [title(state) for state in PROTOCOLS[name].State]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_terms_are_those_of_the_contract(name: str) -> None:
    terms = PROTOCOLS[name].Terms
    post = next(one for one in abi(name) if one.get("name") == "post")
    entry = next(one for one in post["inputs"] if one["name"] == "terms")
    assert _tuple(entry) == terms.ABI
    names = [_snake(one["name"]) for one in entry["components"]]
    assert names == list(terms.__dataclass_fields__)


def test_the_predicates_are_those_of_the_contract() -> None:
    post = next(one for one in abi("RetrievalBounty") if one.get("name") == "post")
    entry = next(one for one in post["inputs"][0]["components"] if one["name"] == "predicate")
    assert [one["name"] for one in entry["components"]] == list(Predicate.__dataclass_fields__)


def test_the_circuit_struct_is_that_of_the_abi() -> None:
    entry = next(one for one in abi("ModelRegistry") if one.get("name") == "circuits")
    assert _tuple(entry["outputs"][0]) == CIRCUIT_ABI


def _tuple(entry: dict) -> str:  # type: ignore[type-arg]
    if entry["type"] != "tuple":
        return str(entry["type"])
    return "(" + ",".join(_tuple(one) for one in entry["components"]) + ")"
