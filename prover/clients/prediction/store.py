"""The provider's jobs in SQLite: what it has promised, and what it has in hand to keep it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Column, Integer, LargeBinary, MetaData, String, Table, cast, select
from sqlalchemy.dialects.sqlite import insert

from prover.base.database import open_database
from prover.base.errors import ArtifactMismatch
from prover.base.log import logger
from prover.chain.events.finality import Block
from prover.statement.documents.inputs_file import InputsFile, Item
from prover.systems.proof import Proof

LOG = logger(__name__)


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
class TrackedJob:
    """A job of this provider; `inputs_file` has its items, `seconds` what the proof took.

    `block` is where the stage was seen on the chain, None for one that is known here only; an end
    is believed when it is `final`. The proof is kept, as a reorganisation may ask for it again.
    """

    scope: str
    account: str
    job_id: bytes
    payee: str
    inputs_file: bytes
    stage: Stage = Stage.TAKEN
    proof: Proof | None = None
    seconds: float = 0.0
    block: Block | None = None
    final: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be done, as far as was seen."""
        return self.stage in ENDED

    @property
    def items(self) -> tuple[Item, ...]:
        """What is to be proven, read from the inputs file. Raises StatementInvalid."""
        return InputsFile.from_bytes(self.inputs_file).items


_metadata = MetaData()
_jobs = Table(
    "jobs",
    _metadata,
    Column("scope", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("job_id", LargeBinary, primary_key=True),
    Column("payee", String, nullable=False),
    Column("request", LargeBinary, key="inputs_file", nullable=False),  # its name in old stores
    Column("stage", String, nullable=False),
    Column("proof", String),
    Column("seconds", String, nullable=False),
    Column("block_number", Integer),
    Column("block_hash", LargeBinary),
    Column("final", Boolean),
)
_slow = Table(
    "slow",
    _metadata,
    Column("name", LargeBinary, primary_key=True),
    Column("until", Integer, nullable=False),
    Column("wait", Integer, nullable=False),
)
_proof = cast(_jobs.c.proof, LargeBinary).label("proof")  # a damaged one may be no text
_READ = (*(one.label(one.key) for one in _jobs.c if one.name != "proof"), _proof)
_ADDED = (_jobs.c.block_number, _jobs.c.block_hash, _jobs.c.final)  # since version 0.1
_IF_DAMAGED = (
    "put it back from a copy, or move it away; without it the jobs that you locked are found on "
    "the chain, and their inputs are fetched (with --inputs where they were handed over) and "
    "proven again"
)


class JobStore:
    """Jobs of all accounts and chains of this user, in one file.

    A damaged proof in it is discarded, and logged once: it is made again if it is needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine = open_database(path, _metadata, _IF_DAMAGED, added=_ADDED)

    def save(self, job: TrackedJob) -> TrackedJob:
        """Write a job as it is now; it is on the disk when this returns."""
        row = _row(job)
        statement = insert(_jobs).values(row)
        keys = ["scope", "account", "job_id"]
        statement = statement.on_conflict_do_update(index_elements=keys, set_=row)
        with self._engine.begin() as connection:
            connection.execute(statement)
        return job

    def advance(
        self, job: TrackedJob, stage: Stage, block: Block, *, final: bool = False
    ) -> TrackedJob:
        """The job at another stage, seen in a block, written down."""
        return self.save(replace(job, stage=stage, block=block, final=final))

    def all(self, scope: str, account: str) -> Sequence[TrackedJob]:
        """Every job of an account on a chain."""
        query = select(*_READ).where(_jobs.c.scope == scope, _jobs.c.account == account)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [self._job(dict(row)) for row in rows]

    def discard(self, job: TrackedJob, why: str) -> TrackedJob:
        """The job without its proof, written down; said in the log."""
        where = f"the proof of job 0x{job.job_id.hex()} in {self._path}"
        LOG.warning(f"{where} is damaged: it is discarded, and made again if needed", why=why)
        return self.save(replace(job, proof=None, seconds=0.0))

    def _job(self, row: dict[str, Any]) -> TrackedJob:
        content, found = row.pop("proof"), row.pop("block_hash")
        number = row.pop("block_number")
        row["stage"], row["seconds"] = Stage(row["stage"]), float(row["seconds"])
        row["block"] = None if number is None else Block(number, bytes(found))
        row["final"] = bool(row["final"])
        job = TrackedJob(**row)
        try:
            return job if content is None else replace(job, proof=Proof.from_bytes(content))
        except ArtifactMismatch as error:
            return self.discard(job, str(error))

    def slow(self, name: bytes) -> tuple[int, int]:
        """Until when a slow file is not asked for (Unix seconds), and how long that was; or 0s."""
        query = select(_slow.c.until, _slow.c.wait).where(_slow.c.name == name)
        with self._engine.connect() as connection:
            found = connection.execute(query).one_or_none()
        return (0, 0) if found is None else (int(found.until), int(found.wait))

    def save_slow(self, name: bytes, until: int, wait: int) -> None:
        """Write down that a file came slowly."""
        row = {"name": name, "until": until, "wait": wait}
        statement = insert(_slow).values(row)
        statement = statement.on_conflict_do_update(index_elements=["name"], set_=row)
        with self._engine.begin() as connection:
            connection.execute(statement)


def _row(job: TrackedJob) -> dict[str, object]:
    proof = None if job.proof is None else json.dumps(job.proof.to_dict())
    return {
        "scope": job.scope,
        "account": job.account,
        "job_id": job.job_id,
        "payee": job.payee,
        "inputs_file": job.inputs_file,
        "stage": job.stage.value,
        "proof": proof,
        "seconds": repr(job.seconds),
        "block_number": None if job.block is None else job.block.number,
        "block_hash": None if job.block is None else job.block.hash,
        "final": job.final,
    }
