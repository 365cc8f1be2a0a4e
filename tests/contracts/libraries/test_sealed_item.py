"""SealedItem by itself: against the vectors that prover/statement/documents/sealed.py makes too."""

from dataclasses import dataclass

import pytest
from eth_utils.crypto import keccak

from prover.statement.commitment import input_commitment
from prover.statement.documents import sealed
from prover.statement.documents.inputs_file import Item
from prover.statement.field import encode_signed
from prover.statement.layout import Layout, OutputKind
from prover.statement.poseidon import digest
from tests.contracts.accuracy.scenario import BOND, REWARD, STAKE, register
from tests.contracts.accuracy.scenario import TestSet as Items
from tests.contracts.reverting import reverts
from tests.contracts.scenario import circuit_of
from tests.contracts.vectors import load, unhex

VECTORS = load("sealed")
KEY = keccak(b"key")
MOST = 1_024
TRANSACTION_GAS = 2**24  # EIP-7825
DOMAIN = {"inputMin": -300, "inputMax": 500, "saltBits": 20}
PLACES = [(word, place) for word in range(2) for place in range(4)]  # two values, two of salt


@pytest.fixture(scope="module")
def library(project, deployer, poseidon):
    return deployer.deploy(project.SealedHarness, poseidon)


@pytest.fixture
def circuit(verifier):
    """Makes a circuit of so many words of so many elements, of them salt."""

    def make(words=2, elements=4, salt=2, /, **changes):
        layout = wide_layout(words)
        hashed = {"digestElements": elements, "saltElements": salt} | DOMAIN
        return circuit_of(verifier, layout, **(hashed | changes))

    return make


def wide_layout(words: int, labels: int = 3) -> Layout:
    """One item of so many digests with a label output."""
    return Layout(
        instances=words + 11,
        items=1,
        context=words + 3,
        context_limbs=8,
        context_bits=17,
        context_echo=words,
        context_echo_words=1,
        inputs=0,
        input_words=words,
        weights=words + 1,
        weight_words=1,
        weight_points=0,
        outputs=words + 2,
        output_words=1,
        output_kind=OutputKind.LABEL,
        classes=labels,
    )


def content_of(*rows) -> bytes:
    return sealed.content_of(Item(tuple(element for row in rows for element in row)))


def commitment_of(*rows) -> bytes:
    return input_commitment([digest([encode_signed(value) for value in row]) for row in rows])


def with_element(word: int, place: int, value: int) -> tuple[list[int], list[int]]:
    """The rows of an item with this value in one place."""
    rows = ([-300, 500, 0, 2**20 - 1], [500, -300, 2**20 - 1, 0])
    rows[word][place] = value
    return rows


# ---------------------------------------------------------------- keys and ciphertexts


@pytest.mark.parametrize("vector", VECTORS["ciphers"], ids=lambda one: f"{len(one['content'])}")
def test_opens_the_ciphertexts_of_the_vectors(library, vector):
    ciphertext, key = unhex(vector["ciphertext"]), unhex(vector["key"])
    assert library.decrypt(ciphertext, key, vector["index"]) == unhex(vector["content"])


@pytest.mark.parametrize("index", [0, 1, 65_535, 2**256 - 1])
def test_the_stream_is_of_this_key_and_this_index(library, index):
    secret = bytes(range(100))
    ciphertext = sealed.seal(secret, KEY, index)
    assert library.decrypt(ciphertext, KEY, index) == secret
    assert library.decrypt(ciphertext, KEY, index ^ 1) != secret
    assert library.decrypt(ciphertext, keccak(KEY), index) != secret


def test_no_two_blocks_have_the_same_stream(library):
    stream = bytes(library.decrypt(bytes(160), KEY, 7))
    assert len({stream[at : at + 32] for at in range(0, 160, 32)}) == 5


def test_a_key_is_hashed_as_python_does(library):
    assert library.keyHash(KEY) == sealed.key_hash(KEY) == keccak(KEY)


# ---------------------------------------------------------------- contents


@pytest.mark.parametrize("vector", VECTORS["items"], ids=lambda one: str(one["inputWords"]))
def test_commits_to_the_items_of_the_vectors(library, circuit, vector):
    shape = (vector["inputWords"], vector["digestElements"], vector["saltElements"])
    found = library.inputCommitment(circuit(*shape), unhex(vector["content"]))
    assert tuple(found) == (True, unhex(vector["inputCommitment"]))


@pytest.mark.parametrize("changed", [-32, -4, -1, 1, 4, 32])
def test_another_length_is_not_well_formed(library, circuit, changed):
    content = content_of(*with_element(0, 0, 0))
    other = content[:changed] if changed < 0 else content + bytes(changed)
    assert tuple(library.inputCommitment(circuit(), other)) == (False, bytes(32))


def test_nothing_is_not_well_formed(library, circuit):
    assert tuple(library.inputCommitment(circuit(), b"")) == (False, bytes(32))


@pytest.mark.parametrize(("word", "place"), PLACES)
def test_an_element_beyond_its_bounds_is_not_well_formed(library, circuit, word, place):
    least, greatest = (-300, 500) if place < 2 else (0, 2**20 - 1)
    for value in (least - 1, greatest + 1, -(2**31), 2**31 - 1):
        content = content_of(*with_element(word, place, value))
        assert tuple(library.inputCommitment(circuit(), content)) == (False, bytes(32))


@pytest.mark.parametrize(("word", "place"), PLACES)
def test_an_element_at_its_bounds_is_well_formed(library, circuit, word, place):
    for value in (-300, 500) if place < 2 else (0, 2**20 - 1):
        rows = with_element(word, place, value)
        found = library.inputCommitment(circuit(), content_of(*rows))
        assert tuple(found) == (True, commitment_of(*rows))


def test_every_element_that_fits_can_be_in_the_domain(library, circuit):
    rows = ([-(2**31), 2**31 - 1, 2**31 - 1], [-1, 0, 0])
    widest = circuit(2, 3, 1, inputMin=-(2**63), inputMax=2**63 - 1, saltBits=63)
    found = library.inputCommitment(widest, content_of(*rows))
    assert tuple(found) == (True, commitment_of(*rows))


def test_salt_is_never_negative(library, circuit):
    widest = circuit(2, 3, 1, inputMin=-(2**63), inputMax=2**63 - 1, saltBits=63)
    content = content_of([0, 0, 0], [0, 0, -1])
    assert tuple(library.inputCommitment(widest, content)) == (False, bytes(32))


# ---------------------------------------------------------------- circuits


@pytest.mark.parametrize("shape", [(1, 2, 1), (1, MOST, 1), (2, MOST // 2, 511), (MOST // 2, 2, 1)])
def test_circuits_that_hash_few_elements_with_salt_are_sealable(library, circuit, consumer, shape):
    library.requireSealable.transact(circuit(*shape), sender=consumer)


@pytest.mark.parametrize(
    ("shape", "elements"),
    [
        ((1, 0, 0), 0),
        ((1, 0, 1), 0),
        ((2, 4, 0), 8),
        ((1, MOST + 1, 1), MOST + 1),
        ((2, MOST // 2 + 1, 1), MOST + 2),
        ((2**13, 2**32 - 1, 1), 2**13 * (2**32 - 1)),
    ],
)
def test_RevertWhen_a_circuit_is_not_sealable(
    library, circuit, consumer, accuracy, shape, elements
):
    found = {"elements": elements, "saltElements": shape[2], "maxElements": MOST}
    with reverts(accuracy.bounty.SealedItem_NotSealable, **found):
        library.requireSealable.transact(circuit(*shape), sender=consumer)


# ---------------------------------------------------------------- in a dispute


@dataclass(frozen=True)
class Wide(Items):
    """One test item of many words, each of a zero and a salt of zero."""

    n: int = 1
    words: int = 1

    def commitment(self, index: int) -> bytes:
        return input_commitment([digest([0, 0])] * self.words)

    def ciphertext(self, index: int) -> bytes:
        return sealed.seal(bytes(8 * self.words), self.key, index)


def disputable(accuracy, circuit, deployer, data, labels=3):
    """A bounty on these items, ready for a dispute."""
    layout = wide_layout(data.words, labels)
    wide = circuit(data.words, 2, 1, statement=layout.to_abi())
    model_id = register(accuracy.registry, wide, layout, deployer)
    scene = accuracy.with_data(data).of(wide, model_id, layout)
    return scene, scene.proving()


@pytest.mark.parametrize("words", [1, 5, 40])
def test_an_item_of_many_blocks_is_opened_before_it_is_judged(accuracy, circuit, deployer, words):
    """Else every larger item would be malformed, and any bounty on it the provider's."""
    scene, job = disputable(accuracy, circuit, deployer, Wide(words=words))
    with reverts(scene.bounty.AccuracyBounty_ItemWellFormed, index=0, label=0):
        scene.dispute(job, 0)


def test_the_dearest_dispute_fits_a_transaction(accuracy, circuit, deployer, payee):
    """The most words, the most elements, the most labels, none of which is the item's."""
    data = Wide(words=MOST // 2, inners={0: keccak(b"nobody opens this")})
    scene, job = disputable(accuracy, circuit, deployer, data, labels=MOST)
    receipt = scene.dispute(job, 0)
    assert receipt.gas_used < TRANSACTION_GAS
    assert scene.credit(payee) == REWARD + BOND + STAKE
