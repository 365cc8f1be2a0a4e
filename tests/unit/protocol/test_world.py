"""Money: random legal histories conserve it, and any tampering with one is found."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.base.errors import IllegalEvent
from prover.protocol import events as e
from prover.protocol.prediction.state import TABLE, Job, State
from prover.protocol.registry.state import model_id_of
from prover.protocol.world import World, apply, apply_transaction
from tests.unit.protocol.scenes import (
    CIRCUIT_ID,
    CONSUMER,
    ETH,
    PAYEE,
    PREDICTION,
    REGISTRY,
    SCENE,
    START,
    TERMS,
    Scene,
    in_state,
    registered,
)

TOKEN = "0x" + "70" * 20
amounts = st.integers(1, 2**128 - 1)
unhurried = settings(deadline=None)  # other work on the machine is no failure


@st.composite
def histories(draw: st.DrawFn) -> list[list[e.Event]]:
    """Transactions of up to five jobs, interleaved, each driven along the table."""
    now, transactions = START, []
    alive: dict[Scene, State] = {}
    deadline: dict[Scene, int] = {}
    for _ in range(draw(st.integers(1, 15))):
        now += draw(st.integers(0, 20))
        choices: list[Scene | None] = [*alive, *([None] if len(alive) < 5 else [])]
        scene = draw(st.sampled_from(choices)) if choices else None
        if scene is None:
            scene = Scene(Job(CONSUMER, now * 100 + len(transactions), draw(_terms(now))))
            transactions.append(scene.posted(now))
            alive[scene], deadline[scene] = State.OPEN, scene.terms.open_until
            continue
        rule = TABLE[alive[scene]]
        late = now > deadline[scene]
        move = rule.default if late else draw(st.sampled_from(rule.moves))
        transactions.append(scene.move(move.event, alive[scene], now))
        alive[scene], deadline[scene] = State(move.to), now + scene.terms.prove_seconds
        if alive[scene] not in TABLE:
            del alive[scene]
    return transactions


@st.composite
def _terms(draw: st.DrawFn, now: int):  # type: ignore[no-untyped-def]
    return replace(
        TERMS,
        currency=draw(st.sampled_from([ETH, TOKEN])),
        reward=draw(amounts),
        stake=draw(amounts),
        open_until=now + draw(st.integers(1, 40)),
        prove_seconds=draw(st.integers(1, 40)),
    )


def replay(transactions: list[list[e.Event]]) -> World:
    world = registered()
    for events in transactions:
        world = apply_transaction(world, events)
    return world


@unhurried
@given(histories())
def test_all_money_in_is_held_or_credited(transactions: list[list[e.Event]]) -> None:
    world = replay(transactions)
    for currency in (ETH, TOKEN):
        deposited = sum(
            event.amount
            for events in transactions
            for event in events
            if isinstance(event, e.Deposited) and event.currency == currency
        )
        assert world.escrows[PREDICTION].balance(currency) == deposited
    held = sum(world.escrows[PREDICTION].deposits.values())
    assert held == sum(record.escrowed() for record in world.prediction.jobs.values())


@unhurried
@given(histories(), st.data())
def test_a_history_with_one_event_lost_or_doubled_is_refused(
    transactions: list[list[e.Event]], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(transactions) - 1))
    index = data.draw(st.integers(0, len(transactions[at]) - 1))
    doubled = data.draw(st.booleans())
    events = transactions[at]
    changed = [*events[:index], *([events[index]] * (2 if doubled else 0)), *events[index + 1 :]]
    with pytest.raises(IllegalEvent):
        replay([*transactions[:at], changed, *transactions[at + 1 :]])


@unhurried
@given(histories(), st.data(), st.sampled_from([-1, 1]))
def test_a_history_with_one_wei_more_or_less_is_refused(
    transactions: list[list[e.Event]], data: st.DataObject, change: int
) -> None:
    places = [
        (at, index)
        for at, events in enumerate(transactions)
        for index, event in enumerate(events)
        if isinstance(event, e.Deposited | e.Credited)
    ]
    at, index = data.draw(st.sampled_from(places))
    event = transactions[at][index]
    assert isinstance(event, e.Deposited | e.Credited)
    transactions[at][index] = replace(event, amount=event.amount + change)
    with pytest.raises(IllegalEvent):
        replay(transactions)


def test_a_credit_is_withdrawn_whole_and_once() -> None:
    world, _ = in_state(SCENE, State.PAID)
    withdrawn = e.Withdrawn(
        contract=PREDICTION, at=START + 30, currency=ETH, account=PAYEE, to=PAYEE, amount=140
    )
    empty = apply(world, withdrawn)
    assert empty.escrows[PREDICTION].balance(ETH) == 0
    for before, event in ((world, replace(withdrawn, amount=139)), (empty, withdrawn)):
        with pytest.raises(IllegalEvent):
            apply(before, event)


def test_a_credit_to_somebody_else_is_refused() -> None:
    world, _ = in_state(SCENE, State.LOCKED)
    delivery, credit = SCENE.delivered(START + 20)
    with pytest.raises(IllegalEvent, match="credited"):
        apply_transaction(world, [delivery, replace(credit, account=CONSUMER)])


def test_models_and_condemnations_need_their_circuit() -> None:
    world = registered()
    other = b"\x09" * 32
    for event in (
        e.ModelRegistered(
            contract=REGISTRY,
            at=2,
            model_id=model_id_of(other, 0),
            circuit_id=other,
            weights_commitment=0,
        ),
        e.ModelRegistered(
            contract=REGISTRY, at=2, model_id=other, circuit_id=CIRCUIT_ID, weights_commitment=1
        ),
        e.CircuitCondemned(contract=REGISTRY, at=2, circuit_id=other, condemner=PREDICTION),
    ):
        with pytest.raises(IllegalEvent):
            apply(world, event)
    condemned = e.CircuitCondemned(
        contract=REGISTRY, at=2, circuit_id=CIRCUIT_ID, condemner=PREDICTION
    )
    once = apply(world, condemned)
    for event in (condemned, SCENE.posted()[0]):
        with pytest.raises(IllegalEvent):
            apply(once, event)
