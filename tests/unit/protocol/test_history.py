"""Lenient reduction: honest history gives the strict world; a bad event costs its own job only."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import IllegalEvent
from prover.protocol import events as e
from prover.protocol import world as worlds
from prover.protocol.history import History
from prover.protocol.mappings import InPlace, put, remove
from prover.protocol.prediction.state import Job, State
from prover.protocol.world import World
from tests.unit.protocol.scenes import (
    CONSUMER,
    ETH,
    PAYEE,
    PREDICTION,
    REGISTRY,
    SCENE,
    START,
    TERMS,
    Scene,
    registered,
)
from tests.unit.protocol.test_world import histories, replay

OTHER = Scene(Job(CONSUMER, 77, TERMS))


def lenient(transactions: list[list[e.Event]]) -> World:
    history = History(registered())
    for events in transactions:
        history.add(events)
    return history.finished()


@given(histories())
def test_an_honest_history_gives_the_strict_world(transactions: list[list[e.Event]]) -> None:
    assert lenient(transactions) == replay(transactions)


@given(histories(), st.data())
def test_a_lost_or_doubled_event_costs_its_own_job_only(
    transactions: list[list[e.Event]], data: st.DataObject
) -> None:
    honest = replay(transactions)
    at = data.draw(st.integers(0, len(transactions) - 1))
    index = data.draw(st.integers(0, len(transactions[at]) - 1))
    count = data.draw(st.sampled_from([0, 2]))
    events = transactions[at]
    bad: Any = events[index]
    transactions[at] = [*events[:index], *([bad] * count), *events[index + 1 :]]
    world = lenient(transactions)
    assert set(world.prediction.set_aside) == {bad.job_id}
    assert len(world.findings) == 1
    others = {key: one for key, one in honest.prediction.jobs.items() if key != bad.job_id}
    assert world.prediction.jobs == others


def test_a_job_set_aside_is_refused_by_name() -> None:
    world = lenient([SCENE.posted()[:1], OTHER.posted()])
    assert list(world.prediction.jobs) == [OTHER.id]
    world.prediction.require_sound(OTHER.id)
    with pytest.raises(IllegalEvent, match=r"set aside: .*0 held.*another node"):
        world.prediction.require_sound(SCENE.id)


def test_later_events_of_a_job_set_aside_are_skipped_but_its_money_counts() -> None:
    credit = e.Credited(
        contract=PREDICTION, at=START + 1, job_id=SCENE.id, currency=ETH, account=PAYEE, amount=3
    )
    withdrawn = e.Withdrawn(
        contract=PREDICTION, at=START + 2, currency=ETH, account=PAYEE, to=PAYEE, amount=3
    )
    posted = SCENE.posted()
    world = lenient([[*posted, posted[0]], SCENE.move(e.JobLocked, State.OPEN, START + 1)])
    assert len(world.findings) == 1
    assert sum(world.escrows[PREDICTION].deposits.values()) == TERMS.reward + TERMS.stake
    world = lenient([[*posted, posted[0]], [credit], [withdrawn]])
    assert len(world.findings) == 1


def test_a_log_that_cannot_be_read_sets_its_job_aside() -> None:
    unreadable = e.Unreadable(contract=PREDICTION, at=START, job_id=SCENE.id, why="odd\x1b bytes")
    world = lenient([SCENE.posted(), [unreadable], OTHER.posted()])
    assert list(world.prediction.jobs) == [OTHER.id]
    assert "odd\\x1b bytes" in str(world.findings[0])


def test_what_is_no_job_s_is_skipped_alone() -> None:
    unreadable = e.Unreadable(contract=REGISTRY, at=START, job_id=None, why="nothing of ours")
    circuit = e.CircuitCondemned(
        contract=REGISTRY, at=START, circuit_id=b"\x09" * 32, condemner=PREDICTION
    )
    world = lenient([[unreadable, circuit, *OTHER.posted()]])
    assert len(world.findings) == 2
    assert list(world.prediction.jobs) == [OTHER.id]
    assert world.prediction.set_aside == {}


def test_whatever_an_event_raises_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = worlds.prediction.apply

    def raising(state: Any, event: Any) -> Any:
        if event.job_id == SCENE.id:
            raise RuntimeError("a mistake of ours")
        return honest(state, event)

    monkeypatch.setattr(worlds.prediction, "apply", raising)
    world = lenient([SCENE.posted(), OTHER.posted()])
    assert list(world.prediction.jobs) == [OTHER.id]
    assert "RuntimeError: a mistake of ours" in world.prediction.set_aside[SCENE.id]


def test_a_job_of_another_contract_is_no_job() -> None:
    """A node may put any address on a log: nothing of it is taken in before that is compared."""
    foreign: Any = [replace(one, contract=REGISTRY) for one in SCENE.posted()]
    world = lenient([foreign, OTHER.posted()])
    assert list(world.prediction.jobs) == [OTHER.id]
    assert world.findings


def test_a_finished_world_does_not_change_with_the_history() -> None:
    history = History(registered())
    history.add(SCENE.posted())
    before = history.finished()
    copy = replace(before)
    history.add(OTHER.posted())
    assert before == copy
    assert len(before.prediction.jobs) == 1


def test_a_map_is_copied_unless_it_is_built_in_place() -> None:
    plain, built = {1: 2}, InPlace({1: 2})
    assert put(plain, 3, 4) == {1: 2, 3: 4}
    assert plain == {1: 2}
    assert put(built, 3, 4) is built
    assert remove(plain, 1) == {}
    assert plain == {1: 2}
    assert remove(built, 1) is built
    assert built == {3: 4}
