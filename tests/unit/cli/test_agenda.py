"""Jobs of all protocols in one list: who must act, until when, and what waits to be withdrawn."""

from typing import Any

import pytest

from prover.cli.agenda import _ACTORS, ANYONE, Entry, entries
from prover.cli.overview import credits_of, lines
from prover.protocol import accuracy, retrieval
from prover.protocol import events as e
from prover.protocol.table import ByTime
from prover.protocol.world import World, apply_transaction
from tests.unit.protocol.plays import (
    CIRCUIT_ID,
    CONSUMER,
    ETH,
    MODEL_ID,
    PAYEE,
    PLAYS,
    PROVIDER,
    START,
    Play,
    condemned,
    reach,
)

LATER = 10**6


def only(world: World, now: int) -> Entry:
    (found,) = entries(world, now)
    return found


def states_of(play: Play) -> list[Any]:
    return list(play.module.TABLE)


@pytest.mark.parametrize("play", PLAYS)
def test_every_state_that_has_not_ended_names_who_must_act(play: Play) -> None:
    parts = next(
        parts for parts in _ACTORS.values() if type(next(iter(parts))) is play.module.State
    )
    assert set(states_of(play)) == set(parts)


@pytest.mark.parametrize("play", PLAYS)
def test_a_job_shows_its_actor_in_time_and_anyone_after_its_deadline(play: Play) -> None:
    for state in states_of(play):
        world, _ = reach(play, state)
        record = play.record(world)
        due = record.state_deadline
        in_time, late = only(world, due), only(world, due + 1)
        assert in_time.who in (CONSUMER, PROVIDER, ANYONE)
        assert in_time.until == due
        rule = play.module.TABLE[state]
        if not isinstance(rule.default, ByTime):
            assert late.who == ANYONE


@pytest.mark.parametrize("play", PLAYS)
def test_everybody_with_a_part_is_among_the_people(play: Play) -> None:
    joined, _ = reach(play, states_of(play)[1])
    assert {CONSUMER, PROVIDER, PAYEE} <= only(joined, START + 1).people


@pytest.mark.parametrize("play", PLAYS)
def test_a_job_that_anybody_may_take_says_what_it_wants_until_it_is_taken(play: Play) -> None:
    """A request is its dataset's owner's."""
    subject = {accuracy: CIRCUIT_ID, retrieval: None}.get(play.module, MODEL_ID)
    for state in states_of(play):
        world, _ = reach(play, state)
        due = play.record(world).state_deadline
        open_ = state is play.module.State.OPEN
        assert only(world, due).wants == (subject if open_ else None)
        assert only(world, due + 1).wants is None
        assert only(condemned(world, due), due).wants is None


def test_the_list_marks_your_move_and_names_your_credit() -> None:
    play = PLAYS[0]
    world, _ = reach(play, states_of(play)[1])
    found = only(world, START + 1)
    told = lines([found], PROVIDER, {ETH: 10**18})
    assert "YOUR MOVE" in told[0]
    assert told[-1] == "credit of 1 ETH: `zkescrow withdraw` takes it out"
    assert "YOUR MOVE" not in lines([found], CONSUMER, {})[0]
    assert lines([], CONSUMER, {}) == [f"no job is under way in which {CONSUMER} has a part"]


def test_an_end_says_what_was_taken_out_and_what_was_not() -> None:
    play = PLAYS[0]
    world, _ = reach(play, play.module.State.OPEN)
    record = play.record(world)
    cancel = next(move for move in play.module.TABLE[record.state].moves if move.call == "cancel")
    world = apply_transaction(world, play.transaction(cancel.event, record, START + 1))
    due = credits_of(world, CONSUMER)[record.job.terms.currency]
    assert "(`zkescrow withdraw` takes it out)" in only(world, LATER).next
    taken = e.Withdrawn(
        contract=play.contract,
        at=START + 2,
        currency=record.job.terms.currency,
        account=CONSUMER,
        to=CONSUMER,
        amount=due,
    )
    world = apply_transaction(world, [taken])
    assert credits_of(world, CONSUMER) == {}
    assert "(taken out)" in only(world, LATER).next
    assert only(world, LATER).who is None
