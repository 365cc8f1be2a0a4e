"""ModelRegistry: circuits, their self-test, models and condemnation."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from ape.exceptions import ContractLogicError
from eth_utils.crypto import keccak

from prover.chain.abi.contract import REGISTRY, abi
from prover.chain.abi.contract import contract as web3_contract
from prover.protocol.registry.state import circuit_id_of, model_id_of
from prover.statement.field import FIELD_MODULUS
from prover.statement.layout import Layout, OutputKind
from prover.statement.sealing import Sealing
from tests.contracts.keyed import keyed_circuit, new_key, pointed_layout
from tests.contracts.reverting import revert_data, reverts
from tests.contracts.scenario import Proofs, circuit_of, hidden_layout, mock_proof, public_layout
from tests.contracts.sealed import chunked_layout

ANSWERS = ("Honest", "True", "False", "Two", "Nothing", "OneByte", "TwoWords")
CANONICAL = 11  # OddVerifier.Answer
DELEGATION = bytes.fromhex("ef0100") + b"\x42" * 20
SELF_TEST_GAS = 1_812_791  # an acceptance and six refusals, a tenth more each, fit


@pytest.fixture
def odd_verifier(project, deployer):
    return deployer.deploy(project.OddVerifier)


@pytest.fixture
def register(registry, deployer):
    """Registers a circuit with its sample, or with another."""

    def send(circuit: tuple[Any, ...], sample: Any = None, **options: Any) -> Any:
        proof, instances = sample or Proofs(public_layout()).sample()
        return registry.registerCircuit(circuit, proof, instances, sender=deployer, **options)

    return send


def bent(layout: Layout, **fields: int) -> tuple[int, ...]:
    """A layout with fields that the Python class would refuse."""
    return tuple((layout.to_dict() | fields).values())


# ---------------------------------------------------------------- registerCircuit


def test_registers_a_circuit(register, registry, verifier, deployer):
    circuit = circuit_of(verifier, public_layout(), artifactDigest=b"\x01" * 32)

    receipt = register(circuit)

    circuit_id = circuit_id_of(circuit)
    event, view = as_web3(registry, receipt)
    assert event["circuitId"] == circuit_id
    assert event["registrant"] == deployer
    assert plain(event["circuit"]) == plain(view(circuit_id)) == plain(circuit)
    assert registry.condemnedAt(circuit_id) == 0


def as_web3(registry, receipt):
    """The one event's arguments, and the view `circuits`: ape cannot decode a field `items`."""
    contract = web3_contract(registry.provider.web3, REGISTRY, registry.address)
    (log,) = receipt.logs
    event = contract.events.CircuitRegistered().process_log(log)
    return event["args"], lambda circuit_id: contract.functions.circuits(circuit_id).call()


def plain(value: Any) -> Any:
    """Tuples and structs alike, addresses in lower case."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        return [plain(entry) for entry in value]
    return value.lower() if isinstance(value, str) else value


def test_the_id_covers_every_field(register, registry, verifier):
    """A copy with another layout or domain is another circuit: condemning it harms nobody."""
    layout = public_layout()
    variants = [
        circuit_of(verifier, layout, artifactDigest=b"\x01" * 32),
        circuit_of(verifier, layout, artifactDigest=b"\x02" * 32),
        circuit_of(verifier, layout, inputMax=126),
        circuit_of(verifier, layout, sealing=Sealing(4, 2, 1, 8).to_abi()),
        circuit_of(verifier, layout, exact=False, tolerance=1),
    ]
    ids = {bytes(register(circuit).logs[0]["topics"][1]) for circuit in variants}
    assert ids == {circuit_id_of(circuit) for circuit in variants}
    assert len(ids) == len(variants)


def test_registering_again_returns_the_id(register, registry, world, attacker):
    """Without a proof: the first registration was tested."""
    answer = registry.registerCircuit.call(world.circuit, b"", [], sender=attacker)
    assert answer == world.circuit_id
    assert not register(world.circuit, (b"", [])).events


def test_the_last_instance_may_be_the_greatest(register, verifier):
    circuit = circuit_of(verifier, public_layout(), artifactDigest=b"\x01" * 32)
    assert register(circuit, greatest_sample()).logs


def test_RevertWhen_only_the_field_is_checked(register, registry, odd_verifier, deployer):
    """The changed sample stays below r: it is refused as a false proof or not at all."""
    odd_verifier.set(CANONICAL, sender=deployer)
    with reverts(registry.ModelRegistry_FalseSampleAccepted, word=31):
        register(circuit_of(odd_verifier, public_layout()), greatest_sample())


def greatest_sample() -> tuple[bytes, list[int]]:
    """A sample whose last instance is r - 1."""
    instances = Proofs(public_layout()).sample()[1]
    instances[-1] = FIELD_MODULUS - 1
    return mock_proof(instances), instances


def test_RevertWhen_the_verifier_has_no_code(register, registry, verifier, attacker):
    circuit = circuit_of(verifier, public_layout(), verifier=attacker.address)
    with reverts(registry.ModelRegistry_VerifierWithoutCode, verifier=attacker):
        register(circuit)


def test_RevertWhen_the_verifier_is_a_delegation(register, registry, verifier, attacker, chain):
    chain.provider.set_code(attacker.address, "0x" + DELEGATION.hex())
    circuit = circuit_of(
        verifier, public_layout(), verifier=attacker.address, codeHash=keccak(DELEGATION)
    )
    with reverts(registry.ModelRegistry_DelegatedVerifier, verifier=attacker):
        register(circuit)


def test_RevertWhen_the_code_has_another_hash(register, registry, verifier):
    circuit = circuit_of(verifier, public_layout(), codeHash=b"\x01" * 32)
    actual = circuit_of(verifier, public_layout())[2]
    with reverts(registry.ModelRegistry_WrongCodeHash, actual=actual, allowed=b"\x01" * 32):
        register(circuit)


@pytest.mark.parametrize(
    ("fields", "section", "actual", "allowed"),
    [
        ({"items": 0}, "items", 0, 1),
        ({"input_words": 0}, "items", 3, 1),
        ({"context_echo_words": 2}, "contextEcho", 2, 10),
        ({"context_echo_words": 0}, "instances", 6, 32),
        ({"weight_words": 2}, "weightWords", 2, 1),
        ({"weight_words": 1, "weight_points": 1}, "weightWords", 1, 0),
        ({"classes": 0}, "classes", 0, 1),
        ({"classes": 3}, "outputs", 2, 3),
        ({"output_kind": OutputKind.LABEL, "output_words": 0}, "outputs", 0, 2),
        ({"output_kind": OutputKind.LABEL, "output_words": 3}, "outputs", 3, 2),
        ({"output_words": 1}, "outputs", 1, 2),
        ({"output_words": 3}, "outputs", 3, 2),
        ({"instances": 31}, "instances", 32, 31),
        ({"instances": 33}, "instances", 32, 33),
        ({"context": 21}, "instances", 22, 32),
        ({"inputs": 1}, "instances", 0, 32),
        ({"weight_words": 1, "weights": 31}, "overlap", 33, 32),
        ({"outputs": 6}, "instances", 16, 32),
    ],
    ids=str,
)
def test_RevertWhen_the_sections_do_not_tile(
    register, registry, verifier, fields, section, actual, allowed
):
    circuit = circuit_of(verifier, public_layout(), statement=bent(public_layout(), **fields))
    wrong = {"section": section, "actual": actual, "allowed": allowed}
    with reverts(registry.ModelRegistry_BadLayout, **wrong):
        register(circuit)


@pytest.mark.parametrize(("bits", "total"), [(11, 110), (26, 260), (0, 0)])
def test_RevertWhen_the_context_binds_too_few_or_too_many_bits(
    register, registry, verifier, bits, total
):
    statement = bent(public_layout(), context_bits=bits)
    circuit = circuit_of(verifier, public_layout(), statement=statement)
    with reverts(registry.ModelRegistry_BadContextBits, actual=total, min=120, max=253):
        register(circuit)


@pytest.mark.parametrize("bits", [12, 25])
def test_takes_the_fewest_and_the_most_bits(register, verifier, bits):
    statement = bent(public_layout(), context_bits=bits)
    assert register(circuit_of(verifier, public_layout(), statement=statement)).events


def test_RevertWhen_the_input_domain_is_empty(register, registry, verifier):
    circuit = circuit_of(verifier, public_layout(), inputMin=1, inputMax=0)
    with reverts(registry.ModelRegistry_BadDomain, inputMin=1, inputMax=0):
        register(circuit)


VALUES, DIGITS = Sealing(6, 6, 4, 31), Sealing(13, 5, 1, 254, 8, 31, b"\1" * 32)
# Of one digest of values from -128 to 127; name of the field -> sealings.
BAD_VALUES = {
    "saltElements": [Sealing(6, 6, 0, 31), Sealing(6, 6, 6, 31), Sealing(6, 0, 0, 31)],
    "elements": [
        *(replace(VALUES, elements=elements) for elements in (0, 4, 7, 12)),
        Sealing(salt_bits=1),
        Sealing(padding_root=b"\1" * 32),
    ],
    "saltBits": [replace(VALUES, salt_bits=bits) for bits in (0, 32, 63)],
    "digits": [replace(VALUES, digits=1), replace(VALUES, padding_root=b"\1" * 32)],
}
# Of three digests of packed digits of the same values.
BAD_DIGITS = {
    "elements": [replace(DIGITS, elements=elements) for elements in (10, 11, 16)],
    "saltBits": [replace(DIGITS, salt_bits=bits) for bits in (0, 255)],
    "digits": [replace(DIGITS, digits=digits) for digits in (0, 32)],
    "domain": [replace(DIGITS, digit_bits=7)],
    "paddingRoot": [replace(DIGITS, padding_root=bytes(32))],
}
BAD_SEALINGS = [
    (chunks, field, sealing)
    for chunks, bad in ((1, BAD_VALUES), (3, BAD_DIGITS))
    for field, sealings in bad.items()
    for sealing in sealings
]


@pytest.fixture
def sealing_circuit(verifier):
    def make(chunks, sealing, **domain):
        layout = chunked_layout(chunks, hidden=False)
        return circuit_of(verifier, layout, sealing=sealing.to_abi(), **domain)

    return make


def sealed_sample(chunks):
    return Proofs(chunked_layout(chunks, hidden=False)).sample()


@pytest.mark.parametrize(("chunks", "field", "sealing"), BAD_SEALINGS)
def test_RevertWhen_items_cannot_be_sealed_so(
    register, registry, sealing_circuit, chunks, field, sealing
):
    with reverts(registry.ModelRegistry_BadSealing, field=field):
        register(sealing_circuit(chunks, sealing), sealed_sample(chunks))


@pytest.mark.parametrize(
    ("chunks", "sealing", "domain"),
    [
        (1, VALUES, (-(2**31) - 1, 0)),
        (1, VALUES, (0, 2**31)),
        (3, DIGITS, (1, 2)),
        (3, DIGITS, (-256, -1)),
        (3, DIGITS, (-255, 1)),
        (3, DIGITS, (-(2**63), 2**63 - 1)),
    ],
)
def test_RevertWhen_the_domain_does_not_fit_elements(
    register, registry, sealing_circuit, chunks, sealing, domain
):
    circuit = sealing_circuit(chunks, sealing, inputMin=domain[0], inputMax=domain[1])
    with reverts(registry.ModelRegistry_BadSealing, field="domain"):
        register(circuit, sealed_sample(chunks))


@pytest.mark.parametrize(
    ("chunks", "sealing", "domain"),
    [
        (1, VALUES, (-(2**31), 2**31 - 1)),
        (1, replace(VALUES, salt_bits=1), (-128, 127)),
        (1, Sealing(2, 2, 1, 31), (-128, 127)),
        (2, Sealing(11, 6, 4, 31), (-128, 127)),
        (3, DIGITS, (-128, 127)),
        (3, replace(DIGITS, elements=12), (0, 255)),
        (3, replace(DIGITS, elements=15, salt_bits=1), (-255, 0)),
        (3, replace(DIGITS, digit_bits=253, digits=1), (-(2**63), 2**63 - 1)),
    ],
)
def test_takes_sealings_at_their_bounds(register, sealing_circuit, chunks, sealing, domain):
    circuit = sealing_circuit(chunks, sealing, inputMin=domain[0], inputMax=domain[1])
    assert register(circuit, sealed_sample(chunks)).logs


@pytest.mark.parametrize(("exact", "tolerance"), [(True, 1), (False, 0)])
def test_RevertWhen_exact_and_tolerance_contradict(register, registry, verifier, exact, tolerance):
    circuit = circuit_of(verifier, public_layout(), exact=exact, tolerance=tolerance)
    with reverts(registry.ModelRegistry_BadTolerance, actual=tolerance, exact=exact):
        register(circuit)


def test_RevertWhen_hidden_weights_are_not_exact(register, registry, verifier):
    statement = bent(hidden_layout(), output_kind=0, classes=1)
    circuit = circuit_of(verifier, hidden_layout(), statement=statement, exact=False, tolerance=1)
    with reverts(registry.ModelRegistry_NotExact, because="hidden weights"):
        register(circuit)


def test_RevertWhen_a_label_is_not_exact(register, registry, verifier):
    layout = bent(public_layout(), output_kind=1, output_words=1, context=19, instances=29)
    circuit = circuit_of(verifier, public_layout(), statement=layout, exact=False, tolerance=1)
    with reverts(registry.ModelRegistry_NotExact, because="label output"):
        register(circuit)


# ---------------------------------------------------------------- self-test


def test_RevertWhen_the_sample_is_refused(register, registry, verifier):
    circuit = circuit_of(verifier, public_layout(), artifactDigest=b"\x01" * 32)
    instances = Proofs(public_layout()).sample()[1]
    with reverts(registry.ModelRegistry_SampleRefused, gasAllowed=SELF_TEST_GAS):
        register(circuit, (bytes(32), instances))


def test_RevertWhen_any_proof_is_accepted(register, registry, odd_verifier, deployer):
    odd_verifier.set(ANSWERS.index("True"), sender=deployer)
    with reverts(registry.ModelRegistry_FalseSampleAccepted, word=31):
        register(circuit_of(odd_verifier, public_layout()))


@pytest.mark.parametrize("answer", ANSWERS[2:])
def test_RevertWhen_the_answer_is_anything_but_true(
    register, registry, odd_verifier, deployer, answer
):
    odd_verifier.set(ANSWERS.index(answer), sender=deployer)
    with reverts(registry.ModelRegistry_SampleRefused, gasAllowed=SELF_TEST_GAS):
        register(circuit_of(odd_verifier, public_layout()))


def test_RevertWhen_the_sample_has_another_length(register, registry, verifier):
    circuit = circuit_of(verifier, public_layout(), artifactDigest=b"\x01" * 32)
    proof, instances = Proofs(public_layout()).sample()
    with reverts(registry.Statement_WrongInstanceCount, actual=31, allowed=32):
        register(circuit, (proof, instances[:-1]))


def test_RevertWhen_the_sample_is_not_canonical(register, registry, verifier):
    circuit = circuit_of(verifier, public_layout(), artifactDigest=b"\x01" * 32)
    instances = Proofs(public_layout()).sample()[1]
    instances[3] = FIELD_MODULUS
    with reverts(registry.Statement_OutOfField, word=3, value=FIELD_MODULUS):
        register(circuit, (bytes(32), instances))


@pytest.mark.parametrize(("gas", "needed"), [(1_870_000, 1_851_565), (2_045_000, 2_035_721)])
def test_RevertWhen_there_is_too_little_gas_to_tell(register, registry, verifier, gas, needed):
    """A refusal for want of gas must not pass for an answer, in neither half of the test."""
    circuit = circuit_of(verifier, public_layout(), artifactDigest=b"\x01" * 32)
    with pytest.raises(ContractLogicError) as caught:
        register(circuit, gas_limit=gas)
    data = revert_data(caught.value)
    assert data[:4] == keccak(text="ModelRegistry_TooLittleGas(uint256,uint256)")[:4]
    assert int.from_bytes(data[4:36], "big") < int.from_bytes(data[36:], "big") == needed


def test_succeeds_with_a_little_more_gas(register, verifier):
    circuit = circuit_of(verifier, public_layout(), artifactDigest=b"\x01" * 32)
    assert register(circuit, gas_limit=2_500_000).events


@pytest.mark.parametrize("layout", [public_layout(), hidden_layout()], ids=["public", "hidden"])
def test_the_first_word_of_each_section_must_matter(register, registry, project, deployer, layout):
    """A verifier that leaves one word out of its check is found, whichever section it begins."""
    blind = deployer.deploy(project.BlindVerifier)
    proofs = Proofs(layout, 5 if layout.weight_words else 0)
    words = {layout.context, layout.context_echo, layout.inputs, layout.outputs}
    words |= {layout.weights} if layout.weight_words else set()
    for word in sorted({*words, layout.instances - 1}):
        instances = proofs.sample()[1]
        blind.leaveOut(word, sender=deployer)
        seen = [0 if at == word else one for at, one in enumerate(instances)]
        with reverts(registry.ModelRegistry_FalseSampleAccepted, word=word):
            register(circuit_of(blind, layout), (mock_proof(seen), instances))


def test_the_dearest_registration_fits_into_a_transaction(
    register, registry, project, deployer, chain
):
    """Accepting and all six refusals take all the gas that they may, with a sample of 120 KiB."""
    layout = widest_layout()
    dear = deployer.deploy(project.DearVerifier)
    circuit = circuit_of(dear, layout)
    greatest = [FIELD_MODULUS - 2] * layout.instances
    receipt = register(circuit, (b"\xff" * 32, greatest), gas_limit=16_777_216)
    assert receipt.logs
    assert 15_900_000 < receipt.gas_used < 16_777_216


def test_the_dearest_registration_by_points_fits_too(register, project, deployer):
    """The same of a circuit with a key, hidden weights and an input by points, and many labels."""
    key, dear = new_key(deployer), deployer.deploy(project.DearVerifier)
    labels, points = 3_600, 2
    layout = replace(
        pointed_layout(labels, points),
        instances=labels + 9,
        context_echo=labels + 8,
        context_echo_words=1,
    )
    words = [FIELD_MODULUS - 2] * layout.instances
    proof = (FIELD_MODULUS - 2).to_bytes(32, "big") * (3 + 2 * points)
    circuit = keyed_circuit(dear, key, layout)
    receipt = register(circuit, (proof, words), gas_limit=16_777_216)
    assert receipt.logs
    assert 15_900_000 < receipt.gas_used < 16_777_216


def widest_layout() -> Layout:
    """All sections, in as many words as fit a transaction of 128 KiB."""
    inputs = 3_810
    return Layout(
        instances=inputs + 11,
        items=1,
        context=inputs + 3,
        context_limbs=8,
        context_bits=17,
        context_echo=inputs,
        context_echo_words=1,
        inputs=0,
        input_words=inputs,
        weights=inputs + 1,
        weight_words=1,
        weight_points=0,
        outputs=inputs + 2,
        output_words=1,
        output_kind=OutputKind.LABEL,
        classes=10,
    )


# ---------------------------------------------------------------- registerModel


@pytest.mark.parametrize("weights", [1, FIELD_MODULUS - 1])
def test_registers_a_model_of_hidden_weights(registry, hidden_world, provider, weights):
    circuit_id = hidden_world.circuit_id

    receipt = registry.registerModel(circuit_id, weights, sender=provider)

    model_id = model_id_of(circuit_id, weights)
    (event,) = receipt.events
    assert event.event_name == "ModelRegistered"
    assert (event.modelId, event.circuitId) == (model_id, circuit_id)
    assert event.weightsCommitment == weights
    assert tuple(registry.models(model_id)) == (circuit_id, weights)


def test_registering_a_model_again_returns_the_id(registry, world, attacker):
    answer = registry.registerModel.call(world.circuit_id, 0, sender=attacker)
    assert answer == world.model_id
    assert not registry.registerModel(world.circuit_id, 0, sender=attacker).events


def test_RevertWhen_fixed_weights_have_a_commitment(registry, world, provider):
    with reverts(registry.ModelRegistry_BadWeightsCommitment, actual=1, hidden=False):
        registry.registerModel(world.circuit_id, 1, sender=provider)


@pytest.mark.parametrize("weights", [0, FIELD_MODULUS, 2**256 - 1])
def test_RevertWhen_hidden_weights_have_none(registry, hidden_world, provider, weights):
    with reverts(registry.ModelRegistry_BadWeightsCommitment, actual=weights, hidden=True):
        registry.registerModel(hidden_world.circuit_id, weights, sender=provider)


def test_RevertWhen_a_model_has_no_circuit(registry, provider):
    with reverts(registry.ModelRegistry_UnknownCircuit, circuitId=b"\x01" * 32):
        registry.registerModel(b"\x01" * 32, 0, sender=provider)


def test_nothing_can_be_said_that_no_rule_checks():
    """Every event follows from a circuit's self-test, a model's circuit or a contradiction."""
    names = {entry["name"] for entry in abi(REGISTRY) if entry["type"] == "event"}
    assert names == {"CircuitRegistered", "ModelRegistered", "CircuitCondemned"}


def test_RevertWhen_an_id_is_unknown(registry, attacker):
    unknown = b"\x01" * 32
    with reverts(registry.ModelRegistry_UnknownCircuit, circuitId=unknown):
        registry.circuits.transact(unknown, sender=attacker)
    for view in (registry.models, registry.condemnation, registry.verification):
        with reverts(registry.ModelRegistry_UnknownModel, modelId=unknown):
            view.transact(unknown, sender=attacker)


# ---------------------------------------------------------------- condemn


def test_a_contradiction_condemns(registry, world, attacker):
    assert tuple(registry.condemnation(world.model_id)) == (world.circuit_id, 0)

    receipt = world.condemn(attacker)

    (event,) = receipt.events
    assert event.event_name == "CircuitCondemned"
    assert (event.circuitId, event.condemner) == (world.circuit_id, attacker)
    assert registry.condemnedAt(world.circuit_id) == receipt.timestamp
    assert tuple(registry.condemnation(world.model_id)) == (world.circuit_id, receipt.timestamp)


@pytest.mark.parametrize("word", ["first", "last"])
def test_any_output_word_may_differ(registry, world, auditor, word):
    instances = world.proofs.sample()[1]
    outputs = world.layout.sections()["outputs"]
    changed = list(instances)
    changed[outputs[0 if word == "first" else -1]] += 1
    condemn(registry, world, instances, changed, auditor)
    assert registry.condemnedAt(world.circuit_id) != 0


def condemn(registry, world, a, b, by):
    """By mock proofs of the instances given."""
    proofs = (mock_proof(a), a, mock_proof(b), b)
    return registry.condemn(world.circuit_id, *proofs, sender=by)


def test_RevertWhen_it_is_condemned_already(registry, world):
    world.condemn()
    with reverts(registry.ModelRegistry_AlreadyCondemned, circuitId=world.circuit_id):
        world.condemn()


def test_RevertWhen_the_circuit_is_unknown(registry, attacker):
    with reverts(registry.ModelRegistry_UnknownCircuit, circuitId=b"\x01" * 32):
        registry.condemn(b"\x01" * 32, b"", [], b"", [], sender=attacker)


def test_RevertWhen_the_circuit_is_not_exact(register, registry, verifier, attacker):
    """There two honest proofs may differ."""
    circuit = circuit_of(verifier, public_layout(), exact=False, tolerance=2)
    register(circuit)
    proofs = Proofs(public_layout())
    with reverts(registry.ModelRegistry_NotExact, because="condemn"):
        registry.condemn(
            circuit_id_of(circuit), *proofs.sample(), *proofs.sample(outputs=1), sender=attacker
        )


@pytest.mark.parametrize("section", ["inputs", "weights"])
@pytest.mark.parametrize("end", [0, -1])
def test_RevertWhen_inputs_or_weights_differ(registry, hidden_world, attacker, section, end):
    a, b = hidden_world.proofs.sample()[1], hidden_world.proofs.sample(outputs=1)[1]
    word = hidden_world.layout.sections()[section][end]
    b[word] += 1
    with reverts(registry.ModelRegistry_DifferentStatement, word=word):
        condemn(registry, hidden_world, a, b, attacker)


def test_RevertWhen_the_last_input_word_of_a_batch_differs(registry, world, attacker):
    a, b = world.proofs.sample()[1], world.proofs.sample(outputs=1)[1]
    word = world.layout.sections()["inputs"][-1]
    b[word] += 1
    with reverts(registry.ModelRegistry_DifferentStatement, word=word):
        condemn(registry, world, a, b, attacker)


def test_RevertWhen_only_the_context_differs(registry, world, attacker):
    """Two proofs of one statement for two jobs are no contradiction."""
    a, b = world.proofs.sample()[1], world.proofs.sample()[1]
    b[world.layout.context] += 1
    with reverts(registry.ModelRegistry_NoContradiction):
        condemn(registry, world, a, b, attacker)


@pytest.mark.parametrize("false", [0, 1])
def test_RevertWhen_one_of_the_proofs_is_false(registry, world, attacker, false):
    proofs = [world.proofs.sample(), world.proofs.sample(outputs=1)]
    proofs[false] = (bytes(32), proofs[false][1])
    with reverts(registry.ModelRegistry_ProofRejected, circuitId=world.circuit_id):
        registry.condemn(world.circuit_id, *proofs[0], *proofs[1], sender=attacker)


@pytest.mark.parametrize("which", [0, 1])
def test_RevertWhen_instances_to_condemn_are_not_canonical(registry, world, attacker, which):
    pair = [world.proofs.sample()[1], world.proofs.sample(outputs=1)[1]]
    output = world.layout.outputs
    pair[which][output] += FIELD_MODULUS
    wrong = {"word": output, "value": pair[which][output]}
    with reverts(registry.Statement_OutOfField, **wrong):
        registry.condemn(world.circuit_id, b"", pair[0], b"", pair[1], sender=attacker)


def test_RevertWhen_the_verifier_to_condemn_by_is_another(registry, world, attacker, chain):
    chain.provider.set_code(world.circuit[0], "0x60015f5260205ff3")
    actual = keccak(bytes.fromhex("60015f5260205ff3"))
    wrong = {"actual": actual, "allowed": world.circuit[2]}
    with reverts(registry.ModelRegistry_WrongCodeHash, **wrong):
        world.condemn(attacker)
