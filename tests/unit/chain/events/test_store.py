"""Two processes at one event store: neither writes nor reads past what the other changed.

What a damaged file holds is never taken for logs: the file is made anew.
"""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from prover.base.errors import EnvironmentMissing
from prover.chain.events.log import Log
from prover.chain.events.store import BlockPoint, EventStore, Moved

SCOPE = "31337:aa"
MADE_ANEW = "all events are read from the node again"


def log(block: int) -> Log:
    return Log(block, b"h" * 32, 1, bytes(32), 0, 0, "0x" + "00" * 20, (bytes(32),), b"")


def at(block: int) -> BlockPoint:
    return BlockPoint(block, b"h" * 32)


@pytest.fixture
def stores(tmp_path: Path) -> tuple[EventStore, EventStore]:
    """The same file, in two processes, read up to block 10."""
    first = EventStore(tmp_path / "events.sqlite")
    first.write("x", None, 1, [log(5)], at(10))
    return first, EventStore(tmp_path / "events.sqlite")


def blocks(store: EventStore, seen: BlockPoint) -> list[int]:
    return [one.block for one in store.read("x", seen, 100)]


@pytest.mark.parametrize("seen", [None, at(10), BlockPoint(20, b"fork")], ids=str)
def test_a_write_from_another_cursor_changes_nothing(
    stores: tuple[EventStore, EventStore], seen: BlockPoint | None
) -> None:
    quick, slow = stores
    quick.write("x", at(10), 11, [log(15)], at(20))
    with pytest.raises(Moved):
        slow.write("x", seen, 11, [], at(15))
    quick.write("x", at(20), 21, [log(25)], at(30))
    assert slow.cursor("x") == at(30)
    assert blocks(slow, at(30)) == [5, 15, 25]


def test_a_read_from_another_cursor_gives_nothing(stores: tuple[EventStore, EventStore]) -> None:
    quick, slow = stores
    quick.write("x", at(10), 4, [], at(3))
    with pytest.raises(Moved):
        slow.read("x", at(10), 10)


def test_a_read_that_has_begun_shows_nothing_of_later_writes(
    stores: tuple[EventStore, EventStore],
) -> None:
    quick, slow = stores
    found = slow.read("x", at(10), 10)
    quick.write("x", at(10), 4, [], at(3))
    assert [one.block for one in found] == [5]
    assert blocks(slow, at(3)) == []


# ---------------------------------------------------------------- a damaged file


@pytest.fixture
def damaged(tmp_path: Path) -> Iterator[Callable[[str], EventStore]]:
    """A store with a log, a cursor and a newest block, after a statement that damages its file."""

    def made(statement: str) -> EventStore:
        path = tmp_path / "events.sqlite"
        first = EventStore(path)
        first.write("x", None, 1, [log(5)], at(10))
        first.see(SCOPE, 10, b"h" * 32, 1, back=False)
        first._engine.dispose()
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA writable_schema=ON")
            connection.execute(statement)
        connection.close()
        return EventStore(path)

    with capture_logs() as told:
        yield made
    assert [one["event"] for one in told] == [MADE_ANEW]
    assert "events.sqlite" in told[0]["why"]


@pytest.mark.parametrize(
    "values",
    [
        "block_hash = x'00'",
        "block_hash = 9223372036854775807",
        "time = 'noon'",
        "\"transaction\" = 'text of 32 characters in its place'",
        "place = x'01'",
        "address = '0x00'",
        "address = x'00'",
        "address = CAST(x'ff' AS TEXT)",
        "topics = x'0011'",
        "topics = zeroblob(160)",
        "topics = 7",
        "data = 'text'",
        '"index" = -1',
    ],
)
def test_a_row_that_is_no_log_is_damage(damaged: Callable[[str], EventStore], values: str) -> None:
    store = damaged(f"UPDATE logs SET {values}")  # noqa: S608 - of the list above
    with pytest.raises(EnvironmentMissing, match="made anew: run the command again"):
        list(store.read("x", at(10), 100))
    assert store.cursor("x") is None


@pytest.mark.parametrize(
    "values", ["block = 'ten'", "block = -1", "block_hash = x'00'", "block_hash = 'text'"]
)
def test_a_row_that_names_no_block_is_damage(
    damaged: Callable[[str], EventStore], values: str
) -> None:
    store = damaged(f"UPDATE cursors SET {values}")  # noqa: S608 - of the list above
    assert store.cursor("x") is None
    assert store.points("x") == []


@pytest.mark.parametrize("values", ["block = 'ten'", "block_hash = x'00'", "time = 'noon'"])
def test_a_newest_block_that_is_none_is_damage(
    damaged: Callable[[str], EventStore], values: str
) -> None:
    store = damaged(f"UPDATE newest SET {values}")  # noqa: S608 - of the list above
    assert store.newest(SCOPE) is None


def test_points_that_are_no_blocks_are_damage(damaged: Callable[[str], EventStore]) -> None:
    assert damaged("UPDATE logs SET block_hash = x'00'").points("x") == []


def test_a_row_that_its_index_does_not_know_is_damage(
    damaged: Callable[[str], EventStore],
) -> None:
    """It is not found, to be taken away, and yet keeps a new one out."""
    store = damaged("UPDATE cursors SET source = 'y'")
    connection = sqlite3.connect(store._path)
    connection.execute("CREATE UNIQUE INDEX one ON logs (block)")
    connection.execute("UPDATE logs SET source = 'y'")
    connection.commit()
    connection.close()
    store.write("x", None, 1, [log(5)], at(10))
    assert blocks(store, at(10)) == [5]


def test_a_name_that_is_no_text_is_damage(damaged: Callable[[str], EventStore]) -> None:
    store = damaged("UPDATE sqlite_master SET sql = CAST(x'ff' || sql AS TEXT) WHERE name = 'logs'")
    assert store.cursor("x") is None
