from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.verify.algebra.field import R
from prover.verify.expressions import Challenge, Constant, Query, degree, evaluate, leaves, parse

WORD = f"0x{7:064x}"
ONE_CELL = ["advice", 2, -1]


def test_each_operator_means_what_it_says() -> None:
    found = parse(["+", ["*", ONE_CELL, ["constant", WORD]], ["-", ["challenge", 1]]])
    assert evaluate(found, {Query("advice", 2, -1): 5}, (100, 3)) == 5 * 7 - 3
    assert evaluate(found, {Query("advice", 2, -1): 0}, (100, 3)) == R - 3
    assert list(leaves(found)) == [Query("advice", 2, -1), Constant(7), Challenge(1)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (["constant", WORD], 0),
        (["challenge", 0], 0),
        (ONE_CELL, 1),
        (["-", ONE_CELL], 1),
        (["*", ["challenge", 0], ONE_CELL], 1),
        (["*", ONE_CELL, ["*", ONE_CELL, ["fixed", 0, 0]]], 3),
        (["+", ["*", ONE_CELL, ONE_CELL], ONE_CELL], 2),
    ],
)
def test_degree_counts_multiplied_cells(expression: list[Any], expected: int) -> None:
    assert degree(parse(expression)) == expected


LEAVES = st.one_of(
    st.integers(0, R - 1).map(lambda value: ["constant", f"0x{value:064x}"]),
    st.integers(0, 1).map(lambda index: ["challenge", index]),
    st.integers(-1, 1).map(lambda rotation: ["advice", 0, rotation]),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda a: ["-", a]), st.tuples(st.sampled_from("+*"), inner, inner).map(list)
    ),
)


def in_python(tree: list[Any]) -> str:
    """The tree as a Python expression: an evaluation of its own."""
    match tree:
        case ["constant", value]:
            return value
        case ["challenge", index]:
            return f"c[{index}]"
        case [_, _, int(rotation)]:
            return f"x[{rotation}]"
        case ["-", inner]:
            return f"(-{in_python(inner)})"
        case [operator, left, right]:
            return f"({in_python(left)}{operator}{in_python(right)})"
    raise AssertionError(tree)


@given(TREES, st.tuples(*[st.integers(0, R - 1)] * 5))
def test_values_are_those_of_the_formula(tree: list[Any], words: tuple[int, ...]) -> None:
    names = {"c": words[:2], "x": defaultdict(int, zip((-1, 0, 1), words[2:], strict=True))}
    cells = {Query("advice", 0, rotation): names["x"][rotation] for rotation in (-1, 0, 1)}
    expected = eval(in_python(tree), {}, names) % R  # noqa: S307 - made from our own tree
    assert evaluate(parse(tree), cells, words[:2]) == expected


@pytest.mark.parametrize(
    "found",
    [[], ["+"], ["+", ONE_CELL], ["-", ONE_CELL, ONE_CELL], ["constant", 7], ["constant", "7"],
     ["instance", 0], ["selector", 0, 0], ["advice", "0", 0], None, 3, {"+": []}],
)  # fmt: skip
def test_other_shapes_are_refused(found: Any) -> None:
    with pytest.raises(ValueError, match=r"^expected .*, found "):
        parse(found)
