"""RetrievalBounty: datasets, matches and completeness as the events tell them."""

from dataclasses import replace
from typing import Any

import pytest

from prover.base.errors import IllegalEvent
from prover.protocol import events as e
from prover.protocol.retrieval.state import Predicate, PredicateKind, Record, State
from prover.protocol.world import World, apply, apply_transaction
from tests.unit.protocol.plays import (
    CONSUMER,
    DATASET,
    ETH,
    KEY,
    LAYOUT,
    PAYEE,
    PROVIDER,
    REQUEST,
    RETRIEVAL,
    SALTED,
    START,
    Kind,
    committed,
    reach,
    registered,
    with_terms,
)


def record_of(world: World) -> Record:
    return world.retrieval.jobs[REQUEST.id]


def proving(*indices: int, match: int | None = None) -> tuple[World, int]:
    """A request of which some records are proven, one of them as a match."""
    world, at = reach(REQUEST, State.PROVING)
    about = REQUEST.about(at)
    events: list[e.Event] = []
    if match is not None:
        events.append(e.RecordMatched(**about, index=match, key=KEY))
    if indices:
        events.append(e.RecordsProven(**about, indices=indices))
    return apply_transaction(world, events), at


def test_a_request_keeps_what_was_proven() -> None:
    record = record_of(proving(0, 2, match=2)[0])
    assert (record.proven, record.matches, record.complete) == ({0, 2}, {2: KEY}, False)


def test_a_key_comes_with_its_proof() -> None:
    world, at = reach(REQUEST, State.PROVING)
    match = e.RecordMatched(**REQUEST.about(at), index=1, key=KEY)
    with pytest.raises(IllegalEvent, match="RecordsProven"):
        apply_transaction(world, [match])
    other = e.RecordsProven(**REQUEST.about(at), indices=(0,))
    with pytest.raises(IllegalEvent, match=r"matches \[1\]"):
        apply_transaction(world, [match, other])


def test_the_last_proof_completes() -> None:
    world, at = proving(0, 1)
    last = e.RecordsProven(**REQUEST.about(at), indices=(2,))
    with pytest.raises(IllegalEvent, match="RetrievalCompleted"):
        apply_transaction(world, [last])
    early = e.RetrievalCompleted(**REQUEST.about(at), deadline=at + 40)
    with pytest.raises(IllegalEvent, match="2 of 3"):
        apply(world, early)
    assert record_of(apply_transaction(world, [last, early])).state is State.CLOSING


def test_a_missed_deadline_closes_by_the_time_alone() -> None:
    world, _ = proving(0, match=0)
    stored = record_of(world)
    deadline = stored.state_deadline
    assert stored.as_of(deadline).state is State.PROVING
    late = stored.as_of(deadline + 1)
    assert (late.state, late.state_deadline) == (State.CLOSING, deadline + 40)
    dispute = REQUEST.event(e.RecordMalformed, stored, deadline + 1)
    with pytest.raises(IllegalEvent, match="a match"):
        apply(world, dispute)
    apply(world, replace(dispute, index=0))  # type: ignore[call-arg]
    with pytest.raises(IllegalEvent, match="state PROVING"):
        apply(world, replace(dispute, index=0, at=deadline))  # type: ignore[call-arg]
    with pytest.raises(IllegalEvent, match="deadline"):
        apply(world, replace(dispute, index=0, at=deadline + 41))  # type: ignore[call-arg]
    with pytest.raises(IllegalEvent, match="state CLOSING"):
        apply(world, e.RecordsProven(**REQUEST.about(deadline + 1), indices=(1,)))


@pytest.mark.parametrize(
    ("indices", "paid"),
    [
        ((), {CONSUMER: 80}),
        ((0,), {PAYEE: 10, CONSUMER: 70}),
        ((0, 2), {PAYEE: 20, CONSUMER: 60}),
    ],
)
def test_an_incomplete_request_pays_for_what_was_proven(
    indices: tuple[int, ...], paid: dict[str, int]
) -> None:
    world, _ = proving(*indices)
    record = record_of(world)
    at = record.state_deadline + 40 + 1
    early = REQUEST.event(e.RetrievalSettled, record, at - 1)
    with pytest.raises(IllegalEvent, match="deadline"):
        apply(world, early)
    ended = apply_transaction(world, REQUEST.transaction(e.RetrievalSettled, record, at))
    assert record_of(ended).payouts() == paid
    assert ended.escrows[RETRIEVAL].balance(ETH) == 80


@pytest.mark.parametrize(
    ("state", "end", "paid"),
    [
        (State.CLOSING, e.RetrievalSettled, {PAYEE: 80}),
        (State.CLOSING, e.RecordMalformed, {CONSUMER: 80}),
        (State.OPEN, e.RetrievalExpired, {CONSUMER: 30}),
        (State.OPEN, e.RetrievalCancelled, {CONSUMER: 30}),
    ],
)
def test_the_money_of_each_end(state: State, end: Kind, paid: dict[str, int]) -> None:
    world, at = reach(REQUEST, state)
    record = record_of(world)
    at = record.state_deadline + 1 if end in (e.RetrievalSettled, e.RetrievalExpired) else at
    ended = apply_transaction(world, REQUEST.transaction(end, record, at))
    assert record_of(ended).payouts() == paid


@pytest.mark.parametrize(
    ("state", "kind", "changes"),
    [
        (State.OPEN, e.RetrievalAccepted, {"deadline": START}),
        (State.OPEN, e.RetrievalAccepted, {"owner": PAYEE}),
        (State.OPEN, e.RetrievalAccepted, {"payee": ETH}),
        (State.PROVING, e.RecordMatched, {"index": 3}),
        (State.PROVING, e.RecordsProven, {"indices": ()}),
        (State.PROVING, e.RecordsProven, {"indices": (1, 0)}),
        (State.PROVING, e.RecordsProven, {"indices": (3,)}),
        (State.CLOSING, e.RetrievalSettled, {"proven": 2}),
        (State.CLOSING, e.RetrievalSettled, {"complete": False}),
        (State.CLOSING, e.RetrievalSettled, {"payee": PROVIDER}),
        (State.CLOSING, e.RecordMalformed, {"index": 0}),
        (State.CLOSING, e.RecordMalformed, {"payee": PROVIDER}),
    ],
)
def test_an_event_with_a_wrong_field_is_refused(
    state: State, kind: Kind, changes: dict[str, Any]
) -> None:
    world, at = reach(REQUEST, state)
    record = record_of(world)
    late = kind is e.RetrievalSettled
    honest = REQUEST.event(kind, record, record.state_deadline + 1 if late else at)
    apply(world, honest)
    with pytest.raises(IllegalEvent):
        apply(world, replace(honest, **changes))


def test_a_record_counts_once() -> None:
    world, at = proving(0, 1, match=1)
    about = REQUEST.about(at)
    for again in (
        e.RecordsProven(**about, indices=(1, 2)),
        e.RecordMatched(**about, index=1, key=KEY),
        e.RecordMatched(**about, index=0, key=KEY),
    ):
        with pytest.raises(IllegalEvent, match="again"):
            apply(world, again)


@pytest.mark.parametrize(
    "changes",
    [
        {"price_per_record": 0},
        {"stake": 0},
        {"prove_seconds": 0},
        {"dispute_seconds": 180 * 86_400 + 1},
        {"open_until": START},
        {"dataset_id": b"\7" * 32},
        {"model_id": b"\7" * 32},
        {"predicate": Predicate(PredicateKind.AT_LEAST, 1, 5)},
        {"predicate": Predicate(PredicateKind.LABEL, 0, 5)},
    ],
)
def test_terms_that_no_contract_accepts_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(IllegalEvent):
        apply(registered(), with_terms(REQUEST, **changes).posted()[0])


def test_a_threshold_is_for_scores() -> None:
    labels = (*SALTED[:4], (*LAYOUT[:14], 1, 10), *SALTED[5:])
    world = registered(labels)
    (model_id,) = world.registry.models
    for kind, index, allowed in (
        (PredicateKind.LABEL, 9, True),
        (PredicateKind.LABEL, 10, False),
        (PredicateKind.AT_LEAST, 0, False),
    ):
        play = with_terms(REQUEST, model_id=model_id, predicate=Predicate(kind, index))
        if allowed:
            apply(world, play.posted()[0])
        else:
            with pytest.raises(IllegalEvent):
                apply(world, play.posted()[0])


@pytest.mark.parametrize(
    "changes",
    [{}, {"owner": PAYEE}, {"root": b"\6" * 32}, {"count": 4}, {"contract": PAYEE}],
)
def test_a_dataset_is_committed_once_under_its_own_id(changes: dict[str, Any]) -> None:
    with pytest.raises(IllegalEvent):
        apply(registered(), replace(committed(), **changes))


@pytest.mark.parametrize("count", [0, 65_537])
def test_a_dataset_has_1_to_65536_records(count: int) -> None:
    dataset = replace(DATASET, count=count)
    with pytest.raises(IllegalEvent, match="records"):
        apply(registered(), replace(committed(), count=count, dataset_id=dataset.id))
