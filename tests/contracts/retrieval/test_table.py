"""Every move in every state: those of the table of prover.protocol happen, the others revert."""

from collections.abc import Callable
from typing import Any

import pytest

from prover.protocol.retrieval.state import TABLE, VOID, Job, State
from prover.protocol.table import ByTime, Move, Rule
from tests.contracts.retrieval.scenario import ALL, Records, Scene
from tests.contracts.reverting import reverts
from tests.contracts.scenario import at, now

CALLS = ("cancel", "accept", "submit", "dispute", "settle")
STARTS = {"submit": State.PROVING, "dispute": State.CLOSING, "settle": State.CLOSING}
FIRST = {call: STARTS.get(call, State.OPEN) for call in CALLS}


@pytest.fixture
def scene(retrieval):
    """Every record but 2 can be read, so that each move is possible in its state."""
    return retrieval.with_data(Records(contents={2: b"junk"}))


def _ended(start: str, call: str, late: bool = False) -> Callable[[Scene], Job]:
    def reach(scene: Scene) -> Job:
        job: Job = getattr(scene, start)()
        if late:
            _wait(scene, job)
        getattr(scene, call)(job)
        return job

    return reach


def _voided(scene: Scene) -> Job:
    job = scene.accepted()
    scene.condemn()
    scene.settle(job)
    return job


REACH: dict[State, Callable[[Scene], Job]] = {
    State.NONE: lambda scene: scene.job(),
    State.OPEN: lambda scene: scene.posted(),
    State.PROVING: lambda scene: scene.accepted(),
    State.CLOSING: lambda scene: scene.closing(),
    State.SETTLED: _ended("closing", "settle", late=True),
    State.CANCELLED: _ended("posted", "cancel"),
    State.EXPIRED: _ended("posted", "settle", late=True),
    State.MALFORMED: _ended("closing", "dispute"),
    State.VOIDED: _voided,
}


def _wait(scene: Scene, job: Job) -> None:
    at(scene.deadline(job) + 1)


def _moves(rule: Rule) -> dict[str, State]:
    """Where each call leads in time; with all that is left to prove, `submit` is the last one."""
    return {move.call: State(move.to) for move in rule.moves}


IN_TIME = {(rule.state, call): to for rule in TABLE.values() for call, to in _moves(rule).items()}
DEFAULTS = {
    (rule.state, rule.default.call): State(rule.default.to)
    for rule in TABLE.values()
    if isinstance(rule.default, Move)
}
BY_TIME = {
    State(rule.state): State(rule.default.to)
    for rule in TABLE.values()
    if isinstance(rule.default, ByTime)
}


def test_every_state_is_reached(scene, chain):
    for state, reach in REACH.items():
        with chain.isolate():
            assert scene.state(reach(scene)) == state


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("state", State)
def test_moves_in_time(scene, state, call):
    job = REACH[state](scene)
    _check(scene, job, call, IN_TIME.get((state, call)), state)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("state", [state for state in TABLE if state not in BY_TIME])
def test_moves_after_the_deadline(scene, state, call):
    job = REACH[state](scene)
    _wait(scene, job)
    _check(scene, job, call, DEFAULTS.get((state, call)), state, late=True)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("state", BY_TIME)
def test_moves_in_a_state_entered_by_the_time_alone(scene, state, call):
    """With the missed deadline's last second over, what holds is the other state's row."""
    job = _missed(scene)
    to = IN_TIME.get((BY_TIME[state], call))
    if call == "submit":
        deadline = scene.stored(job)[2]
        time = at(now() + 1)
        with reverts(scene.bounty.Jobs_Late, now_=time, deadline=deadline):
            scene.submit(job)
    else:
        _check(scene, job, call, to, BY_TIME[state], stored=state)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("state", BY_TIME)
def test_moves_after_both_deadlines(scene, state, call):
    job = _missed(scene)
    deadline = scene.stored(job)[2]
    _wait(scene, job)
    if call == "submit":
        with reverts(scene.bounty.Jobs_Late, now_=at(now() + 1), deadline=deadline):
            scene.submit(job)
    else:
        _check(scene, job, call, DEFAULTS.get((BY_TIME[state], call)), BY_TIME[state], state, True)


@pytest.mark.parametrize("state", TABLE)
def test_a_condemned_circuit_ends_every_job(scene, state):
    job = REACH[state](scene)
    scene.condemn()
    getattr(scene, VOID.call)(job)
    assert scene.state(job) == VOID.to


def _missed(scene: Scene) -> Job:
    """Some records proven, a match that cannot be read among them, and the deadline over."""
    job = scene.accepted()
    scene.prove(job, *ALL[:1])
    _wait(scene, job)
    scene.touch()
    return job


def _check(
    scene: Scene,
    job: Job,
    call: str,
    to: State | None,
    state: State,
    stored: State | None = None,
    late: bool = False,
) -> None:
    before = scene.stored(job)
    if to is None:
        error, arguments = _refusal(scene, job, call, state, stored or state, late)
        with reverts(getattr(scene.bounty, error), **arguments):
            getattr(scene, call)(job)
        assert scene.stored(job) == before
    else:
        getattr(scene, call)(job)
        assert scene.state(job) == to


def _refusal(
    scene: Scene, job: Job, call: str, state: State, stored: State, late: bool
) -> tuple[str, dict[str, Any]]:
    """The move is not of this state, or it is not its time."""
    if call == "settle" and state in TABLE:
        time, deadline = (now() if late else at(now() + 1)), scene.deadline(job)
        return "Jobs_Early", {"now_": time, "deadline": deadline}
    if (state, call) not in IN_TIME | DEFAULTS:
        found = stored if call in ("cancel", "accept") else state
        return "RetrievalBounty_WrongState", {"actual": found, "allowed": FIRST[call]}
    return "Jobs_Late", {"now_": at(now() + 1), "deadline": scene.deadline(job)}
