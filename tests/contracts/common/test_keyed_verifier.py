"""Circuits of a keyed verifier: which keys are registered, and what the verifier is told.

That the key's code is compared wherever money enters and at each proof: test_vanished_verifier.py,
test_statement_attacks.py.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ape.contracts import ContractInstance
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from prover.chain.abi.contract import KEYED_VERIFIER, VERIFIER, encode_call
from prover.protocol.prediction.state import State
from prover.protocol.registry.state import circuit_id_of, model_id_of
from tests.contracts.keyed import (
    STOP,
    Key,
    code_hash,
    keyed_circuit,
    new_key,
    pointed_layout,
    proofs_of,
)
from tests.contracts.reverting import reverts
from tests.contracts.scenario import (
    NOBODY,
    Circuit,
    Proofs,
    World,
    circuit_of,
    point,
    public_layout,
    send,
)

SELF_TEST_GAS = 1_812_791
LAYOUT = pointed_layout()


@pytest.fixture
def keyed(project, deployer) -> ContractInstance:
    return deployer.deploy(project.KeyedMockVerifier)


@pytest.fixture
def key(deployer) -> Key:
    return new_key(deployer)


@pytest.fixture
def register(registry, deployer) -> Callable[..., Any]:
    """Registers a circuit with a sample by a key."""

    def register_by(key: Key, circuit: Circuit) -> Any:
        proof, instances = proofs_of(key, LAYOUT).sample()
        return registry.registerCircuit(circuit, proof, instances, sender=deployer)

    return register_by


def code_of(contract: ContractInstance) -> bytes:
    return bytes(contract.provider.get_code(contract.address))


def world_of(world: World, circuit: Circuit, key: Key) -> World:
    """The world with a model of this circuit, which is registered."""
    model_id = model_id_of(circuit_id_of(circuit), 0)
    world.registry.registerModel(circuit_id_of(circuit), 0, sender=world.provider)
    return replace(world, layout=LAYOUT, circuit=circuit, model_id=model_id, proves=key.proves)


# ---------------------------------------------------------------- which keys are registered


def test_a_key_is_registered_and_told(register, registry, world, keyed, key):
    circuit = keyed_circuit(keyed, key, LAYOUT)
    assert register(key, circuit).events
    view = registry.verification(world_of(world, circuit, key).model_id)
    assert (view.circuitId, view.condemnedAt) == (circuit_id_of(circuit), 0)
    assert (view.verifier, view.key, view.codeHash) == circuit[:3]


def test_the_shortest_key_has_two_bytes(register, keyed, deployer):
    shortest = new_key(deployer, data=b"")
    assert register(shortest, keyed_circuit(keyed, shortest, LAYOUT)).events


@pytest.mark.parametrize(
    "code",
    [b"", STOP, b"\x5b\x00key", b"\x01" + STOP, bytes.fromhex("ef0100") + b"\x42" * 20],
    ids=["none", "STOP alone", "JUMPDEST", "ADD", "a delegation"],
)
def test_RevertWhen_the_key_is_none(register, registry, keyed, key, attacker, chain, code):
    """Code that could be run might end itself; a key without data is no key."""
    chain.provider.set_code(attacker.address, "0x" + code.hex())
    of_both = code_hash(code_of(keyed), code)
    circuit = keyed_circuit(keyed, key, LAYOUT, key=attacker.address, codeHash=of_both)
    with reverts(registry.ModelRegistry_BadKey, key=attacker):
        register(key, circuit)


@pytest.mark.parametrize("of", ["verifier", "key", "swapped", "joined"])
def test_RevertWhen_the_hash_is_not_of_both(register, registry, keyed, key, of):
    codes = code_of(keyed), key.code
    hashes = {
        "verifier": code_hash(codes[0]),
        "key": code_hash(codes[1]),
        "swapped": code_hash(*codes[::-1]),
        "joined": keccak(codes[0] + codes[1]),
    }
    circuit = keyed_circuit(keyed, key, LAYOUT, codeHash=hashes[of])
    wrong = {"actual": code_hash(*codes), "allowed": hashes[of]}
    with reverts(registry.ModelRegistry_WrongCodeHash, **wrong):
        register(key, circuit)


def test_RevertWhen_the_hash_without_a_key_is_of_two(register, registry, verifier, key):
    of_two = code_hash(code_of(verifier), b"")
    circuit = circuit_of(verifier, LAYOUT, codeHash=of_two)
    wrong = {"actual": keccak(code_of(verifier)), "allowed": of_two}
    with reverts(registry.ModelRegistry_WrongCodeHash, **wrong):
        register(key, circuit)


def test_RevertWhen_the_sample_is_of_another_key(register, registry, keyed, key, deployer):
    other = new_key(deployer, data=b"other")
    with reverts(registry.ModelRegistry_SampleRefused, gasAllowed=SELF_TEST_GAS):
        register(other, keyed_circuit(keyed, key, LAYOUT))
    assert register(other, keyed_circuit(keyed, other, LAYOUT)).events


# ---------------------------------------------------------------- which function is called


def test_RevertWhen_a_keyed_verifier_is_registered_without_a_key(register, registry, keyed, key):
    with reverts(registry.ModelRegistry_SampleRefused, gasAllowed=SELF_TEST_GAS):
        register(key, circuit_of(keyed, LAYOUT))


def test_RevertWhen_a_generated_verifier_is_registered_with_a_key(
    registry, verifier, key, deployer
):
    circuit = keyed_circuit(verifier, key, public_layout())
    with reverts(registry.ModelRegistry_SampleRefused, gasAllowed=SELF_TEST_GAS):
        registry.registerCircuit(circuit, *Proofs(public_layout()).sample(), sender=deployer)


@pytest.fixture(params=["key", "no key"])
def exact_call(request, project, world, registry, key, deployer) -> tuple[Any, Any, World]:
    """A verifier of one call, the call that it gets with or without a key, and its world."""
    exact, place = deployer.deploy(project.ExactCallVerifier), NOBODY

    def call_of(proof: bytes, instances: list[int]) -> bytes:
        if request.param == "key":
            return encode_call(KEYED_VERIFIER, "verifyProof", key.address, proof, instances)
        return encode_call(VERIFIER, "verifyProof", proof, instances)

    circuit = circuit_of(exact, LAYOUT)
    if request.param == "key":
        circuit = keyed_circuit(exact, key, LAYOUT)
    sample = proofs_of(key, LAYOUT).sample()
    exact.expect(keccak(call_of(*sample)), sender=deployer)
    registry.registerCircuit(circuit, *sample, sender=deployer)
    assert (circuit[1] == place) == (request.param == "no key")
    return exact, call_of, world_of(world, circuit, key)


def test_the_verifier_gets_exactly_what_the_ABI_says(exact_call, deployer):
    """proof at an unusual calldata offset"""
    exact, call_of, world = exact_call
    job = world.locked()
    instances = world.prove(job)[1]
    proof = point(0) + b"sixmor"  # no whole number of words
    plain = bytes(world.predictions.deliver.encode_input(job.to_abi(), 1, proof, instances))
    exact.expect(keccak(call_of(proof, instances) + b"\0"), sender=deployer)
    with reverts(world.predictions.ProofAcceptance_ProofRejected, circuitId=world.circuit_id):
        send(deployer, world.predictions, plain)
    exact.expect(keccak(call_of(proof, instances)), sender=deployer)
    send(deployer, world.predictions, bent(plain, proof, instances))
    assert world.state(job) == State.PAID


def bent(call: bytes, proof: bytes, instances: list[int]) -> bytes:
    """The same arguments in other places: the later first, gaps, dirty padding, bytes behind."""
    before = 4 + 32 * 11  # job and items
    instances_at = 32 * 13 + 39
    words = encode(["uint256[]"], [instances])[32:]
    places = [instances_at + len(words), instances_at]
    head = call[:before] + b"".join(place.to_bytes(32, "big") for place in places)
    padded = len(proof).to_bytes(32, "big") + proof + b"\xee" * (-len(proof) % 32)
    return head + b"\xff" * 39 + words + padded + b"\xdd" * 100
