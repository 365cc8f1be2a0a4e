"""AccuracyBounty.post and cancel; the cases are in test_post.tree."""

import pytest

from prover.protocol.accuracy.state import State
from prover.protocol.registry.state import circuit_id_of
from prover.statement.sealing import UNSEALED
from tests.contracts.accuracy.scenario import (
    BOND,
    REWARD,
    STAKE,
    URI,
    events,
    label_layout,
    sample,
    sealed_layout,
)
from tests.contracts.retrieval.scenario import record_circuit
from tests.contracts.reverting import reverts
from tests.contracts.scenario import DAY, NOBODY, at, circuit_of, holdings, now
from tests.contracts.sealed import chunked_layout, sealing

MAX_WINDOW = 180 * DAY
MOST = 2**128 - 1


def test_escrows_reward_and_bond(accuracy, consumer, currency):
    before = holdings(currency, accuracy.bounty)

    job = accuracy.posted(currency=currency)

    assert accuracy.state(job) == State.OPEN
    assert holdings(currency, accuracy.bounty) == before + REWARD + BOND
    assert accuracy.credit(consumer, currency) == 0


def test_announces_all_that_the_id_commits_to(accuracy, consumer):
    job = accuracy.job()
    receipt = accuracy.post(job)
    job_id, terms = accuracy.id_of(job), job.terms.to_abi()
    assert events(receipt) == [
        ("BountyPosted", job_id, consumer, accuracy.circuit_id, job.nonce, terms, URI),
        ("Deposited", job_id, NOBODY, consumer, REWARD + BOND),
    ]


def test_gives_the_id_that_python_computes(accuracy):
    job = accuracy.job(nonce=2**256 - 1)
    receipt = accuracy.post(job)
    assert receipt.return_value == accuracy.bounty.jobIdOf(job.to_abi()) == accuracy.id_of(job)


def test_takes_the_greatest_amounts(accuracy, token, deployer):
    token.mint(accuracy.consumer, 2 * MOST, sender=deployer)
    token.approve(accuracy.bounty, 2 * MOST, sender=accuracy.consumer)
    amounts = {"reward": MOST, "bond": MOST, "stake": MOST, "miss_penalty": MOST}
    job = accuracy.posted(currency=token.address, **amounts)
    accuracy.cancel(job)
    assert accuracy.credit(accuracy.consumer, token) == 2 * MOST


@pytest.mark.parametrize(
    "changes",
    [
        {"num": 10, "den": 10},
        {"num": 1, "den": 2**32 - 1},
        {"bond": 0},
        {"miss_penalty": STAKE},
        {"miss_penalty": 1},
        {"n": 1},
        {"n": 65_536},
        {"reveal_seconds": 1, "prove_seconds": MAX_WINDOW},
    ],
)
def test_takes_terms_at_the_bounds(accuracy, changes):
    assert accuracy.state(accuracy.posted(**changes)) == State.OPEN


def test_takes_a_named_provider_without_stake(accuracy, provider):
    job = accuracy.posted(provider=provider.address, stake=0, miss_penalty=0)
    assert accuracy.state(job) == State.OPEN


def test_RevertWhen_the_circuit_is_unknown(accuracy):
    unknown = b"\x11" * 32
    with reverts(accuracy.registry.ModelRegistry_UnknownCircuit, circuitId=unknown):
        accuracy.posted(circuit_id=unknown)


def test_RevertWhen_the_circuit_is_condemned(accuracy):
    accuracy.condemn()
    error = accuracy.bounty.ProofAcceptance_Condemned
    time = accuracy.registry.condemnedAt(accuracy.circuit_id)
    with reverts(error, circuitId=accuracy.circuit_id, condemnedAt=time):
        accuracy.posted()


def test_RevertWhen_the_circuit_is_inexact(accuracy, world, deployer):
    inexact = circuit_of(
        accuracy.verifier, world.layout, exact=False, tolerance=1, artifactDigest=b"\5" * 32
    )
    accuracy.registry.registerCircuit(inexact, *world.proofs.sample(), sender=deployer)
    circuit_id = circuit_id_of(inexact)
    with reverts(accuracy.bounty.ProofAcceptance_NotExact, circuitId=circuit_id):
        accuracy.posted(circuit_id=circuit_id)


def test_RevertWhen_the_inputs_are_not_hashed(accuracy, world):
    error = accuracy.bounty.SealedItem_NotSealable
    with reverts(error, elements=0, maxElements=1_024, chunks=2, maxChunks=64):
        accuracy.posted(circuit_id=world.circuit_id)


def test_RevertWhen_there_is_no_salt(accuracy, deployer):
    circuit_id = _registered(accuracy, deployer, sealing=UNSEALED.to_abi())
    error = accuracy.bounty.SealedItem_NotSealable
    with reverts(error, elements=0, maxElements=1_024, chunks=1, maxChunks=64):
        accuracy.posted(circuit_id=circuit_id)


def test_RevertWhen_a_dispute_would_hash_too_much(accuracy, deployer):
    large = sealing(elements=1_025, digest_elements=1_025)
    error = accuracy.bounty.SealedItem_NotSealable
    with reverts(error, elements=1_025, maxElements=1_024, chunks=1, maxChunks=64):
        accuracy.posted(circuit_id=_registered(accuracy, deployer, sealing=large))
    largest = sealing(elements=1_024, digest_elements=1_024)
    assert accuracy.posted(circuit_id=_registered(accuracy, deployer, sealing=largest))


def test_RevertWhen_an_item_has_too_many_chunks(accuracy, deployer):
    error = accuracy.bounty.SealedItem_NotSealable
    with reverts(error, elements=6, maxElements=1_024, chunks=65, maxChunks=64):
        accuracy.posted(circuit_id=_chunked(accuracy, deployer, 65))
    assert accuracy.posted(circuit_id=_chunked(accuracy, deployer, 64))


def test_takes_any_number_of_classes(accuracy, deployer):
    assert accuracy.posted(circuit_id=_registered(accuracy, deployer, label_layout(65_535)))


def test_RevertWhen_the_token_has_no_code(accuracy, attacker):
    with reverts(accuracy.bounty.Escrow_TokenWithoutCode, token=attacker.address):
        accuracy.posted(currency=attacker.address)


def test_RevertWhen_the_reward_is_zero(accuracy):
    with reverts(accuracy.bounty.Jobs_ZeroReward):
        accuracy.posted(reward=0)


@pytest.mark.parametrize("stake", [0, 1])
def test_RevertWhen_anyone_may_accept_for_nothing(accuracy, stake):
    with reverts(accuracy.bounty.AccuracyBounty_OpenNeedsPenalty):
        accuracy.posted(stake=stake, miss_penalty=0)
    assert accuracy.posted(stake=stake or 1, miss_penalty=1)


@pytest.mark.parametrize("n", [0, 65_537])
def test_RevertWhen_the_number_of_items_is_out_of_bounds(accuracy, n):
    with reverts(accuracy.bounty.Jobs_BadCount, actual=n, min=1, max=65_536):
        accuracy.posted(n=n)


@pytest.mark.parametrize(("num", "den"), [(0, 10), (11, 10), (0, 0), (1, 0)])
def test_RevertWhen_the_target_is_no_share(accuracy, num, den):
    with reverts(accuracy.bounty.AccuracyBounty_BadTarget, num=num, den=den):
        accuracy.posted(num=num, den=den)


def test_RevertWhen_the_penalty_is_above_the_stake(accuracy):
    error = accuracy.bounty.AccuracyBounty_PenaltyAboveStake
    with reverts(error, actual=STAKE + 1, max=STAKE):
        accuracy.posted(miss_penalty=STAKE + 1)


@pytest.mark.parametrize("window", ["reveal_seconds", "prove_seconds"])
@pytest.mark.parametrize("seconds", [0, MAX_WINDOW + 1, 2**32 - 1])
def test_RevertWhen_a_duration_is_out_of_bounds(accuracy, window, seconds):
    with reverts(accuracy.bounty.Jobs_BadWindow, actual=seconds, min=1, max=MAX_WINDOW):
        accuracy.posted(**{window: seconds})


@pytest.mark.parametrize("ahead", [0, MAX_WINDOW + 1])
def test_RevertWhen_the_end_of_opening_is_out_of_bounds(accuracy, ahead):
    time = at(now() + 10)
    job = accuracy.job(open_until=time + ahead)
    bounds = {"min": time + 1, "max": time + MAX_WINDOW}
    with reverts(accuracy.bounty.Jobs_BadWindow, actual=time + ahead, **bounds):
        accuracy.post(job)


def test_RevertWhen_the_ether_is_not_exact(accuracy):
    due = REWARD + BOND
    for value in (due - 1, due + 1):
        with reverts(accuracy.bounty.Escrow_WrongValue, actual=value, allowed=due):
            accuracy.post(accuracy.job(), value=value)


def test_RevertWhen_the_id_was_ever_used(accuracy):
    job = accuracy.posted()
    exists = {"jobId": accuracy.id_of(job)}
    with reverts(accuracy.bounty.Jobs_JobExists, **exists):
        accuracy.post(job)
    accuracy.cancel(job)
    with reverts(accuracy.bounty.Jobs_JobExists, **exists):
        accuracy.post(job)


def test_cancelling_gives_reward_and_bond_back(accuracy, consumer, currency):
    job = accuracy.posted(currency=currency)
    receipt = accuracy.cancel(job)
    job_id = accuracy.id_of(job)
    assert accuracy.state(job) == State.CANCELLED
    assert accuracy.credit(consumer, currency) == REWARD + BOND
    assert events(receipt) == [
        ("BountyCancelled", job_id),
        ("Credited", job_id, currency, consumer, REWARD + BOND),
    ]


def test_RevertWhen_another_than_the_consumer_cancels(accuracy, attacker):
    job = accuracy.posted()
    people = {"actual": attacker.address, "allowed": accuracy.consumer.address}
    with reverts(accuracy.bounty.Jobs_NotConsumer, **people):
        accuracy.cancel(job, sender=attacker)


def _chunked(accuracy, deployer, chunks):
    layout = chunked_layout(chunks)
    return _registered(accuracy, deployer, layout, sealing=sealing(elements=6 * chunks))


def _registered(accuracy, deployer, layout=None, **changes):
    """A circuit that differs from the scene's, registered."""
    layout = layout or sealed_layout()
    circuit = record_circuit(accuracy.verifier, layout, **changes)
    accuracy.registry.registerCircuit(circuit, *sample(layout), sender=deployer)
    return circuit_id_of(circuit)


def test_cancelling_is_possible_in_the_last_second(accuracy):
    job = accuracy.posted()
    at(job.terms.open_until)
    accuracy.cancel(job)
    assert accuracy.state(job) == State.CANCELLED


def test_RevertWhen_cancelling_is_late(accuracy):
    job = accuracy.posted()
    time = at(job.terms.open_until + 1)
    with reverts(accuracy.bounty.Jobs_Late, now_=time, deadline=job.terms.open_until):
        accuracy.cancel(job)
