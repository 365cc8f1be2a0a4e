"""Every move in every state: those of the table of prover.protocol happen, the others revert."""

from collections.abc import Callable
from typing import Any

import pytest

from prover.protocol.accuracy.state import TABLE, VOID, Job, State
from tests.contracts.accuracy.scenario import Scene
from tests.contracts.accuracy.scenario import TestSet as Items
from tests.contracts.reverting import reverts
from tests.contracts.scenario import at, now

BAD = 3
CALLS = ("cancel", "accept", "reveal", "submit", "dispute", "settle")
NAMES = {"revealKey": "reveal"}
FIRST = {"cancel": State.OPEN, "accept": State.OPEN, "reveal": State.ACCEPTED}
Reach = Callable[[Scene], Job]


@pytest.fixture
def scene(accuracy):
    """Item 3 is sealed wrong and can be proven all the same: each move is possible somewhere."""
    return accuracy.with_data(Items(contents={BAD: b"junk"}))


def _after(start: str, call: str, late: bool = False) -> Reach:
    def reach(scene: Scene) -> Job:
        job: Job = getattr(scene, start)()
        if late:
            scene.late(job)
        _do(scene, job, call)
        return job

    return reach


def _voided(scene: Scene) -> Job:
    job = scene.accepted()
    scene.condemn()
    scene.settle(job)
    return job


REACH: dict[State, Reach] = {
    State.NONE: lambda scene: scene.job(),
    State.OPEN: lambda scene: scene.posted(),
    State.ACCEPTED: lambda scene: scene.accepted(),
    State.PROVING: lambda scene: scene.proving(),
    State.PAID: _after("proving", "submit"),
    State.CANCELLED: _after("posted", "cancel"),
    State.EXPIRED: _after("posted", "settle", late=True),
    State.KEY_WITHHELD: _after("accepted", "settle", late=True),
    State.MISSED: _after("proving", "settle", late=True),
    State.MALFORMED: _after("proving", "dispute"),
    State.VOIDED: _voided,
}
IN_TIME = {
    (rule.state, NAMES.get(move.call, move.call)): State(move.to)
    for rule in TABLE.values()
    for move in rule.moves
}
DEFAULTS = {(rule.state, rule.default.call): State(rule.default.to) for rule in TABLE.values()}


def test_every_state_is_reached(scene, chain):
    for state, reach in REACH.items():
        with chain.isolate():
            assert scene.state(reach(scene)) == state


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("state", State)
def test_moves_in_time(scene, state, call):
    job = REACH[state](scene)
    _check(scene, job, state, call, IN_TIME.get((state, call)), late=False)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("state", TABLE)
def test_moves_after_the_deadline(scene, state, call):
    job = scene.late(REACH[state](scene))
    _check(scene, job, state, call, DEFAULTS.get((state, call)), late=True)


@pytest.mark.parametrize("state", TABLE)
def test_a_condemned_circuit_ends_every_job(scene, state):
    job = REACH[state](scene)
    scene.condemn()
    _do(scene, job, VOID.call)
    assert scene.state(job) == VOID.to


def _do(scene: Scene, job: Job, call: str) -> None:
    if call == "dispute":
        scene.dispute(job, BAD)
    else:
        getattr(scene, call)(job)


def _check(scene: Scene, job: Job, state: State, call: str, to: State | None, late: bool) -> None:
    before = scene.stored(job)
    if to is not None:
        _do(scene, job, call)
        assert scene.state(job) == to
        return
    error, arguments = _refusal(scene, job, state, call, late)
    with reverts(getattr(scene.bounty, error), **arguments):
        _do(scene, job, call)
    assert scene.stored(job) == before


def _refusal(
    scene: Scene, job: Job, state: State, call: str, late: bool
) -> tuple[str, dict[str, Any]]:
    """The move is not of this state, or it is not its time."""
    if (state, call) not in IN_TIME | DEFAULTS:
        allowed = FIRST.get(call, State.PROVING)
        return "AccuracyBounty_WrongState", {"actual": state, "allowed": allowed}
    time = at(now() + 1)
    error = "Jobs_Late" if late else "Jobs_Early"
    return error, {"now_": time, "deadline": scene.deadline(job)}
