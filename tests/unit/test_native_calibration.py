"""Cost constants are recovered from stages that were made with them."""

from typing import Any

import pytest

from benchmarks.native_calibration import calibration
from prover.proving.native.layout import FULL, SMALL, TRANSFORM, Layout

UNIT = 3e-6  # seconds a row of a column of sums


def proof(k: int, lanes: int, slower: float = 1.0) -> dict[str, Any]:
    """A proof whose stages cost what the layout's constants say."""
    layout, unit = Layout(k, lanes, lanes), UNIT * 2**k
    stages = {
        "cells": unit * SMALL * (3 * lanes + 2),
        "sums": unit * FULL * (lanes + 11),
        "quotient": unit * TRANSFORM * layout.columns,
    }
    seconds = slower * sum(stages.values())
    sizes = {"k": k, "lanes": lanes, "weight_lanes": lanes}
    return {**sizes, "stages": stages, "prove": {"seconds": seconds}}


def test_the_constants_are_found_again() -> None:
    found = calibration([proof(k, lanes) for k in (15, 17, 20) for lanes in (1, 2, 9)])
    assert found["small"] == pytest.approx(SMALL / FULL, abs=1e-3)
    assert found["transform"] == pytest.approx(TRANSFORM / FULL, abs=1e-3)
    assert found["measured_over_predicted"] == [1.0] * found["points"] == [1.0] * 9


def test_a_proof_slower_than_its_cost_is_seen() -> None:
    found = calibration([proof(16, 1), proof(17, 2), proof(18, 4, slower=2.0)])
    assert found["measured_over_predicted"] == [1.0, 1.0, 2.0]


def test_small_or_old_rows_do_not_count() -> None:
    old = {name: value for name, value in proof(18, 2).items() if name != "stages"}
    assert calibration([proof(13, 2), old]) == {"points": 0}
