"""Opens the SQLite files of this user: write-ahead log, full syncs, private, damage named."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import (
    URL,
    Engine,
    MetaData,
    Table,
    create_engine,
    event,
    text,
)
from sqlalchemy import inspect as inspector
from sqlalchemy.exc import DBAPIError

from prover.base.errors import EnvironmentMissing, StoreDamaged
from prover.base.files import keep_private, locked, make_folder

BUSY_MILLISECONDS = 10_000  # that another process of this user may write


def add_columns(engine: Engine, path: Path, table: Table, names: Sequence[str]) -> None:
    """Give a table of an earlier version the columns that it lacks."""
    with locked(path.with_suffix(".lock")):  # two processes may meet an old file
        found = {column["name"] for column in inspector(engine).get_columns(table.name)}
        missing = [name for name in names if name not in found]
        if not missing:
            return
        with engine.begin() as connection:
            for name in missing:
                kind = table.c[name].type.compile(engine.dialect)
                connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {name} {kind}"))


def open_database(path: Path, metadata: MetaData, advice: str, *, cache: bool = False) -> Engine:
    """A SQLite file with write-ahead log and full syncs. Raises StoreDamaged, EnvironmentMissing.

    `advice` says what to do with a damaged one, and what is lost with it. Nothing is lost with a
    `cache`: there every error shows damage, but those of a file that cannot be used now.
    """
    try:
        make_folder(path.parent)
        _keep_private(path)
        engine = create_engine(URL.create("sqlite", database=str(path)))
        event.listen(engine, "connect", _pragmas)
        event.listen(
            engine,
            "handle_error",
            lambda context: _name_trouble(path, advice, cache, context.original_exception),
        )
        with locked(path.with_suffix(".lock")):  # two processes may meet a new file
            metadata.create_all(engine)
    except (OSError, DBAPIError, sqlite3.Error, UnicodeDecodeError) as error:
        _name_trouble(path, advice, cache, getattr(error, "orig", None) or error)
        raise EnvironmentMissing(
            f"cannot open {path} ({error.__cause__ or error}): make room or choose another "
            "directory with ZKESCROW_HOME"
        ) from error
    return engine


def _name_trouble(path: Path, advice: str, cache: bool, cause: BaseException) -> None:
    """Say in one sentence that a store is damaged or cannot be used; mistakes go their way.

    SQLAlchemy's own words hold what was to be written: inputs, and signed transactions.
    """
    message, of_sqlite = str(cause), isinstance(cause, sqlite3.Error)
    other = of_sqlite and ("no such" in message or "has no column" in message)
    if other or _is_damage(cause, cache):
        state = "of another version" if other else "damaged"
        raise StoreDamaged(f"{path} is {state} ({message}): {advice}") from cause
    if isinstance(cause, sqlite3.OperationalError):
        what = "open" if "unable to open" in message else "use"
        raise EnvironmentMissing(
            f"cannot {what} {path} ({message}): make room or choose another directory with "
            "ZKESCROW_HOME, wait for other commands to end, then run the same command again"
        ) from cause


def _is_damage(cause: BaseException, cache: bool) -> bool:
    """Whether an error shows that what is in a file is not what was written into it.

    Names and texts that are no UTF-8 come as an OperationalError, or as Python's own.
    """
    if isinstance(cause, sqlite3.OperationalError):
        return "Could not decode" in str(cause)
    if isinstance(cause, sqlite3.Error):
        return cache or type(cause) is sqlite3.DatabaseError
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
