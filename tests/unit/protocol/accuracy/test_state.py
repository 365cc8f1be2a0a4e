"""AccuracyBounty: key, counts and the target as the events tell them."""

from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak

from prover.base.errors import IllegalEvent
from prover.protocol import events as e
from prover.protocol.accuracy.state import Record, State
from prover.protocol.registry.state import circuit_id_of, model_id_of
from prover.protocol.world import World, apply, apply_transaction
from tests.unit.protocol.plays import (
    ACCURACY,
    BOUNTY,
    CONSUMER,
    ETH,
    KEY,
    LAYOUT,
    MODEL_ID,
    PAYEE,
    PROVIDER,
    REGISTRY,
    SALTED,
    START,
    Kind,
    reach,
    registered,
    with_terms,
)


def record_of(world: World) -> Record:
    return world.accuracy.jobs[BOUNTY.id]


def test_a_bounty_keeps_what_was_told() -> None:
    world, at = reach(BOUNTY, State.PROVING)
    some = e.ItemsProven(**BOUNTY.about(at), indices=(0, 3), correct=1)
    record = record_of(apply_transaction(world, [some]))
    assert (record.model_id, record.key) == (MODEL_ID, KEY)
    assert (record.proven, record.correct) == ({0, 3}, 1)


def test_the_proof_that_reaches_the_target_is_paid_at_once() -> None:
    world, at = reach(BOUNTY, State.PROVING)
    about = BOUNTY.about(at)
    enough = e.ItemsProven(**about, indices=(0, 1, 2), correct=3)
    with pytest.raises(IllegalEvent, match="BountyPaid"):
        apply_transaction(world, [enough])
    paid = BOUNTY.transaction(e.BountyPaid, record_of(world), at)
    assert record_of(apply_transaction(world, paid)).state is State.PAID


def test_a_target_not_reached_is_not_paid() -> None:
    world, at = reach(BOUNTY, State.PROVING)
    about = BOUNTY.about(at)
    proven = e.ItemsProven(**about, indices=(0, 1, 2, 3), correct=2)
    with pytest.raises(IllegalEvent, match="2 right"):
        apply_transaction(world, [proven, e.BountyPaid(**about, payee=PAYEE, correct=2)])


@pytest.mark.parametrize(
    ("state", "end", "paid"),
    [
        (State.PROVING, e.BountyPaid, {PAYEE: 150, CONSUMER: 20}),
        (State.PROVING, e.TargetMissed, {CONSUMER: 135, PAYEE: 35}),
        (State.PROVING, e.ItemMalformed, {PAYEE: 170}),
        (State.ACCEPTED, e.KeyWithheld, {PAYEE: 70, CONSUMER: 100}),
        (State.OPEN, e.BountyExpired, {CONSUMER: 120}),
        (State.OPEN, e.BountyCancelled, {CONSUMER: 120}),
    ],
)
def test_the_money_of_each_end(state: State, end: Kind, paid: dict[str, int]) -> None:
    world, at = reach(BOUNTY, state)
    record = record_of(world)
    late = end in (e.TargetMissed, e.KeyWithheld, e.BountyExpired)
    at = record.state_deadline + 1 if late else at
    ended = apply_transaction(world, BOUNTY.transaction(end, record, at))
    assert record_of(ended).payouts() == paid
    assert ended.escrows[ACCURACY].balance(ETH) == sum(paid.values())


@pytest.mark.parametrize(
    ("state", "kind", "changes"),
    [
        (State.OPEN, e.BountyAccepted, {"deadline": START}),
        (State.OPEN, e.BountyAccepted, {"payee": ETH}),
        (State.OPEN, e.BountyAccepted, {"model_id": b"\7" * 32}),
        (State.ACCEPTED, e.KeyRevealed, {"key": keccak(KEY)}),
        (State.ACCEPTED, e.KeyRevealed, {"deadline": START}),
        (State.ACCEPTED, e.KeyWithheld, {"bond": 19}),
        (State.ACCEPTED, e.KeyWithheld, {"payee": PROVIDER}),
        (State.PROVING, e.ItemsProven, {"indices": ()}),
        (State.PROVING, e.ItemsProven, {"indices": (1, 0)}),
        (State.PROVING, e.ItemsProven, {"indices": (4,)}),
        (State.PROVING, e.ItemsProven, {"correct": 2}),
        (State.PROVING, e.ItemsProven, {"correct": -1}),
        (State.PROVING, e.TargetMissed, {"correct": 1}),
        (State.PROVING, e.TargetMissed, {"payee": PROVIDER}),
        (State.PROVING, e.ItemMalformed, {"index": 4}),
        (State.PROVING, e.ItemMalformed, {"payee": PROVIDER}),
    ],
)
def test_an_event_with_a_wrong_field_is_refused(
    state: State, kind: Kind, changes: dict[str, Any]
) -> None:
    world, at = reach(BOUNTY, state)
    record = record_of(world)
    late = kind in (e.KeyWithheld, e.TargetMissed)
    honest = BOUNTY.event(kind, record, record.state_deadline + 1 if late else at)
    apply(world, honest)
    with pytest.raises(IllegalEvent):
        apply(world, replace(honest, **changes))


def test_an_item_counts_once_and_correct_never_falls() -> None:
    world, at = reach(BOUNTY, State.PROVING)
    about = BOUNTY.about(at)
    world = apply_transaction(world, [e.ItemsProven(**about, indices=(1,), correct=1)])
    for again in (
        e.ItemsProven(**about, indices=(1,), correct=2),
        e.ItemsProven(**about, indices=(2,), correct=0),
        e.ItemsProven(**about, indices=(2,), correct=3),
    ):
        with pytest.raises(IllegalEvent):
            apply(world, again)


@pytest.mark.parametrize(
    "changes",
    [
        {"n": 0},
        {"n": 65_537},
        {"num": 0},
        {"num": 5},
        {"den": 0},
        {"miss_penalty": 51},
        {"reward": 0},
        {"stake": 0, "miss_penalty": 0},
        {"reveal_seconds": 0},
        {"prove_seconds": 180 * 86_400 + 1},
        {"open_until": START + 180 * 86_400 + 1},
        {"circuit_id": b"\7" * 32},
    ],
)
def test_terms_that_no_contract_accepts_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(IllegalEvent):
        apply(registered(), with_terms(BOUNTY, **changes).posted()[0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({7: 0, 8: 0, 9: 0}, "unsalted"),
        ({8: 0}, "unsalted"),
        ({4: (3, *LAYOUT[1:8], 0, *LAYOUT[9:12], 2, *LAYOUT[13:])}, "public or unsalted"),
        ({7: 1_025}, "1025 elements"),
        ({10: False, 11: 1}, "inexact"),
        ({4: (*LAYOUT[:14], 1, 1_025)}, "1025 classes"),
    ],
)
def test_a_circuit_that_cannot_be_sealed_is_refused(changes: dict[int, Any], message: str) -> None:
    circuit = tuple(changes.get(at, value) for at, value in enumerate(SALTED))
    world = registered(circuit)
    (circuit_id,) = world.registry.circuits
    with pytest.raises(IllegalEvent, match=message):
        apply(world, with_terms(BOUNTY, circuit_id=circuit_id).posted()[0])


def test_a_model_of_another_circuit_is_not_accepted() -> None:
    other = (*SALTED[:5], -9, *SALTED[6:])
    circuit_id = circuit_id_of(other)
    model_id = model_id_of(circuit_id, 0)
    world, at = reach(BOUNTY, State.OPEN)
    about = {"contract": REGISTRY, "at": at, "circuit_id": circuit_id}
    for event in (
        e.CircuitRegistered(**about, registrant=PROVIDER, circuit=other),
        e.ModelRegistered(**about, model_id=model_id, weights_commitment=0),
    ):
        world = apply(world, event)
    accepted = BOUNTY.event(e.BountyAccepted, record_of(world), at)
    with pytest.raises(IllegalEvent, match="the circuit's"):
        apply(world, replace(accepted, model_id=model_id))  # type: ignore[call-arg]
