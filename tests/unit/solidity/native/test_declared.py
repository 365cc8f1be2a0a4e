"""The contract's columns and gates are those of columns.json, as the engine's are."""

import re
from functools import cache
from pathlib import Path

from prover.systems.native.circuit.columns import DECLARED

NATIVE = Path(__file__).parents[4] / "contracts/native"
# What the gates' functions call, and which of their columns they are given by.
CALLED = {"_orderKey", "_difference", "_denominator"}
ON_ALL_ROWS = {"active"}  # a factor of the fold


@cache
def source(name: str) -> str:
    return (NATIVE / name).read_text()


@cache
def functions() -> dict[str, str]:
    """The functions of Gates.sol, by name; each with the comment above it."""
    text = source("Gates.sol")
    found = re.findall(r"function (\w+)\((.*?\n    \})\n", text, re.DOTALL)
    return dict(found)


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def fields() -> set[str]:
    """Columns of the struct by their names, several of one kind as one, rotations left out."""
    body = (
        source("Evaluations.sol").split("struct Evaluations {")[1].split("// what follows them")[0]
    )
    names = re.findall(r"^    (?:Fr|uint256) (\w+);", body, re.MULTILINE)
    return {re.sub(r"(Before|\d)+$", "", name) for name in names}


PLURALS = {
    "quotient": "quotientsAndRemainders",
    "remainder": "quotientsAndRemainders",
    "activation": "activations",
    "lookup_partial": "lookupPartials",
    "weight": "weights",
    "tag": "tags",
    "no_weight": "noWeights",
}


def field(name: str) -> str:
    return PLURALS.get(name) or camel(name)


def test_the_columns_are_those_declared() -> None:
    columns = [one for one in DECLARED if one.kind in ("advice", "fixed")]
    assert fields() == {field(column.name) for column in columns}


def gates() -> set[str]:
    return {
        gate
        for column in DECLARED
        if column.kind != "challenge"
        for gate in column.gates
        if not gate.startswith("all ")
    }


def test_the_gates_are_those_declared() -> None:
    """One function to a gate, numbered where a gate has several polynomials."""
    found = {
        re.sub(r"\d+$", "", name)
        for name in functions()
        if not name.startswith("_") and name != "fold"
    }
    assert found | {"hashRound"} == {camel(gate) for gate in gates()}
    assert "_foldRounds" in functions()


def read_by(name: str) -> set[str]:
    """The columns that a gate's functions read, through helpers too."""
    bodies = {
        one: body
        for one, body in functions().items()
        if re.sub(r"\d+$", "", one) == name or (name == "hashRound" and one == "_foldRounds")
    }
    text = "".join(bodies.values())
    for helper in CALLED & set(re.findall(r"(_\w+)\(", text)):
        text += functions()[helper]
    return {re.sub(r"(Before|\d)+$", "", one) for one in re.findall(r"\bc\.(\w+)", text)}


def test_each_gate_reads_what_is_declared() -> None:
    for gate in gates():
        declared = {
            field(column.name)
            for column in DECLARED
            if column.kind in ("advice", "fixed") and gate in column.gates
        }
        assert read_by(camel(gate)) == declared, gate
