"""AccuracyBounty.submit; the cases are in test_submit.tree."""

import pytest
from eth_utils.crypto import keccak

from prover.protocol.accuracy.state import State
from prover.statement.field import FIELD_MODULUS
from tests.contracts.accuracy.scenario import (
    ALL,
    BOND,
    CLASSES,
    REWARD,
    SLOTS,
    STAKE,
    WEIGHTS,
    N,
    events,
    label_layout,
    label_of,
    register,
)
from tests.contracts.retrieval.scenario import record_circuit
from tests.contracts.reverting import reverts
from tests.contracts.scenario import at, mock_proof

# ---------------------------------------------------------------- what is counted


def test_counts_items_and_right_ones(accuracy):
    job = accuracy.proving()
    receipt = accuracy.prove(job, (0, 4))
    assert accuracy.counts(job) == (4, 3)
    assert accuracy.proven(job) == {0, 1, 2, 3}
    assert events(receipt) == [("ItemsProven", accuracy.id_of(job), (0, 1, 2, 3), 3)]
    assert accuracy.state(job) == State.PROVING


def test_reaching_the_target_pays_at_once(accuracy, consumer, payee, currency):
    job = accuracy.proving(currency=currency)
    accuracy.prove(job, (0, 4))

    receipt = accuracy.prove(job, (4, 4))

    job_id = accuracy.id_of(job)
    assert accuracy.counts(job) == (8, 6)
    assert accuracy.state(job) == State.PAID
    assert events(receipt)[1:] == [
        ("BountyPaid", job_id, payee, 6),
        ("Credited", job_id, currency, payee, REWARD + STAKE),
        ("Credited", job_id, currency, consumer, BOND),
    ]


@pytest.mark.parametrize(("num", "den", "paid"), [(7, 10, True), (8, 10, False), (69, 100, True)])
def test_the_target_is_a_share_of_all_items(accuracy, num, den, paid):
    """7 of 10 are right: 7/10 is reached, 8/10 is not."""
    job = accuracy.proving(num=num, den=den)
    accuracy.submit(job)
    assert accuracy.counts(job) == (N, 7)
    assert accuracy.state(job) == (State.PAID if paid else State.PROVING)


def test_a_subset_of_right_items_is_not_enough(accuracy):
    """Every item proven is right, and the share of all items is not reached."""
    job = accuracy.proving()
    accuracy.prove(job, (2, 2), (4, 1))
    assert accuracy.counts(job) == (3, 3)
    assert accuracy.state(job) == State.PROVING


def test_a_tie_is_wrong(accuracy):
    job = accuracy.proving()
    accuracy.prove(job, (5, 1))
    assert accuracy.counts(job) == (1, 0)


@pytest.mark.parametrize("other", range(CLASSES))
@pytest.mark.parametrize("label", range(CLASSES))
def test_a_label_whose_score_another_shares_is_none(accuracy, label, other):
    """Whichever of the two comes first, and whichever is right."""
    job = accuracy.proving()
    scores = [-3, -3, -3]
    scores[label] = scores[other] = -2
    accuracy.submit(job, accuracy.submission(job, (0, 1), outputs={0: scores}))
    assert accuracy.counts(job) == (1, int(label == other == label_of(0)))


@pytest.mark.parametrize("label", range(CLASSES))
def test_the_greatest_score_is_the_label(accuracy, label):
    job = accuracy.proving()
    scores = [-3, -3, -3]
    scores[label] = -2
    accuracy.submit(job, accuracy.submission(job, (0, 1), outputs={0: scores}))
    assert accuracy.counts(job) == (1, int(label == label_of(0)))


@pytest.mark.parametrize("more", [[], [label_of(1)], [label_of(0), label_of(1)]], ids=len)
def test_of_label_outputs_the_first_is_compared_as_it_is(accuracy, deployer, more):
    """Whatever stands behind it: it would be right of item 1."""
    layout = label_layout(CLASSES, 1 + len(more))
    circuit = record_circuit(accuracy.verifier, layout)
    model_id = register(accuracy.registry, circuit, layout, deployer)
    scene = accuracy.of(circuit, model_id, layout)
    job = scene.proving()
    firsts = {0: label_of(0), 1: label_of(0), 2: label_of(2), 3: -1}
    outputs = {index: [label, *more] for index, label in firsts.items()}
    scene.submit(job, scene.submission(job, (0, 4), outputs=outputs))
    assert scene.counts(job) == (4, 2)


# ---------------------------------------------------------------- batches


def test_fewer_items_than_slots_are_fine(accuracy):
    job = accuracy.proving()
    accuracy.prove(job, (8, 2))
    assert accuracy.proven(job) == {8, 9}


def test_runs_may_leave_gaps(accuracy):
    job = accuracy.proving()
    accuracy.prove(job, (1, 1), (4, 2), (9, 1))
    assert accuracy.proven(job) == {1, 4, 5, 9}


def test_several_proofs_fit_one_call(accuracy):
    job = accuracy.proving(num=1, den=1)
    accuracy.submit(job)
    assert accuracy.counts(job) == (N, 7)


def test_items_that_are_done_are_skipped(accuracy):
    job = accuracy.proving()
    accuracy.prove(job, (0, 2))
    receipt = accuracy.prove(job, (0, 4))
    assert events(receipt) == [("ItemsProven", accuracy.id_of(job), (2, 3), 3)]
    assert accuracy.counts(job) == (4, 3)


def test_an_item_is_counted_once_in_one_call(accuracy):
    job = accuracy.proving()
    twice = [accuracy.submission(job, (0, 1)) for _ in range(7)]
    accuracy.submit(job, *twice)
    assert accuracy.counts(job) == (1, 1)


def test_nothing_new_is_no_news(accuracy):
    job = accuracy.proving()
    accuracy.prove(job, (0, 4))
    assert events(accuracy.prove(job, (0, 4))) == []
    assert accuracy.counts(job) == (4, 3)


def test_a_wrong_answer_cannot_be_mended(accuracy):
    job = accuracy.proving()
    accuracy.prove(job, (1, 1))
    right = [0, 9, 0]
    accuracy.submit(job, accuracy.submission(job, (1, 1), outputs={1: right}))
    assert accuracy.counts(job) == (1, 0)


def test_no_submissions_change_nothing(accuracy):
    job = accuracy.proving()
    accuracy.bounty.submit(job.to_abi(), [], sender=accuracy.provider)
    assert accuracy.counts(job) == (0, 0)


# ---------------------------------------------------------------- refusals


def _refused(accuracy, job, submission, error, **arguments):
    before = accuracy.stored(job)
    with reverts(error, **arguments):
        accuracy.submit(job, submission)
    assert accuracy.stored(job) == before


@pytest.mark.parametrize("blocks", [((4, 1), (3, 1)), ((2, 1), (2, 1)), ((0, 2), (1, 1))])
def test_RevertWhen_runs_do_not_ascend(accuracy, blocks):
    job = accuracy.proving()
    start, size = blocks[1]
    error = accuracy.bounty.AccuracyBounty_BadRun
    _refused(accuracy, job, accuracy.submission(job, *blocks), error, start=start, size=size)


def test_RevertWhen_runs_name_more_than_the_items(accuracy):
    job = accuracy.proving()
    whole = accuracy.submission(job, (0, 4))
    few = whole.changed(items=whole.items[:3])
    _refused(accuracy, job, few, accuracy.bounty.AccuracyBounty_BadRun, start=0, size=4)


def test_RevertWhen_runs_name_fewer_than_the_items(accuracy):
    job = accuracy.proving()
    few = accuracy.submission(job, (0, 2))
    more = few.changed(items=(*few.items, few.items[0]))
    error = accuracy.bounty.AccuracyBounty_WrongItemCount
    _refused(accuracy, job, more, error, actual=3, allowed=2)


def test_RevertWhen_there_is_no_item(accuracy):
    job = accuracy.proving()
    none = accuracy.submission(job)
    error = accuracy.bounty.ProofAcceptance_BadItemCount
    _refused(accuracy, job, none, error, actual=0, max=SLOTS)


def test_RevertWhen_there_are_more_items_than_slots(accuracy):
    job = accuracy.proving()
    four = accuracy.submission(job, (0, 4))
    five = four.changed(items=(*four.items, four.items[0]), runs=(*four.runs, four.runs[0]))
    error = accuracy.bounty.ProofAcceptance_BadItemCount
    _refused(accuracy, job, five, error, actual=5, max=SLOTS)


def test_RevertWhen_a_run_is_not_aligned(accuracy):
    job = accuracy.proving()
    pair = accuracy.submission(job, (2, 2))
    shifted = pair.changed(runs=((1, 2, pair.runs[0][2]),))
    error = accuracy.bounty.PositionalTree_BadBatch
    _refused(accuracy, job, shifted, error, start=1, size=2)


def test_RevertWhen_a_run_is_beyond_the_count(accuracy):
    job = accuracy.proving()
    pair = accuracy.submission(job, (8, 2))
    beyond = pair.changed(runs=((10, 2, pair.runs[0][2]),))
    error = accuracy.bounty.PositionalTree_IndexOutOfRange
    _refused(accuracy, job, beyond, error, index=10, count=N)


@pytest.mark.parametrize("changed", ["parts", "label", "salt", "inputs", "index"])
def test_RevertWhen_an_item_is_not_the_test_sets(accuracy, changed):
    job = accuracy.proving()
    one = accuracy.submission(job, (2, 1))
    parts, label, salt = one.items[0]
    other = {
        "parts": one.changed(items=((keccak(b"other"), label, salt),)),
        "label": one.changed(items=((parts, (label + 1) % CLASSES, salt),)),
        "salt": one.changed(items=((parts, label, keccak(salt)),)),
        "inputs": one.with_instance(0, accuracy.data.digests(3)[0]),
        "index": one.changed(runs=((3, 1, one.runs[0][2]),)),
    }
    index = 3 if changed == "index" else 2
    error = accuracy.bounty.AccuracyBounty_WrongItem
    _refused(accuracy, job, other[changed], error, index=index, size=1)


def test_RevertWhen_one_of_several_proofs_fails(accuracy):
    """Then none counts."""
    job = accuracy.proving()
    good, bad = accuracy.submission(job, (0, 4)), accuracy.submission(job, (4, 4))
    bad = bad.changed(proof=b"")
    error = accuracy.bounty.ProofAcceptance_ProofRejected
    with reverts(error, circuitId=accuracy.circuit_id):
        accuracy.submit(job, good, bad)
    assert accuracy.counts(job) == (0, 0)


def test_RevertWhen_the_weights_are_others(accuracy):
    job = accuracy.proving()
    other = accuracy.submission(job, (0, 4), weights=WEIGHTS + 1)
    error = accuracy.bounty.ProofAcceptance_WrongWeights
    _refused(accuracy, job, other, error, actual=WEIGHTS + 1, allowed=WEIGHTS)


def test_RevertWhen_the_payee_in_the_proof_is_another(accuracy, attacker, payee):
    job = accuracy.proving()
    theirs = accuracy.submission(job, (0, 4), payee=attacker)
    error = accuracy.bounty.ProofAcceptance_WrongContext
    bound = {"jobId": accuracy.id_of(job), "payee": payee, "modelId": accuracy.model_id}
    _refused(accuracy, job, theirs, error, **bound)


def test_RevertWhen_a_score_is_out_of_range(accuracy):
    job = accuracy.proving()
    middle = (FIELD_MODULUS - 1) // 2
    one = accuracy.submission(job, (0, 1)).with_instance(accuracy.layout.outputs, middle)
    _refused(accuracy, job, one, accuracy.bounty.Statement_OutOfRange, element=middle)


def test_RevertWhen_the_circuit_is_condemned(accuracy):
    job = accuracy.proving()
    accuracy.condemn()
    time = accuracy.registry.condemnedAt(accuracy.circuit_id)
    error = accuracy.bounty.ProofAcceptance_Condemned
    one = accuracy.submission(job, (0, 4))
    _refused(accuracy, job, one, error, circuitId=accuracy.circuit_id, condemnedAt=time)


def test_the_last_second_is_in_time(accuracy):
    job = accuracy.proving()
    at(accuracy.deadline(job))
    accuracy.submit(job)
    assert accuracy.state(job) == State.PAID


def test_RevertWhen_it_is_late(accuracy):
    job = accuracy.proving()
    deadline = accuracy.deadline(job)
    time = at(deadline + 1)
    with reverts(accuracy.bounty.Jobs_Late, now_=time, deadline=deadline):
        accuracy.submit(job)


def test_RevertWhen_the_key_is_not_revealed(accuracy):
    job = accuracy.accepted()
    wrong = {"actual": State.ACCEPTED, "allowed": State.PROVING}
    with reverts(accuracy.bounty.AccuracyBounty_WrongState, **wrong):
        accuracy.submit(job)


def test_RevertWhen_it_is_paid(accuracy):
    job = accuracy.proving()
    accuracy.submit(job, *(accuracy.submission(job, block) for block in ALL[:2]))
    wrong = {"actual": State.PAID, "allowed": State.PROVING}
    with reverts(accuracy.bounty.AccuracyBounty_WrongState, **wrong):
        accuracy.prove(job, ALL[2])


def test_anybody_may_relay(accuracy, attacker, payee):
    job = accuracy.proving()
    accuracy.submit(job, sender=attacker)
    assert accuracy.credit(payee) == REWARD + STAKE
    assert accuracy.credit(attacker) == 0


def test_the_mock_proof_is_of_all_instances(accuracy):
    """An instance changed behind the proof's back is refused by the verifier."""
    job = accuracy.proving()
    one = accuracy.submission(job, (0, 4))
    place = accuracy.layout.outputs
    words = (*one.instances[:place], 77, *one.instances[place + 1 :])
    assert mock_proof(words) != one.proof
    error = accuracy.bounty.ProofAcceptance_ProofRejected
    _refused(accuracy, job, one.changed(instances=words), error, circuitId=accuracy.circuit_id)
