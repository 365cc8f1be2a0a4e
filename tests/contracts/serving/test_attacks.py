"""Attacks on serving rounds: each succeeds against a naive one, and fails against ours.

The first line of a test's docstring is its row of the table in docs/SECURITY.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from ape.contracts import ContractInstance
from ape.exceptions import VirtualMachineError
from eth_utils.crypto import keccak

from prover.protocol.registry.state import circuit_id_of
from prover.protocol.serving.state import State
from tests.contracts.reverting import reverts
from tests.contracts.scenario import (
    CHAIN_ID,
    DAY,
    ETH,
    NOBODY,
    at,
    circuit_of,
    holdings,
    mock_proof,
    now,
)
from tests.contracts.serving.scenario import (
    COUNT,
    ESCROW,
    FEE,
    LIST,
    PRICE,
    PROOFS,
    SLOTS,
    STAKE,
    Scene,
    register,
    round_layout,
    sample,
    scores_of,
    with_instance,
)

FIRST = b"\x01" * 32
N, SECONDS, FOREVER = 8, 1_000, 2**64 - 1
MOVES_NOTHING = 6
REENTRANT = keccak(text="ReentrancyGuardReentrantCall()")[:4]
EARNED = COUNT * PRICE + len(LIST) * FEE


class SortedTree:
    """A Merkle tree of sorted pairs: a leaf has no place in it."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.levels = [list(leaves)]
        while len(self.levels[-1]) > 1:
            level = self.levels[-1]
            pairs = zip(level[::2], level[1::2], strict=True)
            self.levels.append([keccak(b"".join(sorted(pair))) for pair in pairs])
        self.root = self.levels[-1][0]

    def path(self, index: int) -> list[bytes]:
        return [level[(index >> at) ^ 1] for at, level in enumerate(self.levels[:-1])]


@dataclass(frozen=True)
class Naive:
    """The naive contract over eight of the scene's items, and what people do there."""

    rounds: ContractInstance
    scene: Scene

    def posted(self, value: int = N * PRICE, **changes: Any) -> None:
        """A round of the same items and prices."""
        fields = {
            "consumer": NOBODY,
            "provider": NOBODY,
            "token": ETH,
            "inputsRoot": self.inputs.root,
            "n": N,
            "price": PRICE,
            "stake": STAKE,
            "seconds_": SECONDS,
            "deadline": 0,
            "outputsRoot": bytes(32),
            "contested": 0,
            "answered": 0,
        } | changes
        fields = tuple(fields.values())
        self.rounds.post(FIRST, fields, sender=self.scene.consumer, value=value)

    def joined(self, **changes: Any) -> None:
        self.posted(**changes)
        self.rounds.join(FIRST, sender=self.scene.provider, value=STAKE)

    def served(self, root: bytes | None = None, **changes: Any) -> None:
        self.joined(**changes)
        self.rounds.commitOutputs(FIRST, root or self.outputs.root, sender=self.scene.provider)

    def contested(self, *indices: int, **changes: Any) -> None:
        self.served(**changes)
        self.rounds.contest(FIRST, indices, sender=self.scene.consumer)

    def answer(self, *indices: int, by: Any = None, salt: int = 0, **changes: Any) -> None:
        """A proof for no job; `salt` makes it another one of the same statement."""
        instances = self.scene.instances(indices, changes.get("outputs", {}))
        instances[-1] += salt
        items = [(self.inputs.path(index), self.outputs.path(index)) for index in indices]
        arguments = (FIRST, items, mock_proof(instances), instances)
        self.rounds.answer(*arguments, sender=by or self.scene.provider)

    def credit(self, account: Any) -> int:
        return int(self.rounds.credits(account))

    @property
    def inputs(self) -> SortedTree:
        return SortedTree([self.scene.commitment(index) for index in range(N)])

    @property
    def outputs(self) -> SortedTree:
        return SortedTree([self._leaf(index) for index in range(N)])

    def _leaf(self, index: int) -> bytes:
        words = self.scene.scores(index)
        packed = b"".join(word.to_bytes(2, "big", signed=True) for word in words)
        return keccak(self.scene.commitment(index) + packed)


@pytest.fixture
def naive(project, serving, deployer, verifier) -> Naive:
    shape = (SLOTS, serving.layout.outputs, serving.layout.output_words)
    return Naive(deployer.deploy(project.NaiveServingRound, verifier, *shape), serving)


# ---------------------------------------------------------------- whose proof it is


def test_a_copied_answer_pays_whom_it_names(naive, serving, attacker, payee):
    """copy a proof from the mempool and claim for it, or relay it"""
    naive.contested(0, 1, 2, 3)
    naive.answer(0, 1, 2, 3, by=attacker)
    assert naive.credit(attacker) == N * PRICE + STAKE

    job = serving.contested()
    serving.answer(job, sender=attacker)
    assert serving.credit(attacker) == 0
    assert serving.credit(payee) == EARNED + STAKE


def test_a_copied_answer_serves_no_round_of_the_thief(serving, attacker):
    """copy a proof from the mempool and claim for it, or relay it"""
    theirs, mine = serving.contested(), serving.posted(nonce=1)
    serving.join(mine, payee=attacker, sender=attacker)
    serving.commit(mine, sender=attacker)
    serving.contest(mine)
    wrong = {"jobId": serving.id_of(mine), "payee": attacker, "modelId": serving.model_id}
    with reverts(serving.rounds.ProofAcceptance_WrongContext, **wrong):
        serving.answer(mine, *serving.all_of(theirs), sender=attacker)


@pytest.mark.parametrize("changed", ["job_id", "escrow", "chain_id"])
def test_an_answer_is_for_one_job_contract_and_chain(naive, serving, payee, changed):
    """replay across jobs, contracts, chains; bring a finished id back to life"""
    naive.contested(0, 1, 2, 3)
    naive.answer(0, 1, 2, 3)
    assert naive.credit(serving.provider) == N * PRICE + STAKE

    job = serving.contested()
    other = {"job_id": b"\x01" * 32, "escrow": "0x" + "11" * 20, "chain_id": CHAIN_ID + 1}
    replayed = serving.proof(job, *PROOFS[0], **{changed: other[changed]})
    wrong = {"jobId": serving.id_of(job), "payee": payee, "modelId": serving.model_id}
    with reverts(serving.rounds.ProofAcceptance_WrongContext, **wrong):
        serving.answer(job, replayed)


def test_a_finished_round_stays_finished(naive, serving):
    """replay across jobs, contracts, chains; bring a finished id back to life"""
    naive.contested(0, 1, 2, 3)
    naive.answer(0, 1, 2, 3)
    naive.posted()
    assert naive.rounds.rounds(FIRST)["consumer"] == serving.consumer

    job = serving.contested()
    serving.answer(job)
    with reverts(serving.rounds.Jobs_JobExists, jobId=serving.id_of(job)):
        serving.post(job)


# ---------------------------------------------------------------- what counts


def test_an_answer_counts_once(naive, serving):
    """deliver a proof re-randomised as a new one; have one answer paid twice"""
    naive.contested(*range(N))
    for salt in (0, 1):
        naive.answer(0, 1, 2, 3, salt=salt)
    assert naive.credit(serving.provider) == N * PRICE + STAKE

    job = serving.contested()
    one = serving.proof(job, *PROOFS[1])
    unread = serving.layout.context_echo
    for each in (one, with_instance(one, unread, 7), one):
        serving.answer(job, each)
    assert (serving.state(job), serving.stored(job)[5]) == (State.CONTESTED, 4)


def test_easy_items_do_not_stand_for_hard_ones(naive, serving, consumer):
    """prove a subset, or easy items twice; walk away midway"""
    naive.contested(0, 1, 2, 3)
    naive.answer(0, 1, 2, 0)
    assert naive.credit(serving.provider) == N * PRICE + STAKE

    job = serving.contested()
    for _ in range(2):
        serving.answer(job, *(serving.proof(job, *blocks) for blocks in PROOFS[:2]))
    serving.settle(serving.late(job))
    assert serving.state(job) == State.UNANSWERED
    assert serving.credit(consumer) == ESCROW + STAKE


def test_a_part_of_the_answers_earns_nothing(naive, serving, provider, payee):
    """prove a subset, or easy items twice; walk away midway"""
    naive.contested(0, 1, 2, 3, 4, 5)
    naive.answer(0, 1, 2, 3)
    at(now() + SECONDS + 1)
    naive.rounds.settle(FIRST, sender=provider)
    assert naive.credit(provider) == 6 * PRICE + STAKE

    job = serving.contested()
    serving.prove(job, *PROOFS[0])
    serving.settle(serving.late(job))
    assert serving.credit(payee) == serving.credit(provider) == 0


def test_the_lowest_bytes_are_not_the_output(naive, serving):
    """a score outside the signed range"""
    wide = {1: [2**16 + score for score in scores_of(1)]}
    naive.contested(0, 1, 2, 3)
    naive.answer(0, 1, 2, 3, outputs=wide)
    assert naive.credit(serving.provider) == N * PRICE + STAKE

    job = serving.contested(indices=(1,))
    cheat = serving.proof(job, (0, 1), indices=(1,), outputs=wide)
    wrong = {"index": 1, "value": wide[1][0]}
    with reverts(serving.rounds.ServingRound_OutputTooWide, **wrong):
        serving.answer(job, cheat, indices=(1,))


def test_another_item_is_not_the_contested_one(naive, serving):
    """two leaves for one index; an index beyond the count"""
    naive.contested(0, 1, 2, 3)
    naive.answer(4, 5, 6, 7)
    assert naive.credit(serving.provider) == N * PRICE + STAKE

    job = serving.contested(indices=(0, 1, 2, 3))
    others = serving.proof(job, (0, 4), indices=(4, 5, 6, 7))
    with reverts(serving.rounds.ServingRound_WrongInputs, index=0, size=4):
        serving.answer(job, others, indices=(0, 1, 2, 3))


def test_no_item_lies_beyond_the_count(naive, serving):
    """two leaves for one index; an index beyond the count"""
    naive.contested(N, N + 1)
    assert naive.rounds.contestedItems(FIRST, N)

    with reverts(serving.rounds.ServingRound_BadIndex, place=1, index=COUNT):
        serving.contest(serving.served(), (0, COUNT))


def test_outputs_cannot_be_kept_back(naive, serving):
    """commit outputs without sending them"""
    naive.served(root=keccak(b"outputs that nobody but the provider knows"))
    at(now() + SECONDS + 1)
    naive.rounds.settle(FIRST, sender=serving.provider)
    assert naive.credit(serving.provider) == N * PRICE + STAKE

    job = serving.joined()
    wrong = {"actual": 32, "allowed": len(serving.outputs())}
    with reverts(serving.rounds.ServingRound_WrongOutputLength, **wrong):
        serving.commit(job, bytes(32))
    serving.commit(job)
    assert serving.stored(job)[6] == serving.tree(job).root


def test_a_last_batch_need_not_be_full(naive, serving):
    """leave a last batch that cannot be filled; block a batch by relaying a part of it"""
    naive.contested(0, 1, 2, 3, 4)
    naive.answer(0, 1, 2, 3)
    with reverts(naive.rounds.NaiveServingRound_Refused, why="state or batch"):
        naive.answer(4)

    job = serving.contested(indices=(0, 1, 2, 3, 4))
    serving.answer(job, indices=(0, 1, 2, 3, 4))
    assert serving.state(job) == State.SETTLED


def test_a_relayed_part_blocks_no_batch(serving, attacker, payee):
    """leave a last batch that cannot be filled; block a batch by relaying a part of it"""
    job = serving.contested()
    serving.answer(job, serving.proof(job, (4, 1)), sender=attacker)
    serving.answer(job)
    assert serving.state(job) == State.SETTLED
    assert serving.credit(payee) == EARNED + STAKE


# ---------------------------------------------------------------- circuits


def test_a_choice_of_rounding_cannot_be_sold(naive, serving, registry, verifier, deployer):
    """hide weights that turn a rounding choice into any label"""
    naive.contested(0, 1, 2, 3)
    naive.answer(0, 1, 2, 3)
    assert naive.credit(serving.provider) == N * PRICE + STAKE

    circuit = circuit_of(verifier, round_layout(), exact=False, tolerance=1)
    model_id = register(registry, circuit, round_layout(), deployer)
    inexact = {"circuitId": circuit_id_of(circuit)}
    with reverts(serving.rounds.ProofAcceptance_NotExact, **inexact):
        serving.post(serving.job(model_id=model_id))


def test_condemning_undoes_no_missed_deadline(naive, serving, provider, payee, consumer):
    """condemn a circuit to get out of a lost job"""
    naive.contested(0, 1, 2, 3)
    at(now() + SECONDS + 1)
    naive.rounds.condemn(sender=provider)
    naive.rounds.settle(FIRST, sender=provider)
    assert naive.credit(provider) == STAKE

    job = serving.late(serving.contested())
    serving.condemn(provider)
    serving.settle(job, sender=provider)
    assert serving.state(job) == State.UNANSWERED
    assert serving.credit(consumer) == ESCROW + STAKE
    assert serving.credit(payee) == serving.credit(provider) == 0


def test_a_condemned_copy_harms_no_round(naive, serving, registry, verifier, provider, deployer):
    """register a copy of an honest circuit and condemn that"""
    naive.contested(0, 1, 2, 3)
    naive.rounds.condemn(sender=provider)
    naive.rounds.settle(FIRST, sender=provider)
    assert naive.credit(provider) == STAKE

    job = serving.contested()
    copy = circuit_of(verifier, serving.layout, artifactDigest=b"\xbb" * 32)
    register(registry, copy, serving.layout, deployer)
    proofs = (*sample(serving.layout), *sample(serving.layout, output=1))
    registry.condemn(circuit_id_of(copy), *proofs, sender=provider)
    deadline = serving.deadline(job)
    with reverts(serving.rounds.Jobs_Early, now_=at(now() + 1), deadline=deadline):
        serving.settle(job)
    serving.answer(job)
    assert serving.state(job) == State.SETTLED


# ---------------------------------------------------------------- time, and who is idle


def test_a_provider_that_serves_nothing_is_paid_nothing(naive, serving, provider, consumer, payee):
    """be paid for doing nothing, as either side"""
    naive.joined()
    at(now() + SECONDS + 1)
    naive.rounds.settle(FIRST, sender=provider)
    assert naive.credit(provider) == N * PRICE + STAKE

    serving.settle(serving.late(serving.joined()))
    assert serving.credit(payee) == 0
    assert serving.credit(consumer) == ESCROW + STAKE


def test_a_consumer_that_sleeps_pays(naive, serving, provider, consumer, payee):
    """be paid for doing nothing, as either side"""
    naive.served()
    at(now() + 100 * SECONDS)
    naive.rounds.contest(FIRST, list(range(N)), sender=consumer)
    at(now() + SECONDS + 1)
    naive.rounds.settle(FIRST, sender=consumer)
    assert naive.credit(consumer) == N * PRICE

    job = serving.served()
    deadline = serving.deadline(job)
    time = at(deadline + 1)
    with reverts(serving.rounds.Jobs_Late, now_=time, deadline=deadline):
        serving.contest(job)
    serving.settle(job, sender=provider)
    assert serving.credit(payee) == COUNT * PRICE + STAKE


def test_nobody_waits_for_ever(naive, serving, provider):
    """windows of 2^64 s or of none; a late call before the refund"""
    naive.joined(seconds_=FOREVER)
    at(now() + 1_000 * DAY)
    with reverts(naive.rounds.NaiveServingRound_Refused, why="early"):
        naive.rounds.settle(FIRST, sender=provider)

    for window in ("serve_seconds", "contest_seconds", "answer_seconds"):
        for seconds in (0, 180 * DAY + 1, 2**32 - 1):
            wrong = {"actual": seconds, "min": 1, "max": 180 * DAY}
            with reverts(serving.rounds.Jobs_BadWindow, **wrong):
                serving.post(serving.job(**{window: seconds}))


def test_late_is_late_though_nobody_settled(naive, serving, provider):
    """windows of 2^64 s or of none; a late call before the refund"""
    naive.contested(0, 1, 2, 3)
    job = serving.contested()
    deadline = serving.deadline(job)
    at(deadline + SECONDS)
    naive.answer(0, 1, 2, 3)
    assert naive.credit(provider) == N * PRICE + STAKE

    with reverts(serving.rounds.Jobs_Late, now_=at(now() + 1), deadline=deadline):
        serving.answer(job)


def test_the_size_of_a_round_is_no_obstacle(naive, serving, consumer):
    """make a job so large that nobody can afford to end it"""
    naive.joined(n=16_384, price=1, value=16_384)
    at(now() + SECONDS + 1)
    with pytest.raises(VirtualMachineError):
        naive.rounds.settle(FIRST, sender=consumer, gas=16_000_000)

    job = serving.late(serving.joined(n=16_384, price=1, proof_fee=1))
    assert serving.settle(job).gas_used < 110_000


# ---------------------------------------------------------------- tokens and calls


@pytest.mark.parametrize(
    "function",
    ["post", "cancel", "join", "commitOutputs", "contest", "answer", "settle", "withdraw"],
)
def test_no_function_can_be_entered_from_a_token(serving, token, deployer, payee, function):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    other = serving.posted(nonce=1)
    arguments = {
        "post": (other.terms.to_abi(), 7, bytes(32), ""),
        "cancel": (other.to_abi(),),
        "join": (other.to_abi(), payee),
        "commitOutputs": (other.to_abi(), b""),
        "contest": (other.to_abi(), []),
        "answer": (other.to_abi(), [], []),
        "settle": (other.to_abi(),),
        "withdraw": (ETH, payee),
    }
    call = getattr(serving.rounds, function).encode_input(*arguments[function])
    token.setCall(serving.rounds, call, sender=deployer)

    job = serving.posted(currency=token.address)
    assert (token.entered(), token.refusal()) == (False, REENTRANT)
    serving.join(job)
    assert (token.entered(), token.refusal()) == (False, REENTRANT)
    serving.commit(job)
    serving.settle(serving.late(job))
    serving.rounds.withdraw(token, payee, sender=payee)
    assert (token.entered(), token.refusal()) == (False, REENTRANT)
    assert holdings(token.address, payee) == COUNT * PRICE + STAKE


@pytest.mark.parametrize("function", ["settle", "withdraw"])
def test_a_verifier_can_change_nothing(serving, project, registry, deployer, payee, function):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    verifier = deployer.deploy(project.OddVerifier)
    circuit = circuit_of(verifier, serving.layout)
    model_id = register(registry, circuit, serving.layout, deployer)
    scene = replace(serving, circuit=circuit, model_id=model_id)
    job = scene.contested()
    arguments = {"settle": (job.to_abi(),), "withdraw": (ETH, payee)}
    call = getattr(scene.rounds, function).encode_input(*arguments[function])
    verifier.reenter(scene.rounds, call, sender=deployer)
    with reverts(scene.rounds.ProofAcceptance_ProofRejected, circuitId=scene.circuit_id):
        scene.answer(job)


def test_a_token_that_moves_nothing_buys_nothing(naive, serving, token, deployer, consumer):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    token.set(MOVES_NOTHING, sender=deployer)
    token.approve(naive.rounds, N * PRICE, sender=consumer)
    naive.posted(value=0, token=token.address)
    assert naive.rounds.rounds(FIRST)["consumer"] == consumer
    assert token.balanceOf(naive.rounds) == 0

    with reverts(serving.rounds.Escrow_WrongReceipt, actual=0, allowed=ESCROW):
        serving.post(serving.job(currency=token.address))
    token.set(0, sender=deployer)
    job = serving.posted(currency=token.address)
    token.set(MOVES_NOTHING, sender=deployer)
    with reverts(serving.rounds.Escrow_WrongReceipt, actual=0, allowed=STAKE):
        serving.join(job)


def test_forced_ether_stops_nobody(serving, project, attacker, payee):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    attacker.deploy(project.EtherForcer, serving.rounds, value=1)
    job = serving.contested()
    serving.answer(job)
    serving.rounds.withdraw(ETH, payee, sender=payee)
    assert serving.rounds.balance == 1


def test_a_payee_that_takes_no_ether_stops_nobody(serving, project, attacker, consumer):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    accomplice = attacker.deploy(project.CallingAccount)
    accomplice.set(1, serving.rounds, b"", sender=attacker)
    job = serving.posted()
    serving.join(job, payee=accomplice)
    serving.commit(job)
    serving.contest(job, (0,))
    answer = serving.proof(job, (0, 1), indices=(0,), payee=accomplice.address)
    serving.answer(job, answer, indices=(0,))
    assert serving.state(job) == State.SETTLED
    assert serving.credit(consumer) == ESCROW - COUNT * PRICE - FEE
    assert serving.credit(accomplice) == COUNT * PRICE + FEE + STAKE
