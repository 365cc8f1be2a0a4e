"""Random legal histories of the three protocols conserve money; any tampering is found."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.base.errors import IllegalEvent
from prover.protocol import events as e
from prover.protocol.table import Move
from prover.protocol.world import World, apply_transaction
from tests.unit.protocol.plays import (
    ACCURACY,
    ETH,
    PLAYS,
    RETRIEVAL,
    SERVING,
    START,
    TOKEN,
    Play,
    condemned,
    reach,
    registered,
    with_terms,
)

CONTRACTS = (SERVING, ACCURACY, RETRIEVAL)
History = list[Sequence[e.Event]]
amounts = st.integers(1, 2**100)
unhurried = settings(deadline=None)  # other work on the machine is no failure


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Transactions of up to five jobs of any protocol, interleaved, along the tables."""
    world, now, told = registered(), START, list[Sequence[e.Event]]()
    alive: list[Play] = []
    for _ in range(draw(st.integers(1, 15))):
        now += draw(st.integers(0, 30))
        play = draw(st.sampled_from([*alive, None])) if len(alive) < 5 else alive[0]
        if play is None:
            play = _fresh(draw, now, len(told))
            alive.append(play)
            events = play.posted(now)
        else:
            events = _step(draw, play, world, now)
        world = apply_transaction(world, events)
        told.append(events)
        alive = [one for one in alive if not one.record(world).ended]
    return told


def _fresh(draw: st.DrawFn, now: int, nonce: int) -> Play:
    play = draw(st.sampled_from(PLAYS))
    terms: dict[str, Any] = {
        "currency": draw(st.sampled_from([ETH, TOKEN])),
        "stake": draw(st.integers(15, 2**100)),
        "open_until": now + draw(st.integers(1, 60)),
    }
    prices = {"price", "proof_fee", "reward", "bond", "price_per_record"}
    terms |= {name: draw(amounts) for name in sorted(prices & vars(play.job.terms).keys())}
    play = with_terms(play, **terms)
    return replace(play, job=replace(play.job, nonce=nonce))


def _step(draw: st.DrawFn, play: Play, world: World, now: int) -> Sequence[e.Event]:
    """A move of the table that the time and the items proven up to now allow."""
    record = play.record(world).as_of(now)
    rule = play.module.TABLE[record.state]
    if isinstance(rule.default, Move) and now > record.state_deadline:
        return play.transaction(rule.default.event, record, now)
    kinds = [move.event for move in rule.moves if _possible(move.event, record)]
    return play.transaction(draw(st.sampled_from(kinds)), record, now) if kinds else ()


def _possible(kind: type[e.Event], record: Any) -> bool:
    if kind is e.ContestsAnswered:
        return 1 not in record.answered
    if kind in (e.RecordsProven, e.RecordMatched, e.ItemsProven):
        return not record.proven
    return kind is not e.RecordMalformed or 1 in record.matches


def replay(history: History) -> World:
    world = registered()
    for events in history:
        world = apply_transaction(world, events)
    return world


@unhurried
@given(histories())
def test_all_money_in_is_held_or_credited(history: History) -> None:
    world = replay(history)
    for contract in CONTRACTS:
        for currency in (ETH, TOKEN):
            deposited = sum(
                event.amount
                for events in history
                for event in events
                if isinstance(event, e.Deposited)
                and (event.contract, event.currency) == (contract, currency)
            )
            assert world.escrows[contract].balance(currency) == deposited
        held = sum(world.escrows[contract].deposits.values())
        assert held == sum(record.escrowed() for record in world.jobs_of(contract).values())


@unhurried
@given(histories(), st.integers(0, 10_000))
def test_waiting_and_settling_end_every_job(history: History, wait: int) -> None:
    """From every reachable state, with all the money credited."""
    world, now = replay(history), START + 1_000 + wait
    for play in _jobs(history):
        record = play.record(world).as_of(now)
        if record.ended:
            continue
        default = play.module.TABLE[record.state].default
        world = apply_transaction(world, play.transaction(default.event, record, now))
        assert play.record(world).ended
    assert all(not any(state.deposits.values()) for state in world.escrows.values())


@unhurried
@given(histories(), st.data())
def test_a_history_with_one_event_lost_or_doubled_is_refused(
    history: History, data: st.DataObject
) -> None:
    at, index = data.draw(st.sampled_from(_places(history)))
    events, copies = history[at], 2 * data.draw(st.booleans())
    changed = [*events[:index], *([events[index]] * copies), *events[index + 1 :]]
    with pytest.raises(IllegalEvent):
        replay([*history[:at], changed, *history[at + 1 :]])


@unhurried
@given(histories(), st.data(), st.sampled_from([-1, 1]))
def test_a_history_with_one_wei_more_or_less_is_refused(
    history: History, data: st.DataObject, change: int
) -> None:
    money = [
        (at, index)
        for at, index in _places(history)
        if isinstance(history[at][index], e.Deposited | e.Credited)
    ]
    at, index = data.draw(st.sampled_from(money))
    events = list(history[at])
    events[index] = replace(events[index], amount=events[index].amount + change)  # type: ignore[call-arg, attr-defined]
    with pytest.raises(IllegalEvent):
        replay([*history[:at], events, *history[at + 1 :]])


@unhurried
@given(histories(), st.data())
def test_the_events_of_a_history_belong_to_their_contracts(
    history: History, data: st.DataObject
) -> None:
    at, index = data.draw(st.sampled_from(_places(history)))
    events = list(history[at])
    elsewhere = data.draw(st.sampled_from([c for c in CONTRACTS if c != events[index].contract]))
    events[index] = replace(events[index], contract=elsewhere)
    with pytest.raises(IllegalEvent):
        replay([*history[:at], events, *history[at + 1 :]])


@pytest.mark.parametrize("play", PLAYS)
def test_every_state_is_left_with_its_deposits_once_condemned(play: Play) -> None:
    for state in play.module.TABLE:
        world, at = reach(play, state)
        void = play.transaction(play.module.VOID.event, play.record(world), at)
        world = apply_transaction(condemned(world, at), void)
        assert not any(world.escrows[play.contract].deposits.values())


def _places(history: History) -> list[tuple[int, int]]:
    """Every event of a transaction that moves money."""
    return [
        (at, index)
        for at, events in enumerate(history)
        for index in range(len(events))
        if any(isinstance(event, e.Deposited | e.Credited) for event in events)
    ]


def _jobs(history: History) -> list[Play]:
    """The plays of all jobs posted."""
    by_contract = {play.contract: play for play in PLAYS}
    postings = [events[0] for events in history if events]
    return [
        replace(by_contract[one.contract], job=_job(by_contract[one.contract], one))
        for one in postings
        if isinstance(one, e.RoundPosted | e.BountyPosted | e.RetrievalPosted)
    ]


def _job(play: Play, posting: Any) -> Any:
    return replace(play.job, nonce=posting.nonce, terms=posting.terms)
