"""Sealed items: content, encryption, leaves, and which parts are malformed."""

import random
from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.statement.documents import sealed
from prover.statement.documents.sealed import DigitPlace, Malformed
from prover.statement.field import FIELD_MODULUS
from prover.statement.sealing import (
    Chunks,
    Digits,
    SealedForm,
    Sealing,
    check_sealable,
    is_legal,
    padding_leaf,
    padding_tree,
)
from prover.statement.tree import check_membership, leaf_hash
from tests.contracts.sealed import (
    GREATEST,
    LEAST,
    PACKED,
    WORDS,
    packed_chunks,
    packed_form,
    with_digit,
    with_word,
)

FORM = SealedForm(Sealing(5, 5, 3, 15), 1, -128, 127)
CHUNK = (-128, 127, 0, 2**15 - 1, 7)
KEY = b"\x5a" * 32


def _opened(chunks: Chunks, form: SealedForm) -> Chunks:
    """Sealed honestly, whatever it is, and opened."""
    texts = sealed.seal_chunks(chunks, form, KEY, 3)
    digests = sealed.digests_of(chunks)
    return tuple(
        sealed.open_chunk(text, KEY, 3, at, hashed, form)
        for at, (text, hashed) in enumerate(zip(texts, digests, strict=True))
    )


# ---------------------------------------------------------------- content and ciphertexts


def test_values_have_four_signed_bytes_and_words_thirty_two_unsigned_ones() -> None:
    content = sealed.content_of((-1, 2, 3), FORM)
    assert content == bytes.fromhex("ffffffff0000000200000003")
    assert sealed.content_of((5,), PACKED) == (5).to_bytes(32, "big")


def test_elements_come_back_from_their_content() -> None:
    assert sealed.elements_of(sealed.content_of(CHUNK, FORM), FORM, 0) == CHUNK
    for at, chunk in enumerate(packed_chunks(1)):
        assert sealed.elements_of(sealed.content_of(chunk, PACKED), PACKED, at) == chunk


@pytest.mark.parametrize(
    ("form", "element"), [(FORM, 2**31), (FORM, -(2**31) - 1), (PACKED, -1), (PACKED, 2**256)]
)
def test_an_element_that_does_not_fit_is_refused(form: SealedForm, element: int) -> None:
    with pytest.raises(StatementInvalid, match="does not fit"):
        sealed.content_of((0, element), form)


@pytest.mark.parametrize("change", [-1, 1])
def test_another_length_is_malformed(change: int) -> None:
    content = sealed.content_of(CHUNK, FORM)
    wrong = content[:-1] if change < 0 else content + b"\x00"
    with pytest.raises(Malformed, match="expected exactly 20"):
        sealed.elements_of(wrong, FORM, 0)
    (_, last) = packed_chunks(1)
    with pytest.raises(Malformed, match="chunk 0 has 96 bytes: expected exactly 128"):
        sealed.elements_of(sealed.content_of(last, PACKED), PACKED, 0)


def test_the_keystream_is_that_of_the_specification() -> None:
    kinds = ["bytes32", "uint256", "uint256", "uint256"]
    blocks = [keccak(encode(kinds, [KEY, 9, 2, j])) for j in range(3)]
    assert sealed.seal(bytes(70), KEY, 9, 2) == b"".join(blocks)[:70]


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=32), st.integers(0, 65_535))
def test_opening_undoes_sealing(content: bytes, key: bytes, index: int) -> None:
    assert sealed.open_sealed(sealed.seal(content, key, index, 3), key, index, 3) == content


def test_each_item_each_part_and_each_key_has_another_stream() -> None:
    streams = {
        sealed.seal(bytes(32), key, index, part)
        for key in (KEY, bytes(32))
        for index in (0, 1)
        for part in (0, 1)
    }
    assert len(streams) == 8


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(StatementInvalid, match="key of 31 bytes"):
        sealed.seal(b"", KEY[:31], 0, 0)


def test_hashes_are_those_of_the_contracts() -> None:
    words = [b"\x01" * 32, b"\x02" * 32, b"\x03" * 32]
    number = (5).to_bytes(32, "big")
    assert sealed.sealed_leaf(5, *words) == leaf_hash(number + b"".join(words))
    assert sealed.label_hash(5, words[0]) == keccak(number + words[0])
    assert sealed.parts_hash(words) == keccak(b"".join(words))
    assert sealed.key_hash(words[0]) == keccak(words[0])
    assert padding_leaf(5, Digits(3, 2)) == leaf_hash(
        number + (3).to_bytes(32, "big") + (2).to_bytes(32, "big")
    )


# ---------------------------------------------------------------- malformed parts


@given(st.integers(0, 2**32), st.integers(1, 9), st.integers(2, 6))
def test_an_honest_item_is_never_malformed(seed: int, count: int, full: int) -> None:
    draw = random.Random(seed)
    words = tuple(Digits(n, draw.getrandbits(n)) for n in draw.choices(range(1, 8), k=count))
    form = packed_form(words, full)
    chunks = packed_chunks(seed, form)
    assert _opened(chunks, form) == chunks
    assert sum(map(len, chunks)) == form.sealing.elements
    assert [len(chunk) for chunk in chunks] == [form.length(at) for at in range(form.chunks)]


@pytest.mark.parametrize(
    ("chunk", "name"),
    [
        ((-129, 0, 0, 0, 0), "element 0"),
        ((0, 128, 0, 0, 0), "element 1"),
        ((0, 0, 0, -1, 0), "salt element 1"),
        ((0, 0, 0, 0, 2**15), "salt element 2"),
    ],
)
def test_an_element_outside_its_range_is_malformed(chunk: tuple[int, ...], name: str) -> None:
    with pytest.raises(Malformed, match=name) as found:
        _opened((chunk,), FORM)
    assert (found.value.part, found.value.digit) == (0, None)


HONEST = packed_chunks("unit")


@pytest.mark.parametrize(
    ("chunks", "part"),
    [
        (with_word(HONEST, 0, 1, FIELD_MODULUS), 0),
        (with_word(HONEST, 1, 2, FIELD_MODULUS), 1),
        (with_word(HONEST, 1, 2, 2**256 - 1), 1),
    ],
)
def test_a_word_that_is_no_field_element_is_malformed(chunks: Chunks, part: int) -> None:
    with pytest.raises(Malformed, match="expected 0 to") as found:
        _opened(chunks, PACKED)
    assert (found.value.part, found.value.digit) == (part, None)


@pytest.mark.parametrize(
    ("chunks", "place"),
    [
        (with_digit(HONEST, 0, 1, 4, GREATEST - LEAST + 1), DigitPlace(0, 1, 4)),
        (with_digit(HONEST, 0, 0, 0, 0), DigitPlace(0, 0, 0)),
        (with_digit(HONEST, 0, 0, 0, -LEAST + 1), DigitPlace(0, 0, 0)),
        (with_word(HONEST, 1, 1, HONEST[1][1] + (1 << 24)), DigitPlace(1, 1, 3)),
    ],
)
def test_an_illegal_digit_is_found(chunks: Chunks, place: DigitPlace) -> None:
    with pytest.raises(Malformed, match="none that an input has") as found:
        _opened(chunks, PACKED)
    assert (found.value.part, found.value.digit) == (place.chunk, place)
    bare = replace(PACKED, words=())  # whoever knows the sealing alone sees no digits
    assert _opened(chunks, bare) == chunks


def test_a_chunk_that_was_not_hashed_is_malformed() -> None:
    texts = sealed.seal_chunks(HONEST, PACKED, KEY, 3)
    first, second = sealed.digests_of(HONEST)
    with pytest.raises(Malformed, match="chunk 1 is not what its digest hashes"):
        sealed.open_chunk(texts[1], KEY, 3, 1, first, PACKED)
    for index, part in ((4, 1), (3, 0)):
        with pytest.raises(Malformed):
            sealed.open_chunk(texts[1], KEY, index, part, second, PACKED)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("value", [0, -LEAST - 1, -LEAST, GREATEST - LEAST, 204, 255])
def test_padding_holds_zero_and_other_digits_the_domain(word: Digits, value: int) -> None:
    for digit in range(word.count):
        padding = (word.padding >> digit) & 1
        allowed = value == -LEAST if padding else value <= GREATEST - LEAST
        assert is_legal(value << (8 * digit), digit, word, PACKED) is allowed
    assert is_legal((1 << 8 * word.count) - 1, word.count, word, PACKED)
    assert not is_legal(1 << 8 * word.count, word.count, word, PACKED)


def test_the_padding_root_covers_every_word_at_its_place() -> None:
    tree = padding_tree(WORDS)
    assert tree.root == PACKED.sealing.padding_root == PACKED.padding_tree.root
    for number, word in enumerate(WORDS):
        leaf = padding_leaf(number, word)
        check_membership(tree.root, len(WORDS), number, leaf, tree.path(number))
    assert [PACKED.number(chunk, at) for chunk, at in ((0, 0), (0, 2), (1, 0), (1, 1))] == [
        *(0, 2, 3, 4)
    ]


# ---------------------------------------------------------------- labels


def test_a_label_opens_with_its_salt() -> None:
    content, hashed = sealed.label_content(2, b"\1" * 32), sealed.label_hash(2, b"\1" * 32)
    text = sealed.seal(content, KEY, 3, 1)
    assert sealed.open_label(text, KEY, 3, 1, hashed, 3) == (2, b"\1" * 32)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (sealed.label_content(3, bytes(32)), "the label is 3: expected 0 to 2"),
        (sealed.label_content(2**256 - 1, bytes(32)), "expected 0 to 2"),
        (sealed.label_content(1, bytes(32))[:-1], "63 bytes: expected 64"),
        (sealed.label_content(1, bytes(32)) + b"\0", "65 bytes: expected 64"),
        (b"", "0 bytes"),
    ],
)
def test_another_label_is_malformed(content: bytes, words: str) -> None:
    text = sealed.seal(content, KEY, 3, 1)
    with pytest.raises(Malformed, match=words) as found:
        sealed.open_label(text, KEY, 3, 1, keccak(content), 3)
    assert found.value.part == 1


def test_a_label_that_the_leaf_does_not_hide_is_malformed() -> None:
    text = sealed.seal(sealed.label_content(1, bytes(32)), KEY, 3, 1)
    with pytest.raises(Malformed, match="not those that its leaf hides"):
        sealed.open_label(text, KEY, 3, 1, sealed.label_hash(1, b"\1" * 32), 3)


# ---------------------------------------------------------------- circuits


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (None, "expected inputs hashed with salt"),
        (SealedForm(Sealing(1025, 1025, 1, 8), 1, 0, 1), "at most 1024"),
        (SealedForm(Sealing(130, 2, 1, 8), 65, 0, 1), "at most 64"),
    ],
)
def test_what_cannot_be_disputed_on_chain_is_refused(form: SealedForm | None, words: str) -> None:
    with pytest.raises(StatementInvalid, match=words):
        check_sealable(form)


def test_the_largest_that_can_be_sealed() -> None:
    form = SealedForm(Sealing(64 * 1024, 1024, 1, 8), 64, 0, 1)
    assert check_sealable(form) is form
