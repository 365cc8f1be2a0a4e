"""PredictionMarket.post; the cases are in test_post.tree."""

import pytest

from prover.protocol.limits import LOCAL
from prover.protocol.prediction.state import State
from tests.contracts.reverting import reverts
from tests.contracts.scenario import DATA_HASH, DAY, NOBODY, REWARD, URI, at, holdings, logged, now

MAX_WINDOW = 180 * DAY


def test_escrows_the_reward(world, consumer, currency):
    before = holdings(currency, world.predictions)

    job = world.posted(currency=currency)

    assert world.status(job) == (State.OPEN, NOBODY, 0)
    assert holdings(currency, world.predictions) == before + REWARD
    assert world.credit(consumer, currency) == 0


def test_announces_all_that_the_id_commits_to(world, consumer):
    job = world.job()

    receipt = world.post(job)

    job_id, terms = world.id_of(job), list(job.terms.to_abi())
    assert logged(receipt) == [
        ("JobPosted", job_id, consumer, world.model_id, job.nonce, terms, DATA_HASH, URI),
        ("Deposited", job_id, NOBODY, consumer, REWARD),
    ]


def test_gives_the_id_that_python_computes(world, consumer):
    job = world.job(nonce=2**256 - 1)
    receipt = world.post(job)
    assert receipt.return_value == world.predictions.jobIdOf(job.to_abi()) == world.id_of(job)


def test_takes_the_same_terms_under_another_nonce(world):
    first = world.posted(nonce=0)
    second = world.posted(nonce=1)
    assert world.id_of(first) != world.id_of(second)
    assert world.state(second) == State.OPEN


@pytest.mark.parametrize("ending", ["open", "cancelled", "paid"])
def test_RevertWhen_the_id_was_ever_used(world, consumer, ending):
    job = world.posted()
    if ending == "cancelled":
        world.cancel(job)
    if ending == "paid":
        world.lock(job)
        world.deliver(job)

    exists = {"jobId": world.id_of(job)}
    with reverts(world.predictions.Jobs_JobExists, **exists):
        world.post(job)


def test_RevertWhen_the_model_is_unknown(world):
    job = world.job(model_id=b"\x77" * 32)
    unknown = {"modelId": job.terms.model_id}
    with reverts(world.registry.ModelRegistry_UnknownModel, **unknown):
        world.post(job)


def test_RevertWhen_the_circuit_is_condemned(world):
    condemned_at = world.condemn().timestamp
    condemned = {"circuitId": world.circuit_id, "condemnedAt": condemned_at}
    with reverts(world.predictions.ProofAcceptance_Condemned, **condemned):
        world.post(world.job())


def test_RevertWhen_the_reward_is_zero(world):
    with reverts(world.predictions.Jobs_ZeroReward):
        world.post(world.job(reward=0))


def test_RevertWhen_anyone_may_lock_for_nothing(world):
    with reverts(world.predictions.Jobs_OpenNeedsStake):
        world.post(world.job(stake=0))


def test_takes_a_named_provider_without_stake(world, provider):
    assert world.state(world.posted(stake=0, provider=provider.address)) == State.OPEN


@pytest.mark.parametrize("seconds", [1, MAX_WINDOW])
def test_takes_proving_times_within_the_bounds(world, seconds):
    assert world.state(world.posted(prove_seconds=seconds)) == State.OPEN


@pytest.mark.parametrize("seconds", [0, MAX_WINDOW + 1, 2**32 - 1])
def test_RevertWhen_the_proving_time_is_out_of_bounds(world, seconds):
    bad = {"actual": seconds, "min": 1, "max": MAX_WINDOW}
    with reverts(world.predictions.Jobs_BadWindow, **bad):
        world.post(world.job(prove_seconds=seconds))


@pytest.mark.parametrize("ahead", [1, MAX_WINDOW])
def test_takes_ends_of_opening_within_the_bounds(world, ahead):
    time = now() + 10
    job = world.job(open_until=time + ahead)
    at(time)
    world.post(job)
    assert world.state(job) == State.OPEN


@pytest.mark.parametrize("ahead", [-1, 0, MAX_WINDOW + 1, 2**40 - 1 - 4 * 10**9])
def test_RevertWhen_the_end_of_opening_is_out_of_bounds(world, ahead):
    time = now() + 10
    job = world.job(open_until=time + ahead)
    at(time)
    bad = {"actual": time + ahead, "min": time + 1, "max": time + MAX_WINDOW}
    with reverts(world.predictions.Jobs_BadWindow, **bad):
        world.post(job)


@pytest.mark.parametrize("value", [0, REWARD - 1, REWARD + 1])
def test_RevertWhen_the_ether_is_not_exact(world, value):
    wrong = {"actual": value, "allowed": REWARD}
    with reverts(world.predictions.Escrow_WrongValue, **wrong):
        world.post(world.job(), value=value)


def test_RevertWhen_ether_comes_with_a_token_job(world, token):
    with reverts(world.predictions.Escrow_WrongValue, actual=1, allowed=0):
        world.post(world.job(currency=token.address), value=1)


def test_RevertWhen_the_token_has_no_code(world, attacker):
    job = world.job(currency=attacker.address)
    bare = {"token": attacker.address}
    with reverts(world.predictions.Escrow_TokenWithoutCode, **bare):
        world.post(job)


def test_takes_the_greatest_amounts(world, token, consumer, deployer):
    reward = 2**128 - 1
    token.mint(consumer, reward, sender=deployer)
    token.approve(world.predictions, reward, sender=consumer)
    job = world.posted(currency=token.address, reward=reward, stake=2**128 - 1)
    assert holdings(token.address, world.predictions) == reward
    assert world.state(job) == State.OPEN


def test_windows_are_public(world):
    chain_id, limits = world.predictions.deployment()
    assert (chain_id, tuple(limits)) == (31337, LOCAL.to_abi())
    assert (limits[0], limits[1]) == (1, MAX_WINDOW)
    assert world.predictions.registry() == world.registry.address
