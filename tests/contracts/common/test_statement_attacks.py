"""Attacks on what a proof is about: its key, its model, its points."""

from dataclasses import replace

import pytest
from ape.contracts import ContractInstance
from eth_utils.crypto import keccak
from py_ecc.bn128 import field_modulus

from prover.protocol.prediction.state import State
from prover.protocol.registry.state import circuit_id_of, model_id_of
from tests.contracts.accuracy.scenario import WEIGHTS
from tests.contracts.keyed import (
    Key,
    code_hash,
    keyed_circuit,
    new_key,
    pointed_layout,
    proofs_of,
)
from tests.contracts.reverting import reverts
from tests.contracts.scenario import World, point

LAYOUT = pointed_layout()


@pytest.fixture
def keyed(project, deployer) -> ContractInstance:
    return deployer.deploy(project.KeyedMockVerifier)


def of_key(world: World, circuit, key: Key) -> World:
    """The world with a model of this circuit, which is registered."""
    circuit_id = circuit_id_of(circuit)
    world.registry.registerModel(circuit_id, key.weights, sender=world.provider)
    return replace(
        world,
        layout=pointed_layout(weight_points=key.points),
        circuit=circuit,
        model_id=model_id_of(circuit_id, key.weights),
        weights=key.weights,
        proves=key.proves,
    )


# ---------------------------------------------------------------- a key that vanishes


@pytest.fixture
def forger(project, attacker) -> ContractInstance:
    return attacker.deploy(project.KeyForger)


@pytest.fixture
def ghost(forger) -> Key:
    """A key that is gone when the transaction ends in which it is registered."""
    return Key(str(forger.keyAddress()))


@pytest.fixture
def haunted(world, registry, keyed, forger, ghost, attacker) -> World:
    """A circuit of that key: its sample was tested when it was registered."""
    circuit = keyed_circuit(keyed, ghost, LAYOUT)
    proof, instances = proofs_of(ghost, LAYOUT).sample()
    forger.register(registry, circuit, proof, instances, ghost.code, sender=attacker)
    return of_key(world, circuit, ghost)


def code_of(contract: ContractInstance) -> bytes:
    return bytes(contract.provider.get_code(contract.address))


def test_a_key_that_vanished_takes_no_money(haunted, keyed, ghost):
    """register a key that vanishes and comes back as another"""
    assert not bytes(keyed.provider.get_code(ghost.address))
    nothing = keccak(keccak(code_of(keyed)) + bytes(32))  # EIP-1052: no account, hash 0
    wrong = {"actual": nothing, "allowed": haunted.circuit[2]}
    with reverts(haunted.predictions.ProofAcceptance_WrongVerifierCode, **wrong):
        haunted.posted()


def test_a_key_that_came_back_as_another_takes_no_money(haunted, keyed, forger, ghost, attacker):
    """register a key that vanishes and comes back as another"""
    forged = ghost.other(data=b"forged")
    forger.bringBack(forged.code, sender=attacker)
    false = proofs_of(forged, LAYOUT).sample(outputs=7)
    assert keyed.verifyProof(ghost.address, *false)  # its own code is what it was

    wrong = {"actual": code_hash(code_of(keyed), forged.code), "allowed": haunted.circuit[2]}
    with reverts(haunted.predictions.ProofAcceptance_WrongVerifierCode, **wrong):
        haunted.posted()
    with reverts(haunted.registry.ModelRegistry_WrongCodeHash, **wrong):
        replace(haunted, proves=forged.proves).condemn(attacker)


def test_a_key_that_changes_under_a_job_pays_nobody(world, registry, keyed, deployer, chain):
    """register a key that vanishes and comes back as another"""
    key = new_key(deployer)
    circuit = keyed_circuit(keyed, key, LAYOUT)
    proofs_of(key, LAYOUT).register(registry, circuit, deployer)
    honest = of_key(world, circuit, key)
    job, forged = honest.locked(), key.other(data=b"forged")
    chain.provider.set_code(key.address, "0x" + forged.code.hex())
    proof, instances = replace(honest, proves=forged.proves).prove(job, outputs=7)
    assert keyed.verifyProof(key.address, proof, instances)

    wrong = {"actual": code_hash(code_of(keyed), forged.code), "allowed": circuit[2]}
    with reverts(honest.predictions.ProofAcceptance_WrongVerifierCode, **wrong):
        honest.deliver(job, proven=(proof, instances))
    assert honest.state(job) == State.LOCKED


def test_a_key_that_came_back_as_it_was_is_one(haunted, forger, ghost, attacker):
    """So the refusals above are due to its code."""
    forger.bringBack(ghost.code, sender=attacker)
    job = haunted.locked()
    haunted.deliver(job)
    assert haunted.state(job) == State.PAID


# ---------------------------------------------------------------- which model


@pytest.fixture
def two_models(world, registry, keyed, deployer) -> tuple[World, World]:
    """Of one circuit, with different hidden weights."""
    key, layout = new_key(deployer, 2), pointed_layout(weight_points=2)
    circuit = keyed_circuit(keyed, key, layout)
    proofs_of(key, layout).register(registry, circuit, deployer)
    return of_key(world, circuit, key), of_key(world, circuit, key.other(seed=200))


def test_a_proof_of_one_model_is_none_of_another(two_models):
    """choose the model of hidden weights once the job is known"""
    one, other = two_models
    assert one.circuit_id == other.circuit_id
    job = one.locked()
    wrong = {"jobId": one.id_of(job), "payee": one.payee, "modelId": one.model_id}
    instances = other.proofs.statement(other.limbs(job, model_id=other.model_id))
    assert one.limbs(job) != other.limbs(job, model_id=other.model_id)
    with reverts(one.predictions.ProofAcceptance_WrongContext, **wrong):
        one.deliver(job, proven=(one.proves(instances, 0), instances))
    one.deliver(job)
    assert one.state(job) == State.PAID


def test_a_model_in_another_protocol_is_bound_too(serving, retrieval):
    """choose the model of hidden weights once the job is known"""
    for scene, job, made in (
        (serving, serving.contested(), serving.proof),
        (retrieval, retrieval.accepted(), retrieval.submission),
    ):
        contract = scene.rounds if scene is serving else scene.bounty
        bound = {"jobId": scene.id_of(job), "payee": scene.payee, "modelId": scene.model_id}
        false = made(job, (0, 1), model_id=b"\x01" * 32)
        with reverts(contract.ProofAcceptance_WrongContext, **bound):
            (scene.answer if scene is serving else scene.submit)(job, false)


def test_a_bounty_is_bound_to_the_model_that_was_entered(accuracy, registry, provider):
    """choose the model of hidden weights once the job is known"""
    registry.registerModel(accuracy.circuit_id, WEIGHTS + 1, sender=provider)
    other = model_id_of(accuracy.circuit_id, WEIGHTS + 1)
    job = accuracy.proving()
    bound = {"jobId": accuracy.id_of(job), "payee": accuracy.payee, "modelId": accuracy.model_id}
    false = accuracy.submission(job, (0, 4), weights=WEIGHTS + 1, model_id=other)
    with reverts(accuracy.bounty.ProofAcceptance_WrongContext, **bound):
        accuracy.submit(job, false)
    wrong = {"actual": WEIGHTS + 1, "allowed": WEIGHTS}
    with reverts(accuracy.bounty.ProofAcceptance_WrongWeights, **wrong):
        accuracy.submit(job, accuracy.submission(job, (0, 4), weights=WEIGHTS + 1))


# ---------------------------------------------------------------- which points


def test_a_circuit_is_condemned_whichever_way_its_points_are_written(
    world, registry, keyed, deployer, attacker
):
    """write the point of an input another way, so that no contradiction is one"""
    key = new_key(deployer)
    circuit = keyed_circuit(keyed, key, LAYOUT)
    proofs_of(key, LAYOUT).register(registry, circuit, deployer)
    scene = of_key(world, circuit, key)
    x, y = (int.from_bytes(point(0)[at : at + 32], "big") for at in (0, 32))
    honest, other = scene.proofs.sample(), scene.proofs.sample(outputs=1)[1]
    for moved in ((x + field_modulus, y), (x, y + field_modulus)):
        written = b"".join(value.to_bytes(32, "big") for value in moved)
        word = LAYOUT.instances
        with reverts(registry.ModelRegistry_DifferentStatement, word=word):
            false = key.bound(written, other), other
            registry.condemn(scene.circuit_id, *honest, *false, sender=attacker)
        job = scene.locked(nonce=word + moved[0] % 1_000, inputs_hash=keccak(keccak(written)))
        instances = scene.prove(job)[1]
        refused = {"circuitId": scene.circuit_id}
        with reverts(scene.predictions.ProofAcceptance_ProofRejected, **refused):
            scene.deliver(job, proven=(key.bound(written, instances), instances))
    registry.condemn(scene.circuit_id, *honest, key.proves(other, 0), other, sender=attacker)
    assert registry.condemnedAt(scene.circuit_id) != 0
