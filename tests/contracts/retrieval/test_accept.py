"""RetrievalBounty.accept; the cases are in test_accept.tree."""

import pytest

from prover.protocol.retrieval.state import State
from tests.contracts.retrieval.scenario import PROVE_SECONDS, STAKE, events
from tests.contracts.reverting import reverts
from tests.contracts.scenario import NOBODY, at, holdings, now


def test_takes_the_stake_and_starts_the_clock(retrieval, payee, currency):
    job = retrieval.posted(currency=currency)
    before, time = holdings(currency, retrieval.bounty), at(now() + 10)

    retrieval.accept(job)

    deadline = time + PROVE_SECONDS
    assert retrieval.stored(job) == (State.PROVING, payee, deadline, 0)
    assert retrieval.status(job) == (State.PROVING, deadline)
    assert holdings(currency, retrieval.bounty) == before + STAKE


def test_announces_owner_payee_and_deadline(retrieval, owner, payee):
    job = retrieval.posted()
    receipt = retrieval.accept(job)
    job_id = retrieval.id_of(job)
    deadline = receipt.timestamp + PROVE_SECONDS
    assert events(receipt) == [
        ("RetrievalAccepted", job_id, owner, payee, deadline),
        ("Deposited", job_id, NOBODY, owner, STAKE),
    ]


def test_accepts_up_to_the_last_second(retrieval):
    job = retrieval.posted()
    at(job.terms.open_until)
    retrieval.accept(job)
    assert retrieval.state(job) == State.PROVING


def test_RevertWhen_it_is_late(retrieval):
    job = retrieval.posted()
    time = at(job.terms.open_until + 1)
    with reverts(retrieval.bounty.Jobs_Late, now_=time, deadline=job.terms.open_until):
        retrieval.accept(job)


@pytest.mark.parametrize("person", ["consumer", "attacker", "payee"])
def test_RevertWhen_it_is_not_the_owner(retrieval, owner, request, person):
    job, caller = retrieval.posted(), request.getfixturevalue(person)
    wrong = {"actual": caller.address, "allowed": owner.address}
    with reverts(retrieval.bounty.Jobs_NotProvider, **wrong):
        retrieval.accept(job, sender=caller)


@pytest.mark.parametrize("who", ["zero", "the contract"])
def test_RevertWhen_the_payee_cannot_be_paid(retrieval, who):
    job = retrieval.posted()
    address = NOBODY if who == "zero" else retrieval.bounty.address
    with reverts(retrieval.bounty.Jobs_BadPayee, payee=address):
        retrieval.accept(job, payee=address)


def test_RevertWhen_the_circuit_was_condemned(retrieval):
    job = retrieval.posted()
    condemned_at = retrieval.condemn().timestamp
    condemned = {"circuitId": retrieval.circuit_id, "condemnedAt": condemned_at}
    with reverts(retrieval.bounty.ProofAcceptance_Condemned, **condemned):
        retrieval.accept(job)


@pytest.mark.parametrize("value", [0, STAKE - 1, STAKE + 1])
def test_RevertWhen_the_ether_is_not_exact(retrieval, value):
    job = retrieval.posted()
    with reverts(retrieval.bounty.Escrow_WrongValue, actual=value, allowed=STAKE):
        retrieval.accept(job, value=value)


def test_RevertWhen_it_was_accepted_already(retrieval):
    job = retrieval.accepted()
    wrong = {"actual": State.PROVING, "allowed": State.OPEN}
    with reverts(retrieval.bounty.RetrievalBounty_WrongState, **wrong):
        retrieval.accept(job)


def test_RevertWhen_it_was_never_posted(retrieval):
    wrong = {"actual": State.NONE, "allowed": State.OPEN}
    with reverts(retrieval.bounty.RetrievalBounty_WrongState, **wrong):
        retrieval.accept(retrieval.job())
