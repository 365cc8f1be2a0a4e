"""The attacks of docs/SECURITY.md: each succeeds against a naive contract, and fails against ours.

The first line of a test's docstring is its row of the table.
"""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from prover.protocol.prediction.state import State
from prover.statement.field import FIELD_MODULUS
from tests.contracts.reverting import reverts
from tests.contracts.scenario import (
    CHAIN_ID,
    DAY,
    ETH,
    NOBODY,
    PROVE_SECONDS,
    REWARD,
    STAKE,
    Proofs,
    at,
    circuit_of,
    holdings,
    mock_proof,
    now,
    public_layout,
    send,
)

ALWAYS_TRUE = "0x60015f5260205ff3"
FOREVER = 2**64 - 1
MOVES_NOTHING, REFUSES, CALLS = 6, 1, 3
REENTRANT = keccak(text="ReentrancyGuardReentrantCall()")[:4]


@dataclass(frozen=True)
class Naive:
    """The naive contract of one item, and what people do there."""

    predictions: ContractInstance
    proofs: Proofs
    consumer: AccountAPI
    provider: AccountAPI

    def post(self, job_id: bytes, **changes: Any) -> bytes:
        job = {
            "consumer": NOBODY,
            "provider": NOBODY,
            "token": ETH,
            "reward": REWARD,
            "stake": STAKE,
            "inputsHash": self.proofs.inputs_hash(1),
            "openUntil": now() + DAY,
            "proveSeconds": PROVE_SECONDS,
            "deadline": 0,
        } | changes
        value = REWARD if job["token"] == ETH else 0
        self.predictions.post(job_id, tuple(job.values()), sender=self.consumer, value=value)
        return job_id

    def lock(self, job_id: bytes) -> None:
        self.predictions.lock(job_id, sender=self.provider, value=STAKE)

    def locked(self, job_id: bytes, **changes: Any) -> bytes:
        self.post(job_id, **changes)
        self.lock(job_id)
        return job_id

    def deliver(self, job_id: bytes, proven: Any, by: AccountAPI) -> Any:
        return self.predictions.deliver(job_id, *proven, sender=by)

    def credit(self, account: Any) -> int:
        return self.predictions.credits(ETH, account)


FIRST, SECOND = b"\x01" * 32, b"\x02" * 32


@pytest.fixture
def build_naive(project, deployer, consumer, provider):
    """A naive contract with any verifier, which pays for proofs of one item."""

    def build(verifier: Any) -> Naive:
        layout = public_layout(1)
        predictions = deployer.deploy(
            project.NaivePredictionMarket, verifier, 1, layout.input_words
        )
        return Naive(predictions, Proofs(layout), consumer, provider)

    return build


@pytest.fixture
def naive(build_naive, verifier):
    return build_naive(verifier)


@pytest.fixture
def world_of(world, registry, deployer):
    """Our contract with a circuit of another verifier."""

    def build(verifier: ContractInstance, **changes: Any):
        circuit = circuit_of(verifier, public_layout(), **changes)
        model_id = Proofs(public_layout()).register(registry, circuit, deployer)
        return replace(world, circuit=circuit, model_id=model_id)

    return build


@pytest.fixture
def accomplice(project, attacker):
    """A contract of the attacker's."""
    return attacker.deploy(project.CallingAccount)


# ---------------------------------------------------------------- whose proof it is


def test_a_copied_proof_pays_whom_it_names(naive, world, payee, attacker):
    """copy a proof from the mempool and claim for it, or relay it"""
    naive.deliver(naive.locked(FIRST), naive.proofs.sample(), attacker)
    assert naive.credit(attacker) == REWARD + STAKE

    job = world.locked()
    world.deliver(job, proven=world.prove(job), sender=attacker)
    assert world.credit(attacker) == 0
    assert world.credit(payee) == REWARD + STAKE


def test_a_copied_proof_serves_no_lock_of_the_thief(world, payee, attacker):
    """copy a proof from the mempool and claim for it, or relay it"""
    theirs, mine = world.locked(), world.posted(nonce=1)
    world.lock(mine, payee=attacker, sender=attacker)
    wrong = {"jobId": world.id_of(mine), "payee": attacker, "modelId": world.model_id}
    with reverts(world.predictions.ProofAcceptance_WrongContext, **wrong):
        world.deliver(mine, proven=world.prove(theirs), sender=attacker)


def test_a_proof_serves_one_job(naive, world, payee, provider):
    """replay across jobs, contracts, chains; bring a finished id back to life"""
    proof = naive.proofs.sample()
    for job_id in (FIRST, SECOND):
        naive.deliver(naive.locked(job_id), proof, provider)
    assert naive.credit(provider) == 2 * (REWARD + STAKE)

    first, second = world.locked(), world.locked(nonce=1)
    proven = world.prove(first)
    world.deliver(first, proven=proven)
    wrong = {"jobId": world.id_of(second), "payee": payee, "modelId": world.model_id}
    with reverts(world.predictions.ProofAcceptance_WrongContext, **wrong):
        world.deliver(second, proven=proven)
    assert world.credit(payee) == REWARD + STAKE


@pytest.mark.parametrize("change", ["chain", "contract"])
def test_a_proof_serves_one_contract_of_one_chain(world, payee, attacker, change):
    """replay across jobs, contracts, chains; bring a finished id back to life"""
    fields = {"chain": {"chain_id": CHAIN_ID + 1}, "contract": {"escrow": attacker.address}}
    job = world.locked()
    instances = world.proofs.statement(world.limbs(job, **fields[change]))
    wrong = {"jobId": world.id_of(job), "payee": payee, "modelId": world.model_id}
    with reverts(world.predictions.ProofAcceptance_WrongContext, **wrong):
        world.deliver(job, proven=(mock_proof(instances), instances))


def test_an_id_never_lives_again(naive, world, provider):
    """replay across jobs, contracts, chains; bring a finished id back to life"""
    for _ in range(2):
        naive.deliver(naive.locked(FIRST), naive.proofs.sample(), provider)
    assert naive.credit(provider) == 2 * (REWARD + STAKE)

    job = world.locked()
    world.deliver(job)
    with reverts(world.predictions.Jobs_JobExists, jobId=world.id_of(job)):
        world.post(job)
    wrong = {"actual": State.PAID, "allowed": State.OPEN}
    with reverts(world.predictions.PredictionMarket_WrongState, **wrong):
        world.lock(job)


# ---------------------------------------------------------------- what is proven


def test_an_instance_has_one_form(build_naive, world_of, project, deployer, provider):
    """add r to an instance"""
    modular = deployer.deploy(project.ModularVerifier)
    naive = build_naive(modular)
    proof, instances = naive.proofs.sample()
    output = naive.proofs.layout.outputs
    instances[output] += FIELD_MODULUS
    receipt = naive.deliver(naive.locked(FIRST), (proof, instances), provider)
    assert receipt.events[-1].outputs[output] >= FIELD_MODULUS

    world = world_of(modular)
    job = world.locked()
    proof, instances = world.prove(job)
    output = world.layout.outputs
    instances[output] += FIELD_MODULUS
    wrong = {"word": output, "value": instances[output]}
    with reverts(world.predictions.Statement_OutOfField, **wrong):
        world.deliver(job, proven=(proof, instances))


def test_offsets_hide_nothing(build_naive, world_of, project, deployer, provider, attacker):
    """proof at an unusual calldata offset"""
    fixed = deployer.deploy(project.FixedPlaceVerifier)
    naive = build_naive(fixed)
    proof, honest = naive.proofs.sample()
    lie = [*honest]
    lie[naive.proofs.layout.outputs] += 5
    call = fixed.verifyProof.encode_input(proof, honest)
    message = moved(bytes(call), argument=1, lie=lie)
    job_id = naive.locked(FIRST)
    receipt = naive.predictions.deliverRaw(job_id, message, sender=provider)
    assert list(receipt.events[-1].outputs) == lie

    world = world_of(fixed)
    job = world.locked()
    proof, honest = world.prove(job)
    lie = [*honest]
    lie[world.layout.outputs] += 5
    call = world.predictions.deliver.encode_input(job.to_abi(), 1, proof, honest)
    with reverts(world.predictions.ProofAcceptance_ProofRejected, circuitId=world.circuit_id):
        send(attacker, world.predictions, moved(bytes(call), argument=12, lie=lie))
    assert world.state(job) == State.LOCKED
    world.deliver(job, proven=(proof, honest))


def moved(call: bytes, argument: int, lie: list[int]) -> bytes:
    """The call with the offset of an argument pointing to a lie behind the honest words."""
    at_word = 4 + 32 * argument
    offset = (len(call) - 4).to_bytes(32, "big")
    return call[:at_word] + offset + call[at_word + 32 :] + encode(["uint256[]"], [lie])[32:]


def test_the_verifier_stays_what_it_was(build_naive, world, verifier, attacker, provider, chain):
    """change the verifier's code, delegate it"""
    naive = build_naive(verifier)
    job_id, job = naive.locked(FIRST), world.locked()
    false = (b"", naive.proofs.sample()[1])
    chain.provider.set_code(verifier.address, ALWAYS_TRUE)
    naive.deliver(job_id, false, attacker)
    assert naive.credit(attacker) == REWARD + STAKE

    wrong = {"actual": keccak(hexstr=ALWAYS_TRUE), "allowed": world.circuit[2]}
    with reverts(world.predictions.ProofAcceptance_WrongVerifierCode, **wrong):
        world.deliver(job, proven=(b"", world.prove(job)[1]))


def test_a_delegation_is_no_verifier(build_naive, registry, world, verifier, attacker, chain):
    """change the verifier's code, delegate it"""
    delegation = bytes.fromhex("ef0100" + verifier.address[2:])
    chain.provider.set_code(attacker.address, "0x" + delegation.hex())
    naive = build_naive(attacker)
    naive.deliver(naive.locked(FIRST), naive.proofs.sample(), world.provider)
    assert naive.credit(world.provider) == REWARD + STAKE

    circuit = circuit_of(
        verifier, public_layout(), verifier=attacker.address, codeHash=keccak(delegation)
    )
    with reverts(registry.ModelRegistry_DelegatedVerifier, verifier=attacker):
        registry.registerCircuit(circuit, *Proofs(public_layout()).sample(), sender=attacker)


# ---------------------------------------------------------------- condemnation and time


def test_condemning_undoes_no_missed_deadline(naive, world, provider, consumer, payee):
    """condemn a circuit to get out of a lost job"""
    naive.locked(FIRST)
    at(now() + PROVE_SECONDS + 1)
    proofs = (*naive.proofs.sample(), *naive.proofs.sample(outputs=1))
    naive.predictions.condemn(*proofs, sender=provider)
    naive.predictions.refund(FIRST, sender=provider)
    assert naive.credit(provider) == STAKE

    job = world.locked()
    at(world.status(job)[2] + 1)
    world.condemn(provider)
    world.refund(job, sender=provider)
    assert world.state(job) == State.SLASHED
    assert world.credit(consumer) == REWARD + STAKE
    assert world.credit(payee) == world.credit(provider) == 0


def test_an_inexact_circuit_cannot_be_condemned(naive, world_of, verifier, registry, provider):
    """condemn a circuit to get out of a lost job"""
    naive.predictions.condemn(
        *naive.proofs.sample(), *naive.proofs.sample(outputs=1), sender=provider
    )
    assert naive.predictions.condemned()

    world = world_of(verifier, exact=False, tolerance=3)
    with reverts(registry.ModelRegistry_NotExact, because="condemn"):
        world.condemn(provider)


def test_nobody_waits_for_ever(naive, world):
    """windows of 2^64 s or of none; a late call before the refund"""
    naive.locked(FIRST, proveSeconds=FOREVER)
    at(now() + 1_000 * DAY)
    with reverts(naive.predictions.NaivePredictionMarket_Refused, why="early"):
        naive.predictions.refund(FIRST, sender=naive.consumer)

    for seconds in (0, 180 * DAY + 1, 2**32 - 1):
        wrong = {"actual": seconds, "min": 1, "max": 180 * DAY}
        with reverts(world.predictions.Jobs_BadWindow, **wrong):
            world.post(world.job(prove_seconds=seconds))


def test_late_is_late_though_nobody_refunded(naive, world, provider):
    """windows of 2^64 s or of none; a late call before the refund"""
    naive.locked(FIRST)
    job = world.locked()
    deadline = world.status(job)[2]
    at(deadline + 1)
    naive.deliver(FIRST, naive.proofs.sample(), provider)
    assert naive.credit(provider) == REWARD + STAKE

    at(deadline + 2)
    with reverts(world.predictions.Jobs_Late, now_=deadline + 2, deadline=deadline):
        world.deliver(job)


# ---------------------------------------------------------------- money


def test_a_withdrawal_cannot_be_entered_again(naive, world, accomplice, attacker, provider):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    predictions = naive.predictions
    naive.locked(SECOND)  # the money of others
    naive.locked(FIRST)
    deliver = predictions.deliver.encode_input(FIRST, *naive.proofs.sample())
    withdraw = predictions.withdraw.encode_input(ETH)
    accomplice.execute(predictions, deliver, sender=attacker)
    accomplice.set(CALLS, predictions, withdraw, sender=attacker)
    accomplice.execute(predictions, withdraw, sender=attacker)
    assert accomplice.balance == 2 * (REWARD + STAKE)
    assert predictions.balance == 0

    predictions = world.predictions
    job = world.posted()
    world.posted(nonce=1)  # the money of others
    world.lock(job, payee=accomplice)
    world.deliver(job, proven=world.prove(job, payee=accomplice))
    before = accomplice.balance
    withdraw = predictions.withdraw.encode_input(ETH, accomplice)
    accomplice.set(CALLS, predictions, withdraw, sender=attacker)
    accomplice.execute(predictions, withdraw, sender=attacker)
    assert accomplice.balance == before + REWARD + STAKE
    assert accomplice.refusal() == REENTRANT
    assert predictions.balance == REWARD


@pytest.mark.parametrize("function", ["post", "cancel", "lock", "deliver", "refund", "withdraw"])
def test_no_function_can_be_entered_from_a_token(world, token, deployer, payee, function):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    other = world.posted(nonce=1)
    arguments = {
        "post": (other.terms.to_abi(), 7, bytes(32), ""),
        "cancel": (other.to_abi(),),
        "lock": (other.to_abi(), payee),
        "deliver": (other.to_abi(), 1, b"", []),
        "refund": (other.to_abi(),),
        "withdraw": (ETH, payee),
    }
    call = getattr(world.predictions, function).encode_input(*arguments[function])
    token.setCall(world.predictions, call, sender=deployer)

    job = world.posted(currency=token.address)
    assert (token.entered(), token.refusal()) == (False, REENTRANT)
    world.lock(job)
    assert (token.entered(), token.refusal()) == (False, REENTRANT)
    world.deliver(job)
    world.predictions.withdraw(token, payee, sender=payee)
    assert (token.entered(), token.refusal()) == (False, REENTRANT)
    assert holdings(token.address, payee) == REWARD + STAKE


@pytest.mark.parametrize("function", ["refund", "withdraw"])
def test_a_verifier_can_change_nothing(world_of, project, deployer, payee, function):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    verifier = deployer.deploy(project.OddVerifier)
    world = world_of(verifier)
    job = world.locked()
    arguments = {"refund": (job.to_abi(),), "withdraw": (ETH, payee)}
    call = getattr(world.predictions, function).encode_input(*arguments[function])
    verifier.reenter(world.predictions, call, sender=deployer)
    with reverts(world.predictions.ProofAcceptance_ProofRejected, circuitId=world.circuit_id):
        world.deliver(job)


def test_a_token_that_moves_nothing_buys_nothing(naive, world, token, deployer, consumer):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    token.set(MOVES_NOTHING, sender=deployer)
    token.approve(naive.predictions, REWARD, sender=consumer)
    naive.post(FIRST, token=token.address)
    assert naive.predictions.jobs(FIRST)["reward"] == REWARD
    assert token.balanceOf(naive.predictions) == 0

    with reverts(world.predictions.Escrow_WrongReceipt, actual=0, allowed=REWARD):
        world.post(world.job(currency=token.address))


def test_forced_ether_stops_nobody(naive, world, project, attacker, payee):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    for predictions in (naive.predictions, world.predictions):
        attacker.deploy(project.EtherForcer, predictions, value=1)
        assert predictions.balance == 1
    with reverts(naive.predictions.NaivePredictionMarket_Refused, why="balance"):
        naive.post(FIRST)

    world.deliver(world.locked())
    world.predictions.withdraw(ETH, payee, sender=payee)
    assert world.predictions.balance == 1


def test_a_payee_that_takes_no_ether_stops_nobody(world, accomplice, attacker, payee, consumer):
    """reentrancy through token, payee or verifier; odd tokens; forced ETH"""
    job = world.posted()
    world.lock(job, payee=accomplice)
    accomplice.set(REFUSES, world.predictions, b"", sender=attacker)
    world.deliver(job, proven=world.prove(job, payee=accomplice))
    assert world.state(job) == State.PAID

    withdraw = world.predictions.withdraw.encode_input
    failed = {"recipient": accomplice, "amount": REWARD + STAKE}
    with reverts(world.predictions.Escrow_TransferFailed, **failed):
        accomplice.execute(world.predictions, withdraw(ETH, accomplice), sender=attacker)
    before = attacker.balance
    accomplice.execute(world.predictions, withdraw(ETH, attacker), sender=consumer)
    assert attacker.balance == before + REWARD + STAKE
