"""A witness that is wrong in just one respect satisfies the circuit no more.

Each wrong witness is completed by the honest accumulators of the wrong cells, and multiplicities
are counted anew where the table has the entry, so that only the rule in question can object.
"""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from prover.statement.field import FIELD_MODULUS
from prover.systems.native import engine
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import CircuitLayout, choose_layout
from prover.systems.native.circuit.program import Program, compile_network
from prover.systems.native.circuit.tables import FIRST_ACTIVATION, RANGE
from prover.systems.native.network.network import Integers
from prover.systems.native.witness import (
    Execution,
    TensorAdvice,
    execute,
    multiplicities,
    packed_image,
)
from tests.unit.systems.native.networks import image_of, tiny_network

pytest.importorskip("zkescrow_native", reason="the Rust engine is not installed (no cargo)")

CONTEXT = (11, 12)
HIDDEN = engine.Secrets(tuple(range(1, 9)), bytes(32))


@cache
def honest() -> tuple[Program, CircuitLayout, Execution]:
    network = tiny_network()
    layout = choose_layout(network)
    program = compile_network(network, 3, 2, Form(context=len(CONTEXT)))
    layout = replace(layout, lanes=3, weight_lanes=2, k=10)
    return program, layout, execute(program, image_of(network, 4), layout.usable_rows)


def failures(
    cells: TensorAdvice | None = None,
    counts: Integers | None = None,
    instances: list[int] | None = None,
    tampers: tuple[tuple[str, int, int, int], ...] = (),
    columns: dict[str, Integers] | None = None,
) -> set[str]:
    """The gates and copies that object to a witness, as short names."""
    program, layout, found = honest()
    if columns:
        program = replace(program, columns={**program.columns, **columns})
    wrong = replace(
        found,
        cells=cells or found.cells,
        multiplicities=found.multiplicities if counts is None else counts,
    )
    public = engine.instances_of(program, found, CONTEXT) if instances is None else instances
    loaded = engine.load_witness(program, wrong, HIDDEN, public)
    said: list[str] = engine.engine().check(
        engine.load_program(program, layout), loaded, list(tampers)
    )
    return {text.split()[0] for text in said}


def recounted(cells: TensorAdvice) -> Integers:
    program, layout, _ = honest()
    return multiplicities(program, cells, layout.usable_rows)


def with_cell(name: str, index: tuple[int, int], value: int) -> TensorAdvice:
    _, _, found = honest()
    column = getattr(found.cells, name).copy()
    column[index] = value
    return replace(found.cells, **{name: column})


def cell_of(layer: str, active: bool) -> tuple[int, int]:
    """A cell of a layer whose remainder leaves room on both sides."""
    program, _, found = honest()
    stored = program.stored[layer]
    inside = np.argwhere(stored.grid.active == active) + np.array([0, stored.start])
    top = (1 << program.table.shift) - 1
    chosen = [
        tuple(index) for index in inside.tolist() if 0 < found.cells.remainder[tuple(index)] < top
    ]
    return chosen[len(chosen) // 2]


def test_the_honest_witness_is_accepted() -> None:
    assert failures() == set()


@pytest.mark.parametrize("layer", ["a", "b"])
@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("delta", [1, -1])
def test_a_product_off_by_one(layer: str, active: bool, delta: int) -> None:
    index = cell_of(layer, active)
    cells = with_cell("remainder", index, int(honest()[2].cells.remainder[index]) + delta)
    assert failures(cells, recounted(cells)) == {"closed_layer"}


def test_a_remainder_out_of_range() -> None:
    index = cell_of("a", True)
    found = honest()[2].cells
    cells = with_cell(
        "remainder", index, int(found.remainder[index]) + (1 << honest()[0].table.shift)
    )
    q = found.quotient.copy()
    q[index] -= 1
    y = found.activation.copy()
    y[index] = min(max(int(q[index]) - honest()[0].table.q_offset, 0), 15)
    y[index] += honest()[0].table.y_offset
    cells = replace(cells, quotient=q, activation=y)
    assert "boundary" in failures(cells)
    assert "closed_layer" not in failures(replace(cells, activation=found.activation)), (
        "only the range may object"
    )


@pytest.mark.parametrize("layer", ["a", "b"])
@pytest.mark.parametrize("delta", [1, -1])
def test_an_output_that_is_not_the_clamp(layer: str, delta: int) -> None:
    index = cell_of(layer, True)
    cells = with_cell("activation", index, int(honest()[2].cells.activation[index]) + delta)
    assert "boundary" in failures(cells)


@pytest.mark.parametrize("layer", ["x", "a", "b"])
def test_a_padding_cell_that_holds_a_value(layer: str) -> None:
    program = honest()[0]
    stored = program.stored[layer]
    inside = np.argwhere(~stored.grid.active)
    index = (int(inside[0][0]), int(inside[0][1]) + stored.start)
    cells = with_cell("activation", index, program.table.y_offset + 1)
    assert "boundary" in failures(cells)


@pytest.mark.parametrize("other", [0, 1, 2, 4])
def test_an_entry_of_another_tag(other: int) -> None:
    """A (q, y) that the table has under another tag only is refused, and taken under its own."""
    program, _, found = honest()
    index = cell_of("a", True)
    columns = program.columns
    mine = {pair_at(columns, row) for row in rows_of(columns, FIRST_ACTIVATION)}
    foreign = [row for row in rows_of(columns, other) if pair_at(columns, row) not in mine]
    row = foreign[len(foreign) // 2]
    q, y = pair_at(columns, row)
    quotient, activation = found.cells.quotient.copy(), found.cells.activation.copy()
    cells = replace(found.cells, quotient=quotient, activation=activation)
    cells.quotient[index], cells.activation[index] = q, y
    counts = swapped(found, index, row)
    assert "boundary" in failures(cells, counts)
    tag = columns["tag"].copy()
    tag[index] = other
    if other != RANGE:
        assert "boundary" not in failures(cells, counts, columns={"tag": tag})


def rows_of(columns: dict[str, Integers], tag: int) -> list[int]:
    return [int(row) for row in np.flatnonzero(columns["table_tag"] == tag)]


def pair_at(columns: dict[str, Integers], row: int) -> tuple[int, int]:
    return int(columns["table_quotient"][row]), int(columns["table_activation"][row])


def swapped(found: Execution, index: tuple[int, int], row: int) -> Integers:
    """Multiplicities after one lookup moved from a cell's own entry to a table row."""
    columns = honest()[0].columns
    own = (int(found.cells.quotient[index]), int(found.cells.activation[index]))
    old = next(r for r in rows_of(columns, FIRST_ACTIVATION) if pair_at(columns, r) == own)
    counts = found.multiplicities.copy()
    counts[old] -= 1
    counts[row] += 1
    return counts


def test_an_input_outside_the_domain() -> None:
    program = honest()[0]
    index = cell_in_input()
    cells = with_cell("activation", index, program.table.y_offset + 8)
    assert "boundary" in failures(cells)


def cell_in_input() -> tuple[int, int]:
    inside = np.argwhere(honest()[0].stored["x"].grid.active)
    return int(inside[0][0]), int(inside[0][1])


def test_an_input_that_is_not_the_committed_one() -> None:
    """Another word of the image column, and the salt, which is free."""
    for word, objection in ((0, {"input"}), (-1, set())):
        program, layout, found = honest()
        words = packed_image(program, found.cells, HIDDEN.salt)
        words[word] += 1
        loaded = engine.engine().Witness(
            found.cells.quotient,
            found.cells.remainder,
            found.cells.activation,
            found.multiplicities,
            found.ranks,
            [value.to_bytes(32, "little") for value in words],
            [],
            [v.to_bytes(32, "little") for v in engine.instances_of(program, found, CONTEXT)],
        )
        said = engine.engine().check(engine.load_program(program, layout), loaded, [])
        assert {text.split()[0] for text in said} == objection


def test_an_input_whose_layer_was_not_computed_anew() -> None:
    index = cell_in_input()
    cells = with_cell("activation", index, int(honest()[2].cells.activation[index]) ^ 1)
    assert failures(cells, recounted(cells)) == {"closed_layer"}


def test_another_weight() -> None:
    weights = honest()[0].columns["weight"].copy()
    used = np.argwhere(weights)
    for index in (used[0], used[len(used) // 2], used[-1]):
        changed = weights.copy()
        changed[tuple(index)] += 1
        assert failures(columns={"weight": changed}) == {"closed_layer"}


def test_another_bias() -> None:
    bias = honest()[0].columns["bias"].copy()
    bias[honest()[0].stored["b"].start] += 1
    assert failures(columns={"bias": bias}) == {"closed_layer"}


def test_a_multiplicity_off_by_one() -> None:
    for row in (0, 70, 300):
        counts = honest()[2].multiplicities.copy()
        counts[row] += 1
        assert failures(counts=counts) == {"boundary"}


# Columns of the second phase; each has a gate of its name.
ACCUMULATORS = [
    "pre_inner",
    "pre_outer",
    "post_inner",
    "post_outer",
    "kernel_inner",
    "kernel",
    "layer_accumulator",
    "lookup_sum",
    "lookup_partial",
]


@pytest.mark.parametrize("name", ACCUMULATORS)
@pytest.mark.parametrize("row", [1, 5, 9])
def test_a_wrong_step_of_an_accumulator(name: str, row: int) -> None:
    assert name in failures(tampers=((name, 0, row, 1),))


def test_a_product_with_another_accumulator() -> None:
    program = honest()[0]
    for row in program.copies[program.copies[:, 0] == 2][:, 1][:6].tolist():
        assert "copy" in failures(tampers=(("factor", 0, row, 1),))


@pytest.mark.parametrize("index", [0, 1, 2])
def test_another_public_output(index: int) -> None:
    program, _, found = honest()
    public = engine.instances_of(program, found, CONTEXT)
    public[len(CONTEXT) + index] = (public[len(CONTEXT) + index] + 1) % FIELD_MODULUS
    assert failures(instances=public) == {"copy"}


def test_the_context_is_free_in_the_circuit() -> None:
    program, _, found = honest()
    public: list[Any] = engine.instances_of(program, found, (99, 98))
    assert failures(instances=public) == set()
