"""Signed transactions, written down before they are sent, so that none is ever sent twice.

A row is one attempt: the raw transaction and its hash. Attempts on one nonce exclude each other on
the chain, which takes one transaction a nonce; of these only the newest is ever handed out again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    insert,
    select,
    update,
)

from prover.base.database import open_database
from prover.base.settings import get_settings


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
_ADDED = (_attempts.c.block, _attempts.c.block_hash, _attempts.c.taken)  # since version 0.1
_IF_DAMAGED = (
    "put it back from a copy, or move it away once no transaction of yours waits to be mined; "
    "without it nothing is known of what was signed here, so that a command that was interrupted "
    "may do the same once more"
)


def journal_of_home() -> Path:
    """Where this home's journal is, or will be."""
    return get_settings().home / "journal.sqlite"


class Journal:
    """The attempts of all accounts of this user, in one SQLite file."""

    def __init__(self, path: Path) -> None:
        self._engine = open_database(path, _metadata, _IF_DAMAGED, added=_ADDED)

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
        """The attempts that had no effect, as far as a node said, oldest first."""
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


def _attempt(row: dict[str, object]) -> Attempt:
    row.pop("id")
    row["fee"] = int(str(row["fee"]))
    row["fate"] = Fate(str(row["fate"]))
    row["taken"] = bool(row["taken"])
    return Attempt(**row)  # type: ignore[arg-type]
