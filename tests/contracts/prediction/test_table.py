"""Every move in every state: those of the table of prover.protocol happen, the others revert."""

from collections.abc import Callable

import pytest

from prover.protocol.prediction.state import TABLE, Job, State
from tests.contracts.reverting import reverts
from tests.contracts.scenario import World, at, now

MOVES = ("cancel", "lock", "deliver", "refund")
DEFAULTS = {(rule.state, rule.default.call): rule.default.to for rule in TABLE.values()}
STARTS = {"cancel": State.OPEN, "lock": State.OPEN, "deliver": State.LOCKED, "refund": State.LOCKED}
IN_TIME = {(rule.state, move.call): move.to for rule in TABLE.values() for move in rule.moves}


def _none(world: World) -> Job:
    return world.job()


def _ended_by(start: str, move: str, late: bool) -> Callable[[World], Job]:
    def reach(world: World) -> Job:
        job: Job = getattr(world, start)()
        if late:
            _wait(world, job)
        getattr(world, move)(job)
        return job

    return reach


def _voided(world: World) -> Job:
    job = world.posted()
    world.condemn()
    world.refund(job)
    return job


REACH: dict[State, Callable[[World], Job]] = {
    State.NONE: _none,
    State.OPEN: lambda world: world.posted(),
    State.LOCKED: lambda world: world.locked(),
    State.PAID: _ended_by("locked", "deliver", late=False),
    State.CANCELLED: _ended_by("posted", "cancel", late=False),
    State.EXPIRED: _ended_by("posted", "refund", late=True),
    State.SLASHED: _ended_by("locked", "refund", late=True),
    State.VOIDED: _voided,
}


def _deadline(world: World, job: Job) -> int:
    return world.status(job)[2] or job.terms.open_until


def _wait(world: World, job: Job) -> None:
    at(_deadline(world, job) + 1)


def test_every_state_is_reached(world, chain):
    for state, reach in REACH.items():
        with chain.isolate():
            assert world.state(reach(world)) == state


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("state", State)
def test_moves_in_time(world, state, move):
    _check(world, state, move, IN_TIME.get((state, move)), late=False)


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("state", TABLE)
def test_moves_after_the_deadline(world, state, move):
    _check(world, state, move, DEFAULTS.get((state, move)), late=True)


def _check(world: World, state: State, move: str, to: State | None, late: bool) -> None:
    job = REACH[state](world)
    if late:
        _wait(world, job)
    if to is None:
        error, arguments = _refusal(world, job, state, move, late)
        with reverts(getattr(world.predictions, error), **arguments):
            getattr(world, move)(job)
        assert world.state(job) == state
    else:
        getattr(world, move)(job)
        assert world.state(job) == to


def _refusal(
    world: World, job: Job, state: State, move: str, late: bool
) -> tuple[str, dict[str, int]]:
    """The move is not of this state, or it is not its time."""
    if (state, move) not in IN_TIME | DEFAULTS:
        return "PredictionMarket_WrongState", {"actual": state, "allowed": STARTS[move]}
    deadline = _deadline(world, job)
    time = at(now() + 1)
    return ("Jobs_Late" if late else "Jobs_Early"), {"now_": time, "deadline": deadline}
