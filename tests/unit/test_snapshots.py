"""Gas and code sizes against snapshots/, and against what docs/SPEC.md section 10 allows.

If a rise is meant: scripts/snapshot.
"""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
RISE = 0.02
CODE_LIMIT = 24_576
TARGETS = {
    "post": 140_000,
    "lock": 100_000,
    "deliver": 85_000,
    "deliver batch of 8": 85_000 + 7 * 40_000,
    "deliver extra item": 40_000,
    "refund": 55_000,
    "refund voided locked": 58_000,  # pays both sides, each its deposit
}


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


def beyond(values: dict[str, int], limit: Callable[[str], int]) -> list[str]:
    return [name for name, value in values.items() if value > limit(name)]


def target(name: str) -> int:
    """The limit of the longest rule that begins the name; what has none may cost a lock."""
    rules = [rule for rule in TARGETS if name.startswith(rule)]
    return TARGETS[max(rules, key=len)] if rules else TARGETS["lock"]


@pytest.mark.parametrize("name", ["gas", "sizes"])
def test_nothing_rose(name: str, measured: dict[str, dict[str, int]]) -> None:
    assert measured[name].keys() == committed(name).keys()
    assert risen(committed(name), measured[name]) == []


def test_gas_is_within_targets(measured: dict[str, dict[str, int]]) -> None:
    assert beyond(measured["gas"], target) == []


def test_code_is_within_the_limit(measured: dict[str, dict[str, int]]) -> None:
    assert beyond(measured["sizes"], lambda _: CODE_LIMIT - 1) == []


def test_a_rise_is_seen() -> None:
    assert risen({"post": 100}, {"post": 102}) == []
    assert risen({"post": 100}, {"post": 103}) == ["post"]


def test_a_move_beyond_its_target_is_seen() -> None:
    assert beyond(
        {"refund voided open erc20": 55_001, "refund voided locked eth": 57_999}, target
    ) == ["refund voided open erc20"]
