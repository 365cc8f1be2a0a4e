"""RetrievalBounty.settle and standing; the cases are in test_settle.tree."""

import pytest

from prover.protocol.retrieval.state import State
from tests.contracts.retrieval.scenario import (
    ALL,
    COUNT,
    DISPUTE_SECONDS,
    PRICE,
    PROVE_SECONDS,
    STAKE,
    events,
)
from tests.contracts.reverting import reverts
from tests.contracts.scenario import at

ESCROW = COUNT * PRICE
STARTS = ["posted", "accepted", "closing", "incomplete"]


def _late(scene, job):
    at(scene.deadline(job) + 1)
    return job


# ---------------------------------------------------------------- who gets what


def test_open_gives_the_escrow_back(retrieval, consumer, payee, currency):
    job = _late(retrieval, retrieval.posted(currency=currency))

    receipt = retrieval.settle(job)

    job_id = retrieval.id_of(job)
    assert events(receipt) == [
        ("RetrievalExpired", job_id),
        ("Credited", job_id, currency, consumer, ESCROW),
    ]
    assert retrieval.status(job) == (State.EXPIRED, 0)
    assert retrieval.credit(consumer, currency) == ESCROW
    assert retrieval.credit(payee, currency) == 0


def test_complete_pays_all_and_the_stake_to_the_payee(retrieval, consumer, payee, currency):
    job = _late(retrieval, retrieval.closing(currency=currency))

    receipt = retrieval.settle(job)

    job_id = retrieval.id_of(job)
    assert events(receipt) == [
        ("RetrievalSettled", job_id, payee, COUNT, True),
        ("Credited", job_id, currency, payee, ESCROW + STAKE),
    ]
    assert retrieval.status(job) == (State.SETTLED, 0)
    assert retrieval.credit(payee, currency) == ESCROW + STAKE
    assert retrieval.credit(consumer, currency) == 0


def test_incomplete_pays_what_was_proven(retrieval, consumer, payee, currency):
    job = _late(retrieval, retrieval.incomplete(currency=currency))

    receipt = retrieval.settle(job)

    job_id, earned = retrieval.id_of(job), 4 * PRICE
    assert events(receipt) == [
        ("RetrievalSettled", job_id, payee, 4, False),
        ("Credited", job_id, currency, payee, earned),
        ("Credited", job_id, currency, consumer, ESCROW - earned + STAKE),
    ]
    assert retrieval.stored(job)[0] == State.SETTLED
    assert retrieval.credit(payee, currency) == earned
    assert retrieval.credit(consumer, currency) == ESCROW - earned + STAKE


def test_one_record_short_loses_the_stake(retrieval, consumer, payee):
    job = retrieval.accepted()
    retrieval.submit(job, *retrieval.all_of(job)[:2], retrieval.submission(job, (8, 2)))
    at(retrieval.deadline(job) + DISPUTE_SECONDS + 1)
    retrieval.settle(job)
    assert retrieval.credit(payee) == (COUNT - 1) * PRICE
    assert retrieval.credit(consumer) == PRICE + STAKE


def test_nothing_proven_gives_everything_to_the_requester(retrieval, consumer, payee):
    job = _late(retrieval, retrieval.incomplete(proven=()))
    receipt = retrieval.settle(job)
    job_id = retrieval.id_of(job)
    assert events(receipt) == [
        ("RetrievalSettled", job_id, payee, 0, False),
        ("Credited", job_id, job.terms.currency, consumer, ESCROW + STAKE),
    ]


def test_anyone_may_settle_and_gets_nothing(retrieval, attacker, payee):
    job = _late(retrieval, retrieval.closing())
    retrieval.settle(job, sender=attacker)
    assert retrieval.credit(attacker) == 0
    assert retrieval.credit(payee) == ESCROW + STAKE


def test_a_requester_that_is_its_own_owner_moves_its_own_money(retrieval, owner, payee):
    """Harmless: what it paid in is all that comes out."""
    scene = retrieval
    job = scene.job()
    job = type(job)(owner.address, 0, job.terms)
    scene.post(job, sender=owner)
    scene.accept(job, payee=owner)
    scene.submit(job, *(scene.submission(job, *blocks, payee=owner) for blocks in _proofs()))
    scene.settle(_late(scene, job))
    assert scene.credit(owner) == ESCROW + STAKE
    assert scene.bounty.balance == ESCROW + STAKE


def _proofs():
    return ALL[:1], ALL[1:2], ALL[2:]


@pytest.mark.parametrize("count", [2, 65_536])
def test_what_it_costs_does_not_depend_on_the_count(retrieval, owner, count):
    """A job cannot be made too large to end."""
    claimed = (b"\x11" * 32, count, bytes(32), "")
    dataset_id = retrieval.bounty.commitDataset(*claimed, sender=owner).return_value
    job = retrieval.job(dataset_id=dataset_id)
    retrieval.post(job, value=count * PRICE)
    retrieval.accept(job)
    at(retrieval.deadline(job) + DISPUTE_SECONDS + 1)
    assert retrieval.settle(job).gas_used < 110_000


# ---------------------------------------------------------------- condemned circuits


@pytest.mark.parametrize("start", ["posted", "accepted", "closing"])
def test_a_condemned_circuit_gives_each_side_its_deposits(
    retrieval, consumer, payee, currency, start
):
    job = getattr(retrieval, start)(currency=currency)
    retrieval.condemn()

    receipt = retrieval.settle(job)

    stake = 0 if start == "posted" else STAKE
    job_id = retrieval.id_of(job)
    assert events(receipt) == [
        ("RetrievalVoided", job_id, retrieval.circuit_id),
        ("Credited", job_id, currency, consumer, ESCROW),
        *([("Credited", job_id, currency, payee, STAKE)] if stake else []),
    ]
    assert retrieval.status(job) == (State.VOIDED, 0)
    assert retrieval.credit(consumer, currency) == ESCROW
    assert retrieval.credit(payee, currency) == stake


@pytest.mark.parametrize("start", ["posted", "closing"])
@pytest.mark.parametrize("after", [0, 1])
def test_a_missed_deadline_outweighs_a_condemnation(retrieval, start, after):
    """Condemned in the last second it counts, a second later not."""
    job = getattr(retrieval, start)()
    at(retrieval.deadline(job) + after)
    retrieval.condemn()
    retrieval.touch()
    retrieval.settle(job)
    missed = State.EXPIRED if start == "posted" else State.SETTLED
    assert retrieval.state(job) == (missed if after else State.VOIDED)


def test_a_condemnation_before_the_missed_deadline_to_prove_counts(retrieval, payee, consumer):
    """In its last second; who settles may come later, within the time to dispute or after it."""
    jobs = [retrieval.accepted(nonce) for nonce in range(3)]
    deadlines = [retrieval.deadline(job) for job in jobs]
    at(deadlines[0])
    retrieval.condemn()
    for job, after in zip(jobs, (1, DISPUTE_SECONDS, 2 * DISPUTE_SECONDS), strict=True):
        at(deadlines[-1] + after)
        retrieval.settle(job)
        assert retrieval.state(job) == State.VOIDED
    assert retrieval.credit(payee) == 3 * STAKE
    assert retrieval.credit(consumer) == 3 * ESCROW


@pytest.mark.parametrize("after", [1, DISPUTE_SECONDS, DISPUTE_SECONDS + 1])
def test_a_condemnation_after_the_missed_deadline_to_prove_does_not(
    retrieval, payee, consumer, after
):
    """Nor does the time to dispute end earlier for it."""
    job = retrieval.accepted()
    retrieval.prove(job, ALL[0])
    deadline = retrieval.deadline(job)
    at(deadline + after)
    retrieval.condemn()
    end = deadline + DISPUTE_SECONDS
    if after < DISPUTE_SECONDS:
        time = at(end)
        with reverts(retrieval.bounty.Jobs_Early, now_=time, deadline=end):
            retrieval.settle(job)
    at(end + 2)
    retrieval.settle(job)
    assert retrieval.state(job) == State.SETTLED
    earned = ALL[0][1] * PRICE
    assert retrieval.credit(payee) == earned
    assert retrieval.credit(consumer) == ESCROW - earned + STAKE


# ---------------------------------------------------------------- state and time


@pytest.mark.parametrize("start", STARTS)
def test_RevertWhen_it_is_early(retrieval, start):
    job = getattr(retrieval, start)()
    deadline = retrieval.deadline(job)
    time = at(deadline)
    with reverts(retrieval.bounty.Jobs_Early, now_=time, deadline=deadline):
        retrieval.settle(job)


def test_RevertWhen_the_time_to_prove_is_over_but_not_that_to_dispute(retrieval):
    job = retrieval.accepted()
    deadline = retrieval.deadline(job) + DISPUTE_SECONDS
    for time in (deadline - DISPUTE_SECONDS + 1, deadline):
        at(time)
        with reverts(retrieval.bounty.Jobs_Early, now_=time, deadline=deadline):
            retrieval.settle(job)
    at(deadline + 1)
    retrieval.settle(job)
    assert retrieval.state(job) == State.SETTLED


def test_RevertWhen_there_is_no_such_job(retrieval):
    wrong = {"actual": State.NONE, "allowed": State.CLOSING}
    with reverts(retrieval.bounty.RetrievalBounty_WrongState, **wrong):
        retrieval.settle(retrieval.job())


def test_RevertWhen_it_is_settled_already(retrieval, payee):
    job = _late(retrieval, retrieval.closing())
    retrieval.settle(job)
    wrong = {"actual": State.SETTLED, "allowed": State.CLOSING}
    with reverts(retrieval.bounty.RetrievalBounty_WrongState, **wrong):
        retrieval.settle(job)
    assert retrieval.credit(payee) == ESCROW + STAKE


def test_RevertWhen_a_settled_job_s_circuit_is_condemned(retrieval):
    job = _late(retrieval, retrieval.closing())
    retrieval.settle(job)
    retrieval.condemn()
    wrong = {"actual": State.SETTLED, "allowed": State.CLOSING}
    with reverts(retrieval.bounty.RetrievalBounty_WrongState, **wrong):
        retrieval.settle(job)


def test_standing_is_as_by_time(retrieval):
    """Proving to its last second; Closing from the next one on, until it is settled."""
    job = retrieval.posted()
    assert retrieval.status(job) == (State.OPEN, job.terms.open_until)
    time = retrieval.accept(job).timestamp
    prove, dispute = time + PROVE_SECONDS, time + PROVE_SECONDS + DISPUTE_SECONDS
    seen = []
    for moment in (prove, prove + 1, dispute, dispute + 1, dispute + 10_000):
        at(moment)
        retrieval.touch()
        seen.append(retrieval.status(job))
    assert seen == [(State.PROVING, prove), *[(State.CLOSING, dispute)] * 4]
    assert retrieval.stored(job)[0] == State.PROVING


def test_standing_of_no_job(retrieval):
    assert retrieval.status(retrieval.job()) == (State.NONE, 0)
