"""PredictionMarket.lock; the cases are in test_lock.tree."""

import pytest

from prover.protocol.prediction.state import State
from tests.contracts.reverting import reverts
from tests.contracts.scenario import NOBODY, PROVE_SECONDS, REWARD, STAKE, at, holdings, logged


def test_takes_the_stake_and_starts_the_clock(world, provider, payee, currency):
    job = world.posted(currency=currency)

    receipt = world.lock(job)

    job_id, deadline = world.id_of(job), receipt.timestamp + PROVE_SECONDS
    assert world.status(job) == (State.LOCKED, payee.address, deadline)
    assert holdings(currency, world.predictions) == REWARD + STAKE
    locked, deposited = (logged(receipt)[0], logged(receipt)[-1])
    assert locked == ("JobLocked", job_id, provider, payee, deadline)
    assert deposited == ("Deposited", job_id, currency, provider, STAKE)


def test_takes_the_caller_as_its_own_payee(world, provider):
    job = world.posted()
    world.lock(job, payee=provider)
    assert world.status(job)[1] == provider.address


def test_takes_no_stake_where_none_is_asked(world, provider):
    job = world.posted(stake=0, provider=provider.address)
    receipt = world.lock(job)
    assert world.state(job) == State.LOCKED
    assert logged(receipt)[-1] == ("Deposited", world.id_of(job), NOBODY, provider, 0)


@pytest.mark.parametrize("early", [1, 0])
def test_locks_up_to_the_last_second(world, early):
    job = world.posted()
    at(job.terms.open_until - early)
    world.lock(job)
    assert world.state(job) == State.LOCKED


def test_RevertWhen_it_is_late(world):
    job = world.posted()
    at(job.terms.open_until + 1)
    late = {"now_": job.terms.open_until + 1, "deadline": job.terms.open_until}
    with reverts(world.predictions.Jobs_Late, **late):
        world.lock(job)


def test_RevertWhen_the_terms_name_another_provider(world, provider, attacker):
    job = world.posted(provider=provider.address)
    wrong = {"actual": attacker.address, "allowed": provider.address}
    with reverts(world.predictions.Jobs_NotProvider, **wrong):
        world.lock(job, sender=attacker)
    world.lock(job)
    assert world.state(job) == State.LOCKED


def test_RevertWhen_the_payee_could_not_be_paid(world):
    job = world.posted()
    for payee in (NOBODY, world.predictions.address):
        with reverts(world.predictions.Jobs_BadPayee, payee=payee):
            world.lock(job, payee=payee)


def test_RevertWhen_the_circuit_is_condemned(world):
    job = world.posted()
    condemned_at = world.condemn().timestamp
    condemned = {"circuitId": world.circuit_id, "condemnedAt": condemned_at}
    with reverts(world.predictions.ProofAcceptance_Condemned, **condemned):
        world.lock(job)


@pytest.mark.parametrize("value", [0, STAKE - 1, STAKE + 1])
def test_RevertWhen_the_stake_is_not_exact(world, value):
    job = world.posted()
    wrong = {"actual": value, "allowed": STAKE}
    with reverts(world.predictions.Escrow_WrongValue, **wrong):
        world.lock(job, value=value)


def test_RevertWhen_somebody_has_locked(world, attacker):
    job = world.locked()
    wrong = {"actual": State.LOCKED, "allowed": State.OPEN}
    with reverts(world.predictions.PredictionMarket_WrongState, **wrong):
        world.lock(job, sender=attacker)


def test_RevertWhen_a_term_differs_from_what_was_posted(world):
    """The id commits to each field: a job with any other is not there."""
    job = world.posted()
    for field, value in {
        "model_id": b"\x01" * 32,
        "inputs_hash": b"\x02" * 32,
        "currency": world.provider.address,
        "reward": REWARD + 1,
        "stake": STAKE - 1,
        "provider": world.provider.address,
        "open_until": job.terms.open_until + 1,
        "prove_seconds": PROVE_SECONDS + 1,
    }.items():
        changed = world.job(**{"open_until": job.terms.open_until, field: value})
        wrong = {"actual": State.NONE, "allowed": State.OPEN}
        with reverts(world.predictions.PredictionMarket_WrongState, **wrong):
            world.lock(changed)
