"""Every move of every table at its last and first second, and every other move refused."""

from dataclasses import replace
from typing import Any

import pytest

from prover.base.errors import IllegalEvent
from prover.protocol.table import ByTime
from prover.protocol.world import apply, apply_transaction
from tests.unit.protocol.plays import PLAYS, START, Kind, Play, condemned, reach, registered

ENDLESS = START + 10_000


def _states(play: Play) -> list[Any]:
    return [state for state in play.module.State if state.value]


def _cases(legal: bool) -> list[Any]:
    """Play, state and kind, with a name that says them."""
    return [
        pytest.param(play, state, kind, id=f"{play.module.__name__}-{state.name}-{kind.__name__}")
        for play in PLAYS
        for state in _states(play)
        for kind in play.kinds()
        if (kind in play.legal(state)) == legal
    ]


TIMED = [case for case in _cases(True) if case.values[2] is not case.values[0].module.VOID.event]


def _is_default(play: Play, state: Any, kind: Kind) -> bool:
    default = play.module.TABLE[state].default
    moves = [move.event for move in play.module.TABLE[state].moves]
    return not isinstance(default, ByTime) and kind is default.event and kind not in moves


def _by_time(play: Play, state: Any) -> bool:
    rule = play.module.TABLE.get(state)
    return rule is not None and isinstance(rule.default, ByTime)


@pytest.mark.parametrize("play", PLAYS)
def test_every_state_is_reached(play: Play) -> None:
    for state in _states(play):
        reach(play, state)


@pytest.mark.parametrize(("play", "state", "kind"), _cases(False))
def test_a_move_outside_the_table_is_refused(play: Play, state: Any, kind: Kind) -> None:
    world, at = reach(play, state)
    for now in (at,) if _by_time(play, state) else (at, ENDLESS):
        with pytest.raises(IllegalEvent, match=r"expected (\[|nothing)|deadline"):
            apply(world, play.event(kind, play.record(world), now))


@pytest.mark.parametrize(("play", "state", "kind"), _cases(True))
def test_a_move_of_the_table_leads_where_it_says(play: Play, state: Any, kind: Kind) -> None:
    world, _ = reach(play, state)
    record = play.record(world)
    deadline = record.state_deadline
    at = deadline + 1 if _is_default(play, state, kind) else deadline
    if kind is play.module.VOID.event:
        world = condemned(world, deadline)
    after = apply_transaction(world, play.transaction(kind, record, at))
    assert play.record(after).state == play.legal(state)[kind]


@pytest.mark.parametrize(("play", "state", "kind"), TIMED)
def test_a_move_one_second_beyond_its_time_is_refused(play: Play, state: Any, kind: Kind) -> None:
    world, _ = reach(play, state)
    record = play.record(world)
    deadline = record.state_deadline
    at = deadline if _is_default(play, state, kind) else deadline + 1
    by_time = _by_time(play, state)
    with pytest.raises(IllegalEvent, match="expected" if by_time else "deadline"):
        apply_transaction(world, play.transaction(kind, record, at))


@pytest.mark.parametrize(
    ("play", "state"), [(play, state) for play in PLAYS for state in play.module.TABLE]
)
def test_a_condemnation_counts_up_to_the_deadline_only(play: Play, state: Any) -> None:
    world, _ = reach(play, state)
    record, void = play.record(world), play.module.VOID.event
    now = ENDLESS if _by_time(play, state) else START
    deadline = record.as_of(now).void_until
    assert deadline == record.state_deadline  # that to prove too, once it was missed
    in_time, late = condemned(world, deadline), condemned(world, deadline + 1)
    assert in_time.condemned_in_time(record, now) == deadline
    assert late.condemned_in_time(record, now) is world.condemned_in_time(record, now) is None
    after = apply_transaction(in_time, play.transaction(void, record, ENDLESS))
    assert play.record(after).state == play.module.State.VOIDED
    assert after.condemned_in_time(play.record(after), now) is None
    with pytest.raises(IllegalEvent, match="condemned at"):
        apply(late, play.event(void, record, ENDLESS))


@pytest.mark.parametrize("play", PLAYS)
def test_a_void_needs_a_condemnation(play: Play) -> None:
    world, at = reach(play, play.module.State.OPEN)
    with pytest.raises(IllegalEvent, match="condemned at 0"):
        apply(world, play.event(play.module.VOID.event, play.record(world), at))


@pytest.mark.parametrize("play", PLAYS)
def test_a_job_is_posted_once_under_its_own_id_by_its_contract(play: Play) -> None:
    world, _ = reach(play, play.module.State.OPEN)
    posted = play.posted()[0]
    with pytest.raises(IllegalEvent, match="exists"):
        apply(world, posted)
    for changes, words in (
        ({"job_id": b"\5" * 32}, "not that of its terms"),
        ({"contract": "0x" + "99" * 20}, "contract"),
    ):
        with pytest.raises(IllegalEvent, match=words):
            apply(world, replace(posted, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("play", PLAYS)
def test_a_stranger_does_not_pay_for_a_job(play: Play) -> None:
    world, _ = reach(play, play.module.State.OPEN)
    (joining,) = play.joins()
    events = play.transaction(joining, play.record(world), START + 1)
    apply_transaction(world, events)
    with pytest.raises(IllegalEvent, match="sender"):
        apply_transaction(world, [events[0], replace(events[1], sender=play.contract)])  # type: ignore[call-arg]


@pytest.mark.parametrize("play", PLAYS)
def test_a_condemned_circuit_takes_no_job_and_no_proof(play: Play) -> None:
    world, _ = reach(play, play.module.State.OPEN)
    (joining,) = play.joins()
    joined = play.event(joining, play.record(world), START + 1)
    for before, event in ((registered(), play.posted()[0]), (world, joined)):
        apply(before, event)
        with pytest.raises(IllegalEvent, match="condemned"):
            apply(condemned(before, START), event)
