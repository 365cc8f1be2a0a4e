"""Where scripts/mutate tries a mutant: a copy of the checkout, with one source changed."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mutate_fates import KILLED, STILLBORN, SURVIVED, TIMED_OUT, Trial, digest
from mutate_operators import Mutant
from mutate_suites import Command, Suite

ROOT = Path(__file__).parents[1]
SHARED = ("node_modules", ".venv", ".toolchain")
SECONDS = 400
NOT_COMPILED = ("Compiler run failed", "the Solidity compiler refuses")
FAILED = (1, 2)  # how pytest and forge end if a test fails, or cannot even be collected
_FAILURE = re.compile(r"^(?:FAILED|ERROR) (tests/[^: ]+)", re.MULTILINE)


class Flag:
    """As an Event, but without a lock: the handler of a signal sets it, which may come any time."""

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        self._is_set = True

    def is_set(self) -> bool:
        return self._is_set


class StoppedError(Exception):
    """The run ends: what a command said last is no fate."""


@dataclass(frozen=True)
class Ended:
    """How a command ended; `late` if it took too long."""

    failed: bool
    late: bool
    output: str = ""


@dataclass(frozen=True)
class Habits:
    """What has killed so far: seconds of a command for each kill, and kills by each test file."""

    pace: Callable[[str], float]
    killers: Counter[str]


class Bench:
    """A copy of the checkout and its builds, for one mutant at a time."""

    def __init__(self, copy: Path, stopped: Flag) -> None:
        self._copy, self._stopped = copy, stopped

    def attempt(self, suite: Suite, source: str, mutant: Mutant, habits: Habits) -> Trial:
        """Put the mutant in the place of its source, and run its suite until a command fails."""
        path = self._copy / "contracts" / suite.source
        path.write_text(mutant.apply(source))
        try:
            return self._tried(suite, digest(source), mutant.key(source), habits)
        finally:
            path.write_text(source)

    def _tried(self, suite: Suite, source: str, key: str, habits: Habits) -> Trial:
        seconds: dict[str, float] = {}
        fate = SURVIVED
        for command in sorted(suite.commands, key=lambda one: habits.pace(one.pattern)):
            started = time.monotonic()
            ended = self.run(command, habits.killers)
            seconds[command.pattern] = round(time.monotonic() - started, 1)
            if ended.failed:
                killer = _killer(ended.output, command)
                return Trial(source, key, fate_of_failure(ended.output), seconds, killer)
            if ended.late:
                fate = TIMED_OUT  # unless another command kills it
        return Trial(source, key, fate, seconds)

    def run(self, command: Command, killers: Counter[str] | None = None) -> Ended:
        """Run a command, what killed most often first. Raises StoppedError, RuntimeError."""
        paths = sorted(
            paths_of(self._copy, command), key=lambda path: -(killers or {}).get(path, 0)
        )
        words = [*command.words, *paths]
        with subprocess.Popen(
            words,
            cwd=self._copy,
            env=os.environ | self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # it has children, and an interruption is not for it
        ) as process:
            try:
                output = self._output(process)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
            if output is None:
                os.killpg(process.pid, signal.SIGKILL)
                return Ended(failed=False, late=True)
        if process.returncode not in (0, *FAILED):
            shown = f"{' '.join(words)} ended with {process.returncode}"
            raise RuntimeError(f"expected 0, 1 or 2, found: {shown}\n{output[-2000:]}")
        return Ended(failed=process.returncode in FAILED, late=False, output=output)

    def _output(self, process: subprocess.Popen[str]) -> str | None:
        """None if it takes too long."""
        latest = time.monotonic() + SECONDS
        while time.monotonic() < latest:
            try:
                return process.communicate(timeout=1)[0]
            except subprocess.TimeoutExpired:
                if self._stopped.is_set():
                    raise StoppedError from None
        return None

    def _environment(self) -> dict[str, str]:
        copy = str(self._copy)
        paths = {"PYTHONPATH": copy, "ZKESCROW_CACHE": f"{copy}/.cache"}
        return paths | {"FOUNDRY_PROFILE": "mutants"}


def fate_of_failure(output: str) -> str:
    return STILLBORN if any(words in output for words in NOT_COMPILED) else KILLED


def _killer(output: str, command: Command) -> str:
    """The file of the first test that failed, where pytest tells; else the command's own."""
    found = _FAILURE.search(output)
    return found.group(1) if found else command.pattern


def paths_of(copy: Path, command: Command) -> list[str]:
    """pytest wants the files themselves, forge the pattern."""
    found = sorted(str(path.relative_to(copy)) for path in copy.glob(command.pattern))
    if not found:
        sys.exit(f"mutate: no file is {command.pattern}: correct scripts/mutate_suites.py")
    return found if command.words[0] == "pytest" else [command.pattern]


def tree_of(copy: Path) -> str:
    """Digest of the names and contents of all files of a checkout but its snapshots."""
    hashed = hashlib.sha256()
    for name in listed():
        if (copy / name).is_file() and not name.startswith("snapshots/"):
            hashed.update(hashlib.sha256(name.encode()).digest())
            hashed.update(hashlib.sha256((copy / name).read_bytes()).digest())
    return hashed.hexdigest()


def listed() -> list[str]:
    """The files of the checkout, tracked or not, that git does not ignore."""
    told = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return sorted(told.stdout.splitlines())


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the checkout, whose installed tools are shared."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in listed():
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, copy / name)
        for name in SHARED:
            (copy / name).symlink_to(ROOT / name)
        yield copy
