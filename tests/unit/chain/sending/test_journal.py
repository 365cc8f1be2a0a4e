"""What is written down of a transaction, on one chain and on another."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from prover.base import database
from prover.base.errors import EnvironmentMissing, StoreDamaged
from prover.chain.sending.intents import Intents
from prover.chain.sending.journal import Attempt, Fate, Journal
from prover.clients.prediction.store import JobStore

ATTEMPT = Attempt("31337:aa", "0x1", "deploy", 0, b"\x01" * 32, b"raw", 21_000, 2**70)


def test_a_chain_made_anew_takes_the_same_transaction_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    again = replace(ATTEMPT, scope="31337:bb")
    journal.record(ATTEMPT)
    journal.record(again)
    journal.set_fate([again], Fate.MINED)
    (first,) = journal.attempts(ATTEMPT.scope, ATTEMPT.sender, ATTEMPT.action)
    (second,) = journal.attempts(again.scope, again.sender, again.action)
    assert (first.fate, second.fate) == (Fate.PENDING, Fate.MINED)


@pytest.mark.parametrize("at", [0, 5000])
def test_a_damaged_store_is_said_to_be_damaged(tmp_path: Path, at: int) -> None:
    """From its first page, or from one that is only read later."""
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    for nonce in range(300):
        journal.record(replace(ATTEMPT, nonce=nonce, hash=nonce.to_bytes(32, "big")))
    journal._engine.dispose()
    content = bytearray(path.read_bytes())
    content[at : at + 20_000] = b"\xa5" * len(content[at : at + 20_000])
    path.write_bytes(content)
    with pytest.raises(EnvironmentMissing, match=r"journal\.sqlite is damaged .*: put it back"):
        Journal(path).newest(ATTEMPT.scope, ATTEMPT.sender, 0)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Journal, "nothing is known of what was signed here"),
        (lambda path: Intents(path, "31337:aa", "0x1"), "may post, and pay, another job"),
        (JobStore, "the jobs that you locked are found on the chain"),
    ],
)
def test_what_is_lost_with_a_damaged_store_is_said(
    tmp_path: Path, kind: Callable[[Path], object], words: str
) -> None:
    """The chain gives none of it again."""
    path = tmp_path / "some.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreDamaged, match=words) as told:
        kind(path)
    assert "read from the chain again" not in str(told.value)


def test_a_store_of_another_version_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE attempts (id INTEGER PRIMARY KEY)")
    with pytest.raises(EnvironmentMissing, match=r"of another version .*: put it back"):
        Journal(path).newest(ATTEMPT.scope, ATTEMPT.sender, 0)


def test_a_store_that_another_process_holds_is_said_to_be_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one sentence, without what was to be written: inputs, or a signed transaction."""
    path = tmp_path / "journal.sqlite"
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 10)
    journal = Journal(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(EnvironmentMissing, match=r"cannot use .*database is locked") as told:
            journal.record(ATTEMPT)
    assert "INSERT" not in str(told.value)
    journal.record(ATTEMPT)


def test_a_full_disk_is_said_in_one_message(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    with journal._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(EnvironmentMissing, match=r"cannot use .*disk is full.*: make room") as told:
        journal.record(replace(ATTEMPT, raw=bytes(100_000)))
    assert "INSERT" not in str(told.value)


def test_a_home_of_an_odd_name_has_its_own_files(tmp_path: Path) -> None:
    """A "?" is no query, as it would be in an address of a database."""
    for name in ("h?a=1", "h?a=2"):
        Journal(tmp_path / name / "journal.sqlite").record(ATTEMPT)
        assert sqlite3.connect(tmp_path / name / "journal.sqlite").execute(
            "SELECT count(*) FROM attempts"
        ).fetchone() == (1,)


def test_a_journal_without_blocks_is_taken_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    Journal(path).record(replace(ATTEMPT, fate=Fate.MINED))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=0")
        for column in ("block", "block_hash"):
            connection.execute(f"ALTER TABLE attempts DROP COLUMN {column}")
    connection.close()
    journal = Journal(path)
    assert journal.mined(ATTEMPT.scope) == []
    journal.set_block(ATTEMPT.scope, ATTEMPT.hash, 7, b"\2" * 32)
    seen = replace(ATTEMPT, fate=Fate.MINED, block=7, block_hash=b"\2" * 32)
    assert journal.mined(ATTEMPT.scope) == [seen]
    assert journal.mined(ATTEMPT.scope, 8) == []


def test_actions_are_told_by_their_beginning(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    rows = [
        ("answer:aa:2", Fate.MINED),
        ("answer:aa:1", Fate.MINED),
        ("answer:aa:3", Fate.REVERTED),
    ]
    rows += [("answer:ab:1", Fate.MINED), ("xanswer:aa:", Fate.MINED)]
    for nonce, (action, fate) in enumerate(rows):
        name = nonce.to_bytes(32, "big")
        journal.record(replace(ATTEMPT, action=action, nonce=nonce, hash=name, fate=fate))
    found = journal.actions(ATTEMPT.scope, ATTEMPT.sender, "answer:aa:")
    assert found == ["answer:aa:2", "answer:aa:1"]


def test_an_attempt_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    Journal(tmp_path / "journal.sqlite").record(ATTEMPT)
    reopened = Journal(tmp_path / "journal.sqlite")
    assert reopened.attempts(ATTEMPT.scope, ATTEMPT.sender, ATTEMPT.action) == [ATTEMPT]


def test_only_the_newest_attempt_of_a_nonce_is_handed_out(tmp_path: Path) -> None:
    """By nonce, not by age; what was mined too, as its block may be gone; not what was replaced."""
    journal = Journal(tmp_path / "journal.sqlite")
    for nonce, digest in ((8, 1), (7, 2), (6, 3), (7, 4), (5, 5), (9, 6)):
        journal.record(replace(ATTEMPT, nonce=nonce, hash=bytes([digest])))
    found = {attempt.hash[0]: attempt for attempt in journal.newest("31337:aa", "0x1", 0)}
    journal.set_fate([found[3]], Fate.MINED)
    journal.set_fate([found[1]], Fate.REPLACED)
    newest = [(one.nonce, one.hash[0]) for one in journal.newest("31337:aa", "0x1", 6)]
    assert newest == [(6, 3), (7, 4), (9, 6)]
    assert not journal.newest("31337:bb", "0x1", 0)
    assert not journal.newest("31337:aa", "0x2", 0)


def test_files_that_sqlite_leaves_are_made_private_again(tmp_path: Path) -> None:
    """A home that was copied, or made by an older version: each of its files is for the user."""
    files = [tmp_path / f"journal.sqlite{end}" for end in ("", "-wal", "-shm", "-journal")]
    Journal(files[0])._engine.dispose()
    for file in files:
        file.touch()
        file.chmod(0o644)
    Journal(files[0])
    assert {oct(file.stat().st_mode & 0o777) for file in files if file.exists()} == {"0o600"}
    assert files[3].exists()


def rows(path: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT scope, hash, fate, block FROM attempts ORDER BY id")
        return found.fetchall()


def test_what_is_noted_of_one_transaction_is_noted_of_no_other(tmp_path: Path) -> None:
    """Neither of another one of the chain, nor of the same one on another chain."""
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    other, elsewhere = replace(ATTEMPT, hash=b"\2" * 32), replace(ATTEMPT, scope="31337:bb")
    for attempt in (ATTEMPT, other, elsewhere):
        journal.record(attempt)
    journal.set_block(ATTEMPT.scope, ATTEMPT.hash, 7, b"\3" * 32)
    journal.set_fate([ATTEMPT], Fate.REVERTED)
    journal.set_fate([], Fate.MINED)
    assert rows(path) == [
        (ATTEMPT.scope, ATTEMPT.hash, "reverted", 7),
        (ATTEMPT.scope, other.hash, "pending", None),
        ("31337:bb", ATTEMPT.hash, "pending", None),
    ]


def test_what_is_signed_again_is_the_newest_and_waits_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    later = replace(ATTEMPT, hash=b"\2" * 32)
    for attempt in (ATTEMPT, later):
        journal.record(attempt)
    journal.set_fate([ATTEMPT], Fate.REPLACED)
    journal.record(ATTEMPT)
    about = (ATTEMPT.scope, ATTEMPT.sender, ATTEMPT.action)
    assert journal.attempts(*about) == [later, ATTEMPT]
    assert journal.newest(ATTEMPT.scope, ATTEMPT.sender, 0) == [ATTEMPT]
    assert journal.excluded(*about) == []


@pytest.mark.parametrize("fate", list(Fate))
def test_each_fate_is_found_where_it_belongs(tmp_path: Path, fate: Fate) -> None:
    journal, about = Journal(tmp_path / "journal.sqlite"), ("31337:aa", "0x1", "deploy")
    assert not journal.signed(*about)
    journal.record(replace(ATTEMPT, fate=fate, block=3))
    assert [one.fate for one in journal.signed(*about)] == [fate]
    live = fate in (Fate.PENDING, Fate.MINED)
    assert bool(journal.attempts(*about)) is live
    assert bool(journal.excluded(*about)) is not live
    assert bool(journal.newest("31337:aa", "0x1", 0)) is (
        fate not in (Fate.REPLACED, Fate.GIVEN_UP)
    )
    assert bool(journal.given_up("31337:aa", "0x1", 0)) is (fate is Fate.GIVEN_UP)
    assert not journal.given_up("31337:aa", "0x1", ATTEMPT.nonce + 1)
    assert bool(journal.unmined("31337:aa")) is (fate in (Fate.PENDING, Fate.GIVEN_UP))
    assert bool(journal.mined("31337:aa")) is (fate is Fate.MINED)
    assert journal.actions("31337:aa", "0x1", "dep") == ["deploy"] * (fate is Fate.MINED)
    assert journal.actions("31337:aa", "0x1", "dep", fate) == ["deploy"]


@pytest.mark.parametrize(
    "other",
    [("31337:bb", "0x1", "deploy"), ("31337:aa", "0x2", "deploy"), ("31337:aa", "0x1", "d")],
)
def test_nothing_is_found_of_another_chain_account_or_action(
    tmp_path: Path, other: tuple[str, str, str]
) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    for fate, name in ((Fate.MINED, b"\1"), (Fate.REPLACED, b"\2")):
        journal.record(replace(ATTEMPT, fate=fate, hash=name * 32, block=1))
    assert not journal.signed(*other)
    assert not journal.attempts(*other)
    assert not journal.excluded(*other)
    scope, sender, action = other
    if action == ATTEMPT.action:
        assert not journal.actions(scope, sender, "")
        assert not journal.newest(scope, sender, 0)
    if scope != ATTEMPT.scope:
        assert not journal.mined(scope)


def test_what_is_mined_is_told_newest_block_first_and_from_a_block_on(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    for number, block in enumerate((5, 9, 7, 7, None)):
        name = bytes([number]) * 32
        journal.record(replace(ATTEMPT, hash=name, fate=Fate.MINED, block=block, nonce=9 - number))
    found = [(one.block, one.hash[0]) for one in journal.mined(ATTEMPT.scope)]
    assert found == [(9, 1), (7, 3), (7, 2), (5, 0)]
    assert [one.block for one in journal.mined(ATTEMPT.scope, 7)] == [9, 7, 7]


def test_actions_are_told_once_each_in_the_order_of_nonces(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    for number, (nonce, action) in enumerate([(4, "a:b"), (2, "a:c"), (3, "a:b"), (5, "a%c")]):
        name = bytes([number]) * 32
        about = {"action": action, "nonce": nonce, "hash": name, "fate": Fate.MINED}
        journal.record(replace(ATTEMPT, **about))  # type: ignore[arg-type]
    assert journal.actions(ATTEMPT.scope, ATTEMPT.sender, "a:") == ["a:c", "a:b"]
    assert journal.actions(ATTEMPT.scope, ATTEMPT.sender, "a%") == ["a%c"]


def test_a_store_is_on_the_disk_when_a_write_returns_and_waits_for_others(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.sqlite")._engine.connect() as connection:
        told = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout")
        ]
    assert told == ["wal", 2, 10_000]


def test_a_place_where_no_store_can_be_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.sqlite").mkdir()
    for path in (tmp_path / "file" / "journal.sqlite", tmp_path / "folder.sqlite"):
        with pytest.raises(EnvironmentMissing, match=r"cannot open .*: make room or") as told:
            Journal(path)
        assert not isinstance(told.value, StoreDamaged)


def test_a_file_that_is_no_store_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreDamaged):
        Journal(path)


def test_what_a_node_has_taken_is_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    other = replace(ATTEMPT, hash=b"\2" * 32)
    journal.record(ATTEMPT)
    journal.record(other)
    journal.record(replace(ATTEMPT, scope="31337:bb"))
    journal.set_taken(ATTEMPT)
    about = (ATTEMPT.sender, ATTEMPT.action)
    assert [one.taken for one in journal.attempts(ATTEMPT.scope, *about)] == [True, False]
    assert [one.taken for one in journal.attempts("31337:bb", *about)] == [False]
