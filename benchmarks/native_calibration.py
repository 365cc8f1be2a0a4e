"""The layout's cost constants beside what the stages of measured proofs say.

Usage: python -m benchmarks.native_calibration

Puts the constants that fit benchmarks/results/native_spike.json into the layout's code. Another
cost may choose another layout, and with it other keys, for a network.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from prover.systems.native.circuit import layout as code
from prover.systems.native.circuit.layout import FULL, SMALL, TRANSFORM, CircuitLayout

RESULT = Path(__file__).parent / "results" / "native_spike.json"
LINE = re.compile(r"^SMALL, FULL, TRANSFORM = .*$", re.MULTILINE)

CALIBRATED_K = 15  # below it the constant costs of a proof weigh too much


def calibration(proofs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Cost constants by the measured stages, and how far the cost in use is from the seconds.

    A column of cells (stage "cells") and one of the network's sums ("sums") cost a commitment of
    their width; every column costs a share of the quotient. In units of a column of sums.
    """
    large = [row for row in proofs if "stages" in row and row["k"] >= CALIBRATED_K]
    if not large:
        return {"points": 0}
    layouts = [CircuitLayout(row["k"], row["lanes"], row["weight_lanes"]) for row in large]
    columns = {
        "cells": [layout.integer_columns for layout in layouts],
        "sums": [layout.field_columns for layout in layouts],
        "quotient": [layout.columns for layout in layouts],
    }
    each = {
        stage: float(np.median([r["stages"][stage] / c / 2 ** r["k"] for r, c in pairs]))
        for stage, pairs in ((s, list(zip(large, c, strict=True))) for s, c in columns.items())
    }
    seconds = np.array([row["prove"]["seconds"] for row in large])
    costs = np.array([layout.cost for layout in layouts])
    off = seconds / costs / np.median(seconds / costs)
    return {
        "points": len(large),
        "small": round(each["cells"] / each["sums"], 2),
        "transform": round(each["quotient"] / each["sums"], 2),
        "in_use": {"small": SMALL, "full": FULL, "transform": TRANSFORM},
        "measured_over_predicted": [round(float(value), 2) for value in off],
    }


def fitted(source: str, found: Mapping[str, Any]) -> str:
    """The layout's code with the constants of a calibration."""
    line = f"SMALL, FULL, TRANSFORM = {found['small']}, 1.0, {found['transform']}"
    changed, count = LINE.subn(line, source)
    if count != 1:
        raise ValueError(f"{count} lines of constants in the layout's code; 1 is expected")
    return changed


def main() -> None:
    """Fit, print, write."""
    found = calibration(json.loads(RESULT.read_text())["proofs"])
    print(json.dumps(found, indent=1))
    if not found["points"]:
        raise SystemExit("no proof has stages: run benchmarks.native_spike first")
    path = Path(code.__file__)
    path.write_text(fitted(path.read_text(), found))


if __name__ == "__main__":
    main()
