"""Which unit tests run which lines, and whether those of a place notice a mutant there.

See scripts/mutate_python.py. Each run of pytest is a process of its own, forked from one that has
loaded the libraries and nothing of this project.
"""

import ast
import contextlib
import importlib
import json
import os
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mutate_bench import ROOT

# Loaded once, before a process is forked for each mutant. Nothing of this project is among them.
PRELOADED = ("coverage", "numpy", "hypothesis", "web3", "onnx", "sqlalchemy", "py_ecc", "pydantic")
FOUND = ".lines.json"


@dataclass(frozen=True)
class Runs:
    """What a run of all tests has shown: seconds by test, tests by module and line (from 1)."""

    seconds: Mapping[str, float]
    lines: Mapping[str, Mapping[int, Sequence[str]]]

    @classmethod
    def parse(cls, told: Mapping[str, Any]) -> "Runs":
        """Read what was written as JSON, whose keys are strings."""
        lines = {
            module: {int(line): tests for line, tests in run.items()}
            for module, run in told["lines"].items()
        }
        return cls(told["seconds"], lines)

    def without(self, files: Iterable[str]) -> "Runs":
        """The same, but for the tests of some files."""
        gone = set(files)
        seconds = {one: took for one, took in self.seconds.items() if file_of(one) not in gone}
        lines = {
            module: {
                line: [test for test in tests if file_of(test) not in gone]
                for line, tests in run.items()
            }
            for module, run in self.lines.items()
        }
        return Runs(seconds, {module: dict(run) for module, run in lines.items()})

    def tests_of(self, module: str, source: str, line: int, folders: Sequence[str]) -> list[str]:
        """The tests that run a line's statement: the module's own if there are any, else others.

        A statement that runs at import alone, as a constant does, has all tests of the module: it
        ran in whichever test was the first to import it.
        """
        run = self.lines.get(module, {})
        first, last = statement_at(source, line)
        found = {test for at in range(first, last + 1) for test in run.get(at, ())}
        if not found or not in_function(source, line):
            return self.all_of(module, folders)
        return _own(found, folders)

    def all_of(self, module: str, folders: Sequence[str]) -> list[str]:
        """The tests that run any line of a module: its own if there are any, else others."""
        run = self.lines.get(module, {})
        return _own({test for tests in run.values() for test in tests}, folders)

    def time_for(self, tests: Iterable[str]) -> float:
        """Seconds after which tests are taken to hang."""
        return 30 + 2 * sum(self.seconds[test] for test in tests)


def _own(tests: Iterable[str], folders: Sequence[str]) -> list[str]:
    found = sorted(tests)
    return [test for test in found if test.startswith(tuple(folders))] or found


def file_of(test: str) -> str:
    return test.split("::")[0]


def test_files(copy: Path, folders: Sequence[str]) -> list[str]:
    """The files of tests in some folders, or those named themselves; in the order of pytest."""
    found = {
        str(file.relative_to(copy))
        for folder in folders
        for file in ([copy / folder] if folder.endswith(".py") else (copy / folder).rglob("*.py"))
        if file.name.startswith("test_")
    }
    return sorted(found)


def statement_at(source: str, line: int) -> tuple[int, int]:
    """First and last line of the innermost statement at a line; of one with a body, its head."""
    best = (line, line)
    size = float("inf")
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt):
            continue
        body = getattr(node, "body", None)
        last = body[0].lineno - 1 if body else int(node.end_lineno or node.lineno)
        last = max(last, node.lineno)
        if node.lineno <= line <= last and last - node.lineno < size:
            best, size = (node.lineno, last), last - node.lineno
    return best


def in_function(source: str, line: int) -> bool:
    """Whether a line is of a function's body, which does not run at import."""
    return any(
        node.body[0].lineno <= line <= int(node.end_lineno or line)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


class Recorder:
    """A plugin of pytest that notes the lines that each test runs, and its seconds."""

    def __init__(self, measured: Any) -> None:
        self.measured = measured
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self.measured.switch_context(item.nodeid)
        began = time.monotonic()
        result = yield
        self.seconds[item.nodeid] = time.monotonic() - began
        self.measured.switch_context("")
        return result


class Chosen:
    """A plugin of pytest that runs the chosen tests alone, the quickest of each file first."""

    def __init__(self, tests: Iterable[str], seconds: Mapping[str, float]) -> None:
        self.tests, self.seconds = set(tests), seconds

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if item.nodeid in self.tests]
        files: dict[Path, float] = defaultdict(lambda: float("inf"))
        for item in chosen:
            files[item.path] = min(files[item.path], self.seconds[item.nodeid])
        chosen.sort(key=lambda item: (files[item.path], item.path, self.seconds[item.nodeid]))
        items[:] = chosen


def preload() -> None:
    for name in PRELOADED:
        importlib.import_module(name)


def recorded(copy: Path, files: Sequence[str], modules: Sequence[str]) -> Runs | None:
    """All tests of the files, run in a copy of the checkout; None if one of them fails."""
    if not files:
        return Runs({}, {})
    code = _forked(lambda: _record(copy, files, modules), 3 * 3600)
    if code != 0:
        return None
    return Runs.parse(json.loads((copy / FOUND).read_text()))


def together(found: Sequence[Runs]) -> Runs:
    """What several runs have shown."""
    seconds = {test: took for runs in found for test, took in runs.seconds.items()}
    lines: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for runs in found:
        for module, run in runs.lines.items():
            for line, tests in run.items():
                lines[module][line].extend(tests)
    return Runs(seconds, {module: dict(run) for module, run in lines.items()})


def passes(copy: Path, tests: Sequence[str], runs: Runs) -> bool:
    """Whether the tests pass in a copy, within the time that they may take."""

    def run() -> int:
        return _pytest(copy, sorted({file_of(test) for test in tests}), Chosen(tests, runs.seconds))

    return _forked(run, runs.time_for(tests)) == 0


def _record(copy: Path, files: Sequence[str], modules: Sequence[str]) -> int:
    import coverage

    _enter(copy)
    included = [str(copy / module) for module in modules]
    measured = coverage.Coverage(data_file=None, config_file=False, include=included)
    recorder = Recorder(measured)
    measured.start()
    code = _pytest(copy, files, recorder)
    measured.stop()
    data = measured.get_data()
    lines = {
        module: {
            line: [test for test in tests if test]
            for line, tests in data.contexts_by_lineno(str(copy / module)).items()
        }
        for module in modules
    }
    (copy / FOUND).write_text(json.dumps({"seconds": recorder.seconds, "lines": lines}))
    return code


def _enter(copy: Path) -> None:
    """Make this process one of the copy."""
    os.chdir(copy)
    os.environ |= {"PYTHONPATH": str(copy), "ZKESCROW_CACHE": str(copy / ".cache")}
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(copy / ".hypothesis")
    # A run that is cut short leaves its folders where all of the copy is deleted.
    tempfile.tempdir = os.environ["TMPDIR"] = str(copy / ".tmp")
    (copy / ".tmp").mkdir(exist_ok=True)
    sys.path[:] = [str(copy), *(path for path in sys.path if Path(path) != ROOT)]
    sys.dont_write_bytecode = True  # a mutant of the same size and second would be read as compiled


def _pytest(copy: Path, paths: Sequence[str], plugin: object) -> int:
    """pytest in this process, on the copy's files alone; what it says is left in a file."""
    _enter(copy)
    said = os.open(copy / ".pytest.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *paths], plugins=[plugin]))


def _forked(run: Any, seconds: float) -> int | None:
    """The exit status of a function in a process of its own; None if time was up."""
    child = os.fork()
    if child == 0:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` has it ignored
        code = 1
        try:
            code = run()
        finally:
            os._exit(code)
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.05)
        return None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # itself, or nodes and workers that it left behind
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)
