"""Cost constants are recovered from stages that were made with them."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.native_calibration import RESULT, calibration, fitted
from prover.systems.native.circuit import layout as code
from prover.systems.native.circuit.layout import FULL, SMALL, TRANSFORM, CircuitLayout

UNIT = 3e-6  # seconds a row of a column of sums


def proof(k: int, lanes: int, slower: float = 1.0) -> dict[str, Any]:
    """A proof whose stages cost what the layout's constants say."""
    layout, unit = CircuitLayout(k, lanes, lanes), UNIT * 2**k
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
    assert found["small"] == pytest.approx(SMALL / FULL, abs=0.01)
    assert found["transform"] == pytest.approx(TRANSFORM / FULL, abs=0.01)
    assert found["measured_over_predicted"] == [1.0] * found["points"] == [1.0] * 9


def test_a_proof_slower_than_its_cost_is_seen() -> None:
    found = calibration([proof(16, 1), proof(17, 2), proof(18, 4, slower=2.0)])
    assert found["measured_over_predicted"] == [1.0, 1.0, 2.0]


def test_small_or_old_rows_do_not_count() -> None:
    old = {name: value for name, value in proof(18, 2).items() if name != "stages"}
    assert calibration([proof(13, 2), old]) == {"points": 0}


def test_the_constants_in_the_code_are_the_fit_of_the_committed_results() -> None:
    """Results without stages (another prover's) fix nothing."""
    found = calibration(json.loads(RESULT.read_text())["proofs"])
    source = Path(code.__file__).read_text()
    assert not found["points"] or fitted(source, found) == source


def test_another_fit_changes_one_line_of_the_code() -> None:
    source = Path(code.__file__).read_text()
    changed = fitted(source, {"small": 0.5, "transform": 0.25})
    assert "SMALL, FULL, TRANSFORM = 0.5, 1.0, 0.25\n" in changed
    assert len(set(source.splitlines()) ^ set(changed.splitlines())) == 2
    with pytest.raises(ValueError, match="0 lines"):
        fitted("", {"small": 0.5, "transform": 0.25})
