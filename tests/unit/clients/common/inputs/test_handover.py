"""A job's file is the one of its hash, whichever way it came."""

from pathlib import Path

import pytest

from prover.base.errors import StatementInvalid, UsageError
from prover.chain.readers import own_public_key
from prover.cli.common.handover import HandedFiles, keep_handed
from prover.clients.common.inputs import handover
from prover.clients.common.inputs.fetch import InputsUnavailable
from prover.clients.common.inputs.handover import keep, obtain
from prover.statement.documents.envelope import sealed
from prover.statement.documents.inputs_file import data_hash

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


def test_a_file_may_not_be_longer_than_is_read(
    home: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "MAX_BYTES", len(CONTENT) - 1)
    with pytest.raises(
        UsageError,
        match=f"expected a plain file that can be read, of at most {len(CONTENT) - 1} bytes",
    ):
        keep([file])
    monkeypatch.setattr(handover, "MAX_BYTES", len(CONTENT))
    keep([file])
    assert obtain("", HASH, 100) == CONTENT


def test_a_path_where_nothing_is_is_said_to_be_one(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere: nothing is there; .* file or a folder"):
        keep_handed([tmp_path / "nowhere"], HASH)


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
    with pytest.raises(InputsUnavailable, match="expected at most 17"):
        obtain("", HASH, len(CONTENT) - 1)


def test_what_is_no_file_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="plain file"):
        keep([tmp_path / "absent"])


def test_a_file_that_was_named_is_read_again_only_when_it_has_changed(
    home: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = list[Path]()
    read = handover.read_plain

    def noting(path: Path, most: int) -> bytes:
        reads.append(path)
        return read(path, most)

    monkeypatch.setattr(handover, "read_plain", noting)
    handed = HandedFiles([file])
    assert [handed.take_named() for _ in range(2)] == [True, False]
    file.write_bytes(CONTENT + b" ")
    assert [handed.take_named() for _ in range(2)] == [True, False]
    assert reads == [file] * 2
    file.unlink()
    with pytest.raises(UsageError, match="plain file"):
        handed.take_named()


def test_of_what_is_handed_over_for_one_job_a_folder_gives_its_file_only(
    home: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file.parent / "0 folder").mkdir()
    (file.parent / "1 other").write_bytes(b"other")
    named = file.parent / "1 other"
    keep_handed([file.parent], HASH)
    assert "0 folder is left out" in capsys.readouterr().err
    assert [path.stem for path in (home / "handed").iterdir()] == [HASH.hex()]
    keep_handed([named], HASH)
    assert obtain("", data_hash(b"other"), 100) == b"other"


def test_a_folder_that_takes_too_long_to_read_is_told(
    home: Path, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("prover.clients.common.inputs.inbox.LOOK_SECONDS", -1.0)
    keep_handed([file.parent], HASH)
    assert "no time to read 1 files of the folders given" in capsys.readouterr().err
