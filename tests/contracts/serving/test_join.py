"""ServingRound.cancel and join; the cases are in test_join.tree."""

import pytest

from prover.protocol.serving.state import State
from tests.contracts.reverting import reverts
from tests.contracts.scenario import NOBODY, at, holdings, now
from tests.contracts.serving.scenario import ESCROW, SERVE_SECONDS, STAKE, events

ZERO = bytes(32)


# ---------------------------------------------------------------- cancel


def test_cancel_gives_the_escrow_back(serving, consumer, currency):
    job = serving.posted(currency=currency)

    receipt = serving.cancel(job)

    job_id = serving.id_of(job)
    assert events(receipt) == [
        ("RoundCancelled", job_id),
        ("Credited", job_id, currency, consumer, ESCROW),
    ]
    assert serving.state(job) == State.CANCELLED
    assert serving.credit(consumer, currency) == ESCROW


def test_cancel_works_up_to_the_last_second(serving):
    job = serving.posted()
    at(job.terms.open_until)
    serving.cancel(job)
    assert serving.state(job) == State.CANCELLED


def test_RevertWhen_cancel_is_late(serving):
    job = serving.posted()
    time = at(job.terms.open_until + 1)
    with reverts(serving.rounds.Jobs_Late, now_=time, deadline=job.terms.open_until):
        serving.cancel(job)


@pytest.mark.parametrize("person", ["provider", "attacker"])
def test_RevertWhen_another_cancels(serving, consumer, request, person):
    job, caller = serving.posted(), request.getfixturevalue(person)
    wrong = {"actual": caller.address, "allowed": consumer.address}
    with reverts(serving.rounds.Jobs_NotConsumer, **wrong):
        serving.cancel(job, sender=caller)


def test_RevertWhen_a_joined_round_is_cancelled(serving):
    job = serving.joined()
    wrong = {"actual": State.JOINED, "allowed": State.OPEN}
    with reverts(serving.rounds.ServingRound_WrongState, **wrong):
        serving.cancel(job)


# ---------------------------------------------------------------- join


def test_join_takes_the_stake_and_starts_the_clock(serving, provider, payee, currency):
    job = serving.posted(currency=currency)
    before, time = holdings(currency, serving.rounds), at(now() + 10)

    serving.join(job)

    deadline = time + SERVE_SECONDS
    assert serving.stored(job) == (State.JOINED, payee, deadline, provider, 0, 0, ZERO, ZERO)
    assert holdings(currency, serving.rounds) == before + STAKE


def test_join_announces_provider_payee_and_deadline(serving, provider, payee):
    job = serving.posted()
    receipt = serving.join(job)
    job_id = serving.id_of(job)
    deadline = receipt.timestamp + SERVE_SECONDS
    assert events(receipt) == [
        ("RoundJoined", job_id, provider, payee, deadline),
        ("Deposited", job_id, NOBODY, provider, STAKE),
    ]


def test_anyone_may_join_an_open_round(serving, attacker):
    job = serving.posted()
    serving.join(job, sender=attacker)
    assert serving.stored(job)[3] == attacker


def test_a_named_provider_may_join_without_a_stake(serving, provider):
    job = serving.posted(provider=provider.address, stake=0)
    receipt = serving.join(job)
    assert events(receipt)[-1] == ("Deposited", serving.id_of(job), NOBODY, provider, 0)
    assert serving.state(job) == State.JOINED


def test_join_works_up_to_the_last_second(serving):
    job = serving.posted()
    at(job.terms.open_until)
    serving.join(job)
    assert serving.state(job) == State.JOINED


def test_RevertWhen_join_is_late(serving):
    job = serving.posted()
    time = at(job.terms.open_until + 1)
    with reverts(serving.rounds.Jobs_Late, now_=time, deadline=job.terms.open_until):
        serving.join(job)


@pytest.mark.parametrize("person", ["consumer", "attacker", "payee"])
def test_RevertWhen_another_than_the_named_provider_joins(serving, provider, request, person):
    job, caller = serving.posted(provider=provider.address), request.getfixturevalue(person)
    wrong = {"actual": caller.address, "allowed": provider.address}
    with reverts(serving.rounds.Jobs_NotProvider, **wrong):
        serving.join(job, sender=caller)


@pytest.mark.parametrize("who", ["zero", "the contract"])
def test_RevertWhen_the_payee_cannot_be_paid(serving, who):
    job = serving.posted()
    address = NOBODY if who == "zero" else serving.rounds.address
    with reverts(serving.rounds.Jobs_BadPayee, payee=address):
        serving.join(job, payee=address)


def test_RevertWhen_the_circuit_was_condemned(serving):
    job = serving.posted()
    condemned_at = serving.condemn().timestamp
    condemned = {"circuitId": serving.circuit_id, "condemnedAt": condemned_at}
    with reverts(serving.rounds.ProofAcceptance_Condemned, **condemned):
        serving.join(job)


@pytest.mark.parametrize("value", [0, STAKE - 1, STAKE + 1])
def test_RevertWhen_the_ether_is_not_exact(serving, value):
    job = serving.posted()
    with reverts(serving.rounds.Escrow_WrongValue, actual=value, allowed=STAKE):
        serving.join(job, value=value)


def test_RevertWhen_it_was_joined_already(serving, attacker):
    job = serving.joined()
    wrong = {"actual": State.JOINED, "allowed": State.OPEN}
    with reverts(serving.rounds.ServingRound_WrongState, **wrong):
        serving.join(job, sender=attacker)


def test_RevertWhen_it_was_never_posted(serving):
    wrong = {"actual": State.NONE, "allowed": State.OPEN}
    with reverts(serving.rounds.ServingRound_WrongState, **wrong):
        serving.join(serving.job())
