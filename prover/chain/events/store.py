"""Logs that were read before, in one SQLite file: what can be made again from the chain.

A row is a log, a cursor says up to which block a source was read, and on which block's hash that
rests. A source is a node, a chain and a set of contracts: what one node says is not believed of
another. Rows end at the cursor; a reorganisation takes away those above the common ancestor.
Two processes may read a source at once: each adds only to the cursor that it saw.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from prover.base.database import open_database
from prover.base.errors import EnvironmentMissing, StoreDamaged
from prover.base.log import logger
from prover.chain.events.log import Log, is_word
from prover.statement.field import WORD_BYTES

FILE = "events.sqlite"
_IF_DAMAGED = "what it held is read from the chain again"
T = TypeVar("T")


class _Bytes(LargeBinary):
    """Bytes as the file has them: of a number in their place SQLAlchemy would make so many."""

    def result_processor(self, _dialect: object, _coltype: object) -> None:
        """None, so that nothing is made of a value before it is checked."""


_metadata = MetaData()
_logs = Table(
    "logs",
    _metadata,
    Column("source", String, primary_key=True),
    Column("block", Integer, primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("block_hash", _Bytes, nullable=False),
    Column("time", Integer, nullable=False),
    Column("transaction", _Bytes, nullable=False),
    Column("place", Integer, nullable=False),
    Column("address", String, nullable=False),
    Column("topics", _Bytes, nullable=False),
    Column("data", _Bytes, nullable=False),
)
_cursors = Table(
    "cursors",
    _metadata,
    Column("source", String, primary_key=True),
    Column("block", Integer, nullable=False),
    Column("block_hash", _Bytes, nullable=False),
)
_newest = Table(
    "newest",
    _metadata,
    Column("scope", String, primary_key=True),  # a chain, whatever node gave it
    Column("block", Integer, nullable=False),
    Column("block_hash", _Bytes, nullable=False),
    Column("time", Integer, nullable=False),
)
_doubts = Table(
    "doubts",
    _metadata,
    Column("source", String, primary_key=True),
    Column("digest", _Bytes, nullable=False),
    Column("read", Integer, nullable=False),
    Column("wait", Integer, nullable=False),
)


@dataclass(frozen=True)
class Doubt:
    """What made no sense (by a digest) when a source was last read anew for that.

    That was at `read` (Unix time), and is done again after `wait` seconds.
    """

    digest: bytes
    read: int
    wait: int


@dataclass(frozen=True)
class BlockPoint:
    """A block by number and hash."""

    block: int
    hash: bytes


class Moved(Exception):
    """Another process changed the cursor meanwhile: what was read does not go on from it."""


class EventStore:
    """The logs of all sources that this user reads. A damaged file is made anew, and logged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine = self._opened()

    def cursor(self, source: str) -> BlockPoint | None:
        """Up to where the source was read."""
        return self._within(lambda connection: _cursor(connection, source))

    def points(self, source: str) -> list[BlockPoint]:
        """The blocks that the stored logs are in, ascending."""
        query = (
            select(_logs.c.block, _logs.c.block_hash)
            .where(_logs.c.source == source)
            .distinct()
            .order_by(_logs.c.block)
        )
        return self._within(lambda connection: list(map(_point, connection.execute(query))))

    def write(
        self,
        source: str,
        seen: BlockPoint | None,
        first: int,
        logs: Iterable[Log],
        cursor: BlockPoint,
    ) -> None:
        """Replace all rows from block `first` on by these, which end at the cursor.

        Raises Moved, and changes nothing, unless the cursor is still the one that was `seen`.
        """
        rows = [_row(source, log) for log in logs]

        def work(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # no other writes after the look
            _demand(connection, source, seen)
            _forget(connection, source, first)
            connection.execute(insert(_cursors).values(source=source, **_named(cursor)))
            if rows:
                connection.execute(insert(_logs), rows)

        self._within(work)

    def forget(self, source: str) -> None:
        """Everything of a source, so that it is read again."""
        self._within(lambda connection: _forget(connection, source, 0))

    def read(self, source: str, seen: BlockPoint | None, last: int) -> Iterator[Log]:
        """The logs up to block `last` as they are now, in the order of the chain.

        Raises Moved unless the cursor is still the one that was `seen`; what others write from
        then on does not show.
        """
        logs = self._snapshot(source, seen, last)
        return chain([*islice(logs, 1)], logs)  # the first one opens the snapshot

    def newest(self, scope: str) -> tuple[int, bytes, int] | None:
        """The newest block of a chain that was seen from here: number, hash, time."""
        query = select(_newest.c.block, _newest.c.block_hash, _newest.c.time)
        chosen = query.where(_newest.c.scope == scope)

        def work(connection: Connection) -> tuple[int, bytes, int] | None:
            row = connection.execute(chosen).first()
            return None if row is None else _block(*row)

        return self._within(work)

    def see(self, scope: str, number: int, block_hash: bytes, time: int, *, back: bool) -> None:
        """Write a newer block down; with `back` also an older one, as the chain was put back."""
        row = {"block": number, "block_hash": block_hash, "time": time}
        statement = upsert(_newest).values(scope=scope, **row)
        newer = None if back else number >= _newest.c.block
        statement = statement.on_conflict_do_update(index_elements=["scope"], set_=row, where=newer)
        self._within(lambda connection: connection.execute(statement))

    def doubt(self, source: str) -> Doubt | None:
        """What of a source made no sense when it was read anew."""
        query = select(_doubts.c.digest, _doubts.c.read, _doubts.c.wait)
        chosen = query.where(_doubts.c.source == source)
        return self._within(lambda connection: _doubt(connection.execute(chosen).first()))

    def save_doubt(self, source: str, doubt: Doubt) -> None:
        """Write down that a source was read anew, and what still makes no sense."""
        row = vars(doubt)
        statement = upsert(_doubts).values(source=source, **row)
        statement = statement.on_conflict_do_update(index_elements=["source"], set_=row)
        self._within(lambda connection: connection.execute(statement))

    def _snapshot(self, source: str, seen: BlockPoint | None, last: int) -> Iterator[Log]:
        query = (
            select(_logs)
            .where(_logs.c.source == source, _logs.c.block <= last)
            .order_by(_logs.c.block, _logs.c.index)
        )
        try:
            with self._engine.connect() as connection:
                connection.exec_driver_sql("BEGIN")
                _demand(connection, source, seen)
                for row in connection.execution_options(yield_per=1_000).execute(query):
                    yield _log_of(row)
        except StoreDamaged as error:
            self._make_anew(error)
            raise EnvironmentMissing(
                f"{self._path} was damaged and is made anew: run the command again"
            ) from error

    def _within(self, work: Callable[[Connection], T]) -> T:
        """One transaction; on a damaged file once more on a new one."""
        try:
            return self._transaction(work)
        except StoreDamaged as error:
            self._make_anew(error)
        return self._transaction(work)

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)

    def _opened(self) -> Engine:
        try:
            return open_database(self._path, _metadata, _IF_DAMAGED, is_cache=True)
        except StoreDamaged as error:
            self._remove(error)
        return open_database(self._path, _metadata, _IF_DAMAGED, is_cache=True)

    def _make_anew(self, error: StoreDamaged) -> None:
        self._engine.dispose()
        self._remove(error)
        self._engine = open_database(self._path, _metadata, _IF_DAMAGED, is_cache=True)

    def _remove(self, error: StoreDamaged) -> None:
        logger(__name__).warning("all events are read from the node again", why=str(error))
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


@lru_cache(maxsize=8)
def opened(path: Path) -> EventStore:
    """The store at a path, opened once in a process."""
    return EventStore(path)


def _cursor(connection: Connection, source: str) -> BlockPoint | None:
    query = select(_cursors.c.block, _cursors.c.block_hash).where(_cursors.c.source == source)
    row = connection.execute(query).first()
    return None if row is None else _point(row)


def _demand(connection: Connection, source: str, seen: BlockPoint | None) -> None:
    if _cursor(connection, source) != seen:
        raise Moved(source)


def _forget(connection: Connection, source: str, first: int) -> None:
    connection.execute(delete(_logs).where(_logs.c.source == source, _logs.c.block >= first))
    connection.execute(delete(_cursors).where(_cursors.c.source == source))


def _named(cursor: BlockPoint) -> dict[str, object]:
    return {"block": cursor.block, "block_hash": cursor.hash}


def _row(source: str, log: Log) -> dict[str, object]:
    return {**vars(log), "source": source, "topics": b"".join(log.topics)}


def _log_of(row: object) -> Log:
    """Raises StoreDamaged if a row is no log."""
    fields = dict(row._mapping)  # type: ignore[attr-defined]
    fields.pop("source")
    topics = fields.pop("topics")
    try:
        parts = tuple(topics[at : at + WORD_BYTES] for at in range(0, len(topics), WORD_BYTES))
        return Log(**fields, topics=parts)
    except (TypeError, ValueError) as error:
        raise StoreDamaged(f"a row of {FILE} is damaged ({error}): {_IF_DAMAGED}") from error


def _doubt(row: Sequence[object] | None) -> Doubt | None:
    """What a row says. Raises StoreDamaged if it says nothing."""
    if row is None:
        return None
    digest, read, wait = row
    if is_word(digest) and isinstance(read, int) and isinstance(wait, int):
        return Doubt(digest, read, wait)
    raise StoreDamaged(f"a row of {FILE} is damaged (32 bytes and times): {_IF_DAMAGED}")


def _point(row: Iterable[object]) -> BlockPoint:
    number, digest, _ = _block(*row)
    return BlockPoint(number, digest)


def _block(number: object, digest: object, time: object = 0) -> tuple[int, bytes, int]:
    """Number, hash and time of a block as a row has them. Raises StoreDamaged if it has others."""
    if isinstance(number, int) and number >= 0 and is_word(digest) and isinstance(time, int):
        return number, digest, time
    raise StoreDamaged(
        f"a row of {FILE} is damaged (a number and 32 bytes are expected of a block): {_IF_DAMAGED}"
    )
