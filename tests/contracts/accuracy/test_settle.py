"""AccuracyBounty.settle; the cases are in test_settle.tree."""

import pytest

from prover.protocol.accuracy.state import State
from tests.contracts.accuracy.scenario import BOND, PENALTY, REWARD, STAKE, events
from tests.contracts.reverting import reverts
from tests.contracts.scenario import at, holdings

STARTS = ("posted", "accepted", "proving")


def test_an_open_bounty_expires(accuracy, consumer, currency):
    job = accuracy.late(accuracy.posted(currency=currency))
    receipt = accuracy.settle(job)
    assert accuracy.state(job) == State.EXPIRED
    assert events(receipt)[0] == ("BountyExpired", accuracy.id_of(job))
    assert accuracy.credit(consumer, currency) == REWARD + BOND


def test_a_withheld_key_costs_the_bond(accuracy, consumer, payee, currency):
    job = accuracy.late(accuracy.accepted(currency=currency))
    receipt = accuracy.settle(job)
    assert accuracy.state(job) == State.KEY_WITHHELD
    assert events(receipt)[0] == ("KeyWithheld", accuracy.id_of(job), payee, BOND)
    assert accuracy.credit(consumer, currency) == REWARD
    assert accuracy.credit(payee, currency) == BOND + STAKE


def test_a_missed_target_costs_the_penalty(accuracy, consumer, payee, currency):
    job = accuracy.proving(currency=currency)
    accuracy.prove(job, (0, 4))
    accuracy.late(job)
    receipt = accuracy.settle(job)
    assert accuracy.state(job) == State.MISSED
    assert events(receipt)[0] == ("TargetMissed", accuracy.id_of(job), payee, 3)
    assert accuracy.credit(consumer, currency) == REWARD + BOND + PENALTY
    assert accuracy.credit(payee, currency) == STAKE - PENALTY


@pytest.mark.parametrize("start", STARTS)
def test_the_last_second_is_not_late(accuracy, start):
    job = getattr(accuracy, start)()
    deadline = accuracy.deadline(job)
    at(deadline)
    with reverts(accuracy.bounty.Jobs_Early, now_=deadline, deadline=deadline):
        accuracy.settle(job)
    at(deadline + 1)
    accuracy.settle(job)


@pytest.mark.parametrize("start", STARTS)
def test_a_circuit_condemned_in_time_gives_deposits_back(accuracy, consumer, payee, start):
    job = getattr(accuracy, start)()
    at(accuracy.deadline(job))
    accuracy.condemn()

    receipt = accuracy.settle(job)

    assert accuracy.state(job) == State.VOIDED
    assert events(receipt)[0] == ("BountyVoided", accuracy.id_of(job), accuracy.circuit_id)
    assert accuracy.credit(consumer) == REWARD + BOND
    assert accuracy.credit(payee) == (0 if start == "posted" else STAKE)


@pytest.mark.parametrize(
    ("start", "end"),
    zip(STARTS, (State.EXPIRED, State.KEY_WITHHELD, State.MISSED), strict=True),
)
def test_a_condemnation_after_the_deadline_changes_nothing(accuracy, start, end):
    job = getattr(accuracy, start)()
    at(accuracy.deadline(job) + 1)
    accuracy.condemn()
    accuracy.settle(job)
    assert accuracy.state(job) == end


@pytest.mark.parametrize("end", ["cancel", "settle"])
def test_RevertWhen_it_has_ended(accuracy, end):
    job = accuracy.posted()
    if end == "settle":
        accuracy.late(job)
    getattr(accuracy, end)(job)
    state = accuracy.state(job)
    wrong = {"actual": state, "allowed": State.PROVING}
    with reverts(accuracy.bounty.AccuracyBounty_WrongState, **wrong):
        accuracy.settle(job)


def test_RevertWhen_it_was_never_posted(accuracy):
    wrong = {"actual": State.NONE, "allowed": State.PROVING}
    with reverts(accuracy.bounty.AccuracyBounty_WrongState, **wrong):
        accuracy.settle(accuracy.job())


def test_credits_are_all_the_money(accuracy, consumer, payee, currency):
    """What was paid in is what can be withdrawn."""
    before = holdings(currency, accuracy.bounty)
    job = accuracy.late(accuracy.proving(currency=currency))
    accuracy.settle(job)
    for account in (consumer, payee):
        accuracy.bounty.withdraw(currency, account, sender=account)
    assert holdings(currency, accuracy.bounty) == before
