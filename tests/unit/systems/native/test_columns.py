"""The circuit's columns are declared once: the engine and the page have what columns.json says."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from prover.systems.native import engine
from prover.systems.native.circuit import columns
from prover.systems.native.circuit.columns import DECLARED, Column
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import Layout, usable_rows
from prover.systems.native.circuit.program import compile_network
from prover.verify import parse_description
from prover.verify.expressions import Query, leaves
from tests.unit.systems.native.needs import needs_engine
from tests.unit.systems.native.networks import tiny_network

NATIVE = Path(__file__).parents[4] / "docs/NATIVE.md"
LANES, WEIGHT_LANES = 2, 3
FORMS = {
    "all": Form(),
    "labels": Form(labels=2),
    "hashed": Form(inputs="hashed"),
    "hidden": Form(weights="hidden"),
}
EVERYTHING = Form(inputs="hashed", labels=2, weights="hidden")


@cache
def described(form: Form) -> dict[str, Any]:
    """The engine's description of the tiny network's circuit in a form."""
    placed, layout = compile_network(tiny_network(), LANES, WEIGHT_LANES, form), Layout(10, 2, 3)
    native, program = engine.engine(), engine.load_program(placed, layout)
    keys = native.keygen(program, native.Srs.development(layout.k, bytes(32)))
    found: dict[str, Any] = json.loads(keys.verifying_key().description())
    return found


def declared(form: Form, kind: str) -> list[Column]:
    """The columns of a form, in order."""
    has = {
        "all": True,
        "labels": form.labels > 0,
        "hashed": form.inputs == "hashed",
        "hidden": form.weights == "hidden",
    }
    return [column for column in DECLARED if column.kind == kind and has[column.form]]


def numbered(form: Form, kind: str) -> list[tuple[str, str]]:
    """(name, symbol) of each, by index."""
    lanes = (LANES, WEIGHT_LANES)
    return [pair for column in declared(form, kind) for pair in column.numbered(*lanes)]


@needs_engine
@pytest.mark.parametrize("form", [*FORMS.values(), EVERYTHING])
def test_the_engine_has_the_declared_columns_in_order(form: Form) -> None:
    found = described(form)["columns"]
    advice = [(column["name"], column["symbol"]) for column in found["advice"]]
    assert advice == numbered(form, "advice")
    assert found["fixed"] == [name for name, _ in numbered(form, "fixed")]
    assert found["instance"] == [name for name, _ in numbered(form, "instance")]


@needs_engine
@pytest.mark.parametrize("form", [*FORMS.values(), EVERYTHING])
def test_the_engines_phases_are_the_declared_ones(form: Form) -> None:
    wanted = {name: c.phase for c in declared(form, "advice") for name, _ in c.numbered(2, 3)}
    found = {one["name"]: one["phase"] for one in described(form)["columns"]["advice"]}
    assert found == wanted


@needs_engine
@pytest.mark.parametrize("kind", ["advice", "fixed"])
def test_the_declared_gates_are_those_that_read_a_column(kind: str) -> None:
    description = parse_description(json.dumps(described(EVERYTHING)).encode())
    names = numbered(EVERYTHING, kind)
    readers: dict[str, dict[str, None]] = {name: {} for name, _ in names}
    for gate in description.gates:
        for polynomial in gate.polynomials:
            for leaf in leaves(polynomial):
                if isinstance(leaf, Query) and leaf.kind == kind:
                    readers[names[leaf.column][0]][gate.name] = None
    for column in declared(EVERYTHING, kind):
        found = {gate: None for name, _ in column.numbered(2, 3) for gate in readers[name]}
        assert tuple(found) == column.gates or column.name == "active", column.name


@needs_engine
@pytest.mark.parametrize("form", [*FORMS.values(), EVERYTHING])
def test_a_program_sets_the_columns_that_it_is_said_to(form: Form) -> None:
    program = compile_network(tiny_network(), LANES, WEIGHT_LANES, form)
    wanted = {one.name for one in declared(form, "fixed") if one.set_by == "program"}
    rounds = {columns.HASH_ROUND} if form.inputs == "hashed" else set()
    assert set(program.columns) == wanted | rounds


@needs_engine
@pytest.mark.parametrize("name", [one.name for one in DECLARED if one.looks_back])
def test_no_flag_that_looks_back_is_set_on_the_first_row(name: str) -> None:
    program = compile_network(tiny_network(), LANES, WEIGHT_LANES, EVERYTHING)
    program.columns[name] = program.columns[name].copy()
    program.columns[name][..., 0] = 1
    with pytest.raises(engine.engine().Refused, match=f"flag {name} is set on row 0"):
        engine.load_program(program, Layout(10, 2, 3))


def test_names_and_symbols_are_each_one_columns() -> None:
    for names in ([one.name for one in DECLARED], [one.symbol for one in DECLARED]):
        assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", one.name) for one in DECLARED)


def test_the_page_has_the_table_of_the_columns() -> None:
    """If this fails: python scripts/tables.py."""
    _, _, block = NATIVE.read_text().partition("<!-- begin native columns -->\n")
    assert block.partition("\n<!-- end native columns -->")[0] == columns.markdown()


def test_a_column_of_each_lane_has_its_number_in_name_and_symbol() -> None:
    quotient = next(one for one in DECLARED if one.name == "quotient")
    assert quotient.numbered(2, 3) == [("quotient_0", "q0"), ("quotient_1", "q1")]
    assert usable_rows(10) == Layout(10, 2, 3).usable_rows
