"""Gas and code sizes against snapshots/, and against what docs/SPEC.md section 10 allows.

If a rise is meant: scripts/snapshot.
"""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks.targets import BATCH, LIMITS, TARGETS, limit

ROOT = Path(__file__).parents[2]
RISE = 0.02
CODE_LIMIT = 24_576
TRANSACTION_LIMIT = 16_777_216


@pytest.fixture(scope="module")
def snapshot() -> ModuleType:
    spec = importlib.util.spec_from_file_location("snapshot", ROOT / "scripts/snapshot.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def measured(snapshot: ModuleType) -> dict[str, dict[str, int]]:
    return {"gas": snapshot.gas(), "sizes": snapshot.sizes()}


def committed(name: str) -> dict[str, int]:
    values: dict[str, int] = json.loads((ROOT / f"snapshots/{name}.json").read_text())
    return values


def risen(before: dict[str, int], now: dict[str, int]) -> list[str]:
    return [name for name in now if now[name] > before[name] * (1 + RISE)]


def beyond(values: dict[str, int], allowed: Callable[[str], int]) -> list[str]:
    return [name for name, value in values.items() if value > allowed(name)]


def allowed_gas(name: str) -> int:
    return limit(name)[0]


@pytest.mark.parametrize("name", ["gas", "sizes"])
def test_nothing_rose(name: str, measured: dict[str, dict[str, int]]) -> None:
    assert measured[name].keys() == committed(name).keys()
    assert risen(committed(name), measured[name]) == []


def test_gas_is_within_targets(measured: dict[str, dict[str, int]]) -> None:
    assert beyond(measured["gas"], allowed_gas) == []


def test_no_target_is_waived_that_is_met(measured: dict[str, dict[str, int]]) -> None:
    """A limit of its own is for what needs one, is close to it, and says why."""
    for own, (gas, reason) in LIMITS.items():
        values = {name: used for name, used in measured["gas"].items() if name.startswith(own)}
        assert reason
        assert any(used > plain(name) for name, used in values.items()), own
        assert reason == BATCH or any(used * 1.1 > gas for used in values.values()), own


def plain(name: str) -> int:
    """The target of a move; 0 if it has none."""
    move = name.partition(" ")[2]
    known = [start for start in TARGETS if move.startswith(start)]
    return TARGETS[max(known, key=len)] if known else 0


def test_code_is_within_the_limit(measured: dict[str, dict[str, int]]) -> None:
    assert beyond(measured["sizes"], lambda _: CODE_LIMIT - 1) == []


def test_a_rise_is_seen() -> None:
    assert risen({"post": 100}, {"post": 102}) == []
    assert risen({"post": 100}, {"post": 103}) == ["post"]


def test_a_move_beyond_its_target_is_seen() -> None:
    values = {"prediction refund voided open": 55_001, "prediction refund voided locked": 57_999}
    assert beyond(values, allowed_gas) == ["prediction refund voided open"]


def test_a_move_without_a_target_is_no_free_move() -> None:
    with pytest.raises(KeyError):
        limit("prediction dance")


def test_targets_are_those_of_the_specification() -> None:
    text = (ROOT / "docs" / "SPEC.md").read_text()
    for gas in sorted(set(TARGETS.values())):
        assert f"{gas:,}" in text
