"""Slow hosts of open jobs hold up no run for long, and are not asked again in each."""

from dataclasses import replace
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from prover.base.errors import StatementInvalid
from prover.clients.common.inputs.fetch import InputsUnavailable
from prover.clients.common.inputs.handover import keep
from prover.clients.prediction import examine, patience
from prover.clients.prediction.examine import Examiner, Unwanted
from prover.clients.prediction.patience import (
    FAILED_SECONDS,
    FIRST_WAIT_SECONDS,
    PASS_SECONDS,
    SLOW_SECONDS,
)
from prover.clients.prediction.policy import Policy
from prover.clients.prediction.store import JobStore
from prover.protocol.prediction.state import Record
from prover.statement.documents.inputs_file import data_hash
from tests.unit.clients.prediction.test_policy import record

DEADLINE = 20.0


class SlowHosts:
    """Open jobs of which the hosts take their time; the clock is this test's."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store, self.now, self.takes = JobStore(home / "provider.sqlite"), 10**9 + 0.0, DEADLINE
        self.asked: list[str | bytes] = []
        self.error: Exception = InputsUnavailable("too slow")
        clock = MagicMock(time=lambda: self.now, monotonic=lambda: self.now)
        monkeypatch.setattr(patience, "time", clock)
        monkeypatch.setattr(examine, "check_key", MagicMock())
        monkeypatch.setattr(Examiner, "_money_refusal", lambda *_: None)
        monkeypatch.setattr(Examiner, "inputs", self._inputs)

    def run(self, *jobs: Record) -> list[str]:
        """Why each job was not taken in one run."""
        examiner = Examiner(MagicMock(store=self.store), Policy())
        told = []
        for job in jobs:
            with pytest.raises(Unwanted) as error:
                examiner.examined(job, MagicMock(), MagicMock())
            told.append(str(error.value))
        return told

    def _inputs(self, job: Record, _artifacts: object) -> bytes:
        self.asked.append(job.uri)
        self.now += self.takes
        raise self.error


@pytest.fixture
def slow(home: Path, monkeypatch: pytest.MonkeyPatch) -> SlowHosts:
    return SlowHosts(home, monkeypatch)


def at(number: int) -> Record:
    return replace(record(), uri=f"https://example.org/{number}".encode())


def test_one_run_spends_a_bounded_time_on_slow_hosts(slow: SlowHosts) -> None:
    jobs = [at(number) for number in range(10)]
    told = slow.run(*jobs)
    most = int(PASS_SECONDS / DEADLINE)
    assert slow.asked == [job.uri for job in jobs[:most]]
    assert all("the next pass looks at it" in words for words in told[most:])
    slow.run(*jobs)
    assert slow.asked == [job.uri for job in jobs]  # each was asked once, and all had their turn


def test_a_slow_file_is_asked_for_again_later_and_later(slow: SlowHosts) -> None:
    for wait in (FIRST_WAIT_SECONDS, 2 * FIRST_WAIT_SECONDS, 4 * FIRST_WAIT_SECONDS):
        slow.asked.clear()
        slow.run(at(1))
        slow.now += wait - 1
        assert "came too slowly" in slow.run(at(1))[0]
        slow.now += 1
        assert len(slow.asked) == 1


def test_a_slow_file_that_is_not_the_job_s_counts_too(slow: SlowHosts) -> None:
    slow.error = StatementInvalid("another file")
    slow.run(at(1), at(1))
    assert len(slow.asked) == 1


def test_a_host_that_refuses_at_once_is_asked_in_each_run(slow: SlowHosts) -> None:
    slow.takes = FAILED_SECONDS - 0.1
    slow.run(*[at(1)] * 50)
    assert len(slow.asked) == 50


def test_a_failure_that_took_half_as_long_waits_for_half_as_long(slow: SlowHosts) -> None:
    slow.takes = SLOW_SECONDS / 2
    slow.run(at(1))
    slow.now += FIRST_WAIT_SECONDS / 2 - 1
    assert "came too slowly" in slow.run(at(1))[0]
    slow.now += 1
    slow.run(at(1))
    assert len(slow.asked) == 2


def test_hosts_that_fail_just_before_they_are_slow_are_bounded_too(slow: SlowHosts) -> None:
    """Else a thousand jobs of a stranger would hold up every run for an hour."""
    slow.takes = SLOW_SECONDS - 0.1
    jobs = [at(number) for number in range(60)]
    slow.run(*jobs)
    assert len(slow.asked) == -(-PASS_SECONDS // slow.takes)
    slow.run(*jobs)
    slow.run(*jobs)
    assert slow.asked == [job.uri for job in jobs]
    slow.now += FIRST_WAIT_SECONDS
    slow.run(jobs[0])
    assert len(slow.asked) == len(jobs) + 1


def test_a_file_that_is_handed_over_need_not_wait(slow: SlowHosts, tmp_path: Path) -> None:
    (tmp_path / "inputs").write_bytes(b"inputs")
    job = replace(at(1), data_hash=data_hash(b"inputs"))
    slow.run(job)
    keep([tmp_path / "inputs"])
    slow.run(job)
    assert len(slow.asked) == 2
