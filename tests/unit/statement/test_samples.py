"""Sample sizes."""

import pytest

from prover.errors import StatementInvalid
from prover.statement.samples import contest_sample


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
