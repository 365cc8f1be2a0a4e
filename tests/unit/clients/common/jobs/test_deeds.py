"""What is said of deeds that the chain has lost, and when a command stops for one."""

from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import UsageError
from prover.chain.events.finality import Block
from prover.chain.state.deeds import POST, Deed
from prover.clients.common.jobs import deeds
from prover.clients.common.jobs.deeds import require_there
from prover.clients.common.jobs.kinds import BOUNTY, PREDICTION, REQUEST, ROUND, Kind
from prover.protocol.jobs import Jobs
from tests.unit.clients.prediction.test_status import LOCKED

CONTRACT, CLIENT = "0x" + "aa" * 20, SimpleNamespace()
ONE, TWO = b"\x12\x34" + bytes(30), b"\x12\x35" + bytes(30)
OTHER = "; give the id of another job if you mean one"


def deed(kind: str, job_id: bytes = ONE, block: int = 7) -> Deed:
    return Deed("0x", CONTRACT, kind, job_id, Block(block, bytes(32)), ())


def refusal(monkeypatch: pytest.MonkeyPatch, lost: list[Deed], *there: Any) -> str:
    """What a command says that asks for the job 0x1234 while the chain has lost these deeds."""
    monkeypatch.setattr(deeds, "deeds_of", lambda _client: [*lost, deed(POST, TWO, 1)])
    monkeypatch.setattr(deeds, "gone", lambda _client, chosen: list(chosen))
    jobs: Any = Jobs(31337, CONTRACT, dict(zip([ONE], there, strict=False)))
    with pytest.raises(UsageError) as found:
        require_there(CLIENT, jobs, PREDICTION, "1234")  # type: ignore[arg-type]
    return str(found.value)


def test_a_posting_that_is_lost_is_to_be_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    told = refusal(monkeypatch, [deed(POST)])
    assert "took away your posting of block 7; give the command that posted it again" in told
    assert OTHER not in told


def test_of_a_job_that_is_not_there_another_may_be_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    told = refusal(monkeypatch, [deed("lock")])
    assert "nothing of yours is in it while that is so" in told
    assert told.endswith(OTHER)


def test_of_a_job_that_is_there_no_other_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    told = refusal(monkeypatch, [deed("lock")], LOCKED)
    assert told.endswith("; the job is locked now")


def test_the_first_that_was_lost_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    told = refusal(monkeypatch, [deed("deliver", block=9), deed("lock", block=8)])
    assert "your lock of block 8" in told


def test_what_is_lost_is_reported_of_its_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    there = SimpleNamespace(contract=CONTRACT, jobs={ONE: LOCKED}, set_aside={})
    none = SimpleNamespace(contract="0x" + "bb" * 20, jobs={}, set_aside={})
    world: Any = SimpleNamespace(prediction=there, serving=none, accuracy=none, retrieval=none)
    monkeypatch.setattr(deeds, "deeds_of", lambda _client: [deed("lock"), deed("deliver", TWO)])
    monkeypatch.setattr(deeds, "gone", lambda _client, chosen: list(chosen))
    monkeypatch.setattr(deeds, "unsettled", lambda *_: [])
    found = deeds.of_job(CLIENT, world, ONE)  # type: ignore[arg-type]
    assert [(row["protocol"], row["move"], row["lost"]) for row in found.rows] == [
        ("prediction", "lock", True)
    ]
    assert found.lines == [deeds.message(PREDICTION, there, deed("lock"))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "move", "command"),
    [
        (PREDICTION, POST, "prediction post"),
        (PREDICTION, "lock", "provider run --once"),
        (PREDICTION, "deliver", "provider run --once"),
        (ROUND, POST, "serving open"),
        (ROUND, "serve", "serving serve 0x1234000000"),
        (BOUNTY, POST, "accuracy post"),
        (BOUNTY, "reveal", "accuracy reveal-key 0x1234000000"),
        (BOUNTY, "submit", "accuracy prove 0x1234000000"),
        (REQUEST, POST, "retrieval post"),
        (REQUEST, "submit", "retrieval prove 0x1234000000"),
    ],
)
def test_what_does_a_lost_deed_again_is_said(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, move: str, command: str
) -> None:
    """A posting is given with its own words; any other command takes the job's id."""
    monkeypatch.setattr(deeds, "undone", lambda *_: True)
    there: Any = SimpleNamespace(jobs={})
    assert deeds._again(kind, there, deed(move)) == command
    monkeypatch.setattr(deeds, "undone", lambda *_: False)
    assert deeds._again(kind, there, deed(move)) is None


def test_what_is_not_lost_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deeds, "deeds_of", lambda _client: [deed(POST)])
    monkeypatch.setattr(deeds, "gone", lambda _client, _chosen: [])
    jobs: Any = Jobs(31337, CONTRACT, {})
    require_there(CLIENT, jobs, PREDICTION, "1234")  # type: ignore[arg-type]
