"""A job whose events make no sense is read again once, and then has its own message."""

from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import ChainError
from prover.chain.state import replay
from prover.chain.state.replay import load_held
from prover.chain.state.view import View

CONTRACT, JOB = "0x" + "aa" * 20, b"\7" * 32
RECORD = SimpleNamespace(state=1, payee="0x1", deadline=5)


class Node:
    """The world as it is read time after time, the last one from then on, and one view of a job."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, view: View | None, *reads: Any) -> None:
        self.worlds = [SimpleNamespace(protocols=[jobs]) for jobs in reads]
        self.anew = 0
        monkeypatch.setattr(replay, "source_of", lambda *_: "source")
        monkeypatch.setattr(replay, "_loaded", {"source": (None, None)})
        monkeypatch.setattr(replay, "load_world", self._load)
        monkeypatch.setattr(replay, "status_at", lambda *_: [view])
        monkeypatch.setattr(replay, "_read_anew", self._read_anew)

    def held(self) -> Any:
        return load_held(None, None, [(CONTRACT, JOB)])  # type: ignore[arg-type]

    def _load(self, *_: object) -> Any:
        return self.worlds.pop(0) if len(self.worlds) > 1 else self.worlds[0]

    def _read_anew(self, *_: object) -> None:
        self.anew += 1


def jobs(*, there: bool = False, aside: bool = False) -> Any:
    known = {JOB: RECORD} if there else {}
    odd = {JOB: "odd"} if aside else {}
    return SimpleNamespace(contract=CONTRACT, jobs=known, set_aside=odd)


POSTED, NONE = View(1, "0x1", 5), View(0, "0x0", 0)


def test_what_the_contract_says_too_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for view, found in ((POSTED, jobs(there=True)), (NONE, jobs()), (None, jobs())):
        node = Node(monkeypatch, view, found)
        assert node.held().protocols == [found]
        assert node.anew == 0


def test_events_that_were_left_out_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = jobs(there=True)
    node = Node(monkeypatch, POSTED, jobs(), whole)
    assert node.held().protocols == [whole]
    assert node.anew == 1


def test_a_node_that_goes_on_leaving_them_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(monkeypatch, POSTED, jobs())
    with pytest.raises(ChainError, match="are not what the contract says of it in the same block"):
        node.held()
    assert node.anew == 1


def test_a_job_that_is_set_aside_is_read_again_and_stays_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd = jobs(aside=True)
    node = Node(monkeypatch, POSTED, odd)
    assert node.held().protocols == [odd]
    assert node.anew == 1
