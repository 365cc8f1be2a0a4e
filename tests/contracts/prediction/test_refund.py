"""PredictionMarket.refund; the cases are in test_refund.tree."""

import pytest

from prover.protocol.prediction.state import State
from tests.contracts.reverting import reverts
from tests.contracts.scenario import REWARD, STAKE, at, logged


def test_nobody_locked(world, consumer, currency):
    job = world.posted(currency=currency)
    at(job.terms.open_until + 1)

    receipt = world.refund(job)

    job_id = world.id_of(job)
    assert world.state(job) == State.EXPIRED
    assert world.credit(consumer, currency) == REWARD
    assert logged(receipt) == [
        ("JobExpired", job_id),
        ("Credited", job_id, currency, consumer, REWARD),
    ]


def test_locked_and_not_delivered(world, consumer, payee, currency):
    job = world.locked(currency=currency)
    at(world.status(job)[2] + 1)

    receipt = world.refund(job)

    job_id = world.id_of(job)
    assert world.state(job) == State.SLASHED
    assert world.credit(consumer, currency) == REWARD + STAKE
    assert world.credit(payee, currency) == 0
    assert logged(receipt) == [
        ("ProviderSlashed", job_id, payee, STAKE),
        ("Credited", job_id, currency, consumer, REWARD + STAKE),
    ]


@pytest.mark.parametrize("early", [1, 0])
@pytest.mark.parametrize("state", ["posted", "locked"])
def test_RevertWhen_it_is_early(world, state, early):
    job = getattr(world, state)()
    deadline = world.status(job)[2] or job.terms.open_until
    at(deadline - early)
    wrong = {"now_": deadline - early, "deadline": deadline}
    with reverts(world.predictions.Jobs_Early, **wrong):
        world.refund(job)


def test_condemned_while_open(world, consumer):
    job = world.posted()
    world.condemn()

    receipt = world.refund(job)

    job_id = world.id_of(job)
    assert world.state(job) == State.VOIDED
    assert world.credit(consumer) == REWARD
    assert logged(receipt) == [
        ("JobVoided", job_id, world.circuit_id),
        ("Credited", job_id, job.terms.currency, consumer, REWARD),
    ]


def test_condemned_while_locked(world, consumer, payee, currency):
    job = world.locked(currency=currency)
    world.condemn()

    receipt = world.refund(job)

    job_id = world.id_of(job)
    assert world.state(job) == State.VOIDED
    assert (world.credit(consumer, currency), world.credit(payee, currency)) == (REWARD, STAKE)
    assert logged(receipt) == [
        ("JobVoided", job_id, world.circuit_id),
        ("Credited", job_id, currency, consumer, REWARD),
        ("Credited", job_id, currency, payee, STAKE),
    ]


@pytest.mark.parametrize("state", ["posted", "locked"])
@pytest.mark.parametrize(
    ("after", "ends"),
    [
        (-1, {State.VOIDED}),
        (0, {State.VOIDED}),
        (1, {State.EXPIRED, State.SLASHED}),
    ],
)
def test_condemnation_counts_up_to_the_deadline(world, state, after, ends):
    """A deadline already missed decides, even if nobody had called refund."""
    job = getattr(world, state)()
    deadline = world.status(job)[2] or job.terms.open_until
    at(deadline + after)
    world.condemn()
    at(deadline + 10)
    world.refund(job)
    assert world.state(job) in ends


def test_RevertWhen_the_job_was_never_posted(world):
    wrong = {"actual": State.NONE, "allowed": State.LOCKED}
    with reverts(world.predictions.PredictionMarket_WrongState, **wrong):
        world.refund(world.job())


def test_RevertWhen_it_was_refunded_already(world):
    job = world.posted()
    at(job.terms.open_until + 1)
    world.refund(job)
    wrong = {"actual": State.EXPIRED, "allowed": State.LOCKED}
    with reverts(world.predictions.PredictionMarket_WrongState, **wrong):
        world.refund(job)
