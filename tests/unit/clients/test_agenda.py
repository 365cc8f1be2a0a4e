"""Jobs of all protocols in one form: who must act, until when, and what waits to be withdrawn."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from prover.clients import agenda
from prover.clients.agenda import ANYONE, Entry, entries, reminders
from prover.clients.common.jobs.deeds import Report
from prover.clients.common.jobs.kinds import short
from prover.protocol import events as e
from prover.protocol.accuracy import state as accuracy
from prover.protocol.retrieval import state as retrieval
from prover.protocol.serving import state as serving
from prover.protocol.table import ByTime
from prover.protocol.world import World, apply_transaction
from tests.unit.protocol.plays import (
    CIRCUIT_ID,
    CONSUMER,
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
# In all other states the provider must act, or the dataset's owner.
CONSUMERS: dict[Any, Any] = {
    serving: serving.State.SERVED,
    accuracy: accuracy.State.ACCEPTED,
    retrieval: retrieval.State.CLOSING,
}


def only(world: World, now: int) -> Entry:
    (found,) = entries(world, now)
    return found


def states_of(play: Play) -> list[Any]:
    return list(play.module.TABLE)


@pytest.mark.parametrize("play", PLAYS)
def test_a_job_shows_its_actor_in_time_and_anyone_after_its_deadline(play: Play) -> None:
    for state in states_of(play):
        world, _ = reach(play, state)
        record = play.record(world)
        due = record.state_deadline
        in_time, late = only(world, due), only(world, due + 1)
        consumers = CONSUMERS.get(play.module) is state
        assert in_time.who in ((CONSUMER,) if consumers else (PROVIDER, ANYONE))
        assert in_time.until == due
        rule = play.module.TABLE[state]
        assert late.who == (CONSUMER if isinstance(rule.default, ByTime) else ANYONE)
        assert only(condemned(world, due), due).who == ANYONE


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


@dataclass(frozen=True)
class Done:
    """All that a reminder asks of a deed."""

    account: str


def reminded(monkeypatch: pytest.MonkeyPatch, world: World, now: int, **of: Any) -> Report:
    """What is told in a home from which some accounts acted, and which has one configured."""
    acted, configured, but = of.get("acted", ()), of.get("configured"), of.get("but", b"")
    monkeypatch.setattr(agenda, "deeds_of", lambda _client: [Done(one) for one in acted])
    monkeypatch.setattr(agenda, "configured_address", lambda _client, _number: configured)
    monkeypatch.setattr(agenda, "learn", lambda *_: None)
    return reminders(None, world, but, now)  # type: ignore[arg-type]


@pytest.mark.parametrize("play", PLAYS)
def test_each_window_of_an_account_of_this_home_is_a_reminder(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contest, reveal and dispute for the consumer, proofs for the provider; until it runs out."""
    for state in states_of(play)[1:]:
        world, _ = reach(play, state)
        due = play.record(world).state_deadline
        one = only(world, due)
        assert one.who in (CONSUMER, PROVIDER)
        other = PROVIDER if one.who == CONSUMER else CONSUMER
        found = reminded(monkeypatch, world, due, acted=[one.who, other])
        assert found == reminded(monkeypatch, world, due, configured=one.who)
        assert found.rows == [one.to_dict()]
        (line,) = found.lines
        assert line.startswith(f"reminder: {one.kind.name} {short(one.job_id)} is ")
        assert line.endswith(f"; YOUR MOVE; next: {one.next}")
        nothing = Report([], [])
        assert reminded(monkeypatch, world, due, acted=[other]) == nothing
        assert reminded(monkeypatch, world, due, acted=[one.who], but=one.job_id) == nothing
        assert reminded(monkeypatch, world, LATER, acted=[one.who]) == nothing


def test_nobody_is_reminded_of_what_a_stranger_may_post(monkeypatch: pytest.MonkeyPatch) -> None:
    """An open request is its dataset's owner's to take, or not: anybody may post thousands."""
    for play in PLAYS:
        world, _ = reach(play, play.module.State.OPEN)
        everybody = [CONSUMER, PROVIDER]
        assert not reminded(monkeypatch, world, START + 1, acted=everybody).rows


def test_reminders_are_few_and_the_most_urgent_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    world, _ = reach(PLAYS[0], states_of(PLAYS[0])[1])
    one = only(world, START + 1)
    many = [replace(one, job_id=bytes([at]) * 32, until=at) for at in (4, 2, 5, 1, 3)]
    monkeypatch.setattr(agenda, "entries", lambda _world, _now: iter(many))
    monkeypatch.setattr(agenda, "reworded", lambda _world, entry, _now: entry)
    found = reminded(monkeypatch, world, START + 1, acted=[PROVIDER])
    assert [row["until"] for row in found.rows] == [1, 2, 3]
    assert found.lines[-1] == "reminder: 2 more wait for you: `zkescrow status`"


def test_an_end_says_what_was_taken_out_and_what_was_not() -> None:
    play = PLAYS[0]
    world, _ = reach(play, play.module.State.OPEN)
    record = play.record(world)
    cancel = next(move for move in play.module.TABLE[record.state].moves if move.call == "cancel")
    world = apply_transaction(world, play.transaction(cancel.event, record, START + 1))
    due = world.credits_in(play.contract, record.job.terms.currency)[CONSUMER]
    assert "(withdraw it with `zkescrow withdraw`)" in only(world, LATER).next
    taken = e.Withdrawn(
        contract=play.contract,
        at=START + 2,
        currency=record.job.terms.currency,
        account=CONSUMER,
        to=CONSUMER,
        amount=due,
    )
    world = apply_transaction(world, [taken])
    assert not any(world.credits_in(play.contract, record.job.terms.currency).values())
    assert "(withdrawn)" in only(world, LATER).next
    assert only(world, LATER).who is None
