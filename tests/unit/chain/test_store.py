"""Two processes at one event store: neither writes nor reads past what the other changed."""

from pathlib import Path

import pytest

from prover.chain.log import Log
from prover.chain.store import EventStore, Moved, Point


def log(block: int) -> Log:
    return Log(block, b"h" * 32, 1, bytes(32), 0, 0, "0x" + "00" * 20, (bytes(32),), b"")


def at(block: int) -> Point:
    return Point(block, b"h")


@pytest.fixture
def stores(tmp_path: Path) -> tuple[EventStore, EventStore]:
    """The same file, in two processes, read up to block 10."""
    first = EventStore(tmp_path / "events.sqlite")
    first.write("x", None, 1, [log(5)], at(10))
    return first, EventStore(tmp_path / "events.sqlite")


def blocks(store: EventStore, seen: Point) -> list[int]:
    return [one.block for one in store.read("x", seen, 100)]


@pytest.mark.parametrize("seen", [None, at(10), Point(20, b"fork")], ids=str)
def test_a_write_from_another_cursor_changes_nothing(
    stores: tuple[EventStore, EventStore], seen: Point | None
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
