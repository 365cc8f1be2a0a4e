"""The Statement library, against the vectors that prover/statement makes too."""

from itertools import chain
from typing import Any

import pytest
from eth_utils.crypto import keccak

from prover.statement.context import JobContext
from prover.statement.field import FIELD_MODULUS, decode_signed
from prover.statement.layout import OutputKind
from tests.contracts.reverting import reverts
from tests.contracts.vectors import load, unhex, words

VECTORS = load("statement")
LAYOUTS = VECTORS["layouts"]
JOB_ID, MODEL_ID = b"\x77" * 32, b"\x78" * 32


@pytest.fixture(scope="session")
def library(project, deployer):
    return deployer.deploy(project.LibraryHarness)


@pytest.fixture(params=LAYOUTS, ids=lambda vector: vector["name"])
def vector(request):
    return request.param


@pytest.fixture
def layout(vector):
    return vector["abi"]


@pytest.fixture
def proof(vector):
    return unhex(vector["proof"])


@pytest.fixture
def instances(vector):
    return words(vector["instances"])


def test_the_modulus_is_that_of_the_vectors():
    assert int(VECTORS["modulus"], 16) == FIELD_MODULUS


def test_commitments_are_those_of_the_vectors(library, vector, layout, proof, instances):
    for item, commitment in enumerate(vector["inputCommitments"]):
        assert library.inputCommitment(layout, proof, instances, item) == unhex(commitment)
    items = vector["layout"]["items"]
    assert library.inputsHash(layout, proof, instances, items) == unhex(vector["inputsHash"])
    assert library.inputsHash(layout, proof, instances, 1) == unhex(vector["inputsHashOfFirst"])


def head_of(vector: dict[str, Any]) -> int:
    """Bytes of a proof that commit to hidden weights."""
    points = vector["layout"]["weight_points"]
    return 32 + 64 * points if points else 0


POINTED = [vector for vector in LAYOUTS if not vector["layout"]["input_words"]]
HIDDEN = [vector for vector in LAYOUTS if vector["layout"]["weight_points"]]


@pytest.mark.parametrize("vector", POINTED, ids=lambda vector: vector["name"])
def test_the_input_is_the_point_behind_the_head(library, vector, layout, proof, instances):
    start = head_of(vector)
    expected = keccak(proof[start : start + 64])
    assert library.inputCommitment(layout, proof, instances, 0) == expected
    assert library.inputCommitment(layout, proof[: start + 64], instances, 0) == expected
    for place in (start, start + 63):
        assert library.inputCommitment(layout, bent(proof, place), instances, 0) != expected
    for place in {max(start - 1, 0), start + 64} - {start}:
        assert library.inputCommitment(layout, bent(proof, place), instances, 0) == expected


@pytest.mark.parametrize("vector", HIDDEN, ids=lambda vector: vector["name"])
def test_hidden_weights_are_the_whole_head(library, vector, layout, proof, instances):
    end = head_of(vector)
    expected = int.from_bytes(keccak(proof[:end]), "big")
    assert library.weightsOf(layout, proof, instances) == expected
    assert library.weightsOf(layout, proof[:end], instances) == expected
    assert library.weightsOf(layout, bent(proof, end), instances) == expected
    for place in (0, 31, 32, end - 1):
        assert library.weightsOf(layout, bent(proof, place), instances) != expected


def bent(proof: bytes, place: int) -> bytes:
    """With one bit of one byte turned over."""
    return proof[:place] + bytes([proof[place] ^ 1]) + proof[place + 1 :]


@pytest.mark.parametrize("vector", POINTED, ids=lambda vector: vector["name"])
def test_RevertWhen_the_proof_ends_within_its_point(library, attacker, vector, layout, instances):
    least = head_of(vector) + 64
    for length in {0, least - 65, least - 64, least - 33, least - 1} & set(range(least)):
        short = (layout, b"\x01" * length, instances)
        with reverts(library.Statement_ShortProof, actual=length, least=least):
            library.inputCommitment.transact(*short, 0, sender=attacker)
        with reverts(library.Statement_ShortProof, actual=length, least=least):
            library.inputsHash.transact(*short, 1, sender=attacker)


@pytest.mark.parametrize("vector", HIDDEN, ids=lambda vector: vector["name"])
def test_RevertWhen_the_proof_ends_within_its_head(library, attacker, vector, layout, instances):
    least = head_of(vector)
    for length in (0, 31, 32, least - 64, least - 1):
        with reverts(library.Statement_ShortProof, actual=length, least=least):
            short = (layout, b"\x01" * length, instances)
            library.weightsOf.transact(*short, sender=attacker)


def test_a_word_of_a_proof_is_read_where_it_stands(library, attacker):
    proof = bytes(range(1, 97))
    for place in (0, 1, 32, 64):
        assert library.wordAt(proof, place) == int.from_bytes(proof[place : place + 32], "big")
    with reverts(library.Statement_ShortProof, actual=96, least=97):
        library.wordAt.transact(proof, 65, sender=attacker)


def test_outputs_are_those_of_the_vectors(library, vector, layout, instances):
    rows = [[int(value) for value in row] for row in vector["outputs"]]
    for items in range(1, len(rows) + 1):
        found = library.outputsOf(layout, instances, items)
        assert [decode_signed(word) for word in found] == [*chain.from_iterable(rows[:items])]


@pytest.mark.parametrize("vector", VECTORS["signed"], ids=lambda vector: vector["value"])
def test_upper_elements_are_negative(library, vector):
    assert library.signedOf(int(vector["element"], 16)) == int(vector["value"])


@pytest.mark.parametrize("element", VECTORS["unsigned_out_of_range"])
def test_what_127_bits_do_not_hold_is_refused(library, attacker, element):
    element = int(element, 16)
    with reverts(library.Statement_OutOfRange, element=element):
        library.signedOf.transact(element, sender=attacker)


def test_weights_are_a_word_a_head_or_zero(library, vector, layout, proof, instances):
    start, end = vector["sections"]["weights"]
    found = library.weightsOf(layout, proof, instances)
    assert found == int(vector["weightsCommitment"], 16)
    if not head_of(vector):
        assert found == (instances[start] if end > start else 0)


def test_the_label_is_the_first_word_or_the_greatest_score(library, vector, layout, instances):
    rows = [[int(value) for value in row] for row in vector["outputs"]]
    labels = vector["layout"]["output_kind"] == OutputKind.LABEL
    for item, row in enumerate(rows):
        expected = (row[0] % 2**256, row[0] >= 0) if labels else (row.index(max(row)), True)
        assert tuple(library.labelOf(layout, instances, item)) == expected


def test_context_is_that_of_this_chain_contract_and_model(library, payee):
    expected = JobContext.of(31337, library.address, JOB_ID, payee.address, MODEL_ID).hash()
    assert library.contextOf(JOB_ID, payee, MODEL_ID) == expected
    assert library.contextOf(JOB_ID, payee, bytes(32)) != expected


@pytest.mark.parametrize("context", VECTORS["contexts"], ids=lambda context: str(context["limbs"]))
def test_context_limbs_are_those_of_the_vectors(library, context):
    """In a layout of nothing but context: each limb counts, and no bit above the last."""
    limbs, bits, value = context["limbs"], context["bits"], int(context["hash"], 16)
    layout = [limbs, 1, 0, limbs, bits, *([0] * 11)]
    found = words(context["words"])
    assert library.hasContext(layout, found, value)
    assert library.hasContext(layout, found, value ^ 1 << limbs * bits)
    for limb in range(limbs):
        changed = [word ^ (place == limb) for place, word in enumerate(found)]
        assert not library.hasContext(layout, changed, value)
        assert not library.hasContext(layout, found, value ^ 1 << limb * bits)
        assert not library.hasContext(layout, found, value ^ 1 << (limb + 1) * bits - 1)


def test_the_context_is_read_at_its_offset(library, vector, layout, instances):
    start, end = vector["sections"]["context"]
    bits = vector["layout"]["context_bits"]
    limbs = [7 + limb for limb in range(end - start)]
    instances[start:end] = limbs
    context = sum(limb << place * bits for place, limb in enumerate(limbs))
    assert library.hasContext(layout, instances, context)
    instances[end - 1] += 1
    assert not library.hasContext(layout, instances, context)


def test_canonical_instances_pass(library, vector, layout, instances):
    library.requireCanonical(layout, instances)
    library.requireCanonical(layout, [FIELD_MODULUS - 1] * len(instances))


@pytest.mark.parametrize("value", [FIELD_MODULUS, 2**256 - 1])
def test_RevertWhen_any_instance_is_out_of_the_field(library, attacker, layout, instances, value):
    for word in (0, len(instances) - 1):
        changed = [*instances[:word], value, *instances[word + 1 :]]
        with reverts(library.Statement_OutOfField, word=word, value=value):
            library.requireCanonical.transact(layout, changed, sender=attacker)


@pytest.mark.parametrize("change", [-1, 1])
def test_RevertWhen_there_are_not_as_many_instances(library, attacker, layout, instances, change):
    changed = instances[:-1] if change < 0 else [*instances, 0]
    wrong = {"actual": len(changed), "allowed": len(instances)}
    with reverts(library.Statement_WrongInstanceCount, **wrong):
        library.requireCanonical.transact(layout, changed, sender=attacker)
