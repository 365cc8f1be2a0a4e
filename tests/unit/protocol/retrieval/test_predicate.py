"""What a requester types, as the contract will compare it."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import UsageError
from prover.protocol.retrieval.predicate import as_text, at_least, check_predicate
from prover.protocol.retrieval.state import Predicate, PredicateKind
from prover.statement.layout import OutputKind
from tests.unit.statement.test_layout import HASHED

SCORES = HASHED  # two scores
LABEL = replace(HASHED, instances=17, context=9, output_words=1, output_kind=OutputKind.LABEL)
ONE = replace(LABEL, output_kind=OutputKind.SCORES, classes=1)
numbers = st.decimals(-1000, 1000, places=4)


@given(numbers, st.integers(0, 30), st.integers(-(2**42), 2**42))
def test_a_score_is_flagged_exactly_if_it_reaches_the_number(
    value: Decimal, scale: int, score: int
) -> None:
    predicate = at_least(0, str(value), 2.0**-scale)
    reaches = Fraction(score, 2**scale) >= Fraction(value)
    assert predicate.flags([score], OutputKind.SCORES) == reaches


@given(numbers, st.integers(0, 30))
def test_the_threshold_is_the_least_that_reaches_the_number(value: Decimal, scale: int) -> None:
    threshold = at_least(0, str(value), 2.0**-scale).threshold
    assert Fraction(threshold - 1, 2**scale) < Fraction(value) <= Fraction(threshold, 2**scale)


@pytest.mark.parametrize(
    ("text", "threshold"),
    [("0.5", 4), (".5", 4), ("-0.5", -4), ("+1", 8), ("1.", 8), ("1e1", 80), ("0.06", 1), ("0", 0)],
)
def test_numbers_as_people_type_them(text: str, threshold: int) -> None:
    assert at_least(1, f" {text} ", 1 / 8) == Predicate(PredicateKind.AT_LEAST, 1, threshold)


@pytest.mark.parametrize(
    "text",
    ["", "x", "nan", "inf", "1/2", "0x10", "1_0", "--1", "1e", "1e9999", "٣", "1" * 65, "1 2"],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected a decimal number"):
        at_least(0, text, 1 / 8)


def score(index: int, threshold: int) -> Predicate:
    return Predicate(PredicateKind.AT_LEAST, index, threshold)


def label(index: int) -> Predicate:
    return Predicate(PredicateKind.LABEL, index)


def test_predicates_that_can_be_right_or_wrong_are_taken() -> None:
    for threshold in (-99, 0, 99):
        check_predicate(score(1, threshold), SCORES, 100)
    check_predicate(score(0, 0), ONE, 100)
    for layout in (SCORES, LABEL):
        check_predicate(label(1), layout, 100)


@pytest.mark.parametrize(
    ("predicate", "layout", "message"),
    [
        (score(2, 0), SCORES, "--score 2: expected 0 to 1"),
        (score(-1, 0), SCORES, "--score -1: expected 0 to 1"),
        (score(0, 100), SCORES, "no record could match"),
        (score(0, -100), SCORES, "every record would match"),
        (score(0, 0), LABEL, "proves a label only"),
        (label(2), SCORES, "--label 2: expected 0 to 1"),
        (label(-1), LABEL, "--label -1: expected 0 to 1"),
        (label(0), ONE, "this model has one score"),
    ],
)
def test_predicates_that_no_circuit_answers_are_refused(
    predicate: Predicate, layout: object, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        check_predicate(predicate, layout, 100)  # type: ignore[arg-type]


def test_a_predicate_is_said_back_as_it_is_compared() -> None:
    assert as_text(label(3), 1 / 256) == "its label is 3"
    said = "score 1 is at least 384 in the circuit's units, which is 1.5"
    assert as_text(score(1, 384), 1 / 256) == said
    assert as_text(score(1, -384), None) == "score 1 is at least -384 in the circuit's units"
