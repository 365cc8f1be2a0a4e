"""Predicates of retrieval requests: from what a user types, checked against a circuit, as text.

A score is a signed integer, of which 1 stands for the circuit's output unit, a real number.
"""

import re
from fractions import Fraction
from math import ceil

from prover.base.errors import UsageError
from prover.protocol.retrieval.terms import Predicate, PredicateKind
from prover.statement.layout import Layout, OutputKind

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_MAX_CHARACTERS = 64


def at_least(index: int, value: str, unit: float) -> Predicate:
    """Score `index` is at least a real number, exactly: the threshold is the least integer that is.

    Raises UsageError unless `value` is a decimal number.
    """
    text = value.strip()
    if len(text) > _MAX_CHARACTERS or not _NUMBER.fullmatch(text):
        raise UsageError(f"--at-least {value!r}: expected a decimal number, such as 0.5")
    return Predicate(PredicateKind.AT_LEAST, index, ceil(Fraction(text) / Fraction(unit)))


def check_predicate(predicate: Predicate, layout: Layout, bound: int) -> None:
    """Raise UsageError unless the circuit's outputs can match; each is below `bound` in amount."""
    if predicate.kind is PredicateKind.LABEL:
        _check_label(predicate, layout)
        return
    if layout.output_kind is not OutputKind.SCORES:
        raise UsageError("--score: this model proves a label only; choose records with --label")
    _check_index("--score", predicate.index, layout.classes)
    if predicate.threshold >= bound:
        raise UsageError(
            f"--at-least is {predicate.threshold} in the circuit's units: no output of the circuit "
            f"reaches {bound}, so that no record could match; give a smaller number"
        )
    if predicate.threshold <= -bound:
        raise UsageError(
            f"--at-least is {predicate.threshold} in the circuit's units: every output of the "
            f"circuit is above {-bound}, so that every record would match; give a greater number"
        )


def as_text(predicate: Predicate, unit: float | None) -> str:
    """What the predicate says; `unit` is that of the outputs, where it is known."""
    if predicate.kind is PredicateKind.LABEL:
        return f"its label is {predicate.index}"
    message = f"score {predicate.index} is at least {predicate.threshold}"
    if unit is None:
        return f"{message} in the circuit's units"
    return f"{message} in the circuit's units, which is {predicate.threshold * unit:g}"


def _check_label(predicate: Predicate, layout: Layout) -> None:
    if layout.classes == 1:
        raise UsageError("--label: this model has one score; choose with --score 0 --at-least X")
    _check_index("--label", predicate.index, layout.classes)


def _check_index(name: str, index: int, classes: int) -> None:
    if not 0 <= index < classes:
        raise UsageError(f"{name} {index}: expected 0 to {classes - 1} by this model")
