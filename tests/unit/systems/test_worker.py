"""A child process is bounded in time and memory, and judged by the result it leaves."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import psutil
import pytest

from prover.base import files
from prover.base.errors import EnvironmentMissing, ProofRejected, WorkerFailed
from prover.systems.worker import Limits, run
from tests import forked

TASKS = "tests.unit.systems.tasks"
MIB = 1 << 20


@pytest.fixture(params=["a program", "forked"], autouse=True)
def begun(request: pytest.FixtureRequest) -> Iterator[None]:
    """As a user's child begins, and as those of most tests do."""
    with forked.from_nothing() if request.param == "a program" else nullcontext():
        yield


@pytest.fixture(autouse=True)
def nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> object:
    """Every test of this file must leave no directory and no process behind."""
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    before = psutil.Process().children(recursive=True)
    yield
    assert list((tmp_path / "scratch").iterdir()) == []
    left = set(psutil.Process().children(recursive=True)) - set(before)
    assert psutil.wait_procs(left, timeout=5)[1] == []  # the guard of a forked child ends after it


@pytest.mark.parametrize("task", ["add", "add_later"])
def test_plain_and_async_tasks_return_their_result(task: str) -> None:
    assert run(f"{TASKS}:{task}", {"left": 2, "right": 3}) == {"sum": 5}


def test_stages_reach_the_caller_in_order() -> None:
    seen: list[str] = []
    run(f"{TASKS}:stages", {}, progress=seen.append)
    assert seen == ["first", "second"]


def test_each_child_has_a_home_and_cache_of_its_own() -> None:
    first, second = run(f"{TASKS}:surroundings", {}), run(f"{TASKS}:surroundings", {})
    assert not set(first.values()) & set(second.values())
    assert all(path.startswith(first["directory"]) for path in first.values())


def test_a_child_gets_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKESCROW_PRIVATE_KEY", "11" * 32)
    monkeypatch.setenv("ZKESCROW_RPC_URL", "https://node.example/KEY")
    monkeypatch.setenv("SOME_CLOUD_TOKEN", "secret")
    found = run(f"{TASKS}:environment", {})
    assert "PATH" in found
    assert not {"ZKESCROW_PRIVATE_KEY", "ZKESCROW_RPC_URL", "SOME_CLOUD_TOKEN"} & set(found)


_COMMAND = f"""
import signal
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
from prover.cli import app
from prover.systems import worker
app.run = lambda _: worker.run("{TASKS}:sleep_in_grandchild", {{"pid_file": "PID"}})
app.main([])
"""


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_command_that_is_ended_leaves_nothing(tmp_path: Path, end: signal.Signals) -> None:
    """Ended in words it cleans up; killed, the next command does."""
    pid_file, scratch = tmp_path / "pid", tmp_path / "scratch"
    code = _COMMAND.replace("PID", str(pid_file))
    environment = dict(os.environ) | {"TMPDIR": str(scratch)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment) as command:
        wait_for(lambda: pid_file.is_file() and pid_file.read_text() != "")
        assert list(scratch.iterdir())
        command.send_signal(end)
    if end is signal.SIGKILL:
        assert list(scratch.iterdir())
        wait_for(lambda: not swept())
    assert list(scratch.iterdir()) == []
    assert command.returncode == (-end if end is signal.SIGKILL else 128 + end)


def swept() -> list[Path]:
    """The folders that a sweep leaves: none once the child of the killed process is gone too."""
    files.sweep_scratch()
    return list(Path(tempfile.gettempdir()).iterdir())


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_child_that_takes_too_long_is_killed() -> None:
    started = time.monotonic()
    with pytest.raises(WorkerFailed, match=r"expected at most 0\.5 s"):
        run(f"{TASKS}:sleep", {"seconds": 60}, Limits(seconds=0.5))
    assert time.monotonic() - started < 5


def test_what_the_child_started_is_killed_with_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with pytest.raises(WorkerFailed, match="expected at most"):
        run(f"{TASKS}:sleep_in_grandchild", {"pid_file": str(pid_file)}, Limits(seconds=1.5))
    pid = int(pid_file.read_text())
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the grandchild lives"
        time.sleep(0.05)


def test_a_child_that_takes_too_much_memory_is_killed() -> None:
    with pytest.raises(WorkerFailed, match="GiB of memory"):
        run(f"{TASKS}:grow", {"mebibytes": 300}, Limits(seconds=30, memory_bytes=150 * MIB))


def test_a_child_within_its_memory_is_not_killed() -> None:
    limits = Limits(seconds=2, memory_bytes=800 * MIB)
    with pytest.raises(WorkerFailed, match="expected at most 2 s"):
        run(f"{TASKS}:grow", {"mebibytes": 100}, limits)


def test_an_abort_is_told_with_the_end_of_stderr() -> None:
    with pytest.raises(WorkerFailed, match="SIGABRT and left no result: about to abort"):
        run(f"{TASKS}:abort", {})


def test_a_good_exit_status_without_a_result_is_a_failure() -> None:
    with pytest.raises(WorkerFailed, match="exit status 0 and left no result"):
        run(f"{TASKS}:leave_early", {})


def test_a_result_counts_even_if_the_child_dies_afterwards() -> None:
    assert run(f"{TASKS}:answer_then_abort", {}) == {"done": "yes"}


def test_an_exception_is_told_with_its_message() -> None:
    with pytest.raises(WorkerFailed, match="ValueError: seven is not eight"):
        run(f"{TASKS}:fail", {})


def test_an_error_of_ours_keeps_its_class() -> None:
    with pytest.raises(ProofRejected, match=r"^the proof is wrong$"):
        run(f"{TASKS}:refuse", {})


def test_an_unknown_task_is_told() -> None:
    with pytest.raises(WorkerFailed, match="no_such_task"):
        run(f"{TASKS}:no_such_task", {})


def test_a_full_disk_is_told_and_not_taken_for_a_failure_of_the_task() -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 19, limits[1]))
    try:
        with pytest.raises(EnvironmentMissing, match=r"no room for files .*make room"):
            run(f"{TASKS}:write", {"mebibytes": 1})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert run(f"{TASKS}:write", {"mebibytes": 1}) == {}
