"""Every move of the table at its last and first second, and every other move refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from prover.base.errors import IllegalEvent
from prover.protocol import events as e
from prover.protocol.prediction.state import TABLE, State
from prover.protocol.table import markdown
from prover.protocol.world import apply, apply_transaction
from tests.unit.protocol.scenes import (
    CIRCUIT_ID,
    MOVES,
    PAYEE,
    PROVIDER,
    REGISTRY,
    SCENE,
    START,
    in_state,
    legal,
    with_terms,
)

ROOT = Path(__file__).parents[4]
STATES = [state for state in State if state is not State.NONE]
LEGAL = [(state, kind) for state in TABLE for kind in legal(State(state))]
ILLEGAL = [(state, kind) for state in STATES for kind in MOVES if kind not in legal(state)]
FAR = START + 10_000


def test_the_table_is_that_of_the_specification() -> None:
    assert markdown(TABLE) in (ROOT / "docs/SPEC.md").read_text()


@pytest.mark.parametrize(("state", "kind"), ILLEGAL)
def test_a_move_outside_the_table_is_refused(state: State, kind: type[e.Event]) -> None:
    world, _ = in_state(SCENE, state)
    for at in (START + 20, FAR):
        with pytest.raises(IllegalEvent):
            apply(world, SCENE.event(kind, state, at))


@pytest.mark.parametrize(("state", "kind"), LEGAL)
def test_a_move_of_the_table_leads_where_it_says(state: State, kind: type[e.Event]) -> None:
    world, _ = in_state(SCENE, state)
    rule = TABLE[state]
    deadline = world.prediction.jobs[SCENE.id].state_deadline
    at = deadline + 1 if kind is rule.default.event else deadline
    if kind is e.JobVoided:
        world = _condemned(world, deadline)
    after = apply_transaction(world, SCENE.move(kind, state, at))
    targets = {move.event: move.to for move in (*rule.moves, rule.default)}
    assert after.prediction.jobs[SCENE.id].state == targets.get(kind, State.VOIDED)


@pytest.mark.parametrize(
    ("state", "kind"),
    [(state, kind) for state, kind in LEGAL if kind is not e.JobVoided],
)
def test_a_move_one_second_beyond_its_time_is_refused(state: State, kind: type[e.Event]) -> None:
    world, _ = in_state(SCENE, state)
    deadline = world.prediction.jobs[SCENE.id].state_deadline
    default = kind is TABLE[state].default.event
    with pytest.raises(IllegalEvent, match="deadline"):
        apply(world, SCENE.event(kind, state, deadline if default else deadline + 1))


@pytest.mark.parametrize("state", list(TABLE))
def test_a_condemnation_counts_up_to_the_deadline_only(state: State) -> None:
    world, _ = in_state(SCENE, state)
    deadline = world.prediction.jobs[SCENE.id].state_deadline
    in_time, late = _condemned(world, deadline), _condemned(world, deadline + 1)
    void = SCENE.voided(FAR, state is State.LOCKED)
    assert apply_transaction(in_time, void).prediction.jobs[SCENE.id].state is State.VOIDED
    with pytest.raises(IllegalEvent, match="condemned at"):
        apply(late, void[0])


def test_a_job_is_posted_once_and_under_its_own_id() -> None:
    world, _ = in_state(SCENE, State.OPEN)
    posted = SCENE.posted()[0]
    with pytest.raises(IllegalEvent, match="exists"):
        apply(world, posted)
    with pytest.raises(IllegalEvent, match="not that of its terms"):
        apply(world, replace(posted, nonce=8, job_id=b"\5" * 32))


@pytest.mark.parametrize("changes", [{"reward": 0}, {"stake": 0}, {"model_id": b"\7" * 32}])
def test_terms_that_no_contract_accepts_are_refused(changes: dict[str, object]) -> None:
    world, _ = in_state(SCENE, State.OPEN)
    with pytest.raises(IllegalEvent):
        apply(world, with_terms(**changes).posted()[0])


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (e.JobLocked, {"deadline": START}),
        (e.JobLocked, {"payee": e.ZERO_ADDRESS}),
        (e.PredictionDelivered, {"payee": PROVIDER}),
        (e.PredictionDelivered, {"items": 0}),
        (e.PredictionDelivered, {"items": 3}),
        (e.ProviderSlashed, {"payee": PROVIDER}),
        (e.ProviderSlashed, {"stake": 39}),
    ],
)
def test_an_event_with_a_wrong_field_is_refused(
    kind: type[e.Event], changes: dict[str, object]
) -> None:
    state = State.OPEN if kind is e.JobLocked else State.LOCKED
    world, last = in_state(SCENE, state)
    at = START + 41 if kind is e.ProviderSlashed else last + 1
    honest = SCENE.event(kind, state, at)
    apply(world, honest)
    with pytest.raises(IllegalEvent):
        apply(world, replace(honest, **changes))


def test_a_named_provider_alone_may_lock() -> None:
    scene = with_terms(provider=PAYEE, stake=0)
    world, _ = in_state(with_terms(provider=PROVIDER, stake=0), State.LOCKED)
    world = apply_transaction(world, scene.posted())
    with pytest.raises(IllegalEvent, match="provider"):
        apply(world, scene.locked(START + 1)[0])


def _condemned(world, at):  # type: ignore[no-untyped-def]
    event = e.CircuitCondemned(contract=REGISTRY, at=at, circuit_id=CIRCUIT_ID, condemner=PAYEE)
    return apply(world, event)
