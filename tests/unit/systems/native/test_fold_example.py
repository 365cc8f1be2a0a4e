"""The worked example of docs/NATIVE.md is what the code places and the gates compute."""

from pathlib import Path

import numpy as np

from prover.systems.native.circuit.columns import DECLARED, FOLD_FLAGS
from prover.systems.native.circuit.fold import FACTOR
from prover.systems.native.circuit.program import Program, compile_network
from prover.systems.native.network.network import Layer, Network, Tensor, Term
from prover.systems.native.static_checks.replay import check_program
from prover.systems.native.witness import execute
from tests.unit.systems.native.gates import Challenges, Evaluated
from tests.unit.systems.native.gates import P as PRIME

NATIVE = Path(__file__).parents[4] / "docs/NATIVE.md"
POINT = Challenges(b=3, a=2, g=5)
IMAGE = np.array([[[1, 3]]])
SYMBOLS = {column.name: column.symbol for column in DECLARED}


def network() -> Network:
    """An image of one row of two cells, and a layer of two outputs: 2 x0 + x1 and x0 - x1."""
    weight = np.array([[[[2, 1]]], [[[1, -1]]]])
    term = Term(("x",), weight, 1, (0, 0, 0, 0), 1, False)
    layer = Layer("y", (term,), np.zeros(2, dtype=np.int64), -8, 7, -8, 15, 2, 1, 1)
    return Network("example", Tensor("x", 1, 1, 2, 0, 3), (layer,), 1, "y")


def placed() -> tuple[Program, Evaluated]:
    """The network with two cells and one weight to a row, and its accumulators at the point."""
    program = compile_network(network(), 2, 1)
    check_program(program)
    rows = max(program.rows, program.columns["table_tag"].size)
    cells = execute(program, IMAGE, rows).cells
    return program, Evaluated(program, cells, POINT, program.columns["tag"].shape[1])


def small(value: int) -> int:
    """A field element as a number about 0."""
    return value - PRIME if value > PRIME // 2 else value


def table() -> str:
    """The rows of the example as the page has them."""
    program, evaluated = placed()
    factors = {row for kind, row, *_ in program.copies.tolist() if kind == FACTOR}
    lines = ["| row | w | flags | x | v1 | v2 | mac |", "|---|---|---|---|---|---|---|"]
    for row, (inner, kernel, factor, mac) in enumerate(evaluated.folds):
        flags = [f"`{SYMBOLS[name]}`" for name in FOLD_FLAGS if program.columns[name][row]]
        numbers = [small(value) for value in (inner, kernel, mac)]
        cells = [
            str(row),
            str(program.columns["weight"][0, row]),
            " ".join(flags),
            str(small(factor)) if row in factors else "",
            *map(str, numbers),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def test_the_page_shows_the_rows_that_the_code_places() -> None:
    block = NATIVE.read_text().split("<!-- begin fold example -->\n")[1]
    assert block.split("\n<!-- end fold example -->")[0] == table()


def test_the_example_has_six_rows_and_closes() -> None:
    _, evaluated = placed()
    assert len(evaluated.folds) == 6
    assert evaluated.closed == {5: 0}


def test_the_factors_are_the_sums_that_the_page_writes_out() -> None:
    """A_0 = 1 + 5 b + 6 b^2, A_1 = -1 - 2 b + 3 b^2 and B = 1 + 3 b."""
    _, evaluated = placed()
    by_row = [small(factor) for _, _, factor, _ in evaluated.folds]
    b = POINT.b
    first, last, source = 1 + 5 * b + 6 * b**2, -1 - 2 * b + 3 * b**2, 1 + 3 * b
    assert [factor for factor in by_row if factor] == [last, first, source]
