"""The attacks of docs/SECURITY.md on retrieval: each succeeds against a naive contract, not ours.

The first line of a test's docstring is its row of the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ape.exceptions import VirtualMachineError
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from prover.protocol.retrieval.state import State
from prover.statement.field import FIELD_MODULUS
from tests.contracts.retrieval.scenario import (
    COUNT,
    DISPUTE_SECONDS,
    PRICE,
    STAKE,
    Records,
    record_circuit,
    register,
)
from tests.contracts.reverting import reverts
from tests.contracts.scenario import CHAIN_ID, DAY, ETH, NOBODY, at, mock_proof, now

ESCROW = COUNT * PRICE
FIRST, SECOND = b"\x01" * 32, b"\x02" * 32
CALLS, TRUE = 3, 1
FOREVER = 2**64 - 1
REENTRANT = keccak(text="ReentrancyGuardReentrantCall()")[:4]


@dataclass(frozen=True)
class Naive:
    """The naive contract, with two records, of proofs of two."""

    bounty: ContractInstance
    consumer: AccountAPI
    owner: AccountAPI
    leaves: tuple[bytes, bytes] = field(
        default_factory=lambda: (keccak(_leaf(0)), keccak(_leaf(1)))
    )

    def posted(self, job_id: bytes = FIRST, count: int = 2, seconds: int = 100) -> bytes:
        root = keccak(b"".join(sorted(self.leaves)))
        owned = (NOBODY, self.owner, root, count, PRICE, STAKE, 30, seconds, 0, False)
        self.bounty.post(job_id, owned, sender=self.consumer, value=count * PRICE)
        return job_id

    def accepted(self, job_id: bytes = FIRST, **terms: int) -> bytes:
        self.posted(job_id, **terms)
        self.bounty.accept(job_id, sender=self.owner, value=STAKE)
        return job_id

    def items(self, indices: Sequence[int] = (0, 1), record: int | None = None) -> list[Any]:
        """The records at these indices; or one and the same `record` at all of them."""
        chosen = [index if record is None else record for index in indices]
        paths = [[self.leaves[1 - one]] for one in chosen]
        entries = zip(indices, chosen, paths, strict=True)
        return [(index, _word(b"c", one), _word(b"k", one), path) for index, one, path in entries]

    def submit(self, job_id: bytes, by: AccountAPI, **changes: Any) -> Any:
        instances = changes.get("instances", [5, 6, 50, 10])
        items, proof = changes.get("items", self.items()), mock_proof(instances)
        arguments = (job_id, items, changes.get("proof", proof), instances)
        return self.bounty.submit(*arguments, sender=by)

    def credit(self, account: Any) -> int:
        return self.bounty.credits(account)


def _word(kind: bytes, index: int) -> bytes:
    return keccak(kind + bytes([index]))


def _leaf(index: int) -> bytes:
    fields = [_word(b"c", index), 5 + index, _word(b"k", index)]
    return encode(["bytes32", "uint256", "bytes32"], fields)


@pytest.fixture
def build_naive(project, deployer, consumer, owner):
    return lambda verifier: Naive(
        deployer.deploy(project.NaiveRetrievalBounty, verifier, 2), consumer, owner
    )


@pytest.fixture
def naive(build_naive, verifier):
    return build_naive(verifier)


@pytest.fixture
def accomplice(project, attacker):
    """A contract of the attacker's."""
    return attacker.deploy(project.CallingAccount)


def wait(scene: Any, job: Any) -> None:
    at(scene.deadline(job) + 1)
    scene.touch()


# ---------------------------------------------------------------- whose proof it is


def test_a_copied_proof_pays_whom_it_names(naive, retrieval, payee, attacker):
    """copy a proof from the mempool and claim for it, or relay it"""
    naive.submit(naive.accepted(), attacker)
    assert naive.credit(attacker) == 2 * PRICE

    job = retrieval.accepted()
    retrieval.submit(job, sender=attacker)
    wait(retrieval, job)
    retrieval.settle(job, sender=attacker)
    assert retrieval.credit(attacker) == 0
    assert retrieval.credit(payee) == ESCROW + STAKE


def test_a_proof_serves_one_job(naive, retrieval, payee, owner):
    """replay across jobs, contracts, chains; bring a finished id back to life"""
    for job_id in (FIRST, SECOND):
        naive.submit(naive.accepted(job_id), owner)
    assert naive.credit(owner) == 4 * PRICE

    first, second = retrieval.accepted(), retrieval.accepted(nonce=1)
    proven = retrieval.submission(first, (0, 4))
    retrieval.submit(first, proven)
    wrong = {"jobId": retrieval.id_of(second), "payee": payee, "modelId": retrieval.model_id}
    with reverts(retrieval.bounty.ProofAcceptance_WrongContext, **wrong):
        retrieval.submit(second, proven)


@pytest.mark.parametrize("change", ["chain", "contract"])
def test_a_proof_serves_one_contract_of_one_chain(retrieval, payee, attacker, change):
    """replay across jobs, contracts, chains; bring a finished id back to life"""
    fields = {"chain": {"chain_id": CHAIN_ID + 1}, "contract": {"escrow": attacker.address}}
    job = retrieval.accepted()
    wrong = {"jobId": retrieval.id_of(job), "payee": payee, "modelId": retrieval.model_id}
    with reverts(retrieval.bounty.ProofAcceptance_WrongContext, **wrong):
        retrieval.submit(job, retrieval.submission(job, (0, 4), **fields[change]))


def test_another_proof_of_the_same_is_nothing_new(
    build_naive, retrieval, project, deployer, registry, owner
):
    """deliver a proof re-randomised as a new one; have one answer paid twice"""
    odd = deployer.deploy(project.OddVerifier)
    layout, circuit = retrieval.layout, record_circuit(odd, retrieval.layout)
    model_id = register(registry, circuit, layout, deployer)
    odd.set(TRUE, sender=deployer)
    naive, proofs = build_naive(odd), (b"\x01", b"\x02", b"\x03")
    naive.accepted()
    for proof in proofs:
        naive.submit(FIRST, owner, proof=proof)
    assert naive.credit(owner) == 3 * 2 * PRICE

    scene = replace(retrieval, circuit=circuit, model_id=model_id)
    job = scene.accepted()
    for proof in proofs:
        scene.submit(job, scene.submission(job, (0, 4)).changed(proof=proof))
    assert scene.stored(job)[3] == 4


# ---------------------------------------------------------------- what is proven


def test_a_score_has_a_sign(naive, retrieval, owner):
    """a score outside the signed range"""
    receipt = naive.submit(
        naive.accepted(), owner, instances=[5, 6, FIELD_MODULUS - 5, FIELD_MODULUS - 2**200]
    )
    assert [event.index for event in receipt.events] == [0, 1]

    job = retrieval.accepted()
    bare = retrieval.submission(job, (0, 1), outputs={0: [0, -5, 0]})
    retrieval.submit(job, bare)
    assert retrieval.outcomes(job) == ({0}, set())
    far = retrieval.submission(job, (1, 1), outputs={1: [0, -(2**200), 0]})
    with reverts(retrieval.bounty.Statement_OutOfRange, element=FIELD_MODULUS - 2**200):
        retrieval.submit(job, far)


def test_a_prover_has_no_choice_of_outputs(naive, retrieval, verifier, registry, deployer, owner):
    """hide weights that turn a rounding choice into any label"""
    receipt = naive.submit(naive.accepted(), owner, instances=[5, 6, 29, 10])
    assert receipt.events == []  # record 0 has a score of 50, in another proof

    circuit = record_circuit(verifier, retrieval.layout, exact=False, tolerance=25)
    model_id = register(registry, circuit, retrieval.layout, deployer)
    scene = replace(retrieval, circuit=circuit, model_id=model_id)
    with reverts(scene.bounty.ProofAcceptance_NotExact, circuitId=scene.circuit_id):
        scene.post(scene.job())


def test_a_record_has_one_place(naive, retrieval, owner):
    """two leaves for one index; an index beyond the count"""
    naive.submit(naive.accepted(), owner, items=naive.items((0, 77), record=0), instances=[5] * 4)
    assert naive.bounty.proven(FIRST, 77)

    job = retrieval.accepted()
    honest = retrieval.submission(job, (4, 1))
    path = honest.runs[0][2]
    for index, error, arguments in (
        (5, "RetrievalBounty_WrongRecord", {"index": 5, "size": 1}),
        (77, "PositionalTree_IndexOutOfRange", {"index": 77, "count": COUNT}),
    ):
        with reverts(getattr(retrieval.bounty, error), **arguments):
            retrieval.submit(job, honest.changed(runs=((index, 1, path),)))


def test_easy_records_count_once(naive, retrieval, owner):
    """prove a subset, or easy items twice; walk away midway"""
    job_id = naive.accepted()
    for seed in range(3):
        instances = [5, 5, seed, seed]
        naive.submit(job_id, owner, items=naive.items(record=0), instances=instances)
    assert naive.credit(owner) == 3 * 2 * PRICE

    job = retrieval.accepted()
    for score in range(3):
        easy = retrieval.submission(job, (0, 1), outputs={0: [0, score, 0]})
        retrieval.submit(job, easy, easy)
    assert retrieval.stored(job)[3] == 1


def test_a_subset_costs_the_stake(naive, retrieval, consumer, payee, owner):
    """prove a subset, or easy items twice; walk away midway"""
    naive.accepted(seconds=1)
    at(now() + 10)
    naive.bounty.settle(FIRST, sender=owner)
    assert naive.credit(owner) == 2 * PRICE + STAKE

    job = retrieval.accepted()  # all but the matches
    retrieval.prove(job, (0, 2), (4, 2))
    retrieval.prove(job, (6, 1), (8, 2))
    at(retrieval.deadline(job) + DISPUTE_SECONDS + 1)
    retrieval.settle(job)
    assert retrieval.credit(payee) == 7 * PRICE
    assert retrieval.credit(consumer) == ESCROW - 7 * PRICE + STAKE


def test_an_owner_that_does_nothing_gets_nothing(naive, retrieval, consumer, payee, owner):
    """be paid for doing nothing, as either side"""
    naive.accepted(seconds=1)
    at(now() + 10)
    naive.bounty.settle(FIRST, sender=owner)
    assert naive.credit(owner) == 2 * PRICE + STAKE

    job = retrieval.accepted()
    at(retrieval.deadline(job) + DISPUTE_SECONDS + 1)
    retrieval.settle(job, sender=owner)
    assert retrieval.credit(payee) == 0
    assert retrieval.credit(consumer) == ESCROW + STAKE


def test_a_requester_that_does_nothing_gets_nothing_back(retrieval, consumer, payee):
    """be paid for doing nothing, as either side"""
    job = retrieval.closing()
    wait(retrieval, job)
    retrieval.settle(job)
    assert retrieval.credit(payee) == ESCROW + STAKE
    assert retrieval.credit(consumer) == 0


# ---------------------------------------------------------------- what is delivered


def test_a_match_comes_with_its_key(naive, retrieval, owner):
    """commit other content than is proven; keep the key; deliver junk"""
    receipt = naive.submit(naive.accepted(), owner)
    assert [event.index for event in receipt.events] == [0]
    assert naive.credit(owner) == 2 * PRICE  # and nobody can read it

    job = retrieval.accepted()
    submission = retrieval.submission(job, (0, 4))
    with reverts(retrieval.bounty.RetrievalBounty_KeyMissing, index=2):
        retrieval.submit(job, submission.changed(keys=()))
    junk = (b"\x99" * 32, submission.keys[1])
    wrong = {
        "index": 2,
        "actual": keccak(junk[0]),
        "allowed": keccak(submission.keys[0]),
    }
    with reverts(retrieval.bounty.RetrievalBounty_WrongKey, **wrong):
        retrieval.submit(job, submission.changed(keys=junk))


def test_junk_is_not_paid(naive, retrieval, consumer, payee, owner):
    """commit other content than is proven; keep the key; deliver junk"""
    naive.submit(naive.accepted(), owner)
    assert naive.credit(owner) == 2 * PRICE  # whatever the ciphertexts hold

    scene = retrieval.with_data(Records(contents={2: b"junk"}))
    job = scene.closing()
    scene.dispute(job)
    assert scene.credit(consumer) == ESCROW + STAKE
    assert scene.credit(payee) == 0


def test_a_relayed_part_blocks_no_batch(naive, retrieval, attacker, owner):
    """leave a last batch that cannot be filled; block a batch by relaying a part of it"""
    instances = [5, 6, 50, 10]
    naive.accepted()
    proof = mock_proof(instances)
    naive.bounty.submitOnce(FIRST, [0], proof, instances, sender=attacker)
    with reverts(naive.bounty.NaiveRetrievalBounty_Refused, why="done"):
        naive.bounty.submitOnce(FIRST, [0, 1], proof, instances, sender=owner)

    job = retrieval.accepted()
    both = [retrieval.submission(job, (0, 4)), retrieval.submission(job, (4, 4))]
    retrieval.submit(job, both[0], sender=attacker)
    retrieval.submit(job, *both)
    assert retrieval.stored(job)[3] == 8


def test_the_last_batch_may_have_room(naive, retrieval, owner):
    """leave a last batch that cannot be filled; block a batch by relaying a part of it"""
    with reverts(naive.bounty.NaiveRetrievalBounty_Refused, why="state or batch"):
        naive.submit(naive.accepted(), owner, items=naive.items((0,)))

    job = retrieval.accepted()
    retrieval.submit(job)  # eleven records in proofs of four
    assert retrieval.state(job) == State.CLOSING


# ---------------------------------------------------------------- time


def test_nobody_waits_for_ever(naive, retrieval):
    """windows of 2^64 s or of none; a late call before the refund"""
    naive.accepted(seconds=FOREVER)
    at(now() + 1_000 * DAY)
    with reverts(naive.bounty.NaiveRetrievalBounty_Refused, why="early"):
        naive.bounty.settle(FIRST, sender=naive.consumer)

    for window in ("prove_seconds", "dispute_seconds"):
        for seconds in (0, 180 * DAY + 1, 2**32 - 1):
            wrong = {"actual": seconds, "min": 1, "max": 180 * DAY}
            with reverts(retrieval.bounty.Jobs_BadWindow, **wrong):
                retrieval.post(retrieval.job(**{window: seconds}))


def test_late_is_late_though_nobody_settled(naive, retrieval, owner):
    """windows of 2^64 s or of none; a late call before the refund"""
    naive.accepted(seconds=1)
    at(now() + 1_000)
    naive.submit(FIRST, owner)
    assert naive.credit(owner) == 2 * PRICE

    job = retrieval.accepted()
    deadline = retrieval.deadline(job)
    at(deadline + 1)
    with reverts(retrieval.bounty.Jobs_Late, now_=deadline + 1, deadline=deadline):
        retrieval.submit(job)


def test_condemning_undoes_no_missed_deadline(naive, retrieval, consumer, payee, owner):
    """condemn a circuit to get out of a lost job"""
    naive.accepted(seconds=1)
    at(now() + 1_000)
    a, b = [5, 6, 1, 1], [5, 6, 2, 2]
    naive.bounty.void(FIRST, mock_proof(a), a, mock_proof(b), b, sender=owner)
    assert naive.credit(owner) == STAKE

    job = retrieval.accepted()
    missed = retrieval.deadline(job)
    at(missed + 1)  # the time to dispute runs
    retrieval.condemn(owner)
    time = at(missed + 2)
    with reverts(retrieval.bounty.Jobs_Early, now_=time, deadline=missed + DISPUTE_SECONDS):
        retrieval.settle(job, sender=owner)
    at(missed + DISPUTE_SECONDS + 1)
    retrieval.settle(job, sender=owner)
    assert retrieval.state(job) == State.SETTLED
    assert retrieval.credit(consumer) == ESCROW + STAKE
    assert retrieval.credit(payee) == 0


# ---------------------------------------------------------------- money


def test_a_withdrawal_cannot_be_entered_again(naive, retrieval, accomplice, attacker):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    naive.accepted(SECOND)  # the money of others
    naive.accepted()
    instances = [5, 6, 50, 10]
    items = naive.items()
    submit = naive.bounty.submit.encode_input(FIRST, items, mock_proof(instances), instances)
    accomplice.execute(naive.bounty, submit, sender=attacker)
    withdraw = naive.bounty.withdraw.encode_input()
    accomplice.set(CALLS, naive.bounty, withdraw, sender=attacker)
    accomplice.execute(naive.bounty, withdraw, sender=attacker)
    assert accomplice.balance > 2 * PRICE

    bounty = retrieval.bounty
    job = retrieval.posted()
    retrieval.posted(nonce=1)  # the money of others
    retrieval.accept(job, payee=accomplice)
    proofs = [retrieval.submission(job, (start, 1), payee=accomplice) for start in range(COUNT)]
    retrieval.submit(job, *proofs)
    wait(retrieval, job)
    retrieval.settle(job)
    before, withdraw = accomplice.balance, bounty.withdraw.encode_input(ETH, accomplice)
    accomplice.set(CALLS, bounty, withdraw, sender=attacker)
    accomplice.execute(bounty, withdraw, sender=attacker)
    assert accomplice.balance == before + ESCROW + STAKE
    assert accomplice.refusal() == REENTRANT
    assert bounty.balance == ESCROW


FUNCTIONS = ["post", "cancel", "accept", "submit", "dispute", "settle", "withdraw"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_can_be_entered_from_a_token(retrieval, token, deployer, payee, function):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    other = retrieval.posted(nonce=1)
    arguments = {
        "post": (other.terms.to_abi(), 7),
        "cancel": (other.to_abi(),),
        "accept": (other.to_abi(), payee),
        "submit": (other.to_abi(), []),
        "dispute": (other.to_abi(), 2, bytes(32), b"", bytes(32), []),
        "settle": (other.to_abi(),),
        "withdraw": (ETH, payee),
    }
    call = getattr(retrieval.bounty, function).encode_input(*arguments[function])
    token.setCall(retrieval.bounty, call, sender=deployer)

    job = retrieval.posted(currency=token.address)
    assert (token.entered(), token.refusal()) == (False, REENTRANT)
    retrieval.accept(job)
    assert (token.entered(), token.refusal()) == (False, REENTRANT)


MISBEHAVIOURS = {4: STAKE - STAKE // 100, 5: STAKE + STAKE // 100, 6: 0, 7: 0}


@pytest.mark.parametrize("way", MISBEHAVIOURS)
def test_a_token_must_move_what_is_due(retrieval, token, deployer, consumer, owner, way):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    token.mint(retrieval.bounty, 100 * STAKE, sender=deployer)
    job = retrieval.posted(currency=token.address)
    token.set(way, sender=deployer)
    wrong = {"actual": MISBEHAVIOURS[way], "allowed": STAKE}
    with reverts(retrieval.bounty.Escrow_WrongReceipt, **wrong):
        retrieval.accept(job)
    assert retrieval.state(job) == State.OPEN


def test_forced_ether_belongs_to_nobody(retrieval, project, attacker, payee):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    job = retrieval.closing()
    attacker.deploy(project.EtherForcer, retrieval.bounty, value=5)
    wait(retrieval, job)
    retrieval.settle(job)
    assert retrieval.credit(payee) == ESCROW + STAKE


def test_the_largest_job_ends(naive, retrieval, consumer, owner):
    """make a job so large that nobody can afford to end it"""
    naive.accepted(count=65_536, seconds=1)
    at(now() + 10)
    with pytest.raises(VirtualMachineError, match=r"OOG|OutOfGas|out of gas"):
        naive.bounty.settle(FIRST, sender=owner, gas_limit=16_777_216)

    count, price = 65_536, 1
    dataset = (b"\x11" * 32, count, bytes(32), "")
    dataset_id = retrieval.bounty.commitDataset(*dataset, sender=owner).return_value
    job = retrieval.job(dataset_id=dataset_id, price_per_record=price)
    retrieval.post(job, value=count)
    retrieval.accept(job)
    at(retrieval.deadline(job) + DISPUTE_SECONDS + 1)
    assert retrieval.settle(job).gas_used < 120_000
    assert retrieval.credit(consumer) == count + STAKE
