"""PredictionMarket.lock: see test_market_lock.tree."""

import ape
import pytest

from prover.protocol.prediction import State

from .scenario import NOBODY, PROVE_SECONDS, STAKE, at, logged


def test_locks_for_the_payee_until_the_deadline(world, provider, payee):
    job = world.posted()

    receipt = world.lock(job)

    deadline = receipt.timestamp + PROVE_SECONDS
    assert world.standing(job) == (State.LOCKED, payee.address, deadline)
    locked = ("jobId", world.id_of(job)), ("provider", provider.address)
    assert logged(receipt) == [
        ("JobLocked", dict([*locked, ("payee", payee.address), ("deadline", deadline)])),
        (
            "Deposited",
            {
                "jobId": world.id_of(job),
                "currency": NOBODY,
                "sender": provider.address,
                "amount": STAKE,
            },
        ),
    ]


@pytest.mark.parametrize("late", [-1, 0])
def test_locks_up_to_the_last_second(world, late):
    job = world.posted()
    at(job.terms.open_until + late)
    world.lock(job)
    assert world.state(job) == State.LOCKED


def test_RevertWhen_the_job_is_no_longer_open(world):
    job = world.posted()
    at(job.terms.open_until + 1)
    late = {"now_": job.terms.open_until + 1, "deadline": job.terms.open_until}
    with ape.reverts(world.market.PredictionMarket_Late, error_inputs=late):
        world.lock(job)
