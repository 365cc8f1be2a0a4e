"""ServingRound.post; the cases are in test_post.tree."""

from dataclasses import replace

import pytest

from prover.protocol.limits import LOCAL
from prover.protocol.serving.state import State
from prover.statement.layout import OutputKind
from tests.contracts.reverting import reverts
from tests.contracts.scenario import DAY, NOBODY, at, circuit_of, holdings, now
from tests.contracts.serving.scenario import (
    CLASSES,
    COUNT,
    DATA_HASH,
    ESCROW,
    FEE,
    MAX_CONTESTS,
    PRICE,
    URI,
    events,
    register,
    round_layout,
)

MAX_WINDOW, MAX_ITEMS, MAX_CONTESTED = 180 * DAY, 16_384, 1_024
MAX_OUTPUT_BYTES = 96 * 1024
WINDOWS = ["serve_seconds", "contest_seconds", "answer_seconds"]
ZERO = bytes(32)


@pytest.fixture
def scene_of(serving, registry, verifier, deployer):
    """The scene with a model of another circuit."""

    def build(layout=None, **changes):
        layout = layout or round_layout()
        circuit = circuit_of(verifier, layout, **changes)
        model_id = register(registry, circuit, layout, deployer)
        return replace(serving, layout=layout, circuit=circuit, model_id=model_id)

    return build


def test_escrows_all_prices_and_proof_fees(serving, consumer, currency):
    before = holdings(currency, serving.rounds)

    job = serving.posted(currency=currency)

    assert serving.stored(job) == (State.OPEN, NOBODY, 0, NOBODY, 0, 0, ZERO, ZERO)
    assert holdings(currency, serving.rounds) == before + COUNT * PRICE + MAX_CONTESTS * FEE
    assert serving.credit(consumer, currency) == 0


def test_announces_all_that_the_id_commits_to(serving, consumer):
    job = serving.job()

    receipt = serving.post(job)

    job_id, terms = serving.id_of(job), job.terms
    fields = (job_id, consumer, terms.model_id, job.nonce, terms.to_abi(), DATA_HASH, URI)
    assert events(receipt) == [
        ("RoundPosted", *fields),
        ("Deposited", job_id, NOBODY, consumer, ESCROW),
    ]


def test_gives_the_id_that_python_computes(serving):
    job = serving.job(nonce=2**256 - 1)
    receipt = serving.post(job)
    assert receipt.return_value == serving.id_of(job)
    assert serving.rounds.jobIdOf(job.to_abi()) == serving.id_of(job)


def test_takes_the_same_terms_under_another_nonce(serving):
    first, second = serving.posted(nonce=0), serving.posted(nonce=1)
    assert serving.id_of(first) != serving.id_of(second)
    assert serving.state(second) == State.OPEN


def test_commits_to_every_term(serving):
    """No field of the terms can be changed under a job's feet."""
    job = serving.posted()
    for name, value in vars(job.terms).items():
        changed = value[:-1] + b"\x00" if isinstance(value, bytes) else value
        changed = value + 1 if isinstance(value, int) else changed
        changed = serving.rounds.address if isinstance(value, str) else changed
        other = replace(job, terms=replace(job.terms, **{name: changed}))
        wrong = {"actual": State.NONE, "allowed": State.OPEN}
        with reverts(serving.rounds.ServingRound_WrongState, **wrong):
            serving.cancel(other)


@pytest.mark.parametrize("ending", ["open", "cancelled", "settled"])
def test_RevertWhen_the_id_was_ever_used(serving, ending):
    job = serving.settled() if ending == "settled" else serving.posted()
    if ending == "cancelled":
        serving.cancel(job)
    with reverts(serving.rounds.Jobs_JobExists, jobId=serving.id_of(job)):
        serving.post(job)


# ---------------------------------------------------------------- model


def test_RevertWhen_the_model_is_unknown(serving):
    unknown = {"modelId": b"\x77" * 32}
    with reverts(serving.registry.ModelRegistry_UnknownModel, **unknown):
        serving.post(serving.job(model_id=unknown["modelId"]))


def test_RevertWhen_the_circuit_is_condemned(serving):
    condemned_at = serving.condemn().timestamp
    condemned = {"circuitId": serving.circuit_id, "condemnedAt": condemned_at}
    with reverts(serving.rounds.ProofAcceptance_Condemned, **condemned):
        serving.post(serving.job())


def test_RevertWhen_the_circuit_is_not_exact(scene_of):
    scene = scene_of(exact=False, tolerance=1)
    with reverts(scene.rounds.ProofAcceptance_NotExact, circuitId=scene.circuit_id):
        scene.post(scene.job())


# ---------------------------------------------------------------- counts and sizes


@pytest.mark.parametrize("n", [1, 2, MAX_ITEMS])
def test_takes_one_item_to_the_most(serving, n):
    job = serving.posted(n=n, max_contests=1, word_bytes=1)
    assert serving.state(job) == State.OPEN


@pytest.mark.parametrize("n", [0, MAX_ITEMS + 1, 2**32 - 1])
def test_RevertWhen_the_items_are_none_or_too_many(serving, n):
    bad = {"actual": n, "min": 1, "max": MAX_ITEMS}
    with reverts(serving.rounds.Jobs_BadCount, **bad):
        serving.post(serving.job(n=n, max_contests=1, word_bytes=1, price=1))


@pytest.mark.parametrize(
    ("n", "contests"), [(1, 1), (COUNT, COUNT), (1_024, 1_024), (2_000, 1_024)]
)
def test_takes_contests_of_all_items_up_to_the_most(serving, n, contests):
    assert serving.posted(n=n, max_contests=contests)


@pytest.mark.parametrize(
    ("n", "contests", "most"),
    [
        (COUNT, 0, COUNT),
        (COUNT, COUNT + 1, COUNT),
        (1_023, 1_024, 1_023),
        (2_000, 0, 1_024),
        (2_000, 1_025, 1_024),
        (2_000, 2**32 - 1, 1_024),
    ],
)
def test_RevertWhen_the_contests_are_none_or_too_many(serving, n, contests, most):
    bad = {"actual": contests, "min": 1, "max": most}
    with reverts(serving.rounds.Jobs_BadCount, **bad):
        serving.post(serving.job(n=n, max_contests=contests, proof_fee=1))


@pytest.mark.parametrize("word_bytes", [1, 16])
def test_takes_words_of_one_to_sixteen_bytes(serving, word_bytes):
    assert serving.posted(word_bytes=word_bytes)


@pytest.mark.parametrize("word_bytes", [0, 17, 255])
def test_RevertWhen_the_words_have_no_such_width(serving, word_bytes):
    bad = {"actual": word_bytes, "min": 1, "max": 16}
    with reverts(serving.rounds.ServingRound_BadWordBytes, **bad):
        serving.post(serving.job(word_bytes=word_bytes))


def test_RevertWhen_the_outputs_would_not_fit_a_transaction(serving):
    """n * words * bytes: 2,048 items of three words of 16 bytes are just 96 KiB."""
    assert serving.posted(n=2_048, word_bytes=16)
    bad = {"actual": 2_049 * CLASSES * 16, "max": MAX_OUTPUT_BYTES}
    with reverts(serving.rounds.ServingRound_OutputsTooLong, **bad):
        serving.post(serving.job(n=2_049, word_bytes=16))


def test_counts_the_output_words_of_the_job_s_own_circuit(scene_of):
    scene = scene_of(round_layout(OutputKind.LABEL))
    assert scene.posted(n=6_144, word_bytes=16)
    bad = {"actual": 6_145 * 16, "max": MAX_OUTPUT_BYTES}
    with reverts(scene.rounds.ServingRound_OutputsTooLong, **bad):
        scene.post(scene.job(n=6_145, word_bytes=16))


# ---------------------------------------------------------------- money


def test_RevertWhen_the_price_is_zero(serving):
    with reverts(serving.rounds.Jobs_ZeroReward):
        serving.post(serving.job(price=0))
    assert serving.posted(price=1, proof_fee=0)


def test_RevertWhen_it_is_open_to_anyone_without_a_stake(serving, provider):
    with reverts(serving.rounds.Jobs_OpenNeedsStake):
        serving.post(serving.job(stake=0))
    assert serving.posted(stake=0, provider=provider.address)
    assert serving.posted(stake=1)


@pytest.mark.parametrize("value", [0, COUNT * PRICE, ESCROW - 1, ESCROW + 1])
def test_RevertWhen_the_ether_is_not_exact(serving, value):
    with reverts(serving.rounds.Escrow_WrongValue, actual=value, allowed=ESCROW):
        serving.post(serving.job(), value=value)


def test_RevertWhen_ether_comes_with_a_token_job(serving, token):
    with reverts(serving.rounds.Escrow_WrongValue, actual=1, allowed=0):
        serving.post(serving.job(currency=token.address), value=1)


def test_RevertWhen_the_token_has_no_code(serving, attacker):
    with reverts(serving.rounds.Escrow_TokenWithoutCode, token=attacker.address):
        serving.post(serving.job(currency=attacker.address))


def test_takes_the_greatest_amounts(serving, token, consumer, deployer):
    most = 2**128 - 1
    escrow = COUNT * most + MAX_CONTESTS * most
    token.mint(consumer, escrow, sender=deployer)
    token.approve(serving.rounds, 2**256 - 1, sender=consumer)
    job = serving.posted(currency=token.address, price=most, proof_fee=most, stake=most)
    assert holdings(token.address, serving.rounds) == escrow
    assert serving.state(job) == State.OPEN


# ---------------------------------------------------------------- time


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("seconds", [1, MAX_WINDOW])
def test_takes_windows_within_the_bounds(serving, window, seconds):
    assert serving.state(serving.posted(**{window: seconds})) == State.OPEN


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("seconds", [0, MAX_WINDOW + 1, 2**32 - 1])
def test_RevertWhen_a_window_is_out_of_bounds(serving, window, seconds):
    bad = {"actual": seconds, "min": 1, "max": MAX_WINDOW}
    with reverts(serving.rounds.Jobs_BadWindow, **bad):
        serving.post(serving.job(**{window: seconds}))


@pytest.mark.parametrize("ahead", [1, MAX_WINDOW])
def test_takes_ends_of_opening_within_the_bounds(serving, ahead):
    time = now() + 10
    job = serving.job(open_until=time + ahead)
    at(time)
    serving.post(job)
    assert serving.state(job) == State.OPEN


@pytest.mark.parametrize("ahead", [-1, 0, MAX_WINDOW + 1])
def test_RevertWhen_the_end_of_opening_is_out_of_bounds(serving, ahead):
    time = now() + 10
    job = serving.job(open_until=time + ahead)
    at(time)
    bad = {"actual": time + ahead, "min": time + 1, "max": time + MAX_WINDOW}
    with reverts(serving.rounds.Jobs_BadWindow, **bad):
        serving.post(job)


def test_windows_and_registry_are_public(serving):
    chain_id, limits = serving.rounds.deployment()
    assert (chain_id, tuple(limits)) == (31337, LOCAL.to_abi())
    assert (limits[0], limits[1]) == (1, MAX_WINDOW)
    assert serving.rounds.registry() == serving.registry.address
