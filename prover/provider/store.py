"""The provider's jobs in SQLite: what it has promised, and what it has in hand to keep it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, select
from sqlalchemy.dialects.sqlite import insert

from prover.chain.journal import open_database
from prover.proving.artifacts import Proof


class Stage(StrEnum):
    """How far a job is. A job is written down as TAKEN before its stake is sent."""

    TAKEN = "taken"
    LOCKED = "locked"
    PROVEN = "proven"
    DELIVERED = "delivered"
    LOST = "lost"  # another provider locked it, or the consumer took it back
    LATE = "late"  # the deadline passed: the stake is the consumer's
    VOIDED = "voided"  # the circuit was condemned: the stake is back


ENDED = frozenset({Stage.DELIVERED, Stage.LOST, Stage.LATE, Stage.VOIDED})


@dataclass(frozen=True)
class Taken:
    """A job of this provider; `request` is its inputs file, `seconds` what the proof took."""

    scope: str
    account: str
    job_id: bytes
    payee: str
    request: bytes
    stage: Stage = Stage.TAKEN
    proof: Proof | None = None
    seconds: float = 0.0


_metadata = MetaData()
_jobs = Table(
    "jobs",
    _metadata,
    Column("scope", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("job_id", LargeBinary, primary_key=True),
    Column("payee", String, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("stage", String, nullable=False),
    Column("proof", String),
    Column("seconds", String, nullable=False),
)


class JobStore:
    """Jobs of all accounts and chains of this user, in one file."""

    def __init__(self, path: Path) -> None:
        self._engine = open_database(path, _metadata)

    def save(self, job: Taken) -> Taken:
        """Write a job as it is now; it is on the disk when this returns."""
        row = _row(job)
        statement = insert(_jobs).values(row)
        keys = ["scope", "account", "job_id"]
        statement = statement.on_conflict_do_update(index_elements=keys, set_=row)
        with self._engine.begin() as connection:
            connection.execute(statement)
        return job

    def advance(self, job: Taken, stage: Stage) -> Taken:
        """The job at another stage, written down."""
        return self.save(replace(job, stage=stage))

    def all(self, scope: str, account: str) -> Sequence[Taken]:
        """Every job of an account on a chain."""
        query = select(_jobs).where(_jobs.c.scope == scope, _jobs.c.account == account)
        with self._engine.connect() as connection:
            return [_job(dict(row)) for row in connection.execute(query).mappings()]

    def unfinished(self, scope: str, account: str) -> Sequence[Taken]:
        """The jobs that still need something done."""
        return [job for job in self.all(scope, account) if job.stage not in ENDED]


def _row(job: Taken) -> dict[str, object]:
    proof = None if job.proof is None else json.dumps(job.proof.to_dict())
    return {
        "scope": job.scope,
        "account": job.account,
        "job_id": job.job_id,
        "payee": job.payee,
        "request": job.request,
        "stage": job.stage.value,
        "proof": proof,
        "seconds": repr(job.seconds),
    }


def _job(row: dict[str, object]) -> Taken:
    proof = row["proof"]
    row["proof"] = None if proof is None else Proof.from_dict(json.loads(str(proof)))
    row["stage"] = Stage(str(row["stage"]))
    row["seconds"] = float(str(row["seconds"]))
    return Taken(**row)  # type: ignore[arg-type]
