"""What a provider has promised is on the disk as it was written, whole, and apart from others'."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from prover.chain.events.finality import Block
from prover.clients.prediction.store import ENDED, JobStore, Stage, TrackedJob
from prover.systems.proof import Proof

JOB = TrackedJob(
    "1:aa", "0x1", b"\1" * 32, "0x2", b"inputs", Stage.PROVEN, Proof(b"\1", (1, 2)), 1.5,
    Block(7, b"\2" * 32), True,
)  # fmt: skip
BARE = TrackedJob("1:aa", "0x1", b"\2" * 32, "0x2", b"inputs")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "provider.sqlite"


def test_a_job_is_read_as_it_was_written(path: Path) -> None:
    for job in (JOB, BARE):
        JobStore(path).save(job)
    assert list(JobStore(path).all("1:aa", "0x1")) == [JOB, BARE]


def test_inputs_stand_where_earlier_versions_keep_them(path: Path) -> None:
    JobStore(path).save(JOB)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT request FROM jobs").fetchall() == [(b"inputs",)]


def test_a_job_is_there_once_and_as_it_was_written_last(path: Path) -> None:
    store = JobStore(path)
    store.save(BARE)
    block = Block(9, b"\3" * 32)
    moved = store.advance(BARE, Stage.DELIVERED, block, final=True)
    assert moved == replace(BARE, stage=Stage.DELIVERED, block=block, final=True)
    assert list(store.all("1:aa", "0x1")) == [moved]
    again = store.advance(moved, Stage.LOCKED, block)
    assert again.final is False
    assert list(store.all("1:aa", "0x1")) == [again]


def test_jobs_of_other_chains_and_accounts_are_others(path: Path) -> None:
    store = JobStore(path)
    for job in (JOB, replace(JOB, scope="1:bb"), replace(JOB, account="0x9")):
        store.save(job)
    assert list(store.all("1:aa", "0x1")) == [JOB]
    assert [job.account for job in store.all("1:aa", "0x9")] == ["0x9"]


@pytest.mark.parametrize("stage", list(Stage))
def test_a_job_has_ended_when_nothing_is_left_to_do(stage: Stage) -> None:
    assert replace(BARE, stage=stage).ended is (stage in ENDED)
    assert set(Stage) - {Stage.TAKEN, Stage.LOCKED, Stage.PROVEN} == ENDED


@pytest.mark.parametrize("content", ["{", "[]", '{"proof": "0x0g"}', b"\xff"])
def test_a_proof_that_is_none_is_discarded_and_told_once(
    path: Path, content: str | bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    store = JobStore(path)
    store.save(JOB)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE jobs SET proof = CAST(? AS TEXT)", (content,))
    database.close()
    for _ in range(2):
        assert list(store.all("1:aa", "0x1")) == [replace(JOB, proof=None, seconds=0.0)]
    told = f"the proof of job 0x{JOB.job_id.hex()} in {path} is damaged"
    assert capsys.readouterr().err.count(told) == 1


@pytest.mark.parametrize("name", ["scope", "account", "job_id", "payee", "inputs_file"])
def test_a_job_without_what_is_needed_to_serve_it_is_not_written(path: Path, name: str) -> None:
    store = JobStore(path)
    with pytest.raises(IntegrityError, match="NOT NULL"):
        store.save(replace(BARE, **{name: None}))  # type: ignore[arg-type]
    assert list(store.all("1:aa", "0x1")) == []


def test_a_slow_file_is_remembered_by_its_hash(path: Path) -> None:
    assert JobStore(path).slow(b"\1") == (0, 0)
    JobStore(path).save_slow(b"\1", 100, 10)
    JobStore(path).save_slow(b"\2", 300, 30)
    assert JobStore(path).slow(b"\1") == (100, 10)
    JobStore(path).save_slow(b"\1", 200, 20)
    assert JobStore(path).slow(b"\1") == (200, 20)
    assert JobStore(path).slow(b"\2") == (300, 30)


@pytest.mark.parametrize(("until", "wait"), [(None, 1), (1, None)])
def test_a_slow_file_without_its_times_is_not_written(
    path: Path, until: int | None, wait: int | None
) -> None:
    store = JobStore(path)
    with pytest.raises(IntegrityError, match="NOT NULL"):
        store.save_slow(b"\1", until, wait)  # type: ignore[arg-type]
    assert store.slow(b"\1") == (0, 0)
