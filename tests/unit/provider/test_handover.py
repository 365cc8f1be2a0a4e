"""A job's file is the one of its hash, whichever way it came."""

from pathlib import Path

import pytest

from prover.chain.readers import own_public_key
from prover.cli.handover import Inbox, keep_handed
from prover.errors import EnvironmentMissing, StatementInvalid, UsageError
from prover.provider import handover
from prover.provider.fetch import InputsUnavailable
from prover.provider.handover import keep, obtain
from prover.statement.envelope import sealed
from prover.statement.request import data_hash

CONTENT = b'{"some": "inputs"}'
HASH = data_hash(CONTENT)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "inputs.json").write_bytes(CONTENT)
    return tmp_path / "inputs.json"


def test_a_file_that_was_handed_over_needs_no_address(home: Path, file: Path) -> None:
    with pytest.raises(InputsUnavailable, match="give it with --inputs"):
        obtain("", HASH, 100)
    keep([file])
    file.unlink()
    for uri in ("", "https://127.0.0.1/", b"\xff"):
        assert obtain(uri, HASH, 100) == CONTENT


def test_a_file_that_was_not_handed_over_is_named_by_its_hash(home: Path, file: Path) -> None:
    """Another one was: whoever gave it is told that it is not the one."""
    keep([file])
    with pytest.raises(InputsUnavailable, match=f"no file given so far .*0x{'11' * 32}"):
        obtain("", b"\x11" * 32, 100)


def test_a_folder_is_taken_file_by_file(home: Path, file: Path) -> None:
    (file.parent / "other.json").write_bytes(b"other")
    keep([file.parent])
    assert obtain("", HASH, 100) == CONTENT


def test_a_file_may_not_be_longer_than_is_read(
    home: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "MAX_BYTES", len(CONTENT) - 1)
    with pytest.raises(UsageError, match=f"of at most {len(CONTENT) - 1} bytes, is allowed"):
        keep([file])
    monkeypatch.setattr(handover, "MAX_BYTES", len(CONTENT))
    keep([file])
    assert obtain("", HASH, 100) == CONTENT


def test_a_bad_file_in_a_folder_stops_no_other(home: Path, tmp_path: Path) -> None:
    """An inbox holds what strangers put there; named by itself, each of these is refused."""
    inbox = tmp_path / "inbox"
    (inbox / "0 folder").mkdir(parents=True)
    (inbox / "1 other's").write_bytes(sealed(CONTENT, bytes(range(32))))
    (inbox / "2 broken").write_bytes(sealed(CONTENT, own_public_key())[:-1])
    (inbox / "3 link").symlink_to(tmp_path / "absent")
    (inbox / "4 good").write_bytes(CONTENT)
    left = keep([inbox])
    assert [path.name for path, _ in left] == ["0 folder", "1 other's", "2 broken", "3 link"]
    assert "not to this machine's key" in left[1][1]
    assert obtain("", HASH, 100) == CONTENT
    for path, _ in left[1:]:
        with pytest.raises((StatementInvalid, UsageError)):
            keep([path])


def test_an_inbox_is_looked_at_again_but_no_file_read_twice(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, read = tmp_path / "inbox", list[str]()
    folder.mkdir()
    (folder / "1").write_bytes(CONTENT)
    (folder / "link").symlink_to(tmp_path / "absent")
    honest = handover._read

    def noting(path: Path) -> bytes:
        read.append(path.name)
        return honest(path)

    monkeypatch.setattr(handover, "_read", noting)
    inbox = Inbox([folder])
    inbox.take()
    (folder / "2").write_bytes(b"part")
    inbox.take()
    (folder / "2").write_bytes(b"partly copied, and now whole")
    inbox.take()
    assert read == ["1", "link", "2", "2"]
    assert capsys.readouterr().err.count("link is left out") == 1
    assert obtain("", data_hash(b"partly copied, and now whole"), 100)


def test_a_file_for_which_there_is_no_room_stops_no_other_and_is_tried_again(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "1").write_bytes(b"large")
    (folder / "2").write_bytes(CONTENT)
    honest = handover.write_atomically

    def full(path: Path, content: bytes) -> None:
        if content == b"large":
            raise EnvironmentMissing("no room")
        honest(path, content)

    monkeypatch.setattr(handover, "write_atomically", full)
    inbox = Inbox([folder])
    inbox.take()
    inbox.take()
    assert capsys.readouterr().err.count("left out: no room") == 1
    assert obtain("", HASH, 100) == CONTENT
    monkeypatch.setattr(handover, "write_atomically", honest)
    inbox.take()
    assert obtain("", data_hash(b"large"), 100) == b"large"


def test_a_file_that_has_gone_meanwhile_stops_no_other(
    home: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was there when the folder was listed."""
    gone = file.parent / "gone"
    monkeypatch.setattr(handover, "_members", lambda _folder: [gone, file])
    ((left, _),) = keep([file.parent], set())
    assert left == gone
    assert obtain("", HASH, 100) == CONTENT


def test_an_encrypted_file_is_opened_both_ways(home: Path, tmp_path: Path) -> None:
    """The hash of the job is that of the content, so that the envelope need not be known."""
    path = tmp_path / "inputs.sealed"
    path.write_bytes(sealed(CONTENT, own_public_key()))
    assert obtain(path.as_uri(), HASH, len(CONTENT), allow_files=True) == CONTENT
    with pytest.raises(InputsUnavailable):
        obtain("", HASH, 100)
    keep([path])
    assert obtain("", HASH, len(CONTENT)) == CONTENT


def test_a_file_encrypted_to_another_is_refused(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "inputs.sealed"
    path.write_bytes(sealed(CONTENT, bytes(range(32))))
    for _ in range(2):
        with pytest.raises(StatementInvalid, match="not to this machine's key"):
            keep([path])
        with pytest.raises(StatementInvalid, match="not to this machine's key"):
            obtain(path.as_uri(), HASH, 100, allow_files=True)
        own_public_key()


def test_a_file_of_another_hash_is_not_the_job_s(home: Path, file: Path) -> None:
    file.write_bytes(CONTENT + b" ")
    keep([file])
    with pytest.raises(InputsUnavailable):
        obtain("", HASH, 100)
    with pytest.raises(StatementInvalid, match="ask the consumer for the right one"):
        obtain(file.as_uri(), HASH, 100, allow_files=True)


def test_a_kept_file_that_was_damaged_is_refused(home: Path, file: Path) -> None:
    keep([file])
    (kept,) = (home / "handed").glob("*.json")
    kept.write_bytes(b"damaged")
    with pytest.raises(StatementInvalid, match="handed"):
        obtain("", HASH, 100)


def test_a_file_that_is_too_large_for_the_circuit_is_refused(home: Path, file: Path) -> None:
    keep([file])
    with pytest.raises(InputsUnavailable, match="at most 17 are allowed"):
        obtain("", HASH, len(CONTENT) - 1)


def test_what_is_no_file_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="plain file"):
        keep([tmp_path / "absent"])


def test_what_is_left_out_is_told(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "inbox" / "folder").mkdir(parents=True)
    keep_handed([tmp_path / "inbox"])
    assert "folder is left out" in capsys.readouterr().err
