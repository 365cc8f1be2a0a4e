"""ServingRound.settle; the cases are in test_settle.tree."""

import pytest

from prover.protocol.serving.state import State
from tests.contracts.reverting import reverts
from tests.contracts.scenario import at
from tests.contracts.serving.scenario import COUNT, ESCROW, PRICE, PROOFS, STAKE, events

STARTS = ["posted", "joined", "served", "contested"]
MISSED = {
    "posted": State.EXPIRED,
    "joined": State.UNSERVED,
    "served": State.SETTLED,
    "contested": State.UNANSWERED,
}


# ---------------------------------------------------------------- who gets what


def test_open_gives_the_escrow_back(serving, consumer, payee, currency):
    job = serving.late(serving.posted(currency=currency))

    receipt = serving.settle(job)

    job_id = serving.id_of(job)
    assert events(receipt) == [
        ("RoundExpired", job_id),
        ("Credited", job_id, currency, consumer, ESCROW),
    ]
    assert serving.state(job) == State.EXPIRED
    assert serving.credit(consumer, currency) == ESCROW
    assert serving.credit(payee, currency) == 0


def test_unserved_gives_everything_to_the_consumer(serving, consumer, payee, currency):
    job = serving.late(serving.joined(currency=currency))

    receipt = serving.settle(job)

    job_id = serving.id_of(job)
    assert events(receipt) == [
        ("RoundUnserved", job_id, payee, STAKE),
        ("Credited", job_id, currency, consumer, ESCROW + STAKE),
    ]
    assert serving.state(job) == State.UNSERVED
    assert serving.credit(consumer, currency) == ESCROW + STAKE
    assert serving.credit(payee, currency) == 0


def test_uncontested_pays_all_prices_and_the_stake(serving, consumer, payee, currency):
    job = serving.late(serving.served(currency=currency))

    receipt = serving.settle(job)

    job_id, earned = serving.id_of(job), COUNT * PRICE
    assert events(receipt) == [
        ("RoundSettled", job_id, payee, 0),
        ("Credited", job_id, currency, payee, earned + STAKE),
        ("Credited", job_id, currency, consumer, ESCROW - earned),
    ]
    assert serving.state(job) == State.SETTLED
    assert serving.credit(payee, currency) == earned + STAKE
    assert serving.credit(consumer, currency) == ESCROW - earned


def test_unanswered_gives_everything_to_the_consumer(serving, consumer, payee, currency):
    job = serving.contested(currency=currency)
    serving.late(job)

    receipt = serving.settle(job)

    job_id = serving.id_of(job)
    assert events(receipt) == [
        ("RoundUnanswered", job_id, payee, STAKE),
        ("Credited", job_id, currency, consumer, ESCROW + STAKE),
    ]
    assert serving.state(job) == State.UNANSWERED
    assert serving.credit(consumer, currency) == ESCROW + STAKE
    assert serving.credit(payee, currency) == 0


def test_one_answer_short_loses_everything(serving, consumer, payee):
    job = serving.contested()
    serving.answer(job, *(serving.proof(job, *blocks) for blocks in PROOFS[:-1]))
    serving.settle(serving.late(job))
    assert serving.state(job) == State.UNANSWERED
    assert serving.credit(payee) == 0
    assert serving.credit(consumer) == ESCROW + STAKE


def test_without_proof_fees_nothing_goes_back(serving, consumer, payee):
    """No credit of nothing is announced."""
    job = serving.late(serving.served(proof_fee=0))
    receipt = serving.settle(job)
    job_id, earned = serving.id_of(job), COUNT * PRICE
    assert events(receipt) == [
        ("RoundSettled", job_id, payee, 0),
        ("Credited", job_id, job.terms.currency, payee, earned + STAKE),
    ]


def test_anyone_may_settle_and_gets_nothing(serving, attacker, payee):
    job = serving.late(serving.served())
    serving.settle(job, sender=attacker)
    assert serving.credit(attacker) == 0
    assert serving.credit(payee) == COUNT * PRICE + STAKE


def test_a_consumer_that_is_its_own_provider_moves_its_own_money(serving, consumer):
    """Harmless: what it paid in is all that comes out."""
    job = serving.posted()
    serving.join(job, payee=consumer, sender=consumer)
    serving.commit(job, sender=consumer)
    serving.settle(serving.late(job))
    assert serving.credit(consumer) == serving.rounds.balance == ESCROW + STAKE


def test_the_greatest_amounts_are_paid(serving, token, consumer, provider, payee, deployer):
    most = 2**128 - 1
    for holder in (consumer, provider):
        token.mint(holder, 2**140, sender=deployer)
        token.approve(serving.rounds, 2**256 - 1, sender=holder)
    job = serving.contested(currency=token.address, price=most, proof_fee=most, stake=most)
    serving.answer(job)
    assert serving.credit(payee, token) == (COUNT + 8 + 1) * most


@pytest.mark.parametrize("n", [2, 16_384])
def test_what_it_costs_does_not_depend_on_the_size(serving, n):
    """A round cannot be made too large to end."""
    job = serving.joined(n=n, max_contests=min(n, 1_024), price=1, proof_fee=1)
    assert serving.settle(serving.late(job)).gas_used < 110_000


def test_what_it_costs_does_not_depend_on_the_contests(serving):
    job = serving.contested(n=COUNT, max_contests=COUNT, indices=range(COUNT))
    assert serving.settle(serving.late(job)).gas_used < 110_000


# ---------------------------------------------------------------- condemned circuits


@pytest.mark.parametrize("start", STARTS)
def test_a_condemned_circuit_gives_each_side_its_deposits(
    serving, consumer, payee, currency, start
):
    job = getattr(serving, start)(currency=currency)
    serving.condemn()

    receipt = serving.settle(job)

    stake = 0 if start == "posted" else STAKE
    job_id = serving.id_of(job)
    assert events(receipt) == [
        ("RoundVoided", job_id, serving.circuit_id),
        ("Credited", job_id, currency, consumer, ESCROW),
        *([("Credited", job_id, currency, payee, STAKE)] if stake else []),
    ]
    assert serving.state(job) == State.VOIDED
    assert serving.credit(consumer, currency) == ESCROW
    assert serving.credit(payee, currency) == stake


def test_a_stake_of_nothing_is_not_given_back(serving, provider, consumer):
    job = serving.joined(provider=provider.address, stake=0)
    serving.condemn()
    receipt = serving.settle(job)
    credited = [event for event in events(receipt) if event[0] == "Credited"]
    assert [event[3:] for event in credited] == [(consumer, ESCROW)]


def test_answers_before_a_condemnation_are_not_paid(serving, consumer, payee):
    """Nobody can say what they are worth."""
    job = serving.contested()
    serving.prove(job, *PROOFS[0])
    serving.condemn()
    serving.settle(job)
    assert serving.credit(consumer) == ESCROW
    assert serving.credit(payee) == STAKE


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("after", [0, 1])
def test_a_missed_deadline_outweighs_a_condemnation(serving, start, after):
    """Condemned in the last second it counts, a second later not."""
    job = getattr(serving, start)()
    at(serving.deadline(job) + after)
    serving.condemn()
    at(serving.deadline(job) + 10)
    serving.settle(job)
    assert serving.state(job) == (MISSED[start] if after else State.VOIDED)


def test_outputs_posted_after_a_condemnation_save_nothing(serving, payee):
    """A condemned round goes on until somebody settles it, and ends as before."""
    job = serving.joined()
    serving.condemn()
    serving.commit(job)
    serving.contest(job)
    serving.settle(serving.late(job))
    assert serving.state(job) == State.VOIDED
    assert serving.credit(payee) == STAKE


# ---------------------------------------------------------------- state and time


@pytest.mark.parametrize("start", STARTS)
def test_RevertWhen_it_is_early(serving, start):
    job = getattr(serving, start)()
    deadline = serving.deadline(job)
    time = at(deadline)
    with reverts(serving.rounds.Jobs_Early, now_=time, deadline=deadline):
        serving.settle(job)


def test_RevertWhen_there_is_no_such_job(serving):
    wrong = {"actual": State.NONE, "allowed": State.CONTESTED}
    with reverts(serving.rounds.ServingRound_WrongState, **wrong):
        serving.settle(serving.job())


@pytest.mark.parametrize("start", STARTS)
def test_RevertWhen_it_is_settled_already(serving, start):
    job = serving.late(getattr(serving, start)())
    serving.settle(job)
    wrong = {"actual": MISSED[start], "allowed": State.CONTESTED}
    with reverts(serving.rounds.ServingRound_WrongState, **wrong):
        serving.settle(job)


def test_RevertWhen_an_ended_round_s_circuit_is_condemned(serving, payee):
    job = serving.contested()
    serving.answer(job)
    serving.condemn()
    wrong = {"actual": State.SETTLED, "allowed": State.CONTESTED}
    with reverts(serving.rounds.ServingRound_WrongState, **wrong):
        serving.settle(job)


def test_RevertWhen_a_cancelled_round_is_settled(serving):
    job = serving.posted()
    serving.cancel(job)
    wrong = {"actual": State.CANCELLED, "allowed": State.CONTESTED}
    with reverts(serving.rounds.ServingRound_WrongState, **wrong):
        serving.settle(job)
