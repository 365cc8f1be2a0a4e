"""Gate polynomials as trees, read from the prefix notation of a description.

["+", a, b]  ["*", a, b]  ["-", a]  ["constant", hex]  ["challenge", index]
["advice" | "fixed" | "instance", column, rotation]
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from prover.verify.algebra.field import R
from prover.verify.words import integer, natural, scalar

Kind = Literal["advice", "fixed", "instance"]
KINDS = get_args(Kind)
MAX_DEPTH = 150


@dataclass(frozen=True)
class Constant:
    """A scalar of the circuit."""

    value: int


@dataclass(frozen=True)
class Challenge:
    """The index of a challenge."""

    index: int


@dataclass(frozen=True, order=True)
class Query:
    """The cell of a column `rotation` rows after the current one; before it if negative."""

    kind: Kind
    column: int
    rotation: int


@dataclass(frozen=True)
class Negated:
    """- inner."""

    inner: "Expression"


@dataclass(frozen=True)
class Sum:
    """left + right."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True)
class Product:
    """left * right."""

    left: "Expression"
    right: "Expression"


Expression = Constant | Challenge | Query | Negated | Sum | Product


def parse(found: Any, depth: int = 0) -> Expression:
    """The tree of prefix notation. Raises ValueError with the part that is no expression."""
    if depth > MAX_DEPTH:
        raise ValueError(f"expected an expression nested at most {MAX_DEPTH} deep")
    match found:
        case ["+", left, right]:
            return Sum(parse(left, depth + 1), parse(right, depth + 1))
        case ["*", left, right]:
            return Product(parse(left, depth + 1), parse(right, depth + 1))
        case ["-", inner]:
            return Negated(parse(inner, depth + 1))
        case _:
            return _leaf(found)


def _leaf(found: Any) -> Expression:
    match found:
        case ["constant", value]:
            return Constant(scalar(value))
        case ["challenge", index]:
            return Challenge(natural(index))
        case ["advice" | "fixed" | "instance" as kind, column, rotation]:
            return Query(kind, natural(column), integer(rotation))
        case _:
            raise ValueError(
                f"expected an expression (+ * - constant challenge {KINDS}), found "
                f"{str(found)[:80]}"
            )


def evaluate(
    expression: Expression, cells: Mapping[Query, int], challenges: tuple[int, ...]
) -> int:
    """The value of an expression, given those of its cells and challenges."""
    match expression:
        case Constant(value):
            return value
        case Challenge(index):
            return challenges[index]
        case Query():
            return cells[expression]
        case Negated(inner):
            return -evaluate(inner, cells, challenges) % R
        case Sum(left, right):
            return (evaluate(left, cells, challenges) + evaluate(right, cells, challenges)) % R
        case Product(left, right):
            return evaluate(left, cells, challenges) * evaluate(right, cells, challenges) % R


def degree(expression: Expression) -> int:
    """The greatest number of cells that are multiplied; constants and challenges count nothing."""
    match expression:
        case Constant() | Challenge():
            return 0
        case Query():
            return 1
        case Negated(inner):
            return degree(inner)
        case Sum(left, right):
            return max(degree(left), degree(right))
        case Product(left, right):
            return degree(left) + degree(right)


def leaves(expression: Expression) -> Iterator[Constant | Challenge | Query]:
    """The constants, challenges and cells of an expression."""
    match expression:
        case Constant() | Challenge() | Query():
            yield expression
        case Negated(inner):
            yield from leaves(inner)
        case Sum(left, right) | Product(left, right):
            yield from leaves(left)
            yield from leaves(right)
