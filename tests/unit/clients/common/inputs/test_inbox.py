"""What strangers put into a folder costs little, and is kept only if a job waits for it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from prover.base.errors import EnvironmentMissing, UsageError
from prover.chain.readers import own_public_key
from prover.cli.common.handover import HandedFiles
from prover.clients.common.inputs import handover
from prover.clients.common.inputs import inbox as module
from prover.clients.common.inputs.handover import MAX_BYTES, is_kept, keep, obtain
from prover.clients.common.inputs.inbox import HOLES_BYTES, Inbox
from prover.statement.documents.envelope import OVERHEAD_BYTES, sealed
from prover.statement.documents.inputs_file import data_hash

CONTENT = b'{"some": "inputs"}'
HASH = data_hash(CONTENT)
WANTED = {HASH: 100}


@pytest.fixture
def folder(home: Path, tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were read."""
    found, honest = list[str](), handover.read_plain

    def noting(path: Path, most: int) -> bytes:
        found.append(path.name)
        return honest(path, most)

    monkeypatch.setattr(handover, "read_plain", noting)
    return found


def with_holes(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


@pytest.mark.parametrize("encrypted", [False, True])
def test_what_a_job_waits_for_is_kept_and_nothing_else(folder: Path, encrypted: bool) -> None:
    (folder / "1").write_bytes(b"other")
    (folder / "2").write_bytes(sealed(CONTENT, own_public_key()) if encrypted else CONTENT)
    found = Inbox([folder]).look({HASH: len(CONTENT)})
    assert (found.kept, found.left, found.unread) == (1, [], 0)
    assert obtain("", HASH, len(CONTENT)) == CONTENT
    assert not is_kept(data_hash(b"other"))


def test_a_large_file_without_holes_is_read(folder: Path) -> None:
    content = b"0123456789abcdef" * ((HOLES_BYTES + 1) // 16 + 1)
    (folder / "1").write_bytes(content)
    os.sync()
    assert Inbox([folder]).look({data_hash(content): len(content)}).kept == 1


@pytest.mark.parametrize("kept", [False, True])
def test_nothing_is_read_while_no_file_is_missing(
    folder: Path, reads: list[str], tmp_path: Path, kept: bool
) -> None:
    (folder / "1").write_bytes(CONTENT)
    if kept:
        keep([folder / "1"])
        reads.clear()
    assert Inbox([folder]).look(WANTED if kept else {}).kept == 0
    assert reads == []


def test_no_file_is_read_twice_but_for_a_job_that_comes_later(
    folder: Path, reads: list[str]
) -> None:
    (folder / "1").write_bytes(b"first")
    (folder / "2").write_bytes(b"second")
    (folder / "link").symlink_to(folder / "absent")
    inbox = Inbox([folder])
    for _ in range(2):
        inbox.look(WANTED)
    assert reads == ["1", "2", "link"]
    assert inbox.look(WANTED | {data_hash(b"second"): 100}).kept == 1
    assert reads == ["1", "2", "link", "2"]
    (folder / "1").write_bytes(CONTENT)
    assert inbox.look(WANTED).kept == 1


def test_a_file_larger_than_any_that_is_waited_for_is_not_read(
    folder: Path, reads: list[str]
) -> None:
    path = folder / "1"
    path.write_bytes(CONTENT + bytes(OVERHEAD_BYTES + 1))
    inbox = Inbox([folder])
    ((left, why),) = inbox.look({HASH: len(CONTENT)}).left
    assert left == path
    most = len(CONTENT) + OVERHEAD_BYTES
    assert (
        f"it has {most + 1} bytes: expected at most {most}, the most that a waiting job takes"
        in why
    )
    assert reads == []
    inbox.look({HASH: len(CONTENT) + 1})  # a job of a larger circuit
    assert reads == ["1"]


def test_a_file_larger_than_its_own_job_s_circuit_takes_is_not_kept(folder: Path) -> None:
    (folder / "1").write_bytes(CONTENT)
    wanted = {HASH: len(CONTENT) - 1, bytes(32): 1000}
    assert Inbox([folder]).look(wanted).kept == 0


def test_a_file_of_holes_is_not_read_but_taken_if_it_is_named(
    folder: Path, reads: list[str]
) -> None:
    """A gigabyte that costs a stranger nothing would cost minutes, memory and the home's disk."""
    path = folder / "1"
    with_holes(path, HOLES_BYTES + 1)
    ((_, why),) = Inbox([folder]).look({HASH: MAX_BYTES}).left
    assert f"{HOLES_BYTES + 1} bytes, of which 0 are on the disk" in why
    assert reads == []
    keep([path])
    assert is_kept(data_hash(bytes(HOLES_BYTES + 1)))
    with_holes(path, HOLES_BYTES)
    assert Inbox([folder]).look({data_hash(bytes(HOLES_BYTES)): MAX_BYTES}).kept == 1


def test_a_look_ends_in_time_and_the_next_goes_on_where_it_stopped(
    folder: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("1", "2", "3"):
        (folder / name).write_bytes(name.encode())
    ticks: Iterator[float] = iter([0.0, 1.0, 20.0, 21.0] * 2)
    monkeypatch.setattr(module.time, "monotonic", lambda: next(ticks))
    inbox = Inbox([folder])
    assert inbox.look(WANTED).unread == 1
    assert reads == ["1", "2"]
    (folder / "1").write_bytes(b"changed")
    assert inbox.look(WANTED).unread == 0
    assert reads == ["1", "2", "3", "1"]


def test_a_bad_file_stops_no_other(folder: Path, tmp_path: Path) -> None:
    """Named by itself, each of these is refused."""
    (folder / "0 folder").mkdir()
    (folder / "1 other's").write_bytes(sealed(CONTENT, bytes(range(32))))
    (folder / "2 broken").write_bytes(sealed(CONTENT, own_public_key())[:-1])
    (folder / "3 link").symlink_to(tmp_path / "absent")
    os.mkfifo(folder / "4 pipe")
    (folder / "5 good").write_bytes(CONTENT)
    found = Inbox([folder]).look(WANTED | {bytes(32): 5000})
    assert [path.name[0] for path, _ in found.left] == ["0", "1", "2", "3", "4"]
    assert "not to this machine's key" in found.left[1][1]
    assert obtain("", HASH, 100) == CONTENT


def test_a_file_that_has_gone_meanwhile_stops_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was there when the folder was listed."""
    (folder / "1").write_bytes(CONTENT)
    monkeypatch.setattr(module, "_members", lambda one: [one / "0", one / "1"])
    found = Inbox([folder]).look(WANTED)
    assert [path.name for path, _ in found.left] == ["0"]
    assert found.kept == 1


def test_a_file_for_which_there_is_no_room_stops_no_other_and_is_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "1").write_bytes(b"large")
    (folder / "2").write_bytes(CONTENT)
    wanted, honest = WANTED | {data_hash(b"large"): 100}, handover.write_atomically

    def full(path: Path, content: bytes) -> None:
        if content == b"large":
            raise EnvironmentMissing("no room")
        honest(path, content)

    handed = HandedFiles([folder])
    with monkeypatch.context() as patched:
        patched.setattr(handover, "write_atomically", full)
        assert [handed.take(wanted) for _ in range(2)] == [True, False]
    assert capsys.readouterr().err.count("left out: no room") == 1
    assert obtain("", HASH, 100) == CONTENT
    assert handed.take(wanted)
    assert obtain("", data_hash(b"large"), 100) == b"large"


def test_a_folder_that_cannot_be_read_is_named(folder: Path) -> None:
    inbox = Inbox([folder])
    folder.rmdir()
    with pytest.raises(UsageError, match=r"inbox: the folder cannot be read .*give one that can"):
        inbox.look(WANTED)
