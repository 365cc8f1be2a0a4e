"""The circuit's columns are declared once: the engine and the page have what columns.json says."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from prover.systems.native import engine
from prover.systems.native.circuit import columns, fold
from prover.systems.native.circuit.columns import DECLARED, Column
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import CircuitLayout, usable_rows
from prover.systems.native.circuit.program import Program, compile_network
from prover.verify import Description, parse_description
from prover.verify.consistency import DERIVED_COLUMNS
from prover.verify.expressions import (
    Challenge,
    Expression,
    Negated,
    Product,
    Query,
    Sum,
    leaves,
)
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
GIVEN_FLAGS = [one for one in DECLARED if one.flag and one.set_by == "program"]
EVERYTHING = Form(inputs="hashed", labels=2, weights="hidden")


@cache
def described(form: Form, lanes: int = LANES, weight_lanes: int = WEIGHT_LANES) -> dict[str, Any]:
    """The engine's description of the tiny network's circuit in a form."""
    placed = compile_network(tiny_network(), lanes, weight_lanes, form)
    layout = CircuitLayout(10, lanes, weight_lanes)
    native, program = engine.engine(), engine.load_program(placed, layout)
    keys = native.keygen(program, native.Srs.development(layout.k, bytes(32), layout.packing))
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


def parsed(form: Form) -> Description:
    """The same, as a verifier reads it."""
    return parse_description(json.dumps(described(form)).encode())


def refusal(program: Program) -> str:
    """What the engine says of a program, if it refuses it."""
    try:
        engine.load_program(program, CircuitLayout(10, LANES, WEIGHT_LANES))
    except engine.engine().Refused as error:
        return str(error)
    return ""


def reading_back(zero: frozenset[str]) -> set[str]:
    """Gates that read the row before where these fixed columns are 0."""
    names = [name for name, _ in numbered(EVERYTHING, "fixed")]
    found = set()
    for gate in parsed(EVERYTHING).gates:
        for polynomial in gate.polynomials:
            left = remaining(polynomial, frozenset(names.index(name) for name in zero))
            if any(query.rotation < 0 for query in left or ()):
                found.add(gate.name)
    return found


def remaining(expression: Expression, zero: frozenset[int]) -> set[Query] | None:
    """The cells that count where these fixed columns are 0; None of what is 0 itself."""
    match expression:
        case Query(kind, column, _):
            return None if kind == "fixed" and column in zero else {expression}
        case Negated(inner):
            return remaining(inner, zero)
        case Sum(left, right) | Product(left, right):
            parts = [remaining(left, zero), remaining(right, zero)]
            there = [part for part in parts if part is not None]
            needed = 2 if isinstance(expression, Product) else 1
            return set().union(*there) if len(there) >= needed else None
        case _:
            return set()


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
def test_the_engine_draws_the_declared_challenges_in_order(form: Form) -> None:
    found, wanted = described(form), declared(form, "challenge")
    assert found["challenges"] == [one.name for one in wanted]
    assert found["challenge_phases"] == [one.phase for one in wanted]


@needs_engine
@pytest.mark.parametrize("form", [*FORMS.values(), EVERYTHING])
def test_the_engine_permutes_the_declared_columns_in_order(form: Form) -> None:
    indices = {
        name: [kind, index]
        for kind in ("advice", "fixed", "instance")
        for index, (name, _) in enumerate(numbered(form, kind))
    }
    wanted = [indices[name] for name in columns.PERMUTED if name in indices]
    assert described(form)["permutation"]["columns"] == wanted


def test_copies_name_the_permuted_columns_by_their_index() -> None:
    names = ("pre_outer", "post_outer", "factor", "instance", "packed_word", "hash_word")
    wanted = tuple("public" if name == "instance" else name for name in names)
    assert wanted == columns.PERMUTED
    assert [getattr(fold, name.upper()) for name in names] == [*range(len(names))]


@needs_engine
@pytest.mark.parametrize(("lanes", "weight_lanes"), [(2, 3), (3, 1), (1, 2)])
def test_the_layout_counts_the_columns_that_the_engine_has(lanes: int, weight_lanes: int) -> None:
    found, layout = described(Form(), lanes, weight_lanes), CircuitLayout(10, lanes, weight_lanes)
    integers, others = found["proof"]["advice_points"]
    products, kinds = found["proof"]["grand_products"], found["columns"]
    width = found["permutation"]["columns_per_grand_product"]
    assert layout.integer_columns == integers
    assert layout.field_columns == others + products
    assert layout.columns == sum(len(kinds[kind]) for kind in kinds) + products
    assert width == columns.COLUMNS_PER_GRAND_PRODUCT


@needs_engine
@pytest.mark.parametrize("form", [*FORMS.values(), EVERYTHING])
def test_the_engines_phases_are_the_declared_ones(form: Form) -> None:
    wanted = {name: c.phase for c in declared(form, "advice") for name, _ in c.numbered(2, 3)}
    found = {one["name"]: one["phase"] for one in described(form)["columns"]["advice"]}
    assert found == wanted


@needs_engine
@pytest.mark.parametrize("kind", ["advice", "fixed", "challenge"])
def test_the_declared_gates_are_those_that_read_a_column(kind: str) -> None:
    names = numbered(EVERYTHING, kind)
    readers: dict[str, dict[str, None]] = {name: {} for name, _ in names}
    for gate in parsed(EVERYTHING).gates:
        for polynomial in gate.polynomials:
            for leaf in leaves(polynomial):
                if isinstance(leaf, Query) and leaf.kind == kind:
                    readers[names[leaf.column][0]][gate.name] = None
                elif isinstance(leaf, Challenge) and kind == "challenge":
                    readers[names[leaf.index][0]][gate.name] = None
    for column in declared(EVERYTHING, kind):
        found = {gate: None for name, _ in column.numbered(2, 3) for gate in readers[name]}
        assert tuple(found) == column.gates or column.name == "active", column.name


@needs_engine
@pytest.mark.parametrize("form", [*FORMS.values(), EVERYTHING])
def test_a_program_sets_the_columns_that_it_is_said_to(form: Form) -> None:
    program = compile_network(tiny_network(), LANES, WEIGHT_LANES, form)
    given = (*declared(form, "fixed"), *declared(form, "input"))
    assert set(program.columns) == {one.name for one in given if one.set_by == "program"}


@needs_engine
def test_no_gate_reads_the_row_before_where_no_flag_looks_back() -> None:
    """But `lookup_sum`: its sum on row 0 is fixed by `boundary`."""
    silent = frozenset(one.name for one in DECLARED if one.looks_back)
    assert reading_back(silent) == {"lookup_sum"}


@needs_engine
@pytest.mark.parametrize("name", [one.name for one in DECLARED if one.looks_back])
def test_by_each_flag_that_looks_back_alone_a_gate_reads_the_row_before(name: str) -> None:
    others = frozenset(one.name for one in DECLARED if one.looks_back) - {name}
    assert reading_back(others) - {"lookup_sum"}


@needs_engine
@pytest.mark.parametrize("one", GIVEN_FLAGS, ids=lambda one: one.name)
def test_just_the_flags_that_look_back_are_refused_on_the_first_row(one: Column) -> None:
    program = compile_network(tiny_network(), LANES, WEIGHT_LANES, EVERYTHING)
    program.columns[one.name] = program.columns[one.name].copy()
    program.columns[one.name][..., 0] = 1
    assert (one.name in columns.LOOKING_BACK) == one.looks_back
    refused = f"flag {one.name} is set on row 0" in refusal(program)
    assert refused == one.looks_back


def test_the_reference_verifier_lets_just_the_second_phase_follow_challenges() -> None:
    """It knows no name: those are in no digest. `v` is v1 and v2, without their numbers."""
    second = {one.symbol.rstrip("0123456789") for one in DECLARED if one.phase == 1}
    assert set(DERIVED_COLUMNS) == second


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
    assert usable_rows(10) == CircuitLayout(10, 2, 3).usable_rows
