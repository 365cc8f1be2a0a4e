"""Attacks on accuracy bounties: each succeeds against a naive one, and fails against ours.

The first line of a test's docstring is its row of the table in docs/SECURITY.md.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from ape.contracts import ContractInstance
from eth_utils.crypto import keccak

from prover.protocol.accuracy.state import State
from prover.protocol.registry.state import circuit_id_of
from prover.statement.field import FIELD_MODULUS
from tests.contracts.accuracy.scenario import (
    BOND,
    CLASSES,
    PENALTY,
    REWARD,
    SLOTS,
    STAKE,
    Scene,
    Submission,
    label_of,
    register,
    sample,
)
from tests.contracts.accuracy.scenario import TestSet as Items
from tests.contracts.retrieval.scenario import record_circuit
from tests.contracts.reverting import reverts
from tests.contracts.scenario import ETH, Proofs, at, circuit_of, mock_proof, now, public_layout

FOREVER = 2**32 - 1
REENTRANT = keccak(text="ReentrancyGuardReentrantCall()")[:4]


@dataclass(frozen=True)
class Naive:
    """The naive bounty over the same test set, accepted, and what people do there."""

    bounty: ContractInstance
    scene: Scene

    def submit(self, submission: Submission, *indices: int, full: bool = False) -> Any:
        call = self.bounty.submitFull if full else self.bounty.submit
        labels = [label_of(index) for index in indices]
        arguments = (list(indices), labels, submission.proof, list(submission.instances))
        return call(*arguments, sender=self.scene.provider)

    def credit(self, account: Any) -> int:
        return self.bounty.credits(account)


@pytest.fixture
def naive(project, accuracy, deployer) -> Naive:
    inners = [accuracy.data.inner(index) for index in range(accuracy.data.n)]
    shape = (SLOTS, CLASSES, accuracy.layout.outputs)
    bounty = deployer.deploy(project.NaiveAccuracyBounty, accuracy.verifier, *shape, inners)
    bounty.post(6, 10, sender=accuracy.consumer, value=REWARD)
    bounty.accept(sender=accuracy.provider, value=STAKE)
    return Naive(bounty, accuracy)


def _as_new(submission: Submission) -> Submission:
    """The same statement by a proof with other bytes, as anybody can make from one."""
    word = 1  # an instance that nobody compares: the slot of another item
    return submission.with_instance(word, submission.instances[word] + 1)


def test_a_bond_is_no_hostage(accuracy, attacker, consumer):
    """take the bond of an open bounty hostage for the gas of accepting it"""
    amounts = {"stake": STAKE, "miss_penalty": 0}
    job = accuracy.posted(provider=attacker.address, **amounts)  # whom the consumer trusted
    _entered_and_left(accuracy, job, attacker)
    assert accuracy.credit(attacker) == STAKE  # the key is out, the test set spent, for gas

    with reverts(accuracy.bounty.AccuracyBounty_OpenNeedsPenalty):
        accuracy.posted(nonce=1, **amounts)
    job = accuracy.posted(nonce=2)
    _entered_and_left(accuracy, job, attacker)
    assert accuracy.credit(attacker) == STAKE + STAKE - PENALTY
    assert accuracy.credit(consumer) == 2 * (REWARD + BOND) + PENALTY


def _entered_and_left(accuracy, job, attacker):
    """Whoever accepts holds the bond: the consumer reveals, or loses it. Then nothing is proven."""
    accuracy.accept(job, payee=attacker, sender=attacker)
    accuracy.reveal(job)
    at(accuracy.deadline(job) + 1)
    accuracy.settle(job)


def test_a_copied_proof_pays_whom_it_names(accuracy, payee, attacker):
    """copy a proof from the mempool and claim for it, or relay it"""
    mine = accuracy.proving()
    accuracy.submit(mine, sender=attacker)
    assert accuracy.credit(payee) == REWARD + STAKE

    theirs = accuracy.posted(nonce=1)
    accuracy.accept(theirs, payee=attacker, sender=attacker)
    accuracy.reveal(theirs)
    copied = accuracy.submission(mine, (0, 4))
    bound = {"jobId": accuracy.id_of(theirs), "payee": attacker, "modelId": accuracy.model_id}
    with reverts(accuracy.bounty.ProofAcceptance_WrongContext, **bound):
        accuracy.submit(theirs, copied)


@pytest.mark.parametrize("changed", ["job_id", "escrow", "chain_id"])
def test_a_proof_is_for_one_job_contract_and_chain(accuracy, payee, changed):
    """replay across jobs, contracts, chains; bring a finished id back to life"""
    job = accuracy.proving()
    other = {"job_id": b"\1" * 32, "escrow": "0x" + "11" * 20, "chain_id": 1}
    replayed = accuracy.submission(job, (0, 4), **{changed: other[changed]})
    bound = {"jobId": accuracy.id_of(job), "payee": payee, "modelId": accuracy.model_id}
    with reverts(accuracy.bounty.ProofAcceptance_WrongContext, **bound):
        accuracy.submit(job, replayed)


def test_one_right_item_counts_once(naive, accuracy):
    """deliver a proof re-randomised as a new one; have one answer paid twice"""
    job = accuracy.proving()
    one = accuracy.submission(job, (0, 1), outputs={0: [3, 0, 0]})
    for proof in (one, _as_new(one)):
        naive.submit(proof, 0)
    assert naive.bounty.correct() == 2

    for proof in (one, _as_new(one)):
        accuracy.submit(job, proof)
    assert accuracy.counts(job) == (1, 1)


def test_negative_scores_are_small(naive, accuracy):
    """a score outside the signed range"""
    job = accuracy.proving()
    lowest = [-1, 5, 5]  # item 0 has label 0, whose score is the least
    cheat = accuracy.submission(job, (0, 1), outputs={0: lowest})
    naive.submit(cheat, 0)
    assert naive.bounty.correct() == 1

    accuracy.submit(job, cheat)
    assert accuracy.counts(job) == (1, 0)


def test_scores_stay_within_their_range(naive, accuracy):
    """a score outside the signed range"""
    job = accuracy.proving()
    wrong = accuracy.submission(job, (0, 1), outputs={0: [0, 5, 5]})
    wild = wrong.with_instance(accuracy.layout.outputs, 2**200)
    naive.submit(wild, 0)
    assert naive.bounty.correct() == 1

    with reverts(accuracy.bounty.Statement_OutOfRange, element=2**200):
        accuracy.submit(job, wild)


def test_instances_are_canonical(accuracy):
    """add r to an instance"""
    job = accuracy.proving()
    place = accuracy.layout.outputs
    honest = accuracy.submission(job, (0, 1))
    raised = honest.with_instance(place, honest.instances[place] + FIELD_MODULUS)
    value = raised.instances[place]
    with reverts(accuracy.bounty.Statement_OutOfField, word=place, value=value):
        accuracy.submit(job, raised)


def test_bounties_need_exact_circuits(accuracy, deployer, registry):
    """hide weights that turn a rounding choice into any label"""
    layout = public_layout()
    inexact = circuit_of(accuracy.verifier, layout, exact=False, tolerance=1)
    registry.registerCircuit(inexact, *Proofs(layout).sample(), sender=deployer)
    circuit_id = circuit_id_of(inexact)
    with reverts(accuracy.bounty.ProofAcceptance_NotExact, circuitId=circuit_id):
        accuracy.posted(circuit_id=circuit_id)

    hidden = record_circuit(accuracy.verifier, accuracy.layout, exact=False, tolerance=1)
    with reverts(registry.ModelRegistry_NotExact, because="hidden weights"):
        registry.registerCircuit(hidden, *sample(accuracy.layout), sender=deployer)


def test_a_condemned_copy_leaves_the_honest_circuit_alone(naive, accuracy, project, deployer):
    """register a copy of an honest circuit and condemn that"""
    proofs = (*sample(accuracy.layout), *sample(accuracy.layout, output=1))
    copy = deployer.deploy(project.MockVerifier)
    naive.bounty.condemn(copy, *proofs, sender=deployer)
    with reverts(naive.bounty.NaiveAccuracyBounty_Refused, why="condemned"):
        naive.bounty.accept(sender=accuracy.provider)

    circuit = record_circuit(copy, accuracy.layout)
    register(accuracy.registry, circuit, accuracy.layout, deployer)
    accuracy.registry.condemn(circuit_id_of(circuit), *proofs, sender=deployer)
    assert accuracy.state(accuracy.proving()) == State.PROVING


def test_a_condemnation_does_not_undo_a_missed_deadline(accuracy, consumer, payee):
    """condemn a circuit to get out of a lost job"""
    job = accuracy.late(accuracy.proving())
    accuracy.condemn()
    accuracy.settle(job)
    assert accuracy.credit(consumer) == REWARD + BOND + PENALTY
    assert accuracy.credit(payee) == STAKE - PENALTY


@pytest.mark.parametrize("beyond", [10, 16])
def test_an_index_has_one_place(accuracy, beyond):
    """two leaves for one index; an index beyond the count"""
    job = accuracy.proving()
    one = accuracy.submission(job, (0, 1))
    elsewhere = one.changed(runs=((beyond, 1, one.runs[0][2]),))
    error = accuracy.bounty.PositionalTree_IndexOutOfRange
    with reverts(error, index=beyond, count=10):
        accuracy.submit(job, elsewhere)
    moved = one.changed(runs=((2, 1, one.runs[0][2]),))
    with reverts(accuracy.bounty.AccuracyBounty_WrongItem, index=2, size=1):
        accuracy.submit(job, moved)


def test_a_subset_is_not_the_test_set(naive, accuracy, provider, consumer):
    """prove a subset, or easy items twice; walk away midway"""
    job = accuracy.proving()
    easy = accuracy.submission(job, (2, 2), outputs={2: [0, 0, 3], 3: [3, 0, 0]})
    naive.submit(easy, 2, 3)
    naive.bounty.claim(sender=provider)
    assert naive.credit(provider) == REWARD + STAKE

    accuracy.submit(job, easy)
    assert accuracy.state(job) == State.PROVING
    accuracy.late(job)
    accuracy.settle(job)
    assert accuracy.credit(consumer) == REWARD + BOND + PENALTY


def test_keeping_the_key_costs_the_bond(naive, accuracy, consumer, payee):
    """keep the key, plant an item that nobody can prove, dispute one's own item"""
    at(now() + 2_000)
    naive.bounty.undo(STAKE, sender=consumer)
    assert naive.credit(consumer) == REWARD  # the provider's work was for nothing

    job = accuracy.late(accuracy.accepted())
    accuracy.settle(job)
    assert accuracy.credit(payee) == STAKE + BOND


def test_a_planted_item_is_no_way_out(naive, accuracy, consumer, provider, payee):
    """keep the key, plant an item that nobody can prove, dispute one's own item"""
    naive.bounty.dispute(3, b"\1" * 32, 0, sender=consumer)
    assert naive.credit(consumer) == REWARD + STAKE

    scene = accuracy.with_data(Items(inners={3: keccak(b"nobody opens this")}))
    job = scene.proving()
    people = {"actual": consumer.address, "allowed": provider.address}
    with reverts(scene.bounty.Jobs_NotProvider, **people):
        scene.dispute(job, 3, sender=consumer)
    scene.dispute(job, 3)
    assert scene.credit(payee) == REWARD + BOND + STAKE


def test_doing_nothing_is_not_paid(naive, accuracy, provider, payee):
    """be paid for doing nothing, as either side"""
    at(now() + 2_000)
    naive.bounty.finish(sender=provider)
    assert naive.credit(provider) == REWARD + STAKE

    job = accuracy.late(accuracy.proving())
    accuracy.settle(job)
    assert accuracy.credit(payee) == STAKE - PENALTY


def test_a_batch_need_not_be_full_nor_new(naive, accuracy, attacker):
    """leave a last batch that cannot be filled; block a batch by relaying a part of it"""
    job = accuracy.proving()
    last, whole = accuracy.submission(job, (8, 2)), accuracy.submission(job, (0, 4))
    with reverts(naive.bounty.NaiveAccuracyBounty_Refused, why="slots"):
        naive.submit(last, 8, 9, full=True)
    naive.submit(whole, 0, 1, 2, 3, full=True)
    with reverts(naive.bounty.NaiveAccuracyBounty_Refused, why="done"):
        naive.submit(_as_new(whole), 0, 1, 2, 3, full=True)

    accuracy.submit(job, accuracy.submission(job, (0, 1)), sender=attacker)
    accuracy.submit(job, last, whole)
    assert accuracy.proven(job) == {0, 1, 2, 3, 8, 9}


@pytest.mark.parametrize("window", ["reveal_seconds", "prove_seconds"])
def test_windows_are_bounded(accuracy, window):
    """windows of 2^64 s or of none; a late call before the refund"""
    for seconds in (0, FOREVER):
        bounds = {"min": 1, "max": 180 * 86_400}
        with reverts(accuracy.bounty.Jobs_BadWindow, actual=seconds, **bounds):
            accuracy.posted(**{window: seconds})
    job = accuracy.late(accuracy.proving())
    deadline = accuracy.deadline(job)
    late = {"now_": at(now() + 1), "deadline": deadline}
    with reverts(accuracy.bounty.Jobs_Late, **late):
        accuracy.submit(job)


def test_settling_costs_the_same_for_large_test_sets(accuracy):
    """make a job so large that nobody can afford to end it"""
    gas = []
    for nonce, n in enumerate((1, 65_536)):
        job = accuracy.late(accuracy.proving(nonce=nonce, n=n))
        gas.append(accuracy.settle(job).gas_used)
    assert gas[1] <= gas[0]  # the first one also opens the slots of the credits
    assert max(gas) < 150_000


def test_a_verifier_that_changed_is_not_asked(accuracy, chain):
    """change the verifier's code, delegate it"""
    job = accuracy.proving()
    one = accuracy.submission(job, (0, 4))
    always_true = bytes.fromhex("60015f5260205ff3")
    chain.provider.make_request("anvil_setCode", [accuracy.verifier.address, always_true.hex()])
    hashes = {"actual": keccak(always_true), "allowed": accuracy.circuit[2]}
    with reverts(accuracy.bounty.ProofAcceptance_WrongVerifierCode, **hashes):
        accuracy.submit(job, one.changed(proof=mock_proof([1])))


FUNCTIONS = ["post", "cancel", "accept", "revealKey", "submit", "dispute", "settle", "withdraw"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_can_be_entered_from_a_token(accuracy, token, deployer, payee, function):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    other = accuracy.posted(nonce=1)
    arguments = {
        "post": (other.terms.to_abi(), 7, ""),
        "cancel": (other.to_abi(),),
        "accept": (other.to_abi(), accuracy.model_id, payee),
        "revealKey": (other.to_abi(), accuracy.data.key),
        "submit": (other.to_abi(), []),
        "dispute": (other.to_abi(), 2, b"", bytes(32), []),
        "settle": (other.to_abi(),),
        "withdraw": (ETH, payee),
    }
    call = getattr(accuracy.bounty, function).encode_input(*arguments[function])
    token.setCall(accuracy.bounty, call, sender=deployer)

    job = accuracy.posted(currency=token.address)
    assert (token.entered(), token.refusal()) == (False, REENTRANT)
    accuracy.accept(job)
    assert (token.entered(), token.refusal()) == (False, REENTRANT)


MISBEHAVIOURS = {4: STAKE - STAKE // 100, 5: STAKE + STAKE // 100, 6: 0, 7: 0}


@pytest.mark.parametrize("way", MISBEHAVIOURS)
def test_a_token_must_move_what_is_due(accuracy, token, deployer, way):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    token.mint(accuracy.bounty, 100 * STAKE, sender=deployer)
    job = accuracy.posted(currency=token.address)
    token.set(way, sender=deployer)
    wrong = {"actual": MISBEHAVIOURS[way], "allowed": STAKE}
    with reverts(accuracy.bounty.Escrow_WrongReceipt, **wrong):
        accuracy.accept(job)
    assert accuracy.state(job) == State.OPEN


def test_forced_ether_belongs_to_nobody(accuracy, project, attacker, payee, consumer):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    job = accuracy.proving()
    attacker.deploy(project.EtherForcer, accuracy.bounty, value=5)
    accuracy.submit(job)
    assert accuracy.credit(payee) == REWARD + STAKE
    assert accuracy.credit(consumer) == BOND
