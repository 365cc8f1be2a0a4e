"""The mutator of scripts/mutate, and the scores it left in snapshots/mutants.json."""

import hashlib
import importlib.util
import json
import math
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CORE = {
    "Escrow",
    "Jobs",
    "Defaults",
    "Deployment",
    "ProofAcceptance",
    "VerifierCall",
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
def suites(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load("mutate_suites", ROOT / "scripts/mutate_suites.py", monkeypatch)


@pytest.fixture
def fates(operators: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load("mutate_fates", ROOT / "scripts/mutate_fates.py", monkeypatch)


@pytest.fixture
def bench(suites: ModuleType, fates: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load("mutate_bench", ROOT / "scripts/mutate_bench.py", monkeypatch)


@pytest.fixture
def mutate(bench: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
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
        assert keys
        assert len(set(keys)) == len(keys)


def test_suites_name_files_that_exist(suites: ModuleType, bench: ModuleType) -> None:
    assert set(suites.SUITES) == CORE
    for suite in suites.SUITES.values():
        for command in suite.commands:
            assert bench.paths_of(ROOT, command)


def test_a_sample_is_the_same_each_time_and_grows(fates: ModuleType, operators: ModuleType) -> None:
    possible = operators.mutants(SOURCE)
    assert len(possible) > fates.FIRST
    order = fates.in_order(possible)
    assert order == fates.in_order(possible) != possible
    assert sorted(order, key=possible.index) == possible


def test_the_ten_that_were_tried_first_are_the_first_ones(
    fates: ModuleType, operators: ModuleType
) -> None:
    """As scripts/mutate drew them when it tried ten of each contract."""
    possible = operators.mutants((ROOT / "contracts/ServingRound.sol").read_text())
    old = random.Random(7).sample(range(len(possible)), 10)
    assert fates.in_order(possible)[:10] == [possible[at] for at in old]


def test_a_share_is_rounded_up(fates: ModuleType) -> None:
    assert [fates.required(possible, 25) for possible in (0, 1, 4, 5, 51, 52)] == [
        0,
        1,
        1,
        2,
        13,
        13,
    ]
    assert fates.required(7, 100) == 7


def test_fates_are_told_apart(bench: ModuleType) -> None:
    assert bench.fate_of_failure("1 failed") == "killed"
    assert bench.fate_of_failure("Compiler run failed:\nError (7576)") == "stillborn"


class Scripted:
    """A bench whose commands end as a test says; `asked` is what was run, in order."""

    def __init__(self, bench: ModuleType, folder: Path, ends: dict[str, object]) -> None:
        self.bench = bench.Bench(folder, Event())
        self.asked: list[str] = []
        self.changed: list[str] = []
        self._ends, self._path = ends, folder / "contracts" / "Sample.sol"
        self._path.parent.mkdir()
        self.bench.run = self._run

    def _run(self, command: Any, _: object) -> object:
        self.asked.append(command.pattern)
        self.changed.append(self._path.read_text())
        return self._ends[command.pattern]


@pytest.fixture
def attempt(
    bench: ModuleType, operators: ModuleType, suites: ModuleType, tmp_path: Path
) -> Callable[..., tuple[Any, Scripted]]:
    def tried(pace: dict[str, float], **ends: object) -> tuple[Any, Scripted]:
        scripted = Scripted(bench, tmp_path, ends)
        suite = suites.Suite("Sample.sol", tuple(suites.Command(("pytest",), one) for one in ends))
        habits = bench.Habits(lambda pattern: pace.get(pattern, math.inf), Counter())
        mutant = operators.mutants(SOURCE)[0]
        trial = scripted.bench.attempt(suite, SOURCE, mutant, habits)
        assert trial.mutant == mutant.key(SOURCE)
        assert set(scripted.changed) == {mutant.apply(SOURCE)}
        assert (tmp_path / "contracts/Sample.sol").read_text() == SOURCE
        return trial, scripted

    return tried


def test_a_mutant_survives_if_all_commands_pass(
    bench: ModuleType, attempt: Callable[..., tuple[Any, Scripted]]
) -> None:
    passes = bench.Ended(failed=False, late=False)
    trial, scripted = attempt({}, a=passes, b=passes)
    assert trial.fate == "survived"
    assert scripted.asked == list(trial.seconds) == ["a", "b"]


def test_the_first_command_that_fails_decides(
    bench: ModuleType, attempt: Callable[..., tuple[Any, Scripted]]
) -> None:
    """What kills for the least time is run first."""
    passes = bench.Ended(failed=False, late=False)
    fails = bench.Ended(failed=True, late=False, output="...\nFAILED tests/a.py::test_b - no\n")
    trial, scripted = attempt({"a": 9, "b": 5, "c": 7}, a=passes, b=passes, c=fails)
    assert scripted.asked == ["b", "c"]
    assert (trial.fate, trial.killer) == ("killed", "tests/a.py")


def test_taking_too_long_is_no_kill(
    bench: ModuleType, attempt: Callable[..., tuple[Any, Scripted]], tmp_path: Path
) -> None:
    passes, late = (bench.Ended(failed=False, late=one) for one in (False, True))
    trial, scripted = attempt({}, a=late, b=passes)
    assert (trial.fate, trial.killer) == ("timed out", "")
    assert scripted.asked == ["a", "b"]


def test_another_command_may_kill_what_took_too_long(
    bench: ModuleType, attempt: Callable[..., tuple[Any, Scripted]]
) -> None:
    late, fails = bench.Ended(failed=False, late=True), bench.Ended(failed=True, late=False)
    trial, _ = attempt({}, a=late, b=fails)
    assert (trial.fate, trial.killer) == ("killed", "b")


def shell(suites: ModuleType, script: str) -> Any:
    return suites.Command(("sh", "-c", script, "sh"), "*.t.sol")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "One.t.sol").touch()
    return tmp_path


def test_a_command_fails_by_its_status(bench: ModuleType, suites: ModuleType, place: Path) -> None:
    here = bench.Bench(place, Event())
    assert here.run(shell(suites, "echo well")) == bench.Ended(False, False, "well\n")
    assert here.run(shell(suites, "echo ill; exit 1")) == bench.Ended(True, False, "ill\n")
    with pytest.raises(RuntimeError, match=r"expected 0, 1 or 2, found: .* ended with 7"):
        here.run(shell(suites, "exit 7"))


def test_a_command_that_takes_too_long_is_ended_with_its_children(
    bench: ModuleType, suites: ModuleType, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "SECONDS", 1)
    here = bench.Bench(place, Event())
    ended = here.run(shell(suites, "(sleep 3; touch late) & wait"))
    assert ended == bench.Ended(failed=False, late=True)
    time.sleep(3)
    assert not (place / "late").exists()


def test_a_run_that_is_stopped_gives_no_fate(
    bench: ModuleType, suites: ModuleType, place: Path
) -> None:
    stopped = Event()
    stopped.set()
    with pytest.raises(bench.StoppedError):
        bench.Bench(place, stopped).run(shell(suites, "sleep 60"))


def test_files_that_killed_are_given_to_pytest_first(
    bench: ModuleType, suites: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        (tmp_path / f"{name}.py").touch()
    program = tmp_path / "pytest"
    program.write_text("#!/bin/sh\necho $@")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    command = suites.Command(("pytest",), "*.py")
    ended = bench.Bench(tmp_path, Event()).run(command, Counter({"c.py": 2, "b.py": 1}))
    assert ended.output == "c.py b.py a.py\n"


def test_a_journal_keeps_what_was_tried(fates: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "out" / "mutants.jsonl"
    first = fates.Journal(path)
    trials = [
        fates.Trial("source", "one", "killed", {"a": 4.0, "b": 6.0}, "tests/b.py"),
        fates.Trial("source", "two", "survived", {"a": 2.0}),
    ]
    for trial in trials:
        first.add(trial)
    first.passes("tree", "a")
    with path.open("a") as file:
        file.write('\n{"source": "source", "mut')  # the machine stopped here
    again = fates.Journal(path)
    assert again.trials == first.trials == trials
    assert again.has_passed("tree", "a")
    assert not again.has_passed("tree", "b")
    assert not again.has_passed("other tree", "a")
    assert again.killers() == {"tests/b.py": 1}
    assert (again.pace("a"), again.pace("b"), again.pace("c")) == (6.0, 3.0, math.inf)


def test_a_cut_line_does_not_spoil_the_next(fates: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "mutants.jsonl"
    path.write_text('{"source": "source", "mut')
    fates.Journal(path).add(fates.Trial("source", "one", "killed", {}))
    assert [trial.mutant for trial in fates.Journal(path).trials] == ["one"]


def test_what_was_tried_on_the_same_source_is_known(fates: ModuleType) -> None:
    keys = ["one", "two", "three", "four"]
    tried = {"one": "killed", "two": "survived", "three": "timed out"}
    score = fates.score_of("here", keys, tried, {"two": "a reason"})
    assert fates.known_fates(score, [], "here", keys) == tried
    assert fates.known_fates(score, [], "elsewhere", keys) == {}
    trials = [
        fates.Trial("here", "two", "forgotten", {}),
        fates.Trial("here", "four", "stillborn", {}),
        fates.Trial("elsewhere", "one", "survived", {}),
    ]
    known = fates.known_fates(score, trials, "here", keys)
    assert known == {"one": "killed", "three": "timed out", "four": "stillborn"}


def test_a_score_counts_each_fate(fates: ModuleType) -> None:
    keys = ["one", "two", "three", "four", "five"]
    tried = {"one": "killed", "two": "survived", "three": "timed out", "four": "stillborn"}
    score = fates.score_of("here", keys, tried, {})
    assert score.pop("mutants") == {
        fate: [fates.name_of(key) for key in keys if tried.get(key) == fate]
        for fate in ("killed", "timed out", "stillborn", "survived")
    }
    assert score == {
        "sha256": "here",
        "possible": 5,
        "tried": 3,
        "killed": 1,
        "timed_out": 1,
        "stillborn": 1,
        "survivors": [{"mutant": "two", "reason": ""}],
    }


class Instant:
    """In the place of a bench: every mutant has the fate that a test says, at once."""

    tried: list[str]
    fate: Callable[[str], str]

    def __init__(self, *_: object) -> None:
        pass

    def run(self, _: object) -> object:
        return self.passes

    def attempt(self, _: object, source: str, mutant: Any, __: object) -> object:
        key = mutant.key(source)
        self.tried.append(key)
        return self.trial(digest(source), key, self.fate(key), {})


def digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()


@pytest.fixture
def campaign(
    mutate: ModuleType,
    bench: ModuleType,
    fates: ModuleType,
    suites: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., tuple[list[str], dict[str, Any]]]:
    """Runs scripts/mutate on a sample contract; gives the mutants it tried, and the snapshot."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts/Sample.sol").write_text(SOURCE)
    suite = suites.Suite("Sample.sol", (suites.Command(("pytest",), "a"),))
    monkeypatch.setattr(mutate, "SUITES", {"Sample": suite})
    monkeypatch.setattr(mutate, "ROOT", tmp_path)
    monkeypatch.setattr(mutate, "SCORES", tmp_path / "mutants.json")
    monkeypatch.setattr(mutate, "JOURNAL", tmp_path / "mutants.jsonl")
    monkeypatch.setattr(mutate, "tree_of", lambda _: "tree")
    monkeypatch.setattr(mutate, "copied", lambda: nullcontext(tmp_path))

    def run(fate: Callable[[str], str], *arguments: str) -> tuple[list[str], dict[str, Any]]:
        passes = bench.Ended(failed=False, late=False)
        made = {"tried": [], "fate": staticmethod(fate), "passes": passes, "trial": fates.Trial}
        monkeypatch.setattr(mutate, "Bench", type("Fixed", (Instant,), made))
        monkeypatch.setattr(sys, "argv", ["mutate", *arguments])
        try:
            mutate.main()
        finally:
            snapshot = json.loads((tmp_path / "mutants.json").read_text())["Sample"]
        return mutate.Bench.tried, snapshot

    return run


def killed(_: str) -> str:
    return "killed"


def test_a_quarter_is_tried_and_none_twice(
    campaign: Callable[..., tuple[list[str], dict[str, Any]]], operators: ModuleType
) -> None:
    possible = len(operators.mutants(SOURCE))
    tried, snapshot = campaign(killed)
    assert len(tried) == snapshot["tried"] == snapshot["killed"] == -(-possible // 4)
    assert campaign(killed) == ([], snapshot)
    more, snapshot = campaign(killed, "--share", "50")
    assert not set(more) & set(tried)
    assert len(more) + len(tried) == snapshot["tried"] == -(-possible // 2)


def test_a_fresh_clone_resumes_from_the_snapshot(
    campaign: Callable[..., tuple[list[str], dict[str, Any]]], tmp_path: Path
) -> None:
    _, snapshot = campaign(killed)
    (tmp_path / "mutants.jsonl").unlink()
    assert campaign(killed) == ([], snapshot)


def test_a_lost_snapshot_is_written_again_from_the_journal(
    campaign: Callable[..., tuple[list[str], dict[str, Any]]], tmp_path: Path
) -> None:
    _, snapshot = campaign(killed)
    (tmp_path / "mutants.json").unlink()
    assert campaign(killed) == ([], snapshot)


def test_a_run_that_stops_keeps_what_it_tried(
    campaign: Callable[..., tuple[list[str], dict[str, Any]]],
) -> None:
    def stop_at_second(key: str) -> str:
        seen.append(key)
        if len(seen) > 1:
            raise KeyboardInterrupt
        return "killed"

    seen: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        campaign(stop_at_second, "--workers", "1")
    tried, snapshot = campaign(killed, "--workers", "1")
    assert seen[0] not in tried
    assert seen[1] in tried
    assert snapshot["tried"] == len(tried) + 1


def test_a_run_that_is_terminated_ends_as_one_that_is_interrupted(
    campaign: Callable[..., tuple[list[str], dict[str, Any]]],
) -> None:
    def terminated(_: str) -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        return "killed"

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit, match="the next run goes on here"):
        campaign(terminated, "--workers", "1")
    assert signal.getsignal(signal.SIGTERM) == before
    _, snapshot = campaign(killed)
    assert snapshot["tried"] == -(-snapshot["possible"] // 4)


def test_a_contract_that_changed_is_tried_again(
    campaign: Callable[..., tuple[list[str], dict[str, Any]]], tmp_path: Path
) -> None:
    tried, before = campaign(killed)
    (tmp_path / "contracts/Sample.sol").write_text(f"{SOURCE}// changed\n")
    again, snapshot = campaign(killed)
    assert sorted(again) == sorted(tried)
    assert snapshot["tried"] == before["tried"]
    assert snapshot["sha256"] != before["sha256"]


def test_stillborn_mutants_are_made_up_for(
    campaign: Callable[..., tuple[list[str], dict[str, Any]]],
) -> None:
    def first_is_stillborn(key: str) -> str:
        seen.append(key)
        return "stillborn" if key == seen[0] else "killed"

    seen: list[str] = []
    tried, snapshot = campaign(first_is_stillborn, "--workers", "1")
    assert (snapshot["tried"], snapshot["stillborn"]) == (len(tried) - 1, 1)
    assert snapshot["tried"] == -(-snapshot["possible"] // 4)


def test_survivors_need_a_reason_and_are_tried_again_if_asked(
    campaign: Callable[..., tuple[list[str], dict[str, Any]]],
) -> None:
    def survives(_: str) -> str:
        return "survived"

    with pytest.raises(SystemExit, match="survivors without a reason: Sample"):
        campaign(survives)
    tried, snapshot = campaign(killed, "--again")
    assert len(tried) == snapshot["killed"] == snapshot["tried"]
    assert snapshot["survivors"] == []


def test_whoever_survives_again_keeps_its_reason(
    campaign: Callable[..., tuple[list[str], dict[str, Any]]], tmp_path: Path
) -> None:
    def survives(_: str) -> str:
        return "survived"

    with pytest.raises(SystemExit):
        campaign(survives)
    kept = tmp_path / "mutants.json"
    kept.write_text(kept.read_text().replace('"reason": ""', '"reason": "nobody can tell"'))
    _, snapshot = campaign(survives, "--again")
    assert {one["reason"] for one in snapshot["survivors"]} == {"nobody can tell"}


def test_odd_arguments_are_refused(
    campaign: Callable[..., tuple[list[str], dict[str, Any]]],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    (tmp_path / "mutants.json").write_text('{"Sample": {}}')
    for arguments in (["Other"], ["--share", "0"], ["--share", "101"], ["--workers", "0"]):
        with pytest.raises(SystemExit):
            campaign(killed, *arguments)
        assert "mutate: error: expected" in capsys.readouterr().err


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


def test_a_quarter_of_the_mutants_of_each_core_contract_was_tried(
    scores: dict[str, Any], mutate: ModuleType, operators: ModuleType, fates: ModuleType
) -> None:
    """If this fails: scripts/mutate NAME."""
    for name, suite in mutate.SUITES.items():
        possible = len(operators.mutants((ROOT / "contracts" / suite.source).read_text()))
        assert scores[name]["possible"] == possible, name
        assert scores[name]["tried"] >= fates.required(possible, mutate.SHARE), name


def test_every_survivor_is_explained(scores: dict[str, Any]) -> None:
    for name, score in scores.items():
        late = score.get("timed_out", 0)
        assert score["tried"] == score["killed"] + late + len(score["survivors"]), name
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
