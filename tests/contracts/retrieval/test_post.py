"""RetrievalBounty.post; the cases are in test_post.tree."""

from dataclasses import replace

import pytest

from prover.protocol.limits import LOCAL
from prover.protocol.retrieval.state import Predicate, PredicateKind, State
from tests.contracts.retrieval.scenario import (
    CLASSES,
    COUNT,
    PRICE,
    SALT_ELEMENTS,
    Records,
    events,
    label_layout,
    record_circuit,
    record_layout,
    register,
)
from tests.contracts.reverting import reverts
from tests.contracts.scenario import DAY, NOBODY, at, holdings, now

MAX_WINDOW = 180 * DAY
LEAST, GREATEST = -(2**127), 2**127 - 1


@pytest.fixture
def scene_of(retrieval, registry, verifier, deployer):
    """The scene with a model of another circuit."""

    def build(layout=None, **changes):
        layout = layout or record_layout()
        circuit = record_circuit(verifier, layout, **changes)
        model_id = register(registry, circuit, layout, deployer)
        return replace(retrieval, layout=layout, circuit=circuit, model_id=model_id)

    return build


def test_escrows_the_price_of_every_record(retrieval, consumer, currency):
    before = holdings(currency, retrieval.bounty)

    job = retrieval.posted(currency=currency)

    assert retrieval.stored(job) == (State.OPEN, NOBODY, 0, 0)
    assert retrieval.status(job) == (State.OPEN, job.terms.open_until)
    assert holdings(currency, retrieval.bounty) == before + COUNT * PRICE
    assert retrieval.credit(consumer, currency) == 0


def test_announces_all_that_the_id_commits_to(retrieval, consumer):
    job = retrieval.job()

    receipt = retrieval.post(job)

    job_id, terms = retrieval.id_of(job), job.terms
    fields = (job_id, consumer, terms.dataset_id, job.nonce, terms.to_abi())
    assert events(receipt) == [
        ("RetrievalPosted", *fields),
        ("Deposited", job_id, NOBODY, consumer, COUNT * PRICE),
    ]


def test_gives_the_id_that_python_computes(retrieval):
    job = retrieval.job(nonce=2**256 - 1)
    receipt = retrieval.post(job)
    assert receipt.return_value == retrieval.id_of(job)
    assert retrieval.bounty.jobIdOf(job.to_abi()) == retrieval.id_of(job)


def test_takes_the_same_terms_under_another_nonce(retrieval):
    first, second = retrieval.posted(nonce=0), retrieval.posted(nonce=1)
    assert retrieval.id_of(first) != retrieval.id_of(second)
    assert retrieval.state(second) == State.OPEN


@pytest.mark.parametrize("ending", ["open", "cancelled", "settled"])
def test_RevertWhen_the_id_was_ever_used(retrieval, ending):
    job = retrieval.closing() if ending == "settled" else retrieval.posted()
    if ending == "cancelled":
        retrieval.cancel(job)
    if ending == "settled":
        at(retrieval.deadline(job) + 1)
        retrieval.settle(job)

    with reverts(retrieval.bounty.Jobs_JobExists, jobId=retrieval.id_of(job)):
        retrieval.post(job)


# ---------------------------------------------------------------- dataset and model


def test_RevertWhen_the_dataset_is_unknown(retrieval):
    unknown = {"datasetId": b"\x77" * 32}
    with reverts(retrieval.bounty.RetrievalBounty_UnknownDataset, **unknown):
        retrieval.post(retrieval.job(dataset_id=unknown["datasetId"]))


def test_RevertWhen_the_model_is_unknown(retrieval):
    unknown = {"modelId": b"\x77" * 32}
    with reverts(retrieval.registry.ModelRegistry_UnknownModel, **unknown):
        retrieval.post(retrieval.job(model_id=unknown["modelId"]))


def test_RevertWhen_the_circuit_is_condemned(retrieval):
    condemned_at = retrieval.condemn().timestamp
    condemned = {"circuitId": retrieval.circuit_id, "condemnedAt": condemned_at}
    with reverts(retrieval.bounty.ProofAcceptance_Condemned, **condemned):
        retrieval.post(retrieval.job())


def test_RevertWhen_the_circuit_is_not_exact(scene_of):
    scene = scene_of(exact=False, tolerance=1)
    with reverts(scene.bounty.ProofAcceptance_NotExact, circuitId=scene.circuit_id):
        scene.post(scene.job())


@pytest.mark.parametrize("inputs", ["public", "without salt"])
def test_RevertWhen_a_record_cannot_be_sealed(scene_of, inputs):
    changes = {"saltElements": 0, "saltBits": 0}
    scene = scene_of(**(changes | ({"digestElements": 0} if inputs == "public" else {})))
    refused = {"elements": scene.circuit[7], "saltElements": 0, "maxElements": 1_024}
    with reverts(scene.bounty.SealedItem_NotSealable, **refused):
        scene.post(scene.job())


def test_RevertWhen_a_dispute_would_not_fit_a_transaction(scene_of):
    assert scene_of(digestElements=1_024).posted()
    scene = scene_of(digestElements=1_025)
    refused = {"elements": 1_025, "saltElements": SALT_ELEMENTS, "maxElements": 1_024}
    with reverts(scene.bounty.SealedItem_NotSealable, **refused):
        scene.post(scene.job())


# ---------------------------------------------------------------- predicate


@pytest.mark.parametrize("kind", PredicateKind)
def test_takes_any_score_and_any_label(retrieval, kind):
    for index in (0, CLASSES - 1):
        job = retrieval.posted(nonce=index, predicate=Predicate(kind, index))
        assert retrieval.state(job) == State.OPEN


@pytest.mark.parametrize("threshold", [LEAST, -1, GREATEST])
def test_takes_any_threshold_of_a_score(retrieval, threshold):
    job = retrieval.posted(predicate=retrieval.at_least(threshold))
    assert retrieval.state(job) == State.OPEN


@pytest.mark.parametrize("kind", PredicateKind)
@pytest.mark.parametrize("index", [CLASSES, 2**16 - 1])
def test_RevertWhen_there_is_no_such_score_or_label(retrieval, kind, index):
    bad = {"index": index, "classes": CLASSES, "threshold": 0}
    with reverts(retrieval.bounty.RetrievalBounty_BadPredicate, **bad):
        retrieval.post(retrieval.job(predicate=Predicate(kind, index)))


@pytest.mark.parametrize("threshold", [-1, 1])
def test_RevertWhen_a_label_has_a_threshold(retrieval, threshold):
    bad = {"index": 1, "classes": CLASSES, "threshold": threshold}
    with reverts(retrieval.bounty.RetrievalBounty_BadPredicate, **bad):
        retrieval.post(retrieval.job(predicate=retrieval.label(1, threshold)))


def test_RevertWhen_a_label_circuit_is_asked_for_scores(scene_of):
    scene = scene_of(label_layout())
    assert scene.posted(predicate=scene.label(CLASSES - 1))
    bad = {"index": 0, "classes": CLASSES, "threshold": 3}
    with reverts(scene.bounty.RetrievalBounty_BadPredicate, **bad):
        scene.post(scene.job(predicate=scene.at_least(3, index=0)))


# ---------------------------------------------------------------- money and time


def test_RevertWhen_the_price_is_zero(retrieval):
    with reverts(retrieval.bounty.Jobs_ZeroReward):
        retrieval.post(retrieval.job(price_per_record=0))


def test_RevertWhen_the_stake_is_zero(retrieval):
    with reverts(retrieval.bounty.RetrievalBounty_ZeroStake):
        retrieval.post(retrieval.job(stake=0))
    assert retrieval.posted(stake=1)


@pytest.mark.parametrize("window", ["prove_seconds", "dispute_seconds"])
@pytest.mark.parametrize("seconds", [1, MAX_WINDOW])
def test_takes_windows_within_the_bounds(retrieval, window, seconds):
    assert retrieval.state(retrieval.posted(**{window: seconds})) == State.OPEN


@pytest.mark.parametrize("window", ["prove_seconds", "dispute_seconds"])
@pytest.mark.parametrize("seconds", [0, MAX_WINDOW + 1, 2**32 - 1])
def test_RevertWhen_a_window_is_out_of_bounds(retrieval, window, seconds):
    bad = {"actual": seconds, "min": 1, "max": MAX_WINDOW}
    with reverts(retrieval.bounty.Jobs_BadWindow, **bad):
        retrieval.post(retrieval.job(**{window: seconds}))


@pytest.mark.parametrize("ahead", [1, MAX_WINDOW])
def test_takes_ends_of_opening_within_the_bounds(retrieval, ahead):
    time = now() + 10
    job = retrieval.job(open_until=time + ahead)
    at(time)
    retrieval.post(job)
    assert retrieval.state(job) == State.OPEN


@pytest.mark.parametrize("ahead", [-1, 0, MAX_WINDOW + 1])
def test_RevertWhen_the_end_of_opening_is_out_of_bounds(retrieval, ahead):
    time = now() + 10
    job = retrieval.job(open_until=time + ahead)
    at(time)
    bad = {"actual": time + ahead, "min": time + 1, "max": time + MAX_WINDOW}
    with reverts(retrieval.bounty.Jobs_BadWindow, **bad):
        retrieval.post(job)


@pytest.mark.parametrize("value", [0, PRICE, COUNT * PRICE - 1, COUNT * PRICE + 1])
def test_RevertWhen_the_ether_is_not_exact(retrieval, value):
    wrong = {"actual": value, "allowed": COUNT * PRICE}
    with reverts(retrieval.bounty.Escrow_WrongValue, **wrong):
        retrieval.post(retrieval.job(), value=value)


def test_RevertWhen_ether_comes_with_a_token_job(retrieval, token):
    with reverts(retrieval.bounty.Escrow_WrongValue, actual=1, allowed=0):
        retrieval.post(retrieval.job(currency=token.address), value=1)


def test_RevertWhen_the_token_has_no_code(retrieval, attacker):
    with reverts(retrieval.bounty.Escrow_TokenWithoutCode, token=attacker.address):
        retrieval.post(retrieval.job(currency=attacker.address))


def test_takes_the_greatest_amounts(retrieval, token, consumer, deployer):
    price = 2**128 - 1
    token.mint(consumer, COUNT * price, sender=deployer)
    token.approve(retrieval.bounty, 2**256 - 1, sender=consumer)
    job = retrieval.posted(currency=token.address, price_per_record=price, stake=2**128 - 1)
    assert holdings(token.address, retrieval.bounty) == COUNT * price
    assert retrieval.state(job) == State.OPEN


def test_counts_the_records_of_the_job_s_own_dataset(retrieval):
    scene = retrieval.with_data(Records(count=1))
    job = scene.posted()
    assert scene.escrow(job) == PRICE
    assert holdings(NOBODY, scene.bounty) == PRICE


def test_windows_and_contracts_are_public(retrieval, consumer):
    bounty = retrieval.bounty
    chain_id, limits = bounty.deployment()
    assert (chain_id, tuple(limits)) == (31337, LOCAL.to_abi())
    assert (limits[0], limits[1]) == (1, MAX_WINDOW)
    assert bounty.registry() == retrieval.registry.address
    assert bounty.poseidon() == retrieval.poseidon.address
