"""AccuracyBounty.accept and revealKey; the cases are in test_accept.tree."""

import pytest

from prover.protocol.accuracy.state import State
from prover.statement.documents.sealed import key_hash
from tests.contracts.accuracy.scenario import (
    BOND,
    PROVE_SECONDS,
    REVEAL_SECONDS,
    REWARD,
    STAKE,
    events,
    register,
    sealed_layout,
)
from tests.contracts.retrieval.scenario import record_circuit
from tests.contracts.reverting import reverts
from tests.contracts.scenario import at, holdings, now

ZERO = bytes(32)


def test_fixes_model_payee_and_deadline(accuracy, provider, payee, currency):
    job = accuracy.posted(currency=currency)
    before = holdings(currency, accuracy.bounty)
    time = at(now() + 10)

    accuracy.accept(job)

    fixed = (provider, 0, 0, accuracy.model_id, ZERO)
    assert accuracy.stored(job) == (State.ACCEPTED, payee, time + REVEAL_SECONDS, *fixed)
    assert holdings(currency, accuracy.bounty) == before + STAKE


def test_announces_who_entered_which_model(accuracy, provider, payee):
    job = accuracy.posted()
    receipt = accuracy.accept(job)
    job_id, deadline = accuracy.id_of(job), accuracy.deadline(job)
    assert events(receipt)[0] == (
        "BountyAccepted",
        job_id,
        provider,
        payee,
        accuracy.model_id,
        deadline,
    )


def test_takes_the_last_second(accuracy):
    job = accuracy.posted()
    at(job.terms.open_until)
    accuracy.accept(job)
    assert accuracy.state(job) == State.ACCEPTED


def test_takes_the_named_provider(accuracy, provider):
    job = accuracy.posted(provider=provider.address, stake=0, miss_penalty=0)
    accuracy.accept(job)
    assert accuracy.state(job) == State.ACCEPTED


def test_RevertWhen_it_is_late(accuracy):
    job = accuracy.posted()
    time = at(job.terms.open_until + 1)
    with reverts(accuracy.bounty.Jobs_Late, now_=time, deadline=job.terms.open_until):
        accuracy.accept(job)


def test_RevertWhen_another_provider_is_named(accuracy, attacker, provider):
    job = accuracy.posted(provider=provider.address)
    people = {"actual": attacker.address, "allowed": provider.address}
    with reverts(accuracy.bounty.Jobs_NotProvider, **people):
        accuracy.accept(job, sender=attacker)


def test_RevertWhen_nobody_or_the_contract_would_be_paid(accuracy):
    job = accuracy.posted()
    for payee in ("0x" + "00" * 20, accuracy.bounty.address):
        with reverts(accuracy.bounty.Jobs_BadPayee, payee=payee):
            accuracy.accept(job, payee=payee)


def test_RevertWhen_the_model_is_unknown(accuracy):
    job = accuracy.posted()
    with reverts(accuracy.registry.ModelRegistry_UnknownModel, modelId=b"\x11" * 32):
        accuracy.accept(job, model=b"\x11" * 32)


def test_RevertWhen_the_model_is_of_another_circuit(accuracy, deployer):
    job = accuracy.posted()
    layout = sealed_layout()
    other = record_circuit(accuracy.verifier, layout, artifactDigest=b"\7" * 32)
    model_id = register(accuracy.registry, other, layout, deployer)
    circuit_id, _ = accuracy.registry.models(model_id)
    circuits = {"actual": circuit_id, "allowed": accuracy.circuit_id}
    with reverts(accuracy.bounty.AccuracyBounty_WrongCircuit, **circuits):
        accuracy.accept(job, model=model_id)


def test_RevertWhen_the_circuit_is_condemned(accuracy):
    job = accuracy.posted()
    accuracy.condemn()
    time = accuracy.registry.condemnedAt(accuracy.circuit_id)
    error = accuracy.bounty.ProofAcceptance_Condemned
    with reverts(error, circuitId=accuracy.circuit_id, condemnedAt=time):
        accuracy.accept(job)


def test_RevertWhen_the_stake_is_not_exact(accuracy):
    job = accuracy.posted()
    with reverts(accuracy.bounty.Escrow_WrongValue, actual=STAKE - 1, allowed=STAKE):
        accuracy.accept(job, value=STAKE - 1)


def test_the_key_starts_the_time_to_prove(accuracy, provider, payee):
    job = accuracy.accepted()
    time = at(now() + 10)

    receipt = accuracy.reveal(job)

    deadline, key = time + PROVE_SECONDS, accuracy.data.key
    assert events(receipt) == [("KeyRevealed", accuracy.id_of(job), key, deadline)]
    fixed = (provider, 0, 0, accuracy.model_id, key)
    assert accuracy.stored(job) == (State.PROVING, payee, deadline, *fixed)


def test_the_key_may_come_in_the_last_second(accuracy):
    job = accuracy.accepted()
    at(accuracy.deadline(job))
    accuracy.reveal(job)
    assert accuracy.state(job) == State.PROVING


def test_RevertWhen_the_key_is_another(accuracy):
    job = accuracy.accepted()
    wrong = {"actual": key_hash(b"\1" * 32), "allowed": job.terms.key_hash}
    with reverts(accuracy.bounty.AccuracyBounty_WrongKey, **wrong):
        accuracy.reveal(job, key=b"\1" * 32)


@pytest.mark.parametrize("who", ["provider", "attacker"])
def test_RevertWhen_another_than_the_consumer_reveals(accuracy, request, who):
    job = accuracy.accepted()
    sender = request.getfixturevalue(who)
    people = {"actual": sender.address, "allowed": accuracy.consumer.address}
    with reverts(accuracy.bounty.Jobs_NotConsumer, **people):
        accuracy.reveal(job, sender=sender)


def test_RevertWhen_the_key_is_late(accuracy):
    job = accuracy.accepted()
    deadline = accuracy.deadline(job)
    time = at(deadline + 1)
    with reverts(accuracy.bounty.Jobs_Late, now_=time, deadline=deadline):
        accuracy.reveal(job)


def test_terms_are_checked_against_the_id(accuracy):
    """Other terms are another job, which was never posted."""
    job = accuracy.posted()
    other = accuracy.job(open_until=job.terms.open_until, reward=REWARD + BOND)
    wrong = {"actual": State.NONE, "allowed": State.OPEN}
    with reverts(accuracy.bounty.AccuracyBounty_WrongState, **wrong):
        accuracy.accept(other)
