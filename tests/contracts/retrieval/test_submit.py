"""RetrievalBounty.submit; the cases are in test_submit.tree."""

from dataclasses import replace

import pytest
from eth_utils.crypto import keccak

from prover.protocol.retrieval.state import State
from prover.statement.field import FIELD_MODULUS
from tests.contracts.retrieval.scenario import (
    ALL,
    CLASSES,
    COUNT,
    DISPUTE_SECONDS,
    MATCHES,
    SLOTS,
    Records,
    events,
    label_layout,
    record_circuit,
    register,
)
from tests.contracts.reverting import reverts
from tests.contracts.scenario import at, mock_proof, now

ZERO = bytes(32)


# ---------------------------------------------------------------- what is noted


def test_notes_records_matches_and_their_number(retrieval, payee):
    job = retrieval.accepted()
    deadline = retrieval.deadline(job)

    retrieval.prove(job, (0, 4))

    assert retrieval.outcomes(job) == ({0, 1, 2, 3}, {2, 3})
    assert retrieval.stored(job) == (State.PROVING, payee, deadline, 4)


def test_announces_the_keys_of_matches_alone(retrieval):
    job = retrieval.accepted()
    receipt = retrieval.prove(job, (0, 4))
    job_id = retrieval.id_of(job)
    assert events(receipt) == [
        ("RecordMatched", job_id, 2, retrieval.data.key(2)),
        ("RecordMatched", job_id, 3, retrieval.data.key(3)),
        ("RecordsProven", job_id, (0, 1, 2, 3)),
    ]


def test_the_last_record_starts_the_time_to_dispute(retrieval, payee):
    job = retrieval.accepted()
    retrieval.prove(job, *ALL[:1])
    retrieval.prove(job, *ALL[1:2])
    time = at(now() + 10)

    receipt = retrieval.prove(job, *ALL[2:])

    deadline = time + DISPUTE_SECONDS
    assert events(receipt)[-1] == ("RetrievalCompleted", retrieval.id_of(job), deadline)
    assert retrieval.stored(job) == (State.CLOSING, payee, deadline, COUNT)
    assert retrieval.outcomes(job) == (set(range(COUNT)), MATCHES)


def test_several_proofs_fit_one_call(retrieval):
    job = retrieval.accepted()
    receipt = retrieval.submit(job)
    proven = [event[2] for event in events(receipt) if event[0] == "RecordsProven"]
    assert proven == [(0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10)]
    assert retrieval.state(job) == State.CLOSING


def test_order_is_free_between_proofs(retrieval):
    job = retrieval.accepted()
    retrieval.submit(job, *reversed(retrieval.all_of(job)))
    assert retrieval.outcomes(job) == (set(range(COUNT)), MATCHES)


def test_a_proof_of_one_record_reads_one_slot(retrieval):
    job = retrieval.accepted()
    retrieval.prove(job, (3, 1))
    assert retrieval.outcomes(job) == ({3}, {3})


def test_runs_of_any_size_share_a_proof(retrieval):
    job = retrieval.accepted()
    retrieval.prove(job, (1, 1), (6, 2), (10, 1))
    assert retrieval.outcomes(job) == ({1, 6, 7, 10}, {7, 10})


def test_a_dataset_of_one_record(retrieval):
    scene = retrieval.with_data(Records(count=1))
    job = scene.accepted()
    scene.prove(job, (0, 1))
    assert scene.outcomes(job) == ({0}, set())
    assert scene.state(job) == State.CLOSING


def test_records_beyond_one_word_of_the_bitmap(retrieval):
    scene = retrieval.with_data(Records(count=260))
    job = scene.accepted()
    scene.prove(job, (0, 4))
    scene.prove(job, (256, 4))
    assert scene.outcomes(job) == ({0, 1, 2, 3, *range(256, 260)}, {2, 3})
    assert scene.stored(job)[3] == 8


def test_nothing_submitted_changes_nothing(retrieval, owner):
    job = retrieval.accepted()
    before = retrieval.stored(job)
    retrieval.bounty.submit(job.to_abi(), [], sender=owner)
    assert retrieval.stored(job) == before


# ---------------------------------------------------------------- again


def test_skips_what_is_done(retrieval):
    job = retrieval.accepted()
    retrieval.prove(job, (2, 1))
    receipt = retrieval.prove(job, (0, 4))
    job_id = retrieval.id_of(job)
    assert events(receipt) == [
        ("RecordMatched", job_id, 3, retrieval.data.key(3)),
        ("RecordsProven", job_id, (0, 1, 3)),
    ]
    assert retrieval.stored(job)[3] == 4


def test_the_same_proof_again_counts_nothing(retrieval):
    job = retrieval.accepted()
    submission = retrieval.submission(job, (0, 4))
    retrieval.submit(job, submission, submission)
    receipt = retrieval.submit(job, submission)
    assert events(receipt) == []
    assert retrieval.stored(job)[3] == 4
    assert retrieval.state(job) == State.PROVING


def test_what_was_decided_stays(retrieval):
    """Should a proof of other outputs ever exist, the first one counts."""
    job = retrieval.accepted()
    retrieval.prove(job, (0, 2), (2, 2))
    other = retrieval.submission(job, (0, 4), outputs={0: [0, 90, 0], 2: [0, 0, 0]})
    retrieval.submit(job, other.changed(keys=retrieval.keys([0, 3], of={0, 3})))
    assert retrieval.outcomes(job) == ({0, 1, 2, 3}, {2, 3})


# ---------------------------------------------------------------- predicates


@pytest.mark.parametrize(
    ("threshold", "score", "matched"),
    [(30, 30, True), (30, 29, False), (-5, -5, True), (-5, -6, False), (0, -1, False)],
)
@pytest.mark.parametrize("index", range(CLASSES))
def test_a_score_at_least_the_threshold_matches(retrieval, index, threshold, score, matched):
    job = retrieval.accepted(predicate=retrieval.at_least(threshold, index))
    outputs = [-100, -100, -100]
    outputs[index] = score
    _prove_one(retrieval, job, outputs, matched)


@pytest.mark.parametrize("value", [2**127 - 1, -(2**127) + 1])
def test_the_greatest_scores_are_read_with_their_sign(retrieval, value):
    job = retrieval.accepted(predicate=retrieval.at_least(value))
    _prove_one(retrieval, job, [0, value, 0], matched=True)


@pytest.mark.parametrize("word", [2**127, FIELD_MODULUS - 2**127, FIELD_MODULUS // 2])
def test_RevertWhen_a_score_has_no_sign(retrieval, word):
    job = retrieval.accepted()
    submission = retrieval.submission(job, (0, 1)).with_instance(_output(retrieval, 1), word)
    with reverts(retrieval.bounty.Statement_OutOfRange, element=word):
        retrieval.submit(job, submission)


@pytest.mark.parametrize(
    ("scores", "matched"),
    [
        ([1, 2, 0], True),
        ([2, 1, 0], False),
        ([0, 2, 2], False),
        ([2, 2, 0], False),
        ([-3, -1, -2], True),
        ([0, 0, 0], False),
    ],
)
def test_a_label_is_the_strictly_greatest_score(retrieval, scores, matched):
    job = retrieval.accepted(predicate=retrieval.label())
    _prove_one(retrieval, job, scores, matched)


@pytest.mark.parametrize(
    ("labels", "matched"),
    [
        ([0], False),
        ([1], True),
        ([2], False),
        ([-1], False),
        ([1, 0], True),
        ([0, 1], False),
        ([2, 0, 1], False),
        ([-1, 1, 1], False),
    ],
)
def test_the_first_label_output_is_the_label(
    retrieval, registry, verifier, deployer, labels, matched
):
    layout = label_layout(len(labels))
    circuit = record_circuit(verifier, layout)
    model_id = register(registry, circuit, layout, deployer)
    scene = replace(retrieval, layout=layout, circuit=circuit, model_id=model_id)
    job = scene.accepted(predicate=scene.label())
    _prove_one(scene, job, labels, matched)


def _prove_one(scene, job, outputs, matched):
    """Record 0 with these outputs; a match needs its key, and nothing else may have one."""
    submission = scene.submission(job, (0, 1), outputs={0: outputs})
    bare, keyed = submission.changed(keys=()), submission.changed(keys=(scene.data.key(0),))
    if matched:
        with reverts(scene.bounty.RetrievalBounty_KeyMissing, index=0):
            scene.submit(job, bare)
        scene.submit(job, keyed)
    else:
        with reverts(scene.bounty.RetrievalBounty_TooManyKeys, actual=1, allowed=0):
            scene.submit(job, keyed)
        scene.submit(job, bare)
    assert scene.outcomes(job) == ({0}, {0} if matched else set())


def _output(scene, word):
    return scene.layout.outputs + word


# ---------------------------------------------------------------- keys


def test_RevertWhen_the_key_of_a_match_is_missing(retrieval):
    job = retrieval.accepted()
    submission = retrieval.submission(job, (0, 4))
    with reverts(retrieval.bounty.RetrievalBounty_KeyMissing, index=3):
        retrieval.submit(job, submission.changed(keys=submission.keys[:1]))
    assert retrieval.outcomes(job) == (set(), set())


def test_RevertWhen_a_key_is_not_the_record_s(retrieval):
    job = retrieval.accepted()
    submission = retrieval.submission(job, (0, 4))
    swapped = submission.keys[::-1]
    wrong = {"index": 2, "actual": keccak(swapped[0]), "allowed": keccak(retrieval.data.key(2))}
    with reverts(retrieval.bounty.RetrievalBounty_WrongKey, **wrong):
        retrieval.submit(job, submission.changed(keys=swapped))


def test_RevertWhen_there_are_more_keys_than_matches(retrieval):
    job = retrieval.accepted()
    submission = retrieval.submission(job, (0, 4))
    more = (*submission.keys, retrieval.data.key(0))
    with reverts(retrieval.bounty.RetrievalBounty_TooManyKeys, actual=3, allowed=2):
        retrieval.submit(job, submission.changed(keys=more))


def test_a_key_is_due_for_a_match_that_is_done(retrieval):
    """A submission is good or not by itself, whatever others submitted before it."""
    job = retrieval.accepted()
    retrieval.prove(job, (2, 1))
    submission = retrieval.submission(job, (0, 4))
    with reverts(retrieval.bounty.RetrievalBounty_KeyMissing, index=3):
        retrieval.submit(job, submission.changed(keys=submission.keys[:1]))
    retrieval.submit(job, submission)
    assert retrieval.outcomes(job) == ({0, 1, 2, 3}, {2, 3})


# ---------------------------------------------------------------- records and runs


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("place", [0, 3])
def test_RevertWhen_a_record_is_not_the_dataset_s(retrieval, place, part):
    job = retrieval.accepted()
    submission = retrieval.submission(job, (4, 4))
    records = [list(record) for record in submission.records]
    records[place][part] = ZERO
    if part == 1:
        submission = submission.changed(keys=(ZERO,) if place == 3 else submission.keys)
        records[place][part] = keccak(ZERO)
    with reverts(retrieval.bounty.RetrievalBounty_WrongRecord, index=4, size=4):
        retrieval.submit(job, submission.changed(records=tuple(map(tuple, records))))


@pytest.mark.parametrize("slot", [0, 3])
def test_RevertWhen_the_proof_is_of_other_inputs(retrieval, slot):
    job = retrieval.accepted()
    submission = retrieval.submission(job, (4, 4)).with_instance(slot, 12345)
    with reverts(retrieval.bounty.RetrievalBounty_WrongRecord, index=4, size=4):
        retrieval.submit(job, submission)


def test_RevertWhen_the_second_run_is_wrong(retrieval):
    """The error names the run that fails."""
    job = retrieval.accepted()
    submission = retrieval.submission(job, (4, 2), (8, 1))
    with reverts(retrieval.bounty.RetrievalBounty_WrongRecord, index=8, size=1):
        retrieval.submit(job, submission.with_instance(2, 12345))


def test_RevertWhen_a_record_is_proven_in_another_place(retrieval):
    job = retrieval.accepted()
    submission = retrieval.submission(job, (4, 1))
    (_, size, path), other = submission.runs[0], retrieval.data.tree.path(5)
    for moved in (path, other):
        with reverts(retrieval.bounty.RetrievalBounty_WrongRecord, index=5, size=1):
            retrieval.submit(job, submission.changed(runs=((5, size, moved),)))


@pytest.mark.parametrize("blocks", [((4, 4), (4, 4)), ((6, 2), (4, 2)), ((4, 4), (6, 2))])
def test_RevertWhen_runs_do_not_ascend(retrieval, blocks):
    job = retrieval.accepted()
    start, size = blocks[1]
    with reverts(retrieval.bounty.RetrievalBounty_BadRun, start=start, size=size):
        retrieval.submit(job, retrieval.submission(job, *blocks))


@pytest.mark.parametrize("count", [3, 5])
def test_RevertWhen_there_are_not_as_many_records_as_items(retrieval, count):
    job = retrieval.accepted()
    submission = retrieval.submission(job, (4, 4))
    records = (*submission.records, submission.records[0])[:count]
    with reverts(retrieval.bounty.RetrievalBounty_WrongRecordCount, actual=count, allowed=4):
        retrieval.submit(job, submission.changed(records=records))


@pytest.mark.parametrize(("start", "size"), [(1, 2), (2, 4), (0, 3)])
def test_RevertWhen_a_run_is_not_aligned(retrieval, start, size):
    job = retrieval.accepted()
    submission = retrieval.submission(job, *((start + i, 1) for i in range(size)))
    with reverts(retrieval.bounty.PositionalTree_BadBatch, start=start, size=size):
        retrieval.submit(job, submission.changed(runs=((start, size, ()),)))


def test_RevertWhen_a_run_is_empty(retrieval):
    job = retrieval.accepted()
    submission = retrieval.submission(job, (0, 1))
    runs = (*submission.runs, (4, 0, ()))
    with reverts(retrieval.bounty.PositionalTree_BadBatch, start=4, size=0):
        retrieval.submit(job, submission.changed(runs=runs))


@pytest.mark.parametrize(("start", "size"), [(11, 1), (8, 4), (2**32 - 1, 1)])
def test_RevertWhen_a_run_goes_beyond_the_count(retrieval, start, size):
    job = retrieval.accepted()
    submission = retrieval.submission(job, *((i, 1) for i in range(size)))
    beyond = {"index": max(start, COUNT), "count": COUNT}
    with reverts(retrieval.bounty.PositionalTree_IndexOutOfRange, **beyond):
        retrieval.submit(job, submission.changed(runs=((start, size, ()),)))


def test_RevertWhen_the_path_has_another_length(retrieval):
    job = retrieval.accepted()
    submission = retrieval.submission(job, (4, 4))
    start, size, path = submission.runs[0]
    with reverts(retrieval.bounty.PositionalTree_WrongPathLength, actual=1, allowed=2):
        retrieval.submit(job, submission.changed(runs=((start, size, path[:1]),)))


# ---------------------------------------------------------------- proofs


def test_RevertWhen_more_slots_are_claimed_than_there_are(retrieval):
    job = retrieval.accepted()
    submission = retrieval.submission(job, (0, 4))
    last = retrieval.submission(job, (4, 1))
    runs, records = submission.runs + last.runs, submission.records + last.records
    with reverts(retrieval.bounty.ProofAcceptance_BadItemCount, actual=SLOTS + 1, max=SLOTS):
        retrieval.submit(job, submission.changed(runs=runs, records=records))


def test_RevertWhen_no_slot_is_claimed(retrieval):
    job = retrieval.accepted()
    with reverts(retrieval.bounty.ProofAcceptance_BadItemCount, actual=0, max=SLOTS):
        retrieval.submit(job, retrieval.submission(job))


def test_RevertWhen_the_proof_does_not_hold(retrieval):
    job = retrieval.accepted()
    submission = retrieval.submission(job, (0, 4))
    refused = {"circuitId": retrieval.circuit_id}
    for proof in (b"", submission.proof[:-1], ZERO):
        with reverts(retrieval.bounty.ProofAcceptance_ProofRejected, **refused):
            retrieval.submit(job, submission.changed(proof=proof))


def test_RevertWhen_one_of_several_proofs_does_not_hold(retrieval):
    job = retrieval.accepted()
    good, other = retrieval.submission(job, (0, 4)), retrieval.submission(job, (4, 4))
    with reverts(retrieval.bounty.ProofAcceptance_ProofRejected, circuitId=retrieval.circuit_id):
        retrieval.submit(job, good, other.changed(proof=ZERO))
    assert retrieval.outcomes(job) == (set(), set())


def test_RevertWhen_the_proof_is_bound_to_somebody_else(retrieval, payee, attacker):
    job = retrieval.accepted()
    wrong = {"jobId": retrieval.id_of(job), "payee": payee, "modelId": retrieval.model_id}
    with reverts(retrieval.bounty.ProofAcceptance_WrongContext, **wrong):
        retrieval.submit(job, retrieval.submission(job, (0, 4), payee=attacker))


def test_RevertWhen_an_output_was_changed_after_proving(retrieval):
    job = retrieval.accepted()
    submission = retrieval.submission(job, (0, 4))
    changed = submission.with_instance(_output(retrieval, 1), 0).changed(proof=submission.proof)
    with reverts(retrieval.bounty.ProofAcceptance_ProofRejected, circuitId=retrieval.circuit_id):
        retrieval.submit(job, changed)


def test_RevertWhen_the_circuit_was_condemned(retrieval):
    job = retrieval.accepted()
    condemned_at = retrieval.condemn().timestamp
    condemned = {"circuitId": retrieval.circuit_id, "condemnedAt": condemned_at}
    with reverts(retrieval.bounty.ProofAcceptance_Condemned, **condemned):
        retrieval.submit(job)


def test_anyone_may_relay(retrieval, attacker, payee):
    job = retrieval.accepted()
    retrieval.submit(job, sender=attacker)
    assert retrieval.stored(job)[1] == payee
    assert retrieval.state(job) == State.CLOSING


# ---------------------------------------------------------------- state and time


@pytest.mark.parametrize("early", [1, 0])
def test_takes_proofs_up_to_the_last_second(retrieval, early):
    job = retrieval.accepted()
    time = at(retrieval.deadline(job) - early)
    retrieval.submit(job)
    assert retrieval.status(job) == (State.CLOSING, time + DISPUTE_SECONDS)


def test_RevertWhen_it_is_late(retrieval):
    job = retrieval.accepted()
    deadline = retrieval.deadline(job)
    time = at(deadline + 1)
    with reverts(retrieval.bounty.Jobs_Late, now_=time, deadline=deadline):
        retrieval.submit(job)


@pytest.mark.parametrize("state", [State.NONE, State.OPEN, State.CLOSING])
def test_RevertWhen_nothing_is_to_be_proven(retrieval, state):
    make = {"OPEN": retrieval.posted, "CLOSING": retrieval.closing, "NONE": retrieval.job}
    job = make[state.name]()
    wrong = {"actual": state, "allowed": State.PROVING}
    with reverts(retrieval.bounty.RetrievalBounty_WrongState, **wrong):
        retrieval.submit(job)


def test_slots_that_are_not_claimed_are_not_read(retrieval):
    """Junk in them changes nothing."""
    job = retrieval.accepted()
    submission = retrieval.submission(job, (0, 1))
    junk = submission.with_instance(3, 999).with_instance(_output(retrieval, 4), FIELD_MODULUS // 2)
    assert junk.proof == mock_proof(junk.instances)
    retrieval.submit(job, junk)
    assert retrieval.outcomes(job) == ({0}, set())
