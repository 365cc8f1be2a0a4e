"""ServingRound: outputs, contests and answers as the events tell them."""

from dataclasses import replace
from typing import Any

import pytest

from prover.base.errors import IllegalEvent
from prover.protocol import events as e
from prover.protocol.serving.state import Record, State
from prover.protocol.world import World, apply, apply_transaction
from prover.statement.runs import list_hash
from tests.unit.protocol.plays import (
    CONSUMER,
    ETH,
    MODEL_ID,
    PAYEE,
    PROVIDER,
    ROUND,
    SALTED,
    SERVING,
    START,
    Kind,
    reach,
    registered,
    with_terms,
)


def record_of(world: World) -> Record:
    return world.serving.jobs[ROUND.id]


def test_a_round_keeps_what_was_posted() -> None:
    world, _ = reach(ROUND, State.CONTESTED)
    record = record_of(world)
    assert record.outputs == bytes(range(8))
    assert record.contested == (1, 3)
    assert record.list_hash == list_hash((1, 3))
    assert (record.provider, record.payee, record.answered) == (PROVIDER, PAYEE, frozenset())


def test_answers_add_up_and_the_last_one_settles() -> None:
    world, at = reach(ROUND, State.CONTESTED)
    about = ROUND.about(at + 1)
    second = e.ContestsAnswered(**about, positions=(1,))
    world = apply_transaction(world, [second])
    assert record_of(world).answered == {1}
    with pytest.raises(IllegalEvent, match="again"):
        apply(world, second)
    first = e.ContestsAnswered(**about, positions=(0,))
    with pytest.raises(IllegalEvent, match="RoundSettled"):
        apply_transaction(world, [first])
    settled = ROUND.transaction(e.RoundSettled, record_of(world), at + 1)
    assert settled[0] == first
    assert record_of(apply_transaction(world, settled)).payouts() == {PAYEE: 96}


@pytest.mark.parametrize("answered", [(), (0,)])
def test_a_round_is_not_settled_before_all_contests_are_answered(answered: tuple[int, ...]) -> None:
    world, at = reach(ROUND, State.CONTESTED)
    about = ROUND.about(at + 1)
    events: list[e.Event] = [e.RoundSettled(**about, payee=PAYEE, answered=len(answered))]
    if answered:
        events.insert(0, e.ContestsAnswered(**about, positions=answered))
    with pytest.raises(IllegalEvent, match="all of them"):
        apply_transaction(world, events)


@pytest.mark.parametrize(
    ("state", "end", "paid"),
    [
        (State.SERVED, e.RoundSettled, {PAYEE: 40 + 50, CONSUMER: 6}),
        (State.CONTESTED, e.RoundSettled, {PAYEE: 40 + 6 + 50}),
        (State.CONTESTED, e.RoundUnanswered, {CONSUMER: 40 + 6 + 50}),
        (State.JOINED, e.RoundUnserved, {CONSUMER: 40 + 6 + 50}),
        (State.OPEN, e.RoundExpired, {CONSUMER: 46}),
        (State.OPEN, e.RoundCancelled, {CONSUMER: 46}),
    ],
)
def test_the_money_of_each_end(state: State, end: Kind, paid: dict[str, int]) -> None:
    world, at = reach(ROUND, state)
    record = record_of(world)
    late = end not in (e.RoundCancelled,) and state is not State.CONTESTED
    at = record.state_deadline + 1 if late or end is e.RoundUnanswered else at
    ended = apply_transaction(world, ROUND.transaction(end, record, at))
    assert record_of(ended).payouts() == paid
    assert ended.escrows[SERVING].balance(ETH) == sum(paid.values())


@pytest.mark.parametrize(
    ("state", "kind", "changes"),
    [
        (State.OPEN, e.RoundJoined, {"deadline": START}),
        (State.OPEN, e.RoundJoined, {"payee": ETH}),
        (State.OPEN, e.RoundJoined, {"payee": SERVING}),
        (State.JOINED, e.OutputsCommitted, {"outputs": bytes(8)}),
        (State.JOINED, e.OutputsCommitted, {"outputs": bytes(7)}),
        (State.JOINED, e.OutputsCommitted, {"outputs": b""}),
        (State.JOINED, e.OutputsCommitted, {"root": bytes(32)}),
        (State.JOINED, e.OutputsCommitted, {"deadline": START}),
        (State.SERVED, e.OutputsContested, {"indices": ()}),
        (State.SERVED, e.OutputsContested, {"indices": (3, 1)}),
        (State.SERVED, e.OutputsContested, {"indices": (1, 1)}),
        (State.SERVED, e.OutputsContested, {"indices": (1, 4)}),
        (State.SERVED, e.OutputsContested, {"indices": (0, 1, 2)}),
        (State.SERVED, e.OutputsContested, {"deadline": START}),
        (State.SERVED, e.RoundSettled, {"answered": 1}),
        (State.SERVED, e.RoundSettled, {"payee": PROVIDER}),
        (State.CONTESTED, e.ContestsAnswered, {"positions": ()}),
        (State.CONTESTED, e.ContestsAnswered, {"positions": (2,)}),
        (State.CONTESTED, e.ContestsAnswered, {"positions": (1, 0)}),
        (State.CONTESTED, e.RoundUnanswered, {"stake": 49}),
        (State.CONTESTED, e.RoundUnanswered, {"payee": PROVIDER}),
        (State.JOINED, e.RoundUnserved, {"stake": 51}),
    ],
)
def test_an_event_with_a_wrong_field_is_refused(
    state: State, kind: Kind, changes: dict[str, Any]
) -> None:
    world, at = reach(ROUND, state)
    record = record_of(world)
    late = kind in (e.RoundUnanswered, e.RoundUnserved, e.RoundSettled)
    honest = ROUND.event(kind, record, record.state_deadline + 1 if late else at)
    apply(world, honest)
    with pytest.raises(IllegalEvent):
        apply(world, replace(honest, **changes))


def test_outputs_of_another_length_than_the_circuit_s_are_refused() -> None:
    """The root is right, but an item has half of a word where the circuit has one."""
    wide = with_terms(ROUND, word_bytes=4)
    world = apply_transaction(registered(), wide.posted())
    joined = wide.transaction(e.RoundJoined, wide.record(world), START + 1)
    world = apply_transaction(world, joined)
    short = replace(
        wide.event(e.OutputsCommitted, wide.record(world), START + 2),
        outputs=bytes(range(8)),
        root=record_of(reach(ROUND, State.SERVED)[0]).outputs_root,
    )
    with pytest.raises(IllegalEvent, match="bytes of outputs"):
        apply(world, short)


@pytest.mark.parametrize(
    "changes",
    [
        {"n": 0},
        {"n": 16_385},
        {"max_contests": 0},
        {"max_contests": 5},
        {"n": 2_000, "max_contests": 1_025},
        {"word_bytes": 0},
        {"word_bytes": 17},
        {"price": 0},
        {"stake": 0},
        {"serve_seconds": 0},
        {"contest_seconds": 0},
        {"answer_seconds": 180 * 86_400 + 1},
        {"open_until": START},
        {"model_id": b"\7" * 32},
    ],
)
def test_terms_that_no_contract_accepts_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(IllegalEvent):
        apply(registered(), with_terms(ROUND, **changes).posted()[0])


def test_outputs_that_fit_no_transaction_are_refused() -> None:
    terms = {"n": 6_144, "max_contests": 1_024, "word_bytes": 16}
    apply(registered(), with_terms(ROUND, **terms).posted()[0])
    with pytest.raises(IllegalEvent, match="98320 bytes of outputs"):
        apply(registered(), with_terms(ROUND, **(terms | {"n": 6_145})).posted()[0])


def test_an_inexact_circuit_is_refused() -> None:
    inexact = (*SALTED[:10], False, 1)
    world = registered(inexact)
    (model_id,) = world.registry.models
    with pytest.raises(IllegalEvent, match="inexact"):
        apply(world, with_terms(ROUND, model_id=model_id).posted()[0])
    assert model_id != MODEL_ID


def test_a_named_provider_alone_may_join() -> None:
    play = with_terms(ROUND, provider=PAYEE, stake=0)
    world = apply_transaction(registered(), play.posted())
    with pytest.raises(IllegalEvent, match="provider"):
        apply(world, play.event(e.RoundJoined, play.record(world), START + 1))
