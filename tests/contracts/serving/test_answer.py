"""ServingRound.answer; the cases are in test_answer.tree."""

from dataclasses import replace

import pytest

from prover.chain.contracts.serving import Answer
from prover.protocol.serving.state import State
from prover.statement.field import FIELD_MODULUS
from prover.statement.layout import OutputKind
from prover.statement.runs import list_hash
from tests.contracts.reverting import reverts, reverts_with_nothing
from tests.contracts.scenario import at, circuit_of
from tests.contracts.serving.scenario import (
    BLOCKS,
    COUNT,
    ESCROW,
    FEE,
    LIST,
    PRICE,
    PROOFS,
    SLOTS,
    STAKE,
    events,
    register,
    round_layout,
    scores_of,
    with_instance,
)

EARNED = COUNT * PRICE + len(LIST) * FEE
ALL = set(range(len(LIST)))


@pytest.fixture
def job(serving):
    return serving.contested()


# ---------------------------------------------------------------- what is noted


def test_notes_the_places_and_their_number(serving, job, provider, payee):
    before = serving.stored(job)

    serving.prove(job, *PROOFS[0])

    assert serving.answered(job) == {0, 1, 2}
    assert serving.stored(job) == (*before[:5], 3, *before[6:])


def test_announces_the_new_places(serving, job):
    receipt = serving.prove(job, *PROOFS[0])
    assert events(receipt) == [("ContestsAnswered", serving.id_of(job), (0, 1, 2))]


def test_the_last_answer_settles(serving, consumer, payee, currency):
    job = serving.contested(currency=currency)
    serving.prove(job, *PROOFS[0])
    serving.prove(job, *PROOFS[1])

    receipt = serving.prove(job, *PROOFS[2])

    job_id = serving.id_of(job)
    assert events(receipt) == [
        ("ContestsAnswered", job_id, (7,)),
        ("RoundSettled", job_id, payee, len(LIST)),
        ("Credited", job_id, currency, payee, EARNED + STAKE),
    ]
    assert serving.state(job) == State.SETTLED
    assert serving.answered(job) == ALL
    assert serving.credit(payee, currency) == EARNED + STAKE
    assert serving.credit(consumer, currency) == 0


def test_proof_fees_of_what_was_not_contested_go_back(serving, consumer, payee, currency):
    indices = (2, 3, 9)
    job = serving.contested(indices=indices, currency=currency)

    receipt = serving.answer(job, indices=indices)

    job_id, earned = serving.id_of(job), COUNT * PRICE + 3 * FEE
    assert events(receipt)[-2:] == [
        ("Credited", job_id, currency, payee, earned + STAKE),
        ("Credited", job_id, currency, consumer, ESCROW - earned),
    ]
    assert serving.credit(consumer, currency) == ESCROW - earned


def test_a_stranger_may_relay_and_gets_nothing(serving, job, attacker, payee):
    serving.answer(job, sender=attacker)
    assert serving.state(job) == State.SETTLED
    assert serving.credit(attacker) == 0
    assert serving.credit(payee) == EARNED + STAKE


def test_several_proofs_fit_one_call(serving, job):
    receipt = serving.answer(job, *(serving.proof(job, *blocks) for blocks in PROOFS))
    noted = [event[2] for event in events(receipt) if event[0] == "ContestsAnswered"]
    assert noted == [(0, 1, 2), (3, 4, 5, 6), (7,)]
    assert serving.state(job) == State.SETTLED


def test_order_is_free_between_proofs(serving, job):
    serving.answer(job, *(serving.proof(job, *blocks) for blocks in reversed(PROOFS)))
    assert serving.state(job) == State.SETTLED


def test_runs_that_are_not_neighbours_share_a_proof(serving, job):
    serving.prove(job, (0, 1), (3, 2), (7, 1))
    assert serving.answered(job) == {0, 3, 4, 7}


def test_each_item_can_be_opened_alone(serving, job):
    for place in range(len(LIST)):
        serving.prove(job, (place, 1))
    assert serving.state(job) == State.SETTLED


def test_a_round_of_one_item(serving):
    scene = replace(serving, count=1)
    job = scene.contested(indices=(0,))
    scene.answer(job, indices=(0,))
    assert scene.state(job) == State.SETTLED


def test_places_beyond_one_word_of_the_bitmap(serving):
    scene = replace(serving, count=300)
    indices = range(4, 300)
    job = scene.contested(indices=indices, max_contests=296)
    for block in ((0, 4), (256, 4)):
        scene.answer(job, scene.proof(job, block, indices=indices), indices=indices)
    assert scene.answered(job, 296) == {0, 1, 2, 3, 256, 257, 258, 259}
    assert scene.stored(job)[5] == 8


def test_nothing_answered_changes_nothing(serving, job, provider):
    before = serving.stored(job)
    serving.rounds.answer(job.to_abi(), LIST, [], sender=provider)
    assert serving.stored(job) == before


def test_answers_up_to_the_last_second(serving, job):
    at(serving.deadline(job))
    serving.answer(job)
    assert serving.state(job) == State.SETTLED


# ---------------------------------------------------------------- again


def test_skips_what_is_proven(serving, job):
    serving.prove(job, (4, 1))
    receipt = serving.prove(job, (3, 4))
    assert events(receipt) == [("ContestsAnswered", serving.id_of(job), (3, 5, 6))]
    assert serving.stored(job)[5] == 4


def test_the_same_answer_again_counts_nothing(serving, job):
    answer = serving.proof(job, *PROOFS[1])
    serving.answer(job, answer, answer)
    receipt = serving.answer(job, answer)
    assert events(receipt) == []
    assert serving.stored(job)[:1] + serving.stored(job)[5:6] == (State.CONTESTED, 4)


def test_rounds_do_not_share_what_is_proven(serving, job):
    other = serving.contested(nonce=1)
    serving.prove(job, *PROOFS[0])
    assert serving.answered(other) == set()
    assert serving.stored(other)[5] == 0


# ---------------------------------------------------------------- outputs


@pytest.mark.parametrize("word_bytes", [1, 2, 3, 16])
def test_reads_the_ends_of_every_width(serving, word_bytes):
    """Both ends of 16 bytes but the least: amounts lie below 2^127."""
    bound = 2 ** (8 * word_bytes - 1)
    least = -bound + (word_bytes == 16)
    scene = replace(serving, scores=lambda index: [least, bound - 1, -index])
    job = scene.contested(word_bytes=word_bytes)
    scene.answer(job)
    assert scene.state(job) == State.SETTLED


@pytest.mark.parametrize("word_bytes", [1, 2, 15])
@pytest.mark.parametrize("beyond", [0, -1])
def test_RevertWhen_an_output_does_not_fit_its_bytes(serving, word_bytes, beyond):
    """Even where its lowest bytes are those that were posted."""
    bound = 2 ** (8 * word_bytes - 1)
    value = -bound - 1 if beyond else bound
    lowest = value + 2 * bound if beyond else value - 2 * bound
    scene = replace(serving, scores=lambda index: [0, lowest, 0])
    job = scene.contested(word_bytes=word_bytes)
    answer = scene.proof(job, *PROOFS[0], outputs={3: [0, value, 0]})
    with reverts(scene.rounds.ServingRound_OutputTooWide, index=3, value=value):
        scene.answer(job, answer)


@pytest.mark.parametrize("word", [2**127, FIELD_MODULUS - 2**127, FIELD_MODULUS // 2])
def test_RevertWhen_an_output_has_no_sign(serving, job, word):
    answer = with_instance(serving.proof(job, *BLOCKS[:1]), serving.layout.outputs, word)
    with reverts(serving.rounds.Statement_OutOfRange, element=word):
        serving.answer(job, answer)


@pytest.mark.parametrize("place", range(len(LIST)))
@pytest.mark.parametrize("word", range(3))
def test_RevertWhen_another_output_was_posted(serving, place, word):
    """One bit of any word of any contested item, alone or in its batch."""
    job = serving.joined()
    index = LIST[place]
    outputs = bytearray(serving.outputs())
    outputs[6 * index + 2 * word + 1] ^= 1
    serving.commit(job, bytes(outputs))
    serving.contest(job)
    block = next(each for each in BLOCKS if each[0] <= place < sum(each))
    for chosen in {block, (place, 1)}:
        wrong = {"index": LIST[chosen[0]], "size": chosen[1]}
        with reverts(serving.rounds.ServingRound_WrongOutputs, **wrong):
            serving.prove(job, chosen)


def test_what_was_not_contested_is_not_looked_at(serving):
    """Item 1 is served wrongly, as the paths go by what was posted."""
    tampering = replace(serving, scores=lambda index: [0, 0, 0] if index == 1 else scores_of(index))
    job = tampering.contested(indices=(3,))
    assert tampering.outputs() != serving.outputs()
    tampering.answer(job, tampering.proof(job, (0, 1), indices=(3,)), indices=(3,))
    assert serving.state(job) == State.SETTLED


@pytest.mark.parametrize("labels", [1, 2, 3])
def test_label_outputs_are_posted_as_they_are(serving, registry, verifier, deployer, labels):
    """All of them: the last counts as the first does."""
    layout = round_layout(OutputKind.LABEL, input_words=1, labels=labels)
    circuit = circuit_of(verifier, layout)
    model_id = register(registry, circuit, layout, deployer)
    fields = {"layout": layout, "circuit": circuit, "model_id": model_id}
    scene = replace(serving, scores=lambda index: [(index + at) % 3 for at in range(3)], **fields)
    job = scene.contested(word_bytes=1)
    wrong = {"index": 0, "size": 1}
    assert len(scene.outputs(1)) == labels * scene.count
    for place in {0, labels - 1}:
        changed = [(at + 5 * (at == place)) % 7 for at in range(labels)]
        with reverts(scene.rounds.ServingRound_WrongOutputs, **wrong):
            scene.answer(job, scene.proof(job, (0, 1), outputs={0: changed}))
    scene.answer(job)
    assert scene.state(job) == State.SETTLED


# ---------------------------------------------------------------- inputs


@pytest.mark.parametrize("slot", range(SLOTS))
@pytest.mark.parametrize("word", range(2))
def test_RevertWhen_other_inputs_are_proven(serving, job, slot, word):
    honest = serving.proof(job, (3, 4))
    at_word = serving.layout.inputs + 2 * slot + word
    answer = with_instance(honest, at_word, honest.instances[at_word] + 1)
    with reverts(serving.rounds.ServingRound_WrongInputs, index=4, size=4):
        serving.answer(job, answer)


def test_RevertWhen_an_item_is_passed_off_as_another(serving, job):
    """The proof of item 2 at the place of item 3: in another leaf it has another index."""
    honest = serving.proof(job, (1, 1))
    answer = replace(honest, contests=(serving.opened(job, 2, 1),))
    with reverts(serving.rounds.ServingRound_WrongInputs, index=3, size=1):
        serving.answer(job, answer)


def test_RevertWhen_items_of_a_run_are_swapped(serving, job):
    honest = serving.proof(job, (1, 1), (2, 1))
    answer = replace(honest, contests=honest.contests[::-1])
    with reverts(serving.rounds.ServingRound_BadContest, position=1, size=1):
        serving.answer(job, answer)


def test_RevertWhen_a_slot_is_claimed_twice(serving, job):
    honest = serving.proof(job, (0, 1))
    answer = replace(honest, contests=honest.contests * 2)
    with reverts(serving.rounds.ServingRound_BadContest, position=0, size=1):
        serving.answer(job, answer)


@pytest.mark.parametrize("which", ["input_path", "output_path"])
def test_RevertWhen_a_path_is_wrong(serving, job, which):
    honest = serving.proof(job, (0, 1))
    path = getattr(honest.contests[0], which)
    contest = replace(honest.contests[0], **{which: (*path[:-1], bytes(32))})
    error = "WrongInputs" if which == "input_path" else "WrongOutputs"
    with reverts(getattr(serving.rounds, f"ServingRound_{error}"), index=0, size=1):
        serving.answer(job, replace(honest, contests=(contest,)))


@pytest.mark.parametrize("which", ["input_path", "output_path"])
@pytest.mark.parametrize("length", [0, 3, 5])
def test_RevertWhen_a_path_has_another_length(serving, job, which, length):
    honest = serving.proof(job, (0, 1))
    contest = replace(honest.contests[0], **{which: (bytes(32),) * length})
    wrong = {"actual": length, "allowed": 4}
    with reverts(serving.rounds.PositionalTree_WrongPathLength, **wrong):
        serving.answer(job, replace(honest, contests=(contest,)))


# ---------------------------------------------------------------- runs


@pytest.mark.parametrize(
    ("position", "size"), [(0, 2), (6, 2), (0, 4), (7, 2), (8, 1), (2**32 - 1, 1), (0, 0)]
)
def test_RevertWhen_a_run_does_not_follow_the_list(serving, job, position, size):
    """Its indices do not follow one another, it ends beyond the list, or it is empty."""
    answer = _claimed(serving, job, (position, size))
    with reverts(serving.rounds.ServingRound_BadContest, position=position, size=size):
        serving.answer(job, answer)


@pytest.mark.parametrize(
    ("position", "size", "first"), [(4, 2, 5), (2, 2, 3), (1, 3, 2), (3, 3, 4)]
)
def test_RevertWhen_a_run_is_not_an_aligned_power_of_two(serving, position, size, first):
    """Their indices follow one another; they are no subtree."""
    job = serving.contested()
    assert LIST[position : position + size] == tuple(range(first, first + size))
    answer = _claimed(serving, job, (position, size))
    with reverts(serving.rounds.PositionalTree_BadBatch, start=first, size=size):
        serving.answer(job, answer)


def test_RevertWhen_positions_do_not_ascend(serving, job):
    answer = _claimed(serving, job, (3, 1), (1, 1))
    with reverts(serving.rounds.ServingRound_BadContest, position=1, size=1):
        serving.answer(job, answer)


def test_RevertWhen_runs_overlap(serving, job):
    answer = _claimed(serving, job, (3, 2), (4, 1))
    with reverts(serving.rounds.ServingRound_BadContest, position=4, size=1):
        serving.answer(job, answer)


def test_RevertWhen_more_is_claimed_than_the_proof_has_slots(serving, job):
    answer = _claimed(serving, job, (2, 1), (3, 4))
    bad = {"actual": SLOTS + 1, "max": SLOTS}
    with reverts(serving.rounds.ProofAcceptance_BadItemCount, **bad):
        serving.answer(job, answer)


def test_RevertWhen_a_proof_claims_nothing(serving, job):
    answer = replace(serving.proof(job, (0, 1)), contests=())
    bad = {"actual": 0, "max": SLOTS}
    with reverts(serving.rounds.ProofAcceptance_BadItemCount, **bad):
        serving.answer(job, answer)


def test_RevertWhen_one_of_several_answers_is_bad(serving, job):
    """Nothing of the call counts."""
    bad = replace(serving.proof(job, *PROOFS[1]), proof=bytes(32))
    rejected = {"circuitId": serving.circuit_id}
    with reverts(serving.rounds.ProofAcceptance_ProofRejected, **rejected):
        serving.answer(job, serving.proof(job, *PROOFS[0]), bad)
    assert serving.answered(job) == set()


# ---------------------------------------------------------------- the list


@pytest.mark.parametrize("indices", [LIST[:-1], LIST[1:], (*LIST, 10), (*LIST[:-1], 9), ()])
def test_RevertWhen_it_is_another_list(serving, job, indices):
    wrong = {"actual": list_hash(indices), "allowed": list_hash(LIST)}
    with reverts(serving.rounds.ServingRound_WrongList, **wrong):
        serving.answer(job, serving.proof(job, *PROOFS[0]), indices=indices)


def test_RevertWhen_the_list_is_hashed_with_another_grouping(serving, job, provider):
    """Four bytes an index: 2^32 and more are no indices for the ABI decoder."""
    answer = serving.proof(job, (0, 1)).to_abi()
    honest = serving.rounds.answer.encode_input(job.to_abi(), LIST, [answer])
    low, high = (10).to_bytes(32, "big"), (2**32 + 10).to_bytes(32, "big")
    assert honest.count(low) == 1
    with reverts_with_nothing():
        provider.transfer(serving.rounds, 0, data=honest.replace(low, high))


# ---------------------------------------------------------------- the proof


def test_RevertWhen_the_proof_is_false(serving, job):
    answer = replace(serving.proof(job, (0, 1)), proof=b"\x01" * 32)
    rejected = {"circuitId": serving.circuit_id}
    with reverts(serving.rounds.ProofAcceptance_ProofRejected, **rejected):
        serving.answer(job, answer)


@pytest.mark.parametrize(
    "context",
    [{"payee": "attacker"}, {"chain_id": 1}, {"job_id": b"\x01" * 32}, {"escrow": "predictions"}],
)
def test_RevertWhen_the_proof_is_bound_to_something_else(serving, job, request, context):
    fixture = {"attacker", "predictions"}
    values = {
        name: request.getfixturevalue(value).address if value in fixture else value
        for name, value in context.items()
    }
    wrong = {"jobId": serving.id_of(job), "payee": serving.payee, "modelId": serving.model_id}
    with reverts(serving.rounds.ProofAcceptance_WrongContext, **wrong):
        serving.answer(job, serving.proof(job, (0, 1), **values))


def test_RevertWhen_an_instance_is_out_of_the_field(serving, job):
    honest = serving.proof(job, (0, 1))
    word = serving.layout.outputs
    answer = with_instance(honest, word, honest.instances[word] + FIELD_MODULUS)
    wrong = {"word": word, "value": honest.instances[word] + FIELD_MODULUS}
    with reverts(serving.rounds.Statement_OutOfField, **wrong):
        serving.answer(job, answer)


def test_RevertWhen_the_circuit_was_condemned(serving, job):
    condemned_at = serving.condemn().timestamp
    condemned = {"circuitId": serving.circuit_id, "condemnedAt": condemned_at}
    with reverts(serving.rounds.ProofAcceptance_Condemned, **condemned):
        serving.answer(job)


# ---------------------------------------------------------------- state and time


def test_RevertWhen_it_is_late(serving, job):
    deadline = serving.deadline(job)
    time = at(deadline + 1)
    with reverts(serving.rounds.Jobs_Late, now_=time, deadline=deadline):
        serving.answer(job)


def test_RevertWhen_nothing_is_contested(serving):
    job = serving.served()
    wrong = {"actual": State.SERVED, "allowed": State.CONTESTED}
    with reverts(serving.rounds.ServingRound_WrongState, **wrong):
        serving.answer(job)


def test_RevertWhen_all_is_answered_already(serving, job):
    serving.answer(job)
    wrong = {"actual": State.SETTLED, "allowed": State.CONTESTED}
    with reverts(serving.rounds.ServingRound_WrongState, **wrong):
        serving.answer(job)


# ---------------------------------------------------------------- helpers


def _claimed(scene, job, *blocks) -> Answer:
    """A proof of the first item, claimed to be of the blocks' items."""
    honest = scene.proof(job, (0, 1))
    paths = (honest.contests[0].input_path, honest.contests[0].output_path)
    contests = tuple(type(honest.contests[0])(*block, *paths) for block in blocks)
    return replace(honest, contests=contests)
