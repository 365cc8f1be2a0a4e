"""What a user asked for, named by its content, with all that was drawn at random for it.

An intent is written down before anything of it is signed, and ends when the user was told its
result. Until then the same command finds it, and goes on with the same nonce, salts and times;
after that only where a reorganisation took its transaction away.
"""

from dataclasses import dataclass
from pathlib import Path

import rfc8785
from eth_utils.crypto import keccak
from sqlalchemy import Boolean, Column, MetaData, String, Table, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from prover.base.database import open_database

_metadata = MetaData()
_intents = Table(
    "intents",
    _metadata,
    Column("scope", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("drawn", String, nullable=False),  # JSON
    Column("handed", Boolean, nullable=False),  # to a wallet, which may sign it at any time
    Column("told", Boolean),  # since version 0.1
)
_IF_DAMAGED = (
    "put it back from a copy, or move it away; without it nothing is known of a posting that was "
    "interrupted, so that the same command may post, and pay, another job"
)


@dataclass(frozen=True)
class Intent:
    """What was drawn, as text; whether a wallet has it, and whether the user knows its result."""

    drawn: str
    handed: bool
    told: bool


def name_of(asked: dict[str, object]) -> str:
    """The name of what was asked for: a hash of its canonical JSON."""
    return keccak(rfc8785.dumps(asked)).hex()  # type: ignore[arg-type]


class Intents:
    """The intents of one account on one chain."""

    def __init__(self, path: Path, scope: str, account: str) -> None:
        added = [_intents.c.told]  # since version 0.1
        self._engine = open_database(path, _metadata, _IF_DAMAGED, added=added)
        self._scope, self._account = scope, account
        self._mine = (_intents.c.scope == scope) & (_intents.c.account == account)

    def find(self, name: str) -> Intent | None:
        """The last intent of a name."""
        query = select(_intents.c.drawn, _intents.c.handed, _intents.c.told)
        with self._engine.connect() as connection:
            row = connection.execute(query.where(self._mine, _intents.c.name == name)).first()
        return None if row is None else Intent(str(row[0]), bool(row[1]), bool(row[2]))

    def keep(self, name: str, drawn: str) -> None:
        """Write an intent down, in place of one of the same name that ended or came to nothing."""
        row = {"scope": self._scope, "account": self._account, "name": name}
        changed = {"drawn": drawn, "handed": False, "told": False}
        statement = insert(_intents).values(row | changed)
        keys = ["scope", "account", "name"]
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
        with self._engine.begin() as connection:
            connection.execute(statement)

    def hand_over(self, name: str) -> None:
        """Note that a wallet has the transaction."""
        self._note(name, "handed")

    def end(self, name: str) -> None:
        """The user knows the result: the same command is a new wish from now on."""
        self._note(name, "told")

    def forget(self, name: str) -> None:
        """Nothing of it was signed, nor ever will be."""
        chosen = delete(_intents).where(self._mine, _intents.c.name == name)
        with self._engine.begin() as connection:
            connection.execute(chosen)

    def _note(self, name: str, what: str) -> None:
        chosen = update(_intents).where(self._mine, _intents.c.name == name)
        with self._engine.begin() as connection:
            connection.execute(chosen.values({what: True}))
