"""The mutator of scripts/mutate, and the scores it left in snapshots/mutants.json."""

import hashlib
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CORE = {
    "Escrow",
    "Jobs",
    "ProofAcceptance",
    "PredictionMarket",
    "ServingRound",
    "AccuracyBounty",
    "RetrievalBounty",
    "Statement",
    "PositionalTree",
    "SealedItem",
}
SOURCE = """
contract Sample is Guard {
    uint256 private constant LIMIT = 7; // not 8
    string private constant TEXT = "a == b";

    function move(uint256 a, address to) external nonReentrant returns (uint256 sum) {
        uint256 doubled = a * 2;
        if (a > LIMIT) revert TooMuch(a);
        if (!done[a] && a != 1) {
            _pay(to, doubled);
        }
        return doubled;
    }
}
"""


def load(name: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(__import__("sys").modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def operators(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load("mutate_operators", ROOT / "scripts/mutate_operators.py", monkeypatch)


@pytest.fixture
def mutate(operators: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load("mutate", ROOT / "scripts/mutate.py", monkeypatch)


def test_the_mutants_of_a_small_contract(operators: ModuleType) -> None:
    found = [
        (mutant.operator, SOURCE[mutant.start : mutant.end], mutant.text)
        for mutant in operators.mutants(SOURCE)
    ]
    assert found == [
        ("count", "7", "8"),
        ("unguard", " nonReentrant", ""),
        ("swap", "*", "+"),
        ("count", "2", "3"),
        ("delete", "if (a > LIMIT) revert TooMuch(a);", ""),
        ("swap", ">", ">="),
        ("negate", "!", ""),
        ("decide", "!done[a] && a != 1", "false"),
        ("decide", "!done[a] && a != 1", "true"),
        ("swap", "&&", "||"),
        ("swap", "!=", "=="),
        ("count", "1", "2"),
        ("delete", "_pay(to, doubled);", ""),
        ("delete", "return doubled;", ""),
    ]


def test_a_mutant_changes_nothing_but_its_place(operators: ModuleType) -> None:
    for mutant in operators.mutants(SOURCE):
        changed = mutant.apply(SOURCE)
        assert changed != SOURCE
        assert changed == SOURCE[: mutant.start] + mutant.text + SOURCE[mutant.end :]


def test_every_mutant_of_a_core_contract_has_a_name_of_its_own(
    operators: ModuleType, mutate: ModuleType
) -> None:
    for suite in mutate.SUITES.values():
        source = (ROOT / "contracts" / suite.source).read_text()
        keys = [mutant.key(source) for mutant in operators.mutants(source)]
        assert len(keys) > 20
        assert len(set(keys)) == len(keys)


def test_suites_name_files_that_exist(mutate: ModuleType) -> None:
    assert set(mutate.SUITES) == CORE
    for suite in mutate.SUITES.values():
        for command in suite.commands:
            assert mutate.paths_of(ROOT, command)


def test_a_sample_is_the_same_each_time(mutate: ModuleType, operators: ModuleType) -> None:
    possible = operators.mutants(SOURCE)
    sample = mutate.drawn(possible, 5)
    assert len(sample) == 5
    assert sample == mutate.drawn(possible, 5)
    assert mutate.drawn(possible, 0) == mutate.drawn(possible, 99) == possible


def test_fates_are_told_apart(mutate: ModuleType) -> None:
    assert mutate.fate_of(None) == "survived"
    assert mutate.fate_of("1 failed") == "killed"
    assert mutate.fate_of("Compiler run failed:\nError (7576)") == "stillborn"


@pytest.fixture(scope="module")
def scores() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "snapshots/mutants.json").read_text())
    return loaded


def test_every_core_contract_has_a_score(scores: dict[str, Any]) -> None:
    assert set(scores) == CORE


def test_a_score_is_that_of_the_contract_as_it_is(
    scores: dict[str, Any], mutate: ModuleType
) -> None:
    """If this fails: scripts/mutate NAME."""
    for name, suite in mutate.SUITES.items():
        source = (ROOT / "contracts" / suite.source).read_bytes()
        assert scores[name]["sha256"] == hashlib.sha256(source).hexdigest(), name


def test_every_survivor_is_explained(scores: dict[str, Any]) -> None:
    for name, score in scores.items():
        assert score["tried"] == score["killed"] + len(score["survivors"]), name
        assert score["tried"] > 0, name
        assert all(len(one["reason"]) > 10 for one in score["survivors"]), name


@pytest.fixture
def python_mutants(mutate: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load("mutate_python", ROOT / "scripts/mutate_python.py", monkeypatch)


def test_every_python_module_has_unit_tests_of_its_own(python_mutants: ModuleType) -> None:
    modules = python_mutants.modules()
    assert set(python_mutants.MONEY) <= set(modules)
    for module in modules:
        assert (ROOT / module).is_file()
        assert all((ROOT / tests).exists() for tests in python_mutants.tests_of(module)), module


def test_python_mutants_leave_annotations_and_docstrings_alone(
    python_mutants: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = 'def f(a: int | None) -> int | None:\n    """1 + 1."""\n    return a\n'
    (tmp_path / "plain.py").write_text(source)
    monkeypatch.setattr(python_mutants, "ROOT", tmp_path)
    specs = [spec for place in python_mutants.places("plain.py") for spec in place]
    assert specs
    assert {python_mutants.change_of("plain.py", spec) for spec in specs} == {None}


def test_a_python_mutant_is_named_by_its_place_and_its_text(
    python_mutants: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(python_mutants, "ROOT", tmp_path)
    monkeypatch.setattr(python_mutants, "modules", lambda: ["late.py"])
    for above in ("", "\n# more above\n"):
        (tmp_path / "late.py").write_text(above + "def late(now, due):\n    return now > due\n")
        changes, count = python_mutants.drawn(1)
        assert count == 1
        assert changes[0].key.startswith("late.py late: return now > due -> return ")
        assert changes == python_mutants.drawn(1)[0]


def test_only_the_tests_of_a_line_are_run_for_its_mutant(python_mutants: ModuleType) -> None:
    source = (
        "LIMIT = 3\ndef late(\n    now,\n):\n    return (\n        now\n        > LIMIT\n    )\n"
    )
    runs = sys.modules["mutate_tests"].Runs(
        {"own::a": 1.0, "own::b": 1.0, "other::c": 2.0},
        {"late.py": {1: [], 5: ["own::a"], 7: ["other::c"]}, "more.py": {1: ["own::b"]}},
    )
    assert runs.tests_of("late.py", source, 6, ["own"]) == ["own::a"]
    assert runs.tests_of("late.py", source, 6, ["elsewhere"]) == ["other::c", "own::a"]
    assert runs.tests_of("late.py", source, 1, ["own"]) == ["own::a"]
    first = sys.modules["mutate_tests"].Runs({}, {"late.py": {1: ["own::b"], 5: ["own::a"]}})
    assert first.tests_of("late.py", source, 1, ["own"]) == ["own::a", "own::b"]
    assert runs.tests_of("unknown.py", source, 1, ["own"]) == []
    assert runs.time_for(["own::a", "other::c"]) == 36


def test_the_python_mutants_that_survived_are_explained(python_mutants: ModuleType) -> None:
    told = json.loads((ROOT / "snapshots/python_mutants.json").read_text())
    modules = set(python_mutants.modules())
    assert told["tried"] >= python_mutants.SAMPLE >= 400
    assert told["tried"] == told["killed"] + len(told["survivors"])
    assert sum(score["tried"] for score in told["modules"].values()) == told["tried"]
    assert set(told["modules"]) <= modules
    for one in told["survivors"]:
        assert len(one["reason"]) > 10, one["mutant"]
        module = one["mutant"].split()[0]
        equivalent = one["reason"].startswith(python_mutants.EQUIVALENT)
        assert equivalent or module not in python_mutants.MONEY, one["mutant"]
