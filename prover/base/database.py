"""Opens the SQLite files of this user: write-ahead log, full syncs, private, damage named."""

import sqlite3
import zlib
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Column, Engine, MetaData, create_engine, event, text
from sqlalchemy import inspect as inspector
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable

from prover.base.errors import EnvironmentMissing, StoreDamaged
from prover.base.files import keep_private, locked, make_folder

BUSY_MILLISECONDS = 10_000  # that another process of this user may write


def open_database(
    path: Path,
    metadata: MetaData,
    advice: str,
    *,
    added: Collection[Column[Any]] = (),
    is_cache: bool = False,
) -> Engine:
    """A SQLite file with write-ahead log and full syncs. Raises StoreDamaged, EnvironmentMissing.

    `advice` says what to do with a damaged one, and what is lost with it. Nothing is lost with a
    cache: there every error shows damage, but those of a file that cannot be used now. `added` are
    columns that a file of an earlier version lacks.
    """
    try:
        make_folder(path.parent)
        _keep_private(path)
        engine = create_engine(URL.create("sqlite", database=str(path)))
        event.listen(engine, "connect", _pragmas)
        event.listen(
            engine,
            "handle_error",
            lambda context: _name_trouble(path, advice, is_cache, context.original_exception),
        )
        _make_tables(engine, path, metadata, added)
    except (OSError, DBAPIError, sqlite3.Error, UnicodeDecodeError) as error:
        _name_trouble(path, advice, is_cache, getattr(error, "orig", None) or error)
        raise EnvironmentMissing(
            f"cannot open {path} ({error.__cause__ or error}): make room or choose another "
            "directory with ZKESCROW_HOME"
        ) from error
    return engine


def _make_tables(
    engine: Engine, path: Path, metadata: MetaData, added: Collection[Column[Any]]
) -> None:
    """Give a file that is new, or of another version, the tables and columns that it lacks."""
    version = _version(metadata)
    with engine.connect() as connection:
        if connection.execute(text("PRAGMA user_version")).scalar() == version:
            return
    with locked(path.with_suffix(".lock")):  # two processes may meet it
        metadata.create_all(engine)
        for column in added:
            table = column.table.name
            if column.name not in {one["name"] for one in inspector(engine).get_columns(table)}:
                kind = column.type.compile(engine.dialect)
                with engine.begin() as connection:
                    connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column.name} {kind}"))
        with engine.begin() as connection:
            connection.execute(text(f"PRAGMA user_version={version}"))


@cache
def _version(metadata: MetaData) -> int:
    """A number of these tables, never 0, which is that of a new file."""
    tables = metadata.sorted_tables
    made = [str(CreateTable(table)) for table in tables]
    indices = [str(CreateIndex(index)) for table in tables for index in table.indexes]
    return zlib.crc32("".join([*made, *sorted(indices)]).encode()) >> 1 | 1


def _name_trouble(path: Path, advice: str, is_cache: bool, cause: BaseException) -> None:
    """Say in one sentence that a store is damaged or cannot be used; mistakes go their way.

    SQLAlchemy's own words hold what was to be written: inputs, and signed transactions.
    """
    message, of_sqlite = str(cause), isinstance(cause, sqlite3.Error)
    other = of_sqlite and ("no such" in message or "has no column" in message)
    if other or _is_damage(cause, is_cache):
        state = "of another version" if other else "damaged"
        raise StoreDamaged(f"{path} is {state} ({message}): {advice}") from cause
    if isinstance(cause, sqlite3.OperationalError):
        what = "open" if "unable to open" in message else "use"
        raise EnvironmentMissing(
            f"cannot {what} {path} ({message}): make room or choose another directory with "
            "ZKESCROW_HOME, wait for other commands to end, then run the same command again"
        ) from cause


def _is_damage(cause: BaseException, is_cache: bool) -> bool:
    """Whether an error shows that what is in a file is not what was written into it.

    Names and texts that are no UTF-8 come as an OperationalError, or as Python's own.
    """
    if isinstance(cause, sqlite3.OperationalError):
        return "Could not decode" in str(cause)
    if isinstance(cause, sqlite3.Error):
        return is_cache or type(cause) is sqlite3.DatabaseError
    return isinstance(cause, UnicodeDecodeError)


def _keep_private(path: Path) -> None:
    """For this user only; SQLite gives its other files (-wal, -shm) the mode of the first."""
    path.touch(mode=0o600)
    for name in ("", "-wal", "-shm", "-journal"):
        keep_private(path.with_name(path.name + name))


def _pragmas(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    cursor.close()
