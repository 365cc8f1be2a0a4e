"""What a user asked for, named by its content, with all that was drawn at random for it.

An intent is written down before anything of it is signed, and ends when the user was told its
result. Until then the same command finds it, and goes on with the same nonce, salts and times.
"""

from pathlib import Path

import rfc8785
from eth_utils.crypto import keccak
from sqlalchemy import Boolean, Column, MetaData, String, Table, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from prover.chain.journal import open_database

_metadata = MetaData()
_intents = Table(
    "intents",
    _metadata,
    Column("scope", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("drawn", String, nullable=False),  # JSON
    Column("handed", Boolean, nullable=False),  # to a wallet, which may sign it at any time
)


def name_of(asked: dict[str, object]) -> str:
    """The name of what was asked for: a hash of its canonical JSON."""
    return keccak(rfc8785.dumps(asked)).hex()  # type: ignore[arg-type]


class Intents:
    """The open intents of one account on one chain."""

    def __init__(self, path: Path, scope: str, account: str) -> None:
        self._engine = open_database(path, _metadata)
        self._scope, self._account = scope, account
        self._mine = (_intents.c.scope == scope) & (_intents.c.account == account)

    def find(self, name: str) -> tuple[str, bool] | None:
        """What was drawn for an open intent, and whether it was handed to a wallet."""
        query = select(_intents.c.drawn, _intents.c.handed)
        with self._engine.connect() as connection:
            row = connection.execute(query.where(self._mine, _intents.c.name == name)).first()
        return None if row is None else (str(row[0]), bool(row[1]))

    def keep(self, name: str, drawn: str) -> None:
        """Write an intent down, in place of one of the same name that came to nothing."""
        row = {"scope": self._scope, "account": self._account, "name": name}
        changed = {"drawn": drawn, "handed": False}
        statement = insert(_intents).values(row | changed)
        keys = ["scope", "account", "name"]
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
        with self._engine.begin() as connection:
            connection.execute(statement)

    def hand_over(self, name: str) -> None:
        """Note that a wallet has the transaction."""
        chosen = update(_intents).where(self._mine, _intents.c.name == name)
        with self._engine.begin() as connection:
            connection.execute(chosen.values(handed=True))

    def end(self, name: str) -> None:
        """The user knows the result: the same command is a new wish from now on."""
        with self._engine.begin() as connection:
            connection.execute(delete(_intents).where(self._mine, _intents.c.name == name))
