"""Of two runs of the same work, one does nothing: proofs need the memory, and are made once."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import Busy
from prover.clients.accuracy import provider as accuracy
from prover.clients.common.job_files import JobFiles
from prover.clients.serving import provider as serving
from prover.clients.serving.answer import Answerer

JOB_ID, CONTRACT, ME = b"\x05" * 32, "0x" + "33" * 20, "0x" + "11" * 20
CLIENT = SimpleNamespace(scope="chain", chain_id=31337)
Done = list[str]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Done]:
    """A provider that would prove the contested items of a round, and what it did."""
    done = Done()
    monkeypatch.setattr(Answerer, "answer", lambda *_: done.append("proven"))
    for name in ("_items", "_require"):
        monkeypatch.setattr(serving.RoundProvider, name, lambda *_: ())
    tools: Any = SimpleNamespace(
        client=CLIENT,
        contract=SimpleNamespace(address=CONTRACT),
        sender=None,
        readiness=None,
        progress=None,
    )
    found: Any = SimpleNamespace(job_id=JOB_ID, record=None, artifacts=None)
    return serving.RoundProvider(tools, found, ME).answer, done


@pytest.fixture
def proving(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Done]:
    """A provider that would prove the items of a bounty, and what it did."""
    done = Done()
    sent = SimpleNamespace(proofs=0, seconds=0.0, transactions=0, gas=0)

    def submit(_parts: object) -> object:
        done.append("proven")
        return sent

    submitter = SimpleNamespace(submit=submit)
    judged = SimpleNamespace(reaches=True, message=str)
    for name, value in {
        "_require_proving": None,
        "opened": SimpleNamespace(malformed=None),
        "_judged": judged,
        "submitter": submitter,
    }.items():
        monkeypatch.setattr(accuracy.BountyProvider, name, lambda *_, value=value: value)
    monkeypatch.setattr(accuracy, "parts", lambda *_: ())
    monkeypatch.setattr(accuracy, "missing", lambda *_: ())
    tools: Any = SimpleNamespace(
        client=CLIENT,
        contract=SimpleNamespace(address=CONTRACT),
        check_model=print,
        progress=print,
    )
    record: Any = SimpleNamespace(model_id=b"")
    artifacts: Any = SimpleNamespace(
        facts=SimpleNamespace(layout=SimpleNamespace(items=1)),
    )
    return accuracy.BountyProvider(tools, JOB_ID, record, artifacts, ME).prove, done


@pytest.mark.parametrize("kind", ["answering", "proving"])
def test_a_job_is_proven_by_one_process_at_a_time(
    request: pytest.FixtureRequest, home: Path, kind: str
) -> None:
    work, done = request.getfixturevalue(kind)
    files = JobFiles.of(f"chain:{CONTRACT}", JOB_ID, ME)
    with files.alone(), pytest.raises(Busy, match="another run is at work"):
        work()
    assert done == []
    work()
    assert done == ["proven"]


def test_a_bounty_is_not_even_opened_beside_another_run(
    home: Path, proving: tuple[Any, Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All items are evaluated, and a malformed one is disputed, before anything is proven."""
    work, done = proving
    monkeypatch.setattr(accuracy.BountyProvider, "opened", lambda _self: done.append("opened"))
    with JobFiles.of(f"chain:{CONTRACT}", JOB_ID, ME).alone(), pytest.raises(Busy):
        work()
    assert done == []
