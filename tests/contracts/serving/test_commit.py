"""ServingRound.commitOutputs and contest; the cases are in test_commit.tree."""

from dataclasses import replace

import pytest
from eth_utils.crypto import keccak

from prover.protocol.serving.state import State
from prover.statement.layout import OutputKind
from prover.statement.runs import list_hash, outputs_tree
from tests.contracts.reverting import reverts, reverts_with_nothing
from tests.contracts.scenario import at, circuit_of, now
from tests.contracts.serving.scenario import (
    ANSWER_SECONDS,
    CLASSES,
    CONTEST_SECONDS,
    COUNT,
    LIST,
    MAX_CONTESTS,
    WORD_BYTES,
    events,
    register,
    round_layout,
)

ZERO = bytes(32)
LENGTH = COUNT * CLASSES * WORD_BYTES
MAX_GAS = 16_777_216


@pytest.fixture
def labels(serving, registry, verifier, deployer):
    """The scene with a model of label outputs."""
    layout = round_layout(OutputKind.LABEL)
    circuit = circuit_of(verifier, layout)
    model_id = register(registry, circuit, layout, deployer)
    return replace(serving, layout=layout, circuit=circuit, model_id=model_id)


# ---------------------------------------------------------------- commitOutputs


def test_commit_keeps_the_root_and_starts_the_clock(serving, provider, payee):
    job = serving.joined()
    time = at(now() + 10)

    serving.commit(job)

    deadline, root = time + CONTEST_SECONDS, serving.tree(job).root
    assert serving.stored(job) == (State.SERVED, payee, deadline, provider, 0, 0, root, ZERO)


def test_commit_announces_the_outputs_themselves(serving):
    job = serving.joined()
    receipt = serving.commit(job)
    deadline = receipt.timestamp + CONTEST_SECONDS
    fields = (serving.id_of(job), serving.tree(job).root, serving.outputs(), deadline)
    assert events(receipt) == [("OutputsCommitted", *fields)]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 64, 65])
@pytest.mark.parametrize("word_bytes", [1, 16])
def test_commit_builds_the_tree_of_any_number_of_items(serving, count, word_bytes):
    job = serving.joined(n=count, max_contests=1, word_bytes=word_bytes)
    outputs = keccak(bytes([count])) * (count * CLASSES * word_bytes)
    outputs = outputs[: count * CLASSES * word_bytes]
    serving.commit(job, outputs)
    assert serving.stored(job)[6] == outputs_tree(outputs, count).root


def test_commit_takes_labels(labels):
    job = labels.joined(word_bytes=1)
    outputs = bytes(range(COUNT))
    labels.commit(job, outputs)
    assert labels.stored(job)[6] == outputs_tree(outputs, COUNT).root


@pytest.mark.parametrize(("n", "word_bytes"), [(16_384, 2), (2_048, 16)])
def test_the_largest_rounds_fit_a_transaction(serving, n, word_bytes):
    """The most items, and the most bytes, with room for any calldata: 96 KiB without a zero."""
    job = serving.joined(n=n, max_contests=1, word_bytes=word_bytes)
    outputs = b"\xff" * (n * CLASSES * word_bytes)
    assert len(outputs) == 96 * 1024
    receipt = serving.commit(job, outputs)
    assert serving.stored(job)[6] == outputs_tree(outputs, n).root
    assert receipt.gas_used < 9_000_000 < MAX_GAS


def test_commit_works_up_to_the_last_second(serving):
    job = serving.joined()
    at(serving.deadline(job))
    serving.commit(job)
    assert serving.state(job) == State.SERVED


def test_RevertWhen_commit_is_late(serving):
    job = serving.joined()
    deadline = serving.deadline(job)
    time = at(deadline + 1)
    with reverts(serving.rounds.Jobs_Late, now_=time, deadline=deadline):
        serving.commit(job)


@pytest.mark.parametrize("person", ["consumer", "attacker", "payee"])
def test_RevertWhen_another_commits(serving, provider, request, person):
    job, caller = serving.joined(), request.getfixturevalue(person)
    wrong = {"actual": caller.address, "allowed": provider.address}
    with reverts(serving.rounds.Jobs_NotProvider, **wrong):
        serving.commit(job, sender=caller)


@pytest.mark.parametrize("length", [0, 1, LENGTH - 1, LENGTH + 1, 2 * LENGTH])
def test_RevertWhen_the_outputs_have_another_length(serving, length):
    job = serving.joined()
    with reverts(serving.rounds.ServingRound_WrongOutputLength, actual=length, allowed=LENGTH):
        serving.commit(job, bytes(length))


def test_RevertWhen_outputs_are_posted_again(serving):
    job = serving.served()
    wrong = {"actual": State.SERVED, "allowed": State.JOINED}
    with reverts(serving.rounds.ServingRound_WrongState, **wrong):
        serving.commit(job)


# ---------------------------------------------------------------- contest


def test_contest_keeps_the_list_and_starts_the_clock(serving, provider, payee):
    job = serving.served()
    root, time = serving.tree(job).root, at(now() + 10)

    serving.contest(job)

    stored = (State.CONTESTED, payee, time + ANSWER_SECONDS, provider)
    assert serving.stored(job) == (*stored, len(LIST), 0, root, list_hash(LIST))


def test_contest_announces_the_list(serving):
    job = serving.served()
    receipt = serving.contest(job)
    deadline = receipt.timestamp + ANSWER_SECONDS
    assert events(receipt) == [("OutputsContested", serving.id_of(job), LIST, deadline)]


@pytest.mark.parametrize("indices", [(0,), (COUNT - 1,), tuple(range(MAX_CONTESTS))])
def test_takes_one_contest_to_the_most(serving, indices):
    job = serving.contested(indices=indices)
    assert serving.stored(job)[4] == len(indices)
    assert serving.stored(job)[7] == list_hash(indices)


def test_takes_a_thousand_contests(serving):
    scene = replace(serving, count=1_100)
    job = scene.served(max_contests=1_024)
    indices = range(50, 1_074)
    assert scene.contest(job, indices).gas_used < 1_500_000
    assert scene.stored(job)[7] == list_hash(indices)


def test_contest_works_up_to_the_last_second(serving):
    job = serving.served()
    at(serving.deadline(job))
    serving.contest(job)
    assert serving.state(job) == State.CONTESTED


def test_RevertWhen_contest_is_late(serving):
    job = serving.served()
    deadline = serving.deadline(job)
    time = at(deadline + 1)
    with reverts(serving.rounds.Jobs_Late, now_=time, deadline=deadline):
        serving.contest(job)


@pytest.mark.parametrize("person", ["provider", "attacker", "payee"])
def test_RevertWhen_another_contests(serving, consumer, request, person):
    job, caller = serving.served(), request.getfixturevalue(person)
    wrong = {"actual": caller.address, "allowed": consumer.address}
    with reverts(serving.rounds.Jobs_NotConsumer, **wrong):
        serving.contest(job, sender=caller)


@pytest.mark.parametrize("count", [0, MAX_CONTESTS + 1, COUNT])
def test_RevertWhen_none_or_too_many_are_contested(serving, count):
    job = serving.served()
    bad = {"actual": count, "min": 1, "max": MAX_CONTESTS}
    with reverts(serving.rounds.Jobs_BadCount, **bad):
        serving.contest(job, range(count))


@pytest.mark.parametrize(
    ("indices", "place"),
    [
        ((3, 3), 1),
        ((1, 2, 2, 5), 2),
        ((5, 4), 1),
        ((1, 5, 0), 2),
        ((COUNT,), 0),
        ((0, COUNT), 1),
        ((2**32 - 1,), 0),
    ],
)
def test_RevertWhen_indices_do_not_ascend_or_lie_beyond(serving, indices, place):
    job = serving.served()
    bad = {"place": place, "index": indices[place]}
    with reverts(serving.rounds.ServingRound_BadIndex, **bad):
        serving.contest(job, indices)


def test_RevertWhen_an_index_has_more_than_four_bytes(serving, consumer):
    """The ABI decoder refuses it: a list has one hash."""
    job = serving.served()
    honest = serving.rounds.contest.encode_input(job.to_abi(), [3])
    with reverts_with_nothing():
        consumer.transfer(serving.rounds, 0, data=honest[:-32] + (2**32 + 3).to_bytes(32, "big"))


def test_RevertWhen_it_was_contested_already(serving):
    job = serving.contested()
    wrong = {"actual": State.CONTESTED, "allowed": State.SERVED}
    with reverts(serving.rounds.ServingRound_WrongState, **wrong):
        serving.contest(job, (1,))


def test_RevertWhen_nothing_is_posted_yet(serving):
    job = serving.joined()
    wrong = {"actual": State.JOINED, "allowed": State.SERVED}
    with reverts(serving.rounds.ServingRound_WrongState, **wrong):
        serving.contest(job)
