"""Signed transactions, written down before they are sent, so that none is ever sent twice.

A row is one attempt: the raw transaction and its hash. Attempts on one nonce exclude each other on
the chain, which takes one transaction a nonce; of these only the newest is ever handed out again.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sqlalchemy import (
    URL,
    Boolean,
    Column,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    event,
    insert,
    select,
    text,
    update,
)
from sqlalchemy import inspect as inspector
from sqlalchemy.exc import DBAPIError

from prover.base.errors import EnvironmentMissing, StoreDamaged
from prover.base.files import keep_private, locked, make_folder

BUSY_MILLISECONDS = 10_000  # that another process of this user may write


class Fate(StrEnum):
    """What is known of an attempt."""

    PENDING = "pending"
    MINED = "mined"
    REVERTED = "reverted"
    REPLACED = "replaced"  # another transaction took its nonce: it can never be mined
    GIVEN_UP = "given up"  # the node has none of it; until its nonce is used another node may


@dataclass(frozen=True)
class Attempt:
    """A signed transaction for an action; `scope` is the chain, `fee` the maximum in wei a gas.

    `block` and `block_hash` are where it was last seen mined. `taken`: a node said that it has it.
    """

    scope: str
    sender: str
    action: str
    nonce: int
    hash: bytes
    raw: bytes
    gas: int
    fee: int
    fate: Fate = Fate.PENDING
    block: int | None = None
    block_hash: bytes | None = None
    taken: bool = field(default=False, compare=False)


_metadata = MetaData()
_attempts = Table(
    "attempts",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("scope", String, nullable=False, index=True),
    Column("sender", String, nullable=False),
    Column("action", String, nullable=False, index=True),
    Column("nonce", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("gas", Integer, nullable=False),
    Column("fee", String, nullable=False),  # wei can exceed 64 bits
    Column("fate", String, nullable=False),
    Column("block", Integer),
    Column("block_hash", LargeBinary),
    Column("taken", Boolean),
    UniqueConstraint("scope", "hash"),  # a local chain made anew takes the same transaction again
)
_ADDED = ("block", "block_hash", "taken")  # since version 0.1
_IF_DAMAGED = (
    "put it back from a copy, or move it away once no transaction of yours waits to be mined; "
    "without it nothing is known of what was signed here, so that a command that was interrupted "
    "may do the same once more"
)


class Journal:
    """The attempts of all accounts of this user, in one SQLite file."""

    def __init__(self, path: Path) -> None:
        self._engine = open_database(path, _metadata, _IF_DAMAGED)
        add_columns(self._engine, path, _attempts, _ADDED)

    def record(self, attempt: Attempt) -> None:
        """Write an attempt down; it is on the disk when this returns.

        The same transaction may be signed again where the first had no effect: it is the newest.
        """
        row = {**attempt.__dict__, "fee": str(attempt.fee), "fate": attempt.fate.value}
        with self._engine.begin() as connection:
            connection.execute(insert(_attempts).prefix_with("OR REPLACE").values(row))

    def attempts(self, scope: str, sender: str, action: str) -> Sequence[Attempt]:
        """The attempts that may still be mined or were, oldest first."""
        return self._of(scope, sender, action, Fate.PENDING, Fate.MINED)

    def excluded(self, scope: str, sender: str, action: str) -> Sequence[Attempt]:
        """The attempts that had no effect, as far as a node told, oldest first."""
        return self._of(scope, sender, action, Fate.REPLACED, Fate.REVERTED, Fate.GIVEN_UP)

    def signed(self, scope: str, sender: str, action: str) -> Sequence[Attempt]:
        """Every attempt, whatever became of it, oldest first."""
        return self._of(scope, sender, action, *Fate)

    def names(self, scope: str, action: str) -> bool:
        """Whether any account signed a transaction of an action, whatever became of it."""
        query = select(_attempts.c.id).where(
            _attempts.c.scope == scope, _attempts.c.action == action
        )
        with self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    def _of(self, scope: str, sender: str, action: str, *fates: Fate) -> Sequence[Attempt]:
        query = (
            select(_attempts)
            .where(_attempts.c.scope == scope, _attempts.c.sender == sender)
            .where(_attempts.c.action == action, _attempts.c.fate.in_(fates))
            .order_by(_attempts.c.id)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [_attempt(dict(row)) for row in rows]

    def mined(self, scope: str, since: int = 0) -> Sequence[Attempt]:
        """What was seen mined from block `since` on and had its effect, newest block first."""
        query = (
            select(_attempts)
            .where(_attempts.c.scope == scope, _attempts.c.fate == Fate.MINED.value)
            .where(_attempts.c.block >= since)
            .order_by(_attempts.c.block.desc(), _attempts.c.id.desc())
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [_attempt(dict(row)) for row in rows]

    def unmined(self, scope: str) -> Sequence[Attempt]:
        """What was signed and may yet be mined, as its end was not seen, oldest first."""
        fates = (Fate.PENDING, Fate.GIVEN_UP)
        query = (
            select(_attempts)
            .where(_attempts.c.scope == scope, _attempts.c.fate.in_(fates))
            .order_by(_attempts.c.id)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [_attempt(dict(row)) for row in rows]

    def mined_before(self, scope: str, block: int) -> Sequence[tuple[str, str]]:
        """Sender and action of what was seen mined before a block and had its effect."""
        query = (
            select(_attempts.c.sender, _attempts.c.action)
            .where(_attempts.c.scope == scope, _attempts.c.fate == Fate.MINED.value)
            .where(_attempts.c.block < block)
            .distinct()
        )
        with self._engine.connect() as connection:
            return [(str(sender), str(action)) for sender, action in connection.execute(query)]

    def actions(
        self, scope: str, sender: str, prefix: str, fate: Fate = Fate.MINED
    ) -> Sequence[str]:
        """The actions that begin so and have an attempt of this fate, in the order of nonces."""
        query = (
            select(_attempts.c.action)
            .where(_attempts.c.scope == scope, _attempts.c.sender == sender)
            .where(_attempts.c.action.startswith(prefix, autoescape=True))
            .where(_attempts.c.fate == fate.value)
            .order_by(_attempts.c.nonce)
        )
        with self._engine.connect() as connection:
            return list(dict.fromkeys(connection.execute(query).scalars()))

    def open_actions(self, scope: str, sender: str, prefix: str) -> Sequence[str]:
        """The actions that begin so and were mined, or may be."""
        fates = (Fate.MINED, Fate.PENDING)
        found = [name for fate in fates for name in self.actions(scope, sender, prefix, fate)]
        return list(dict.fromkeys(found))

    def newest(self, scope: str, sender: str, nonce: int) -> Sequence[Attempt]:
        """The newest attempt of each nonce from `nonce` on, by nonce; none that is excluded.

        One that was mined is among them: below the account's nonce on the chain it does not
        matter, and above, a reorganisation took its block away.
        """
        found = self._since(scope, sender, nonce, Fate.PENDING, Fate.MINED, Fate.REVERTED)
        return list({attempt.nonce: attempt for attempt in found}.values())

    def given_up(self, scope: str, sender: str, nonce: int) -> Sequence[Attempt]:
        """What was given up from a nonce on, by nonce, the newest of each last."""
        return self._since(scope, sender, nonce, Fate.GIVEN_UP)

    def _since(self, scope: str, sender: str, nonce: int, *fates: Fate) -> Sequence[Attempt]:
        query = (
            select(_attempts)
            .where(_attempts.c.scope == scope, _attempts.c.sender == sender)
            .where(_attempts.c.nonce >= nonce, _attempts.c.fate.in_(fates))
            .order_by(_attempts.c.nonce, _attempts.c.id)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [_attempt(dict(row)) for row in rows]

    def set_fate(self, attempts: Sequence[Attempt], fate: Fate) -> None:
        """Note what became of attempts."""
        scopes = {attempt.scope for attempt in attempts}
        hashes = [attempt.hash for attempt in attempts]
        chosen = update(_attempts).where(_attempts.c.scope.in_(scopes))
        with self._engine.begin() as connection:
            connection.execute(chosen.where(_attempts.c.hash.in_(hashes)).values(fate=fate.value))

    def set_taken(self, attempt: Attempt) -> None:
        """Note that a node has an attempt."""
        chosen = update(_attempts).where(_attempts.c.scope == attempt.scope)
        with self._engine.begin() as connection:
            connection.execute(chosen.where(_attempts.c.hash == attempt.hash).values(taken=True))

    def set_block(self, scope: str, hash_: bytes, number: int, block_hash: bytes) -> None:
        """Note in which block a transaction was seen mined."""
        chosen = update(_attempts).where(_attempts.c.scope == scope, _attempts.c.hash == hash_)
        with self._engine.begin() as connection:
            connection.execute(chosen.values(block=number, block_hash=block_hash))


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


def _attempt(row: dict[str, object]) -> Attempt:
    row.pop("id")
    row["fee"] = int(str(row["fee"]))
    row["fate"] = Fate(str(row["fate"]))
    row["taken"] = bool(row["taken"])
    return Attempt(**row)  # type: ignore[arg-type]
