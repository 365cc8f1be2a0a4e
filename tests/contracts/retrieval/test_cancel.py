"""RetrievalBounty.cancel; the cases are in test_cancel.tree."""

import pytest

from prover.protocol.retrieval.state import State
from tests.contracts.retrieval.scenario import COUNT, PRICE, events
from tests.contracts.reverting import reverts
from tests.contracts.scenario import at


def test_gives_the_escrow_back(retrieval, consumer, currency):
    job = retrieval.posted(currency=currency)

    retrieval.cancel(job)

    assert retrieval.status(job) == (State.CANCELLED, 0)
    assert retrieval.credit(consumer, currency) == COUNT * PRICE


def test_announces_the_end(retrieval, consumer):
    job = retrieval.posted()
    receipt = retrieval.cancel(job)
    job_id = retrieval.id_of(job)
    assert events(receipt) == [
        ("RetrievalCancelled", job_id),
        ("Credited", job_id, job.terms.currency, consumer, COUNT * PRICE),
    ]


def test_takes_it_back_up_to_the_last_second(retrieval):
    job = retrieval.posted()
    at(job.terms.open_until)
    retrieval.cancel(job)
    assert retrieval.state(job) == State.CANCELLED


def test_RevertWhen_it_is_late(retrieval):
    job = retrieval.posted()
    time = at(job.terms.open_until + 1)
    with reverts(retrieval.bounty.Jobs_Late, now_=time, deadline=job.terms.open_until):
        retrieval.cancel(job)


@pytest.mark.parametrize("person", ["owner", "attacker"])
def test_RevertWhen_somebody_else_cancels(retrieval, consumer, request, person):
    job, caller = retrieval.posted(), request.getfixturevalue(person)
    wrong = {"actual": caller.address, "allowed": consumer.address}
    with reverts(retrieval.bounty.Jobs_NotConsumer, **wrong):
        retrieval.cancel(job, sender=caller)


def test_RevertWhen_it_was_accepted(retrieval):
    job = retrieval.accepted()
    wrong = {"actual": State.PROVING, "allowed": State.OPEN}
    with reverts(retrieval.bounty.RetrievalBounty_WrongState, **wrong):
        retrieval.cancel(job)


def test_RevertWhen_it_was_cancelled_already(retrieval, consumer):
    job = retrieval.posted()
    retrieval.cancel(job)
    wrong = {"actual": State.CANCELLED, "allowed": State.OPEN}
    with reverts(retrieval.bounty.RetrievalBounty_WrongState, **wrong):
        retrieval.cancel(job)
    assert retrieval.credit(consumer) == COUNT * PRICE


def test_RevertWhen_the_terms_are_not_the_job_s(retrieval):
    """Other terms are another job, which nobody posted."""
    retrieval.posted(nonce=1)
    job = retrieval.job(nonce=1, price_per_record=2 * PRICE)
    wrong = {"actual": State.NONE, "allowed": State.OPEN}
    with reverts(retrieval.bounty.RetrievalBounty_WrongState, **wrong):
        retrieval.cancel(job)
