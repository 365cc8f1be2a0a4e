"""What a reorganisation took away is sent again first; only what is then left is proven."""

from types import SimpleNamespace
from typing import Any

import pytest

from prover.clients.accuracy import provider as accuracy
from prover.clients.common.jobs import resending
from prover.clients.common.packing import ProofsSent
from prover.clients.serving import provider as serving

JOB_ID, DEPLOYMENT = b"\7" * 32, SimpleNamespace()
RECEIPTS = [{"gasUsed": 100}, {"gasUsed": 20}]
UNDER_WAY, ENDED = (SimpleNamespace(ended=ended, payee="0x1") for ended in (False, True))


class Desk:
    """A sender that may have lost proofs, and a job as the chain has it once they are back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, lost: int, after: Any) -> None:
        self.asked, self.proven = list[str](), list[Any]()
        self.client, self._lost = SimpleNamespace(), lost
        monkeypatch.setattr(resending, "find_on", lambda *_: (None, JOB_ID, after))
        part = SimpleNamespace(prove=self.prove, answer=self.answer)

        def of(_sender: object, _deployment: object, found: Any, *_: object, **__: object) -> Any:
            self.proven.append(found[1])
            return part

        monkeypatch.setattr(accuracy.BountyProvider, "of", of)
        monkeypatch.setattr(serving.RoundProvider, "of", of)

    def retry_lost(self, prefix: str) -> list[dict[str, int]]:
        self.asked.append(prefix)
        return RECEIPTS[: self._lost]

    def prove(self, *, force: bool) -> accuracy.Outcome:
        assert force
        return accuracy.Outcome(None, 3, 1.5, 1, 1000)

    def answer(self) -> ProofsSent:
        return ProofsSent(3, 1.5, 1, 1000)

    def run(self, protocol: str) -> tuple[int, float, int, int]:
        """Proofs, seconds, transactions and gas."""
        found: Any = (JOB_ID, UNDER_WAY)
        done: Any
        if protocol == "accuracy":
            done = accuracy.prove(self, DEPLOYMENT, found, None, force=True)  # type: ignore[arg-type]
        else:
            done = serving.answer(self, DEPLOYMENT, found)  # type: ignore[arg-type]
        return done.proofs, done.seconds, done.transactions, done.gas


PROTOCOLS = pytest.mark.parametrize(
    ("protocol", "move"), [("accuracy", "submit"), ("serving", "answer")]
)


@PROTOCOLS
def test_where_nothing_was_lost_all_is_proven(
    monkeypatch: pytest.MonkeyPatch, protocol: str, move: str
) -> None:
    desk = Desk(monkeypatch, 0, ENDED)
    assert desk.run(protocol) == (3, 1.5, 1, 1000)
    assert desk.asked == [f"{move}:{JOB_ID.hex()}:"]
    assert desk.proven == [UNDER_WAY]


@PROTOCOLS
def test_what_ended_the_job_when_it_was_sent_again_is_all(
    monkeypatch: pytest.MonkeyPatch, protocol: str, move: str
) -> None:
    desk = Desk(monkeypatch, 2, ENDED)
    assert desk.run(protocol) == (0, 0.0, 2, 120)
    assert desk.proven == []


@PROTOCOLS
def test_what_is_left_is_proven_on_the_job_as_it_is_then(
    monkeypatch: pytest.MonkeyPatch, protocol: str, move: str
) -> None:
    now = SimpleNamespace(ended=False, payee="0x1")
    desk = Desk(monkeypatch, 2, now)
    assert desk.run(protocol) == (3, 1.5, 3, 1120)
    assert desk.proven[0] is now
