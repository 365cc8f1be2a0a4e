"""The shares of stages are those that were measured."""

import json

import pytest

from benchmarks.networks import ROOT
from prover.systems.native.stages import (
    CHECKING,
    ENGINE,
    KEYS,
    PLACING,
    PROVING,
    RUNNING,
    SETTING_UP,
)


def test_shares_are_those_of_the_measured_run() -> None:
    measured = json.loads((ROOT / "benchmarks" / "results" / "imagenet.json").read_text())
    stages, before = measured["stages"], measured["before"]
    whole = sum(stages.values())
    for stage in ENGINE:
        assert PROVING[stage] / whole == pytest.approx(stages[stage] / whole, abs=0.05)
    assert PROVING[RUNNING] == pytest.approx(stages["witness"], rel=0.5)
    names = {PLACING: "placing", CHECKING: "checking", KEYS: "keys"}
    whole = sum(SETTING_UP.values())
    for stage, name in names.items():
        assert SETTING_UP[stage] / whole == pytest.approx(
            before[name] / sum(before[n] for n in names.values()), abs=0.1
        )
