"""Progress never goes back, and the time left follows from the time taken."""

import pytest

from prover.systems.progress import Estimate, as_text

SHARES = {"one": 1.0, "two": 2.0, "three": 5.0}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_time_left_follows_from_the_stages_that_are_over() -> None:
    clock = Clock()
    estimate = Estimate(SHARES, clock)
    estimate.begins("one")
    assert (estimate.done, estimate.left()) == (0.0, None)
    clock.now += 3
    estimate.begins("two")
    assert (estimate.done, estimate.left()) == (1 / 8, 21.0)
    clock.now += 2
    assert estimate.left() == 19.0
    clock.now += 7  # twice as slow as the first stage
    estimate.begins("three")
    assert (estimate.done, estimate.left()) == (3 / 8, 20.0)
    clock.now += 100
    assert estimate.left() == 0.0


def test_parts_of_a_stage_count() -> None:
    clock = Clock()
    estimate = Estimate(SHARES, clock)
    clock.now += 4
    estimate.begins("three 1/5")
    assert (estimate.done, estimate.left()) == (4 / 8, 4.0)
    estimate.begins("three 5/5")
    assert estimate.done == 1.0


@pytest.mark.parametrize("late", ["one", "two", "three 1/5", "another", "another 1/2"])
def test_progress_never_goes_back(late: str) -> None:
    estimate = Estimate(SHARES, Clock())
    estimate.begins("three 2/5")
    estimate.begins(late)
    assert estimate.done == 5 / 8


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "time left unknown yet"),
        (0.0, "a few seconds left"),
        (33.0, "about 35 s left"),
        (150.0, "about 2 min left"),
    ],
)
def test_estimates_are_rounded(seconds: float | None, words: str) -> None:
    assert as_text(seconds) == words
