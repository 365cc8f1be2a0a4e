"""Runs one task of compiled code in a child process that cannot take this one down.

The proving library holds the GIL, panics, aborts, and may abort at interpreter exit after its work
is complete: a child is judged by the result file it leaves, never by its exit status alone.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

from prover.base import errors
from prover.base.errors import EnvironmentMissing, WorkerFailed
from prover.base.files import scratch_folder
from prover.base.log import logger
from prover.base.redaction import child_environment
from prover.base.units import GIB, HOUR, MIB

POLL_SECONDS = 0.05
MEMORY_POLL_SECONDS = 0.25
STDERR_TAIL_CHARACTERS = 1500
ROOM_BYTES = MIB
LOG = logger(__name__)

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Limits:
    """Wall-clock seconds and bytes of resident memory of the child and all its descendants.

    The default is an hour and nine tenths of the machine's memory.
    """

    seconds: float = HOUR
    memory_bytes: int = field(default_factory=lambda: psutil.virtual_memory().total * 9 // 10)


def run(
    task: str,
    arguments: Mapping[str, Any],
    limits: Limits | None = None,
    *,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Call `task`, written "package.module:function", with JSON arguments in a process of its own.

    The child has a private home, cache and temporary directory, all removed afterwards, and no key
    in its environment. It may call
    `prover.systems.child.report(stage)`, which reaches `progress`. Returns the JSON object that the
    function returned. A ZkescrowError in the child is raised here as the same class; anything
    else raises WorkerFailed with the end of the child's stderr, or EnvironmentMissing if there is
    no room for the child's files.
    """
    with scratch_folder() as directory:
        call = {"task": task, "arguments": dict(arguments)}
        (directory / "call.json").write_text(json.dumps(call))
        started = time.monotonic()
        with _child(directory) as process:
            LOG.debug("child started", task=task, pid=process.pid)
            _watch(process, task, limits or Limits(), _Reports(directory, progress))
        seconds = round(time.monotonic() - started, 3)
        LOG.info("child ended", task=task, status=process.returncode, seconds=seconds)
        try:
            return _judge(directory, task, process.returncode)
        except WorkerFailed as error:
            _require_room(directory, error)
            raise


def start(
    directory: Path, environment: Mapping[str, str], output: IO[bytes]
) -> "subprocess.Popen[bytes]":
    """The child that carries out DIRECTORY/call.json there, in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "prover.systems.child", str(directory)],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


@contextlib.contextmanager
def _child(directory: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with (directory / "stderr").open("wb") as stderr:
        process = start(directory, _environment(directory), stderr)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _environment(directory: Path) -> dict[str, str]:
    home = directory / "home"
    home.mkdir()
    (directory / "ezkl").mkdir()
    return child_environment() | {
        "HOME": str(home),
        "TMPDIR": str(directory),
        "EZKL_REPO_PATH": str(directory / "ezkl"),
        "EZKL_BUF_CAPACITY": str(1 << 24),
    }


class _Reports:
    """Passes on the lines that the child appends to its progress file."""

    def __init__(self, directory: Path, progress: Progress | None) -> None:
        self._path = directory / "progress"
        self._progress = progress
        self._read = 0

    def pass_on(self) -> None:
        if self._progress is None or not self._path.exists():
            return
        complete = self._path.read_bytes()[self._read :].rpartition(b"\n")[0]
        if complete:
            self._read += len(complete) + 1
            for line in complete.decode().split("\n"):
                self._progress(line)


def _watch(
    process: "subprocess.Popen[bytes]", task: str, limits: Limits, reports: _Reports
) -> None:
    started = checked = time.monotonic()
    while process.poll() is None:
        now = time.monotonic()
        if now - started > limits.seconds:
            raise WorkerFailed(
                f"{task} ran {now - started:.1f} s: expected at most {limits.seconds:g} s; "
                "raise the time limit or use a smaller circuit"
            )
        if now - checked >= MEMORY_POLL_SECONDS:
            checked = now
            _check_memory(process.pid, task, limits.memory_bytes)
        reports.pass_on()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(POLL_SECONDS)
    reports.pass_on()


def _check_memory(pid: int, task: str, allowed: int) -> None:
    used = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                used += member.memory_info().rss
    if used > allowed:
        raise WorkerFailed(
            f"{task} used {used / GIB:.2f} GiB of memory: expected at most {allowed / GIB:.2f}; "
            "raise the memory limit or use a smaller circuit"
        )


def _judge(directory: Path, task: str, status: int) -> dict[str, Any]:
    result = directory / "result.json"
    if not result.exists():
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        raise WorkerFailed(f"{task} ended with {how} and left no result: {_tail(directory)}")
    answer = json.loads(result.read_text())
    if "error" in answer:
        raise _as_error(answer["error"], answer["message"], task, _tail(directory))
    value: dict[str, Any] = answer["value"]
    return value


def _require_room(directory: Path, error: WorkerFailed) -> None:
    """Raise EnvironmentMissing if the disk is full: what the child wrote, or read again, is cut."""
    try:
        (directory / "room").write_bytes(bytes(ROOM_BYTES))
    except OSError as full:
        raise EnvironmentMissing(
            f"there is no room for files under {directory.parent} ({full.strerror}), and so: "
            f"{error}; make room or set TMPDIR to another directory"
        ) from full


def _as_error(name: str, message: str, task: str, tail: str) -> errors.ZkescrowError:
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, errors.ZkescrowError):
        return kind(message)
    return WorkerFailed(f"{task} raised {name}: {message}; stderr: {tail}")


def _tail(directory: Path) -> str:
    text = (directory / "stderr").read_text(errors="replace").strip()
    return text[-STDERR_TAIL_CHARACTERS:] or "(stderr is empty)"
