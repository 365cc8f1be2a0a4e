"""What makes no sense is read again before it counts: told wrongly once, or damaged since."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prover.chain.events.store import FILE
from prover.chain.events.sync import TAIL_BLOCKS
from prover.chain.state import replay
from prover.chain.state.replay import load_world
from prover.protocol.prediction.state import State
from tests.unit.chain.fakenode import FIRST, FakeNode, chain, deployment

HERE, FAR = deployment(), 40
POSTED, LOCKED = FIRST + 1, FIRST + 2
Lie = Callable[[dict[str, Any]], dict[str, Any] | None]


class Liar(FakeNode):
    """Tells what `lie` makes of a log, or nothing of it."""

    def __init__(self) -> None:
        super().__init__(chain(FAR))
        assert max(self.blocks) > LOCKED + TAIL_BLOCKS
        self.lie: Lie = lambda log: log

    def eth_getLogs(self, query: Any) -> Any:
        told = map(self.lie, super().eth_getLogs(query))
        return [log for log in told if log is not None]


def is_posting(log: dict[str, Any]) -> bool:
    return int(log["blockNumber"], 16) == POSTED and log["logIndex"] == "0x0"


def changed(log: dict[str, Any]) -> dict[str, Any]:
    """The posting's terms with one digit changed, so that they are another job's."""
    if not is_posting(log):
        return log
    data = log["data"]
    return log | {"data": data[:300] + ("0" if data[300] != "0" else "1") + data[301:]}


def hidden(log: dict[str, Any]) -> dict[str, Any] | None:
    return None if is_posting(log) else log


def read(node: FakeNode, last: int | None = None) -> Any:
    replay._loaded.clear()  # as another process
    return load_world(node.client, HERE, last)


def asked_for(node: FakeNode, work: Callable[[], Any]) -> int:
    before = node.asked["eth_getLogs"]
    work()
    return node.asked["eth_getLogs"] - before


@pytest.fixture(autouse=True)
def now(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The time, to be set."""
    clock = [1_000_000_000]
    monkeypatch.setattr(replay.time, "time", lambda: clock[0])
    return clock


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("lie", [changed, hidden])
def test_a_lie_that_was_told_once_does_not_stay(lie: Lie, whole: bool, now: list[int]) -> None:
    """Neither for a provider, which reads up to a block, nor for a status."""
    node = Liar()
    last = None if whole else max(node.blocks)
    node.lie = lie
    assert len(read(node, last).prediction.set_aside) == 1
    node.lie = lambda log: log
    now[0] += replay.AGAIN_SECONDS
    world = read(node, last)
    assert not world.prediction.set_aside
    assert [one.state for one in world.prediction.jobs.values()] == [State.PAID] * FAR
    assert world.findings == ()


def test_what_a_node_told_once_at_the_first_time_is_asked_again_at_once() -> None:
    node, told = Liar(), []

    def once(log: dict[str, Any]) -> dict[str, Any]:
        lied = changed(log)
        told.append(lied != log)
        return lied if sum(told) <= 1 else log

    node.lie = once
    assert not read(node).prediction.set_aside


def test_a_damaged_row_is_read_again() -> None:
    node = Liar()
    read(node)
    with sqlite3.connect(Path(replay.get_settings().home) / FILE) as store:
        damage = "UPDATE logs SET data = zeroblob(9) WHERE block = ? AND [index] = 0"
        store.execute(damage, [POSTED])
    assert not read(node).prediction.set_aside


def test_what_stays_nonsense_is_read_again_more_and_more_rarely(now: list[int]) -> None:
    node = Liar()
    node.lie = changed
    assert asked_for(node, lambda: read(node)) == 2
    wait = replay.AGAIN_SECONDS
    while wait <= replay.MAX_AGAIN_SECONDS:
        now[0] += wait - 1
        assert asked_for(node, lambda: read(node)) == 1
        now[0] += 1
        assert asked_for(node, lambda: read(node)) == 2
        wait *= 2


def test_new_nonsense_does_not_have_all_read_at_each_command(now: list[int]) -> None:
    node = Liar()
    node.lie = changed
    read(node)
    node.lie = hidden
    now[0] += replay.MIN_AGAIN_SECONDS - 1
    stored = sqlite3.connect(Path(replay.get_settings().home) / FILE)
    with stored:
        stored.execute("DELETE FROM logs WHERE block = ? AND [index] = 0", [POSTED])
    assert asked_for(node, lambda: read(node)) == 1
    now[0] += 1
    assert asked_for(node, lambda: read(node)) == 2
