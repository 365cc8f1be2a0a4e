"""Every move in every state: those of the table of prover.protocol happen, the others revert."""

from collections.abc import Callable
from typing import Any

import pytest

from prover.protocol.serving.state import TABLE, VOID, Job, State
from prover.protocol.table import Rule
from tests.contracts.reverting import reverts
from tests.contracts.scenario import at, now
from tests.contracts.serving.scenario import PROOFS, Scene

CALLS = {
    "cancel": "cancel",
    "join": "join",
    "commitOutputs": "commit",
    "contest": "contest",
    "answer": "answer",
    "settle": "settle",
}
FIRST = {
    "cancel": State.OPEN,
    "join": State.OPEN,
    "commitOutputs": State.JOINED,
    "contest": State.SERVED,
    "answer": State.CONTESTED,
    "settle": State.CONTESTED,
}


def _ended(start: str, call: str, late: bool = False) -> Callable[[Scene], Job]:
    def reach(scene: Scene) -> Job:
        job: Job = getattr(scene, start)()
        if late:
            scene.late(job)
        getattr(scene, call)(job)
        return job

    return reach


def _voided(scene: Scene) -> Job:
    job = scene.joined()
    scene.condemn()
    scene.settle(job)
    return job


REACH: dict[State, Callable[[Scene], Job]] = {
    State.NONE: lambda scene: scene.job(),
    State.OPEN: lambda scene: scene.posted(),
    State.JOINED: lambda scene: scene.joined(),
    State.SERVED: lambda scene: scene.served(),
    State.CONTESTED: lambda scene: scene.contested(),
    State.SETTLED: _ended("contested", "answer"),
    State.CANCELLED: _ended("posted", "cancel"),
    State.EXPIRED: _ended("posted", "settle", late=True),
    State.UNSERVED: _ended("joined", "settle", late=True),
    State.UNANSWERED: _ended("contested", "settle", late=True),
    State.VOIDED: _voided,
}


def _moves(rule: Rule) -> dict[str, State]:
    """Where each call leads in time; with all that is left to prove, `answer` is the last one."""
    return {move.call: State(move.to) for move in rule.moves}


IN_TIME = {(rule.state, call): to for rule in TABLE.values() for call, to in _moves(rule).items()}
DEFAULTS = {(rule.state, rule.default.call): State(rule.default.to) for rule in TABLE.values()}


def test_every_state_is_reached(serving, chain):
    assert set(REACH) == set(State)
    for state, reach in REACH.items():
        with chain.isolate():
            assert serving.state(reach(serving)) == state


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("state", State)
def test_moves_in_time(serving, state, call):
    job = REACH[state](serving)
    _check(serving, job, call, IN_TIME.get((state, call)), state)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("state", TABLE)
def test_moves_after_the_deadline(serving, state, call):
    job = serving.late(REACH[state](serving))
    _check(serving, job, call, DEFAULTS.get((state, call)), state, late=True)


def test_an_answer_that_is_not_the_last_stays(serving):
    """The other row of `answer`."""
    assert _leads_to(State.CONTESTED, "answer") == {State.CONTESTED, State.SETTLED}
    job = serving.contested()
    serving.prove(job, *PROOFS[0])
    assert serving.state(job) == State.CONTESTED


@pytest.mark.parametrize("state", TABLE)
def test_a_condemned_circuit_ends_every_job(serving, state):
    job = REACH[state](serving)
    serving.condemn()
    getattr(serving, VOID.call)(job)
    assert serving.state(job) == VOID.to


def _leads_to(state: State, call: str) -> set[State]:
    return {State(move.to) for move in TABLE[state].moves if move.call == call}


def _check(
    scene: Scene, job: Job, call: str, to: State | None, state: State, late: bool = False
) -> None:
    before, act = scene.stored(job), getattr(scene, CALLS[call])
    if to is None:
        error, arguments = _refusal(scene, job, call, state, late)
        with reverts(getattr(scene.rounds, error), **arguments):
            act(job)
        assert scene.stored(job) == before
    else:
        act(job)
        assert scene.state(job) == to


def _refusal(
    scene: Scene, job: Job, call: str, state: State, late: bool
) -> tuple[str, dict[str, Any]]:
    """The move is not of this state, or it is not its time."""
    if call == "settle" and state in TABLE:
        return "Jobs_Early", {"now_": at(now() + 1), "deadline": scene.deadline(job)}
    if (state, call) not in IN_TIME | DEFAULTS:
        return "ServingRound_WrongState", {"actual": state, "allowed": FIRST[call]}
    assert late
    return "Jobs_Late", {"now_": at(now() + 1), "deadline": scene.deadline(job)}
