"""Sample sizes."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.statement.documents.samples import (
    accuracy_at_least,
    contest_sample,
    hoeffding_margin,
    hoeffding_sample,
    needed,
    supports,
)


@pytest.mark.parametrize(
    ("bad_share", "confidence", "count"),
    [(0.05, 0.95, 59), (0.025, 0.95, 119), (0.01, 0.95, 299), (0.5, 0.75, 2), (0.5, 0.5, 1)],
)
def test_contests_find_a_share_of_wrong_answers(
    bad_share: float, confidence: float, count: int
) -> None:
    assert contest_sample(bad_share, confidence) == count
    assert 1 - (1 - bad_share) ** count >= confidence > 1 - (1 - bad_share) ** (count - 1)


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 1.1])
def test_shares_and_confidences_outside_their_bounds_are_refused(value: float) -> None:
    with pytest.raises(StatementInvalid, match="share"):
        contest_sample(value, 0.95)
    with pytest.raises(StatementInvalid, match="confidence"):
        contest_sample(0.05, value)


def tail(accuracy: float, right: int, n: int) -> float:
    """P(at least `right` of n), term by term."""
    return sum(comb(n, k) * accuracy**k * (1 - accuracy) ** (n - k) for k in range(right, n + 1))


@pytest.mark.parametrize(("margin", "n"), [(0.05, 600), (0.025, 2397), (0.01, 14979)])
def test_hoeffding_samples_are_those_of_the_specification(margin: float, n: int) -> None:
    assert hoeffding_sample(margin) == n
    assert hoeffding_margin(n) <= margin < hoeffding_margin(n - 1)


@pytest.mark.parametrize(
    ("right", "n", "bound"),
    [(0, 10, 0.0), (10, 10, 0.05**0.1), (9, 10, 0.60584), (58, 64, 0.82333), (5, 10, 0.22244)],
)
def test_the_binomial_bound_is_that_of_clopper_and_pearson(
    right: int, n: int, bound: float
) -> None:
    assert accuracy_at_least(right, n) == pytest.approx(bound, abs=1e-5)


@given(st.integers(1, 60), st.data())
def test_a_model_below_the_bound_rarely_passes(n: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(1, n))
    bound = accuracy_at_least(right, n)
    assert tail(bound, right, n) == pytest.approx(0.05, abs=1e-6)
    assert bound > right / n - hoeffding_margin(n)


def test_large_samples_are_computed_too() -> None:
    assert accuracy_at_least(59_000, 65_536) == pytest.approx(0.89833, abs=1e-4)


@pytest.mark.parametrize(
    ("n", "num", "den", "right"), [(64, 9, 10, 58), (64, 1, 1, 64), (3, 1, 100, 1), (10, 1, 2, 5)]
)
def test_as_many_are_needed_as_the_contract_counts(n: int, num: int, den: int, right: int) -> None:
    assert needed(n, num, den) == right
    assert right * den >= num * n > (right - 1) * den


def test_what_a_sample_supports_is_said_with_what_it_does_not() -> None:
    yes, no = supports(600, 540)
    assert "true accuracy above 85.0% with 95% for one attempt" in yes
    assert "above 87.8% by the exact binomial bound" in yes
    assert no.startswith("not supported: several attempts")


def test_counts_and_margins_outside_their_bounds_are_refused() -> None:
    for margin in (0.0, 1.0):
        with pytest.raises(StatementInvalid, match="margin"):
            hoeffding_sample(margin)
    for right, n in ((-1, 5), (6, 5), (0, 0)):
        with pytest.raises(StatementInvalid, match="right answers"):
            accuracy_at_least(right, n)
