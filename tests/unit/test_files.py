import os
import subprocess
import time
from pathlib import Path

import pytest

from prover.errors import EnvironmentMissing
from prover.files import STALE_SECONDS, locked, new_directory, write_atomically


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    write_atomically(tmp_path / "deep" / "file", b"first")
    write_atomically(tmp_path / "deep" / "file", b"second")
    assert (tmp_path / "deep" / "file").read_bytes() == b"second"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["file"]


def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_atomically(tmp_path / "file", b"first")

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("prover.files.sync", full)
    with pytest.raises(EnvironmentMissing, match="No space left on device; make room"):
        write_atomically(tmp_path / "file", b"second")
    assert (tmp_path / "file").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_place_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EnvironmentMissing, match="cannot write under"):
        write_atomically(tmp_path / "file" / "below", b"")


def test_directories_of_killed_processes_are_removed_after_an_hour(tmp_path: Path) -> None:
    finished = subprocess.Popen(["true"])
    finished.wait()
    old = time.time() - STALE_SECONDS - 60
    names = {
        f".partial-{finished.pid}-old": True,
        f".partial-{os.getpid()}-alive": False,
        ".partial-other": False,
    }
    for name in names:
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (old, old))
    (tmp_path / f".partial-{finished.pid}-new").mkdir()
    with new_directory(tmp_path):
        pass
    assert {name: not (tmp_path / name).exists() for name in names} == names
    assert (tmp_path / f".partial-{finished.pid}-new").exists()


def test_a_lock_keeps_another_process_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path):
        other = subprocess.run(["flock", "--nonblock", str(path), "true"], check=False)
        assert other.returncode == 1
    subprocess.run(["flock", "--nonblock", str(path), "true"], check=True)
