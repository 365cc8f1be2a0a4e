"""PredictionMarket.cancel; the cases are in test_cancel.tree."""

import pytest

from prover.protocol.prediction.state import State
from tests.contracts.reverting import reverts
from tests.contracts.scenario import REWARD, at, logged


def test_gives_the_reward_back(world, consumer, currency):
    job = world.posted(currency=currency)

    receipt = world.cancel(job)

    job_id = world.id_of(job)
    assert world.state(job) == State.CANCELLED
    assert world.credit(consumer, currency) == REWARD
    assert logged(receipt) == [
        ("JobCancelled", job_id),
        ("Credited", job_id, currency, consumer, REWARD),
    ]


@pytest.mark.parametrize("early", [1, 0])
def test_cancels_up_to_the_last_second(world, early):
    job = world.posted()
    at(job.terms.open_until - early)
    world.cancel(job)
    assert world.state(job) == State.CANCELLED


def test_RevertWhen_it_is_late(world):
    job = world.posted()
    at(job.terms.open_until + 1)
    late = {"now_": job.terms.open_until + 1, "deadline": job.terms.open_until}
    with reverts(world.predictions.Jobs_Late, **late):
        world.cancel(job)


def test_RevertWhen_somebody_else_calls(world, consumer, attacker):
    job = world.posted()
    wrong = {"actual": attacker.address, "allowed": consumer.address}
    with reverts(world.predictions.Jobs_NotConsumer, **wrong):
        world.cancel(job, sender=attacker)


def test_RevertWhen_a_provider_has_locked(world):
    job = world.locked()
    wrong = {"actual": State.LOCKED, "allowed": State.OPEN}
    with reverts(world.predictions.PredictionMarket_WrongState, **wrong):
        world.cancel(job)
