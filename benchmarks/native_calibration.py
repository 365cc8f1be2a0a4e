"""The layout's cost constants beside what the stages of measured proofs say."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from prover.proving.native.layout import FULL, SMALL, TRANSFORM, Layout

CALIBRATED_K = 15  # below it the constant costs of a proof weigh too much


def calibration(proofs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Cost constants by the measured stages, and how far the cost in use is from the seconds.

    A column of cells (stage "cells") and one of the network's sums ("sums") cost a commitment of
    their width; every column costs a share of the quotient. In units of a column of sums.
    """
    large = [row for row in proofs if "stages" in row and row["k"] >= CALIBRATED_K]
    if not large:
        return {"points": 0}
    layouts = [Layout(row["k"], row["lanes"], row["weight_lanes"]) for row in large]
    columns = {
        "cells": [3 * layout.lanes + 2 for layout in layouts],
        "sums": [layout.lanes + 11 for layout in layouts],
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
        "small": round(each["cells"] / each["sums"], 3),
        "transform": round(each["quotient"] / each["sums"], 3),
        "in_use": {"small": SMALL, "full": FULL, "transform": TRANSFORM},
        "measured_over_predicted": [round(float(value), 2) for value in off],
    }
