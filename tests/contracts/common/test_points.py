"""Inputs and hidden weights that a proof commits to by points, which stand at its head."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ape.contracts import ContractInstance
from eth_utils.crypto import keccak
from py_ecc.bn128 import field_modulus

from prover.chain.abi.contract import VERIFIER, encode_call
from prover.protocol.prediction.state import State
from prover.protocol.registry.state import circuit_id_of, model_id_of
from prover.protocol.serving.state import State as RoundState
from prover.statement.field import FIELD_MODULUS
from prover.statement.layout import OutputKind
from tests.contracts.keyed import Key, keyed_circuit, new_key, pointed_layout, proofs_of
from tests.contracts.reverting import reverts
from tests.contracts.scenario import World, circuit_of, point

HIDDEN = 3  # points of hidden weights
HEAD = 32 + 64 * HIDDEN


@pytest.fixture
def keyed(project, deployer) -> ContractInstance:
    return deployer.deploy(project.KeyedMockVerifier)


@pytest.fixture
def world_by(world, keyed, registry, deployer) -> Callable[..., World]:
    """The world with a model whose input, and weights if they are hidden, are points."""

    def build(key: Key) -> World:
        layout = pointed_layout(weight_points=key.points)
        circuit = keyed_circuit(keyed, key, layout)
        model_id = proofs_of(key, layout).register(registry, circuit, deployer)
        fields = {"circuit": circuit, "model_id": model_id, "weights": key.weights}
        return replace(world, layout=layout, proves=key.proves, **fields)

    return build


@pytest.fixture
def key(request, deployer) -> Key:
    return new_key(deployer, getattr(request, "param", 0))


@pytest.fixture
def pointed(world_by, key) -> World:
    return world_by(key)


@pytest.fixture
def hidden_key(deployer) -> Key:
    return new_key(deployer, HIDDEN)


@pytest.fixture
def hidden(world_by, hidden_key) -> World:
    """A model of hidden weights; another one is `hidden_key.other(seed=...)`."""
    return world_by(hidden_key)


BOTH = pytest.mark.parametrize("key", [0, HIDDEN], indirect=True, ids=["public", "hidden"])

# ---------------------------------------------------------------- inputs


@BOTH
def test_the_input_is_its_point(pointed, key):
    job = pointed.locked()
    assert job.terms.inputs_hash == keccak(keccak(point(0)))
    pointed.deliver(job)
    assert pointed.state(job) == State.PAID


@BOTH
def test_RevertWhen_the_point_is_of_another_input(pointed, key):
    job = pointed.locked()
    wrong = {"actual": keccak(keccak(point(1))), "allowed": job.terms.inputs_hash}
    with reverts(pointed.predictions.PredictionMarket_WrongInputs, **wrong):
        pointed.deliver(job, proven=pointed.prove(job, inputs=1))


def test_the_point_stands_behind_the_head(hidden, hidden_key):
    """What begins the proof of public weights begins the head here: it is no input."""
    job = hidden.locked(inputs_hash=keccak(keccak(hidden_key.head[:64])))
    wrong = {"actual": keccak(keccak(point(0))), "allowed": job.terms.inputs_hash}
    with reverts(hidden.predictions.PredictionMarket_WrongInputs, **wrong):
        hidden.deliver(job)


@BOTH
@pytest.mark.parametrize("shape", ["infinity", "x plus p", "y plus p", "off the curve"])
def test_RevertWhen_the_point_is_written_another_way(pointed, key, shape):
    """Each input has one commitment, as the verifier takes each point in one encoding."""
    x, y = (int.from_bytes(point(0)[at : at + 32], "big") for at in (0, 32))
    shapes = {
        "infinity": (0, 0),
        "x plus p": (x + field_modulus, y),
        "y plus p": (x, y + field_modulus),
        "off the curve": (x, y + 1),
    }
    written = b"".join(value.to_bytes(32, "big") for value in shapes[shape])
    job = pointed.locked(inputs_hash=keccak(keccak(written)))
    instances = pointed.prove(job)[1]
    with reverts(pointed.predictions.ProofAcceptance_ProofRejected, circuitId=pointed.circuit_id):
        pointed.deliver(job, proven=(key.bound(key.head + written, instances), instances))


@pytest.mark.parametrize("items", [0, 2, 3])
def test_RevertWhen_a_proof_is_of_any_number_of_inputs_but_one(pointed, items):
    job = pointed.locked()
    wrong = {"actual": items, "max": 1}
    with reverts(pointed.predictions.ProofAcceptance_BadItemCount, **wrong):
        pointed.deliver(job, items)


@pytest.fixture(params=[0, 1], ids=["public", "hidden"])
def lenient(request, project, world, registry, deployer) -> tuple[Key, World, Callable[..., None]]:
    """A model whose verifier takes the proof that it is told to, however short it is."""
    exact, key = deployer.deploy(project.ExactCallVerifier), Key("", request.param)
    layout = pointed_layout(weight_points=request.param)

    def accept(proof: bytes, instances: list[int]) -> None:
        call = encode_call(VERIFIER, "verifyProof", proof, instances)
        exact.expect(keccak(call), sender=deployer)

    circuit, proofs = circuit_of(exact, layout), proofs_of(key, layout)
    accept(*proofs.sample())
    fields = {"model_id": proofs.register(registry, circuit, deployer), "weights": key.weights}
    return key, replace(world, layout=layout, circuit=circuit, **fields), accept


def test_RevertWhen_the_proof_ends_within_its_points(lenient):
    """At each length, also where the verifier would take it."""
    key, world, accept = lenient
    job = world.locked()
    instances, whole = world.prove(job)[1], key.head + point(0)
    for length in range(len(whole)):
        accept(whole[:length], instances)
        least = len(key.head) if length < len(key.head) else len(whole)
        with reverts(world.predictions.Statement_ShortProof, actual=length, least=least):
            world.deliver(job, proven=(whole[:length], instances))
    accept(whole, instances)
    world.deliver(job, proven=(whole, instances))
    assert world.state(job) == State.PAID


@BOTH
def test_RevertWhen_the_sample_ends_within_a_point_that_is_changed(
    registry, key, project, deployer
):
    """In its y, which the self-test negates."""
    exact = deployer.deploy(project.ExactCallVerifier)
    layout = pointed_layout(weight_points=key.points)
    instances = proofs_of(key, layout).sample()[1]
    for length in {32, 63, len(key.head) + 32, len(key.head) + 63}:
        proof = (key.head + point(0))[:length]
        exact.expect(
            keccak(encode_call(VERIFIER, "verifyProof", proof, instances)), sender=deployer
        )
        least = 96 if key.points and length < 96 else len(key.head) + 64
        with reverts(registry.Statement_ShortProof, actual=length, least=least):
            registry.registerCircuit(circuit_of(exact, layout), proof, instances, sender=deployer)


def test_a_round_is_answered_by_points(serving, keyed, registry, deployer):
    """Three labels an item, posted; each proof is of one item."""
    key, layout = new_key(deployer), pointed_layout(labels=3)
    circuit = keyed_circuit(keyed, key, layout)
    model_id = proofs_of(key, layout).register(registry, circuit, deployer)
    fields = {"layout": layout, "circuit": circuit, "model_id": model_id, "proves": key.proves}
    scene = replace(serving, scores=lambda index: [index, 20, 30], **fields)
    job = scene.contested(word_bytes=1)
    of_another = replace(scene, proves=lambda instances, _: key.proves(instances, 1))
    with reverts(scene.rounds.ServingRound_WrongInputs, index=0, size=1):
        scene.answer(job, of_another.proof(job, (0, 1)))
    with reverts(scene.rounds.ServingRound_WrongOutputs, index=0, size=1):
        scene.answer(job, scene.proof(job, (0, 1), outputs={0: [0, 20, 31]}))
    two = replace(scene.proof(job, (1, 1)), contests=(scene.opened(job, 1, 2),))
    with reverts(scene.rounds.ProofAcceptance_BadItemCount, actual=2, max=1):
        scene.answer(job, two)
    scene.answer(job)
    assert scene.state(job) == RoundState.SETTLED


@pytest.mark.parametrize("protocol", ["accuracy", "retrieval"])
def test_RevertWhen_an_input_by_its_point_is_to_be_sealed(
    protocol, accuracy, retrieval, registry, keyed, key, deployer
):
    """Its dispute would need the point of an input that the contract decrypts."""
    layout = pointed_layout()
    hashed = {"digestElements": 6, "saltElements": 4, "saltBits": 31}
    circuit = keyed_circuit(keyed, key, layout, **hashed)
    model_id = proofs_of(key, layout).register(registry, circuit, deployer)
    refused = {"elements": 0, "saltElements": 4, "maxElements": 1_024}
    post = {
        "accuracy": lambda: accuracy.posted(circuit_id=circuit_id_of(circuit)),
        "retrieval": lambda: retrieval.posted(model_id=model_id),
    }[protocol]
    contract = accuracy.bounty if protocol == "accuracy" else retrieval.bounty
    with reverts(contract.SealedItem_NotSealable, **refused):
        post()


# ---------------------------------------------------------------- hidden weights


@pytest.mark.parametrize("weights", [1, FIELD_MODULUS - 1, FIELD_MODULUS, 2**256 - 1])
def test_points_of_hidden_weights_have_any_commitment(registry, hidden, provider, weights):
    """A hash has 256 bits; only a digest is below r."""
    registry.registerModel(hidden.circuit_id, weights, sender=provider)
    model_id = model_id_of(hidden.circuit_id, weights)
    assert tuple(registry.models(model_id)) == (hidden.circuit_id, weights)


def test_RevertWhen_points_of_hidden_weights_have_no_commitment(registry, hidden, provider):
    with reverts(registry.ModelRegistry_BadWeightsCommitment, actual=0, hidden=True):
        registry.registerModel(hidden.circuit_id, 0, sender=provider)


def test_RevertWhen_a_circuit_without_points_of_weights_has_a_commitment(
    registry, world_by, key, provider
):
    with reverts(registry.ModelRegistry_BadWeightsCommitment, actual=1, hidden=False):
        registry.registerModel(world_by(key).circuit_id, 1, sender=provider)


def test_RevertWhen_points_of_hidden_weights_are_not_exact(registry, keyed, hidden_key, deployer):
    layout = replace(pointed_layout(10, HIDDEN), output_kind=OutputKind.SCORES, output_words=10)
    changes = {"exact": False, "tolerance": 1}
    circuit = keyed_circuit(keyed, hidden_key, layout, **changes)
    with reverts(registry.ModelRegistry_NotExact, because="hidden weights"):
        proof, instances = proofs_of(hidden_key, layout).sample()
        registry.registerCircuit(circuit, proof, instances, sender=deployer)


def test_one_circuit_has_many_models(registry, hidden, hidden_key, provider):
    other = hidden_key.other(seed=200)
    registry.registerModel(hidden.circuit_id, other.weights, sender=provider)
    model_id = model_id_of(hidden.circuit_id, other.weights)
    second = replace(hidden, model_id=model_id, proves=other.proves)
    for world in (hidden, second):
        job = world.locked()
        world.deliver(job)
        assert world.state(job) == State.PAID


@pytest.mark.parametrize("at", [0, 31, 32, HEAD - 1])
def test_RevertWhen_the_head_is_another(hidden, hidden_key, at):
    """Each byte of it, also where the verifier would take the proof."""
    job = hidden.locked()
    proof, instances = hidden.prove(job)
    proof = proof[:at] + bytes([proof[at] ^ 1]) + proof[at + 1 :]
    actual = int.from_bytes(keccak(proof[:HEAD]), "big")
    wrong = {"actual": actual, "allowed": hidden_key.weights}
    with reverts(hidden.predictions.ProofAcceptance_WrongWeights, **wrong):
        hidden.deliver(job, proven=(proof, instances))


def test_RevertWhen_the_weights_are_of_another_model(registry, hidden, hidden_key, provider):
    other = hidden_key.other(seed=200)
    registry.registerModel(hidden.circuit_id, other.weights, sender=provider)
    job = hidden.locked()
    wrong = {"actual": other.weights, "allowed": hidden_key.weights}
    with reverts(hidden.predictions.ProofAcceptance_WrongWeights, **wrong):
        hidden.deliver(job, proven=replace(hidden, proves=other.proves).prove(job))


# ---------------------------------------------------------------- condemnation


@BOTH
def test_another_label_of_the_same_points_condemns(pointed, key, attacker):
    pointed.condemn(attacker)
    assert pointed.registry.condemnedAt(pointed.circuit_id) != 0


@pytest.mark.parametrize("word", [8, 9])
def test_any_label_may_differ(pointed, key, attacker, word):
    one, other = pointed.proofs.sample()[1], pointed.proofs.sample()[1]
    other[word] += 1
    condemn(pointed, (key.proves(one), one), (key.proves(other), other), attacker)
    assert pointed.registry.condemnedAt(pointed.circuit_id) != 0


def condemn(world: World, one: Any, other: Any, by: Any) -> None:
    world.registry.condemn(world.circuit_id, *one, *other, sender=by)


@BOTH
@pytest.mark.parametrize("swapped", [False, True])
def test_RevertWhen_the_points_of_the_inputs_differ(pointed, key, attacker, swapped):
    """`word` is where the input's point begins."""
    proofs = [pointed.proofs.sample(), pointed.proofs.sample(inputs=1, outputs=1)]
    word = pointed.layout.instances + len(key.head) // 32
    with reverts(pointed.registry.ModelRegistry_DifferentStatement, word=word):
        condemn(pointed, *proofs[:: -1 if swapped else 1], attacker)


def test_RevertWhen_the_points_of_the_weights_differ(hidden, hidden_key, attacker):
    """`word` is where the proof begins."""
    other = replace(hidden, proves=hidden_key.other(seed=200).proves)
    proofs = hidden.proofs.sample(), other.proofs.sample(outputs=1)
    word = hidden.layout.instances
    with reverts(hidden.registry.ModelRegistry_DifferentStatement, word=word):
        condemn(hidden, *proofs, attacker)


def test_RevertWhen_only_the_context_differs(pointed, key, attacker):
    one, other = pointed.proofs.sample()[1], pointed.proofs.sample()[1]
    other[pointed.layout.context] += 1
    with reverts(pointed.registry.ModelRegistry_NoContradiction):
        condemn(pointed, (key.proves(one), one), (key.proves(other), other), attacker)


@BOTH
def test_RevertWhen_a_proof_to_condemn_by_is_short(pointed, key, attacker):
    sample = pointed.proofs.sample()
    least = len(key.head) or 64
    for proofs in ((sample, (b"", sample[1])), ((b"", sample[1]), sample)):
        with reverts(pointed.registry.Statement_ShortProof, actual=0, least=least):
            condemn(pointed, *proofs, attacker)


# ---------------------------------------------------------------- self-test


@pytest.mark.parametrize("points", [0, HIDDEN], ids=["public", "hidden"])
def test_each_word_and_point_must_matter(registry, project, deployer, points):
    """A verifier that leaves one of them out of its check is found."""
    blind, key = deployer.deploy(project.BlindKeyedVerifier), new_key(deployer, points)
    layout = pointed_layout(weight_points=points)
    instances = proofs_of(key, layout).sample()[1]
    first = layout.instances  # of the proof's words
    ys = {first + len(key.head) // 32 + 1} | ({first + 2} if points else set())
    for word in sorted({layout.context, layout.outputs, first - 1, *ys}):
        blind.leaveOut(word, sender=deployer)
        points_ = key.head + point(0)
        seen = b"".join(one.to_bytes(32, "big") for one in instances) + points_
        seen = seen[: 32 * word] + bytes(32) + seen[32 * word + 32 :]
        circuit = keyed_circuit(blind, key, layout)
        with reverts(registry.ModelRegistry_FalseSampleAccepted, word=word):
            proof = points_ + keccak(seen)
            registry.registerCircuit(circuit, proof, instances, sender=deployer)


def test_RevertWhen_a_point_and_its_negation_are_the_same(registry, project, deployer):
    """What is changed is a point again: a verifier must not refuse it for being none."""
    signless, key = deployer.deploy(project.SignlessVerifier), new_key(deployer)
    layout = pointed_layout()
    instances = proofs_of(key, layout).sample()[1]
    words = b"".join(one.to_bytes(32, "big") for one in instances)
    proof = point(0) + keccak(words + point(0)[:32])
    with reverts(registry.ModelRegistry_FalseSampleAccepted, word=layout.instances + 1):
        circuit = keyed_circuit(signless, key, layout)
        registry.registerCircuit(circuit, proof, instances, sender=deployer)


def test_the_self_test_leaves_the_sample_as_it_was(registry, project, deployer):
    """One change at a time: a second one would hide that the first was not seen."""
    blind, key = deployer.deploy(project.BlindKeyedVerifier), new_key(deployer, HIDDEN)
    layout = pointed_layout(weight_points=HIDDEN)
    instances, points = proofs_of(key, layout).sample()[1], key.head + point(0)
    words = b"".join(one.to_bytes(32, "big") for one in instances) + points
    unread = layout.instances  # the digest of the key, which nothing of the self-test changes
    blind.leaveOut(unread, sender=deployer)
    seen = words[: 32 * unread] + bytes(32) + words[32 * unread + 32 :]
    circuit = keyed_circuit(blind, key, layout)
    proof = points + keccak(seen)
    assert registry.registerCircuit(circuit, proof, instances, sender=deployer).events
