"""SealedItem by itself: against the vectors that prover/statement/documents/sealed.py makes too."""

import random

import pytest
from eth_utils.crypto import keccak

from prover.chain.contracts.sealed import DigitOpening
from prover.statement.commitment import input_commitment
from prover.statement.documents import sealed
from prover.statement.documents.sealed import DigitPlace
from prover.statement.field import FIELD_MODULUS
from prover.statement.sealing import Digits, SealedForm, Sealing
from tests.contracts.reverting import reverts
from tests.contracts.scenario import circuit_of
from tests.contracts.sealed import (
    FORM,
    PACKED,
    chunked_layout,
    packed_chunks,
    packed_form,
    sealed_fields,
)
from tests.contracts.vectors import load, unhex

VECTORS = load("sealed")
KEY = keccak(b"key")
MOST, MOST_CHUNKS = 1_024, 64
WIDEST = SealedForm(Sealing(3, 3, 1, 31), 1, -(2**31), 2**31 - 1)


@pytest.fixture(scope="module")
def library(project, deployer, poseidon):
    return deployer.deploy(project.SealedHarness, poseidon)


@pytest.fixture
def circuit(verifier):
    """Makes a circuit that seals items of a form."""

    def make(form, **changes):
        layout = chunked_layout(form.chunks)
        return circuit_of(verifier, layout, **(sealed_fields(form) | changes))

    return make


def form_of(fields) -> SealedForm:
    numbers = {name: one for name, one in fields["sealing"].items() if name != "padding_root"}
    root = unhex(fields["sealing"]["padding_root"])
    sealing = Sealing(**numbers, padding_root=root)
    words = tuple(Digits(*word) for word in fields["words"])
    return SealedForm(sealing, fields["chunks"], fields["least"], fields["greatest"], words)


# ---------------------------------------------------------------- keys, ciphertexts, hashes


@pytest.mark.parametrize("vector", VECTORS["ciphers"], ids=lambda one: f"{len(one['content'])}")
def test_opens_the_ciphertexts_of_the_vectors(library, vector):
    ciphertext, key = unhex(vector["ciphertext"]), unhex(vector["key"])
    found = library.decrypt(ciphertext, key, vector["index"], vector["part"])
    assert found == unhex(vector["content"])


@pytest.mark.parametrize("index", [0, 1, 65_535, 2**256 - 1])
@pytest.mark.parametrize("part", [0, 1, 2**256 - 1])
def test_the_stream_is_of_this_key_this_index_and_this_part(library, index, part):
    secret = bytes(range(100))
    ciphertext = sealed.seal(secret, KEY, index, part)
    assert library.decrypt(ciphertext, KEY, index, part) == secret
    assert library.decrypt(ciphertext, KEY, index ^ 1, part) != secret
    assert library.decrypt(ciphertext, KEY, index, part ^ 1) != secret
    assert library.decrypt(ciphertext, keccak(KEY), index, part) != secret


def test_no_two_blocks_have_the_same_stream(library):
    streams = [bytes(library.decrypt(bytes(160), KEY, 7, part)) for part in range(3)]
    blocks = {stream[at : at + 32] for stream in streams for at in range(0, 160, 32)}
    assert len(blocks) == 15


def test_a_key_is_hashed_as_python_does(library):
    assert library.keyHash(KEY) == sealed.key_hash(KEY) == keccak(KEY)


@pytest.mark.parametrize("label", [0, 7, 2**256 - 1])
def test_a_label_is_hashed_as_python_does(library, label):
    content = sealed.label_content(label, KEY)
    hashed = sealed.label_hash(label, KEY)
    assert library.labelHash(label, KEY) == hashed == keccak(content)
    assert library.isLabel(content, hashed, label + 1 if label < 2**256 - 1 else label) is (
        label < 2**256 - 1
    )
    assert library.isLabel(content, hashed, label) is False
    assert library.isLabel(content, keccak(hashed), label) is False


@pytest.mark.parametrize("vector", VECTORS["items"], ids=lambda one: one["name"])
def test_leaves_are_those_of_the_vectors(library, vector):
    texts = [unhex(text) for text in vector["ciphertexts"]]
    hashes = [keccak(text) for text in texts]
    for part, text in enumerate(texts):
        shown = [*hashes[:part], bytes(32), *hashes[part + 1 :]]
        assert library.partsHash(shown, part, text) == unhex(vector["partsHash"])
    commitment, hidden = unhex(vector["inputCommitment"]), unhex(vector["hidden"])
    found = library.leaf(vector["index"], unhex(vector["partsHash"]), commitment, hidden)
    assert found == unhex(vector["leaf"])


# ---------------------------------------------------------------- chunks


@pytest.mark.parametrize("vector", VECTORS["items"], ids=lambda one: one["name"])
def test_takes_the_items_of_the_vectors(library, circuit, vector):
    form, key, index = form_of(vector["form"]), unhex(vector["key"]), vector["index"]
    digests = [int(word, 16) for word in vector["digests"]]
    for chunk, text in enumerate(map(unhex, vector["ciphertexts"])):
        content = library.decrypt(text, key, index, chunk)
        assert library.isChunk(circuit(form), chunk, content, digests[chunk])
        assert not library.isChunk(circuit(form), chunk, content, digests[chunk] ^ 1)
    assert input_commitment(digests) == unhex(vector["inputCommitment"])


@pytest.mark.parametrize("form", [FORM, PACKED], ids=["values", "digits"])
@pytest.mark.parametrize("changed", [-64, -4, -1, 1, 4, 32])
def test_another_length_is_not_well_formed(library, circuit, form, changed):
    chunks = packed_chunks(1) if form.words else ((0, 0, 1, 2, 3, 4),)
    (*_, chunk), (*_, hashed) = chunks, sealed.digests_of(chunks)
    content = sealed.content_of(chunk, form)
    other = content[:changed] if changed < 0 else content + bytes(changed)
    assert library.isChunk(circuit(form), form.chunks - 1, content, hashed)
    assert not library.isChunk(circuit(form), form.chunks - 1, other, hashed)


def test_every_value_that_fits_can_be_in_the_domain(library, circuit):
    chunk = (-(2**31), 2**31 - 1, 2**31 - 1)
    (hashed,) = sealed.digests_of((chunk,))
    content = sealed.content_of(chunk, WIDEST)
    assert library.isChunk(circuit(WIDEST), 0, content, hashed)
    for form in (
        SealedForm(WIDEST.sealing, 1, -(2**31) + 1, 2**31 - 1),
        SealedForm(WIDEST.sealing, 1, -(2**31), 2**31 - 2),
        SealedForm(Sealing(3, 3, 1, 30), 1, -(2**31), 2**31 - 1),
    ):
        assert not library.isChunk(circuit(form), 0, content, hashed)


def test_salt_is_never_negative(library, circuit):
    chunk = (0, 0, -1)
    (hashed,) = sealed.digests_of((chunk,))
    assert not library.isChunk(circuit(WIDEST), 0, sealed.content_of(chunk, WIDEST), hashed)


@pytest.mark.parametrize("bits", [1, 128, 253, 254])
def test_salt_of_packed_items_has_so_many_bits(library, circuit, bits):
    sealing = Sealing(2, 2, 1, bits, 8, 5, bytes([1]) * 32)
    form = SealedForm(sealing, 1, 0, 255, (Digits(5, 0),))
    greatest = min((1 << bits) - 1, FIELD_MODULUS - 1)
    for salt, fits in ((greatest, True), (greatest + 1, False), (2**256 - 1, False)):
        (hashed,) = sealed.digests_of(((7, salt),))
        content = sealed.content_of((7, salt), form)
        assert library.isChunk(circuit(form), 0, content, hashed) is fits


@pytest.mark.parametrize("seed", range(6))
def test_judges_random_items_as_python_does(library, circuit, seed):
    """Items with random elements, many of them malformed, part by part and digit by digit."""
    draw = random.Random(f"sealed {seed}")
    words = tuple(
        Digits(count, draw.getrandbits(count)) for count in draw.choices(range(1, 6), k=seed + 1)
    )
    form = packed_form(words, draw.randint(2, 5))
    chunks = [list(chunk) for chunk in packed_chunks(seed, form)]
    for chunk in chunks:
        chunk[draw.randrange(len(chunk))] = draw.getrandbits(draw.choice([40, 254, 256]))
    for at, chunk in enumerate(chunks):
        content = sealed.content_of(chunk, form)
        text = sealed.seal(content, KEY, seed, at)
        (hashed,) = sealed.digests_of((tuple(chunk),))
        wrong = _wrong(text, seed, at, hashed, form)
        found = library.isChunk(circuit(form), at, content, hashed)
        assert found is (wrong is None or wrong.digit is not None)
        if wrong is not None and wrong.digit is not None:
            opening = DigitOpening.of(wrong.digit, form).to_abi()
            assert not library.isDigit(circuit(form), text, KEY, seed, opening)


def _wrong(text, index, chunk, hashed, form) -> sealed.Malformed | None:
    try:
        sealed.open_chunk(text, KEY, index, chunk, hashed, form)
    except sealed.Malformed as error:
        return error
    return None


def test_every_digit_of_an_honest_item_is_one(library, circuit):
    chunks = packed_chunks("honest")
    for at, chunk in enumerate(chunks):
        text = sealed.seal(sealed.content_of(chunk, PACKED), KEY, 5, at)
        for element in range(len(chunk) - 1):
            for digit in range(7):
                opening = DigitOpening.of(DigitPlace(at, element, digit), PACKED)
                assert library.isDigit(circuit(PACKED), text, KEY, 5, opening.to_abi())


# ---------------------------------------------------------------- circuits


def sized(elements: int, chunks: int = 1) -> SealedForm:
    return SealedForm(Sealing(elements * chunks, elements, 1, 8), chunks, 0, 1)


@pytest.mark.parametrize("form", [sized(2), sized(MOST), sized(2, MOST_CHUNKS), sized(MOST, 2)])
def test_circuits_that_hash_few_elements_with_salt_are_sealable(library, circuit, consumer, form):
    library.requireSealable.transact(circuit(form), MOST, MOST_CHUNKS, sender=consumer)


@pytest.mark.parametrize("form", [sized(0), sized(MOST + 1), sized(2, MOST_CHUNKS + 1)])
def test_RevertWhen_a_circuit_is_not_sealable(library, circuit, consumer, accuracy, form):
    elements = form.sealing.digest_elements
    found = {"elements": elements, "maxElements": MOST, "chunks": form.chunks}
    with reverts(accuracy.bounty.SealedItem_NotSealable, **found, maxChunks=MOST_CHUNKS):
        library.requireSealable.transact(circuit(form), MOST, MOST_CHUNKS, sender=consumer)
