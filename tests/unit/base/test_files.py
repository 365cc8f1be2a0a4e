import errno
import os
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import MetaData, text

from prover.base.database import open_database
from prover.base.errors import EnvironmentMissing
from prover.base.files import (
    SCRATCH,
    STALE_SECONDS,
    at_work,
    is_at_work,
    keep_private,
    locked,
    new_directory,
    publish,
    scratch_folder,
    sweep_scratch,
    write_atomically,
)
from prover.base.settings import get_settings
from prover.cli.app import run


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    write_atomically(tmp_path / "deep" / "file", b"first")
    write_atomically(tmp_path / "deep" / "file", b"second")
    assert (tmp_path / "deep" / "file").read_bytes() == b"second"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["file"]


def test_files_and_folders_are_their_owner_s_unless_they_are_for_others(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b" / "secret", b"")
    write_atomically(tmp_path / "a" / "given", b"", private=False)
    with locked(tmp_path / "c" / "lock"):
        pass
    assert mode(tmp_path / "a" / "b" / "secret") == 0o600
    assert mode(tmp_path / "a" / "given") == 0o666 & ~umask()
    assert [mode(tmp_path / one) for one in ("a", "a/b", "c")] == [0o700] * 3


def test_what_others_could_read_is_taken_away_from_them(tmp_path: Path) -> None:
    (tmp_path / "file").touch(mode=0o644)
    (tmp_path / "folder").mkdir(mode=0o755)
    for name in ("file", "folder", "absent"):
        keep_private(tmp_path / name)
    assert mode(tmp_path / "file") == 0o600
    assert mode(tmp_path / "folder") == 0o700


def test_a_store_and_its_logs_are_their_owner_s(tmp_path: Path) -> None:
    path = tmp_path / "home" / "store.sqlite"
    for _ in range(2):
        engine = open_database(path, MetaData(), "make it anew")
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS a (b)"))
            names = {one.name for one in path.parent.glob("store.sqlite*")}
            assert names == {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm"}
            assert {mode(path.parent / name) for name in names} == {0o600}
        engine.dispose()
        path.chmod(0o644)  # as stores of earlier versions are
    assert mode(path.parent) == 0o700


def test_the_home_is_taken_away_from_others_by_any_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setenv("ZKESCROW_HOME", str(tmp_path))
    get_settings.cache_clear()
    run(["explain-revert", "0x"])
    get_settings.cache_clear()
    assert mode(tmp_path) == 0o700


@pytest.mark.parametrize("foreign", ["photos", "notes.txt"])
def test_a_home_with_other_things_in_it_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, foreign: str
) -> None:
    """A folder shared with others, named by mistake."""
    (tmp_path / "journal.sqlite").touch()
    (tmp_path / foreign).touch()
    tmp_path.chmod(0o755)
    monkeypatch.setenv("ZKESCROW_HOME", str(tmp_path))
    get_settings.cache_clear()
    run(["explain-revert", "0x"])
    get_settings.cache_clear()
    assert mode(tmp_path) == 0o755


def test_a_home_that_is_no_folder_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.touch(mode=0o666)
    before = mode(path)
    monkeypatch.setenv("ZKESCROW_HOME", str(path))
    get_settings.cache_clear()
    run(["explain-revert", "0x"])
    get_settings.cache_clear()
    assert mode(path) == before


def test_what_a_killed_command_left_is_swept_by_any_other(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"{SCRATCH}left").mkdir()
    assert run(["explain-revert", "0x"]) == 0
    assert not (tmp_path / f"{SCRATCH}left").exists()


def test_a_scratch_folder_in_use_is_not_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"{SCRATCH}left").mkdir()
    (tmp_path / f"{SCRATCH}file").touch()
    (tmp_path / f"{SCRATCH}link").symlink_to(tmp_path)
    (tmp_path / "other").mkdir()
    with scratch_folder() as folder:
        sweep_scratch()
        assert mode(folder) == 0o700
        found = {path.name for path in tmp_path.iterdir()}
        assert found == {folder.name, f"{SCRATCH}file", f"{SCRATCH}link", "other"}
    assert not folder.exists()


def test_a_folder_that_was_swept_before_its_lock_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process sweeps between the two: it must not cost a proof."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    make, made = tempfile.mkdtemp, []

    def swept_once(prefix: str) -> str:
        made.append(Path(make(prefix=prefix)))
        if len(made) == 1:
            made[0].rmdir()
        return str(made[-1])

    monkeypatch.setattr(tempfile, "mkdtemp", swept_once)
    with scratch_folder() as folder:
        assert [folder] == made[1:]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def umask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found


def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_atomically(tmp_path / "file", b"first")

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("prover.base.files.sync", full)
    with pytest.raises(EnvironmentMissing, match="No space left on device; make room"):
        write_atomically(tmp_path / "file", b"second")
    assert (tmp_path / "file").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_and_the_folders_on_its_way_outlive_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of each is in its folder, which is forced to the disk after the name is there."""
    there, target = list[tuple[Path, bool]](), tmp_path / "new" / "file"
    forced(monkeypatch, lambda path: there.append((path, target.exists())))
    write_atomically(target, b"seed")
    assert (tmp_path, False) in there
    assert there[-1] == (tmp_path / "new", True)


def test_what_is_published_outlives_a_power_cut_with_all_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, target, there = tmp_path / "made", tmp_path / "there", list[str]()
    (made / "deep").mkdir(parents=True)
    for name in ("a", "deep/b"):
        (made / name).write_bytes(b"")
    forced(monkeypatch, lambda path: there.append(str(path.relative_to(tmp_path))))
    publish(made, target)
    assert sorted(there[:-1]) == ["made", "made/a", "made/deep", "made/deep/b"]
    assert there[-1] == "."
    assert (target / "deep" / "b").is_file()


def test_a_folder_that_its_file_system_cannot_force_to_the_disk_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(path: Path) -> None:
        if path.is_dir():
            raise OSError(errno.EINVAL, "Invalid argument")

    forced(monkeypatch, refusing)
    write_atomically(tmp_path / "new" / "file", b"seed")
    assert (tmp_path / "new" / "file").read_bytes() == b"seed"


def forced(monkeypatch: pytest.MonkeyPatch, note: Callable[[Path], None]) -> None:
    """Note what is forced to the disk instead."""
    monkeypatch.setattr("os.fsync", lambda one: note(Path(f"/proc/self/fd/{one}").readlink()))


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


def test_a_work_that_goes_on_is_seen_and_one_that_died_is_not(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "work"
    assert not is_at_work(path)
    with at_work(path), at_work(path):
        assert is_at_work(path)
    assert not is_at_work(path)
    assert not path.exists()
    path.touch()  # left by a process that was killed
    assert not is_at_work(path)
    with at_work(path):
        assert is_at_work(path)
