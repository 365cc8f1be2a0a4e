"""Sealed items: committed encrypted part by part, judged in the open once their key is known.

Part c is chunk c: the elements that digest c hashes, salt included, as 4 signed big-endian bytes
each where they are values, as 32 unsigned ones where they pack digits. A test item's label is one
more part: label and salt, 32 bytes each. Ciphertext: content XOR keccak256(key, index, part, 0),
keccak256(key, index, part, 1), ... contracts/libraries/SealedItem.sol is the mirror.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from prover.base.errors import StatementInvalid
from prover.statement.field import FIELD_MODULUS, WORD_BYTES
from prover.statement.poseidon import digest
from prover.statement.sealing import Chunks, Digits, SealedForm, is_legal
from prover.statement.tree import leaf_hash

LABEL_BYTES = 2 * WORD_BYTES
HEX = re.compile(r"0x(?:[0-9a-f]{2})+")  # in files


@dataclass(frozen=True)
class DigitPlace:
    """A digit of an element of a chunk, the lowest first; their number stands for what is above."""

    chunk: int
    element: int
    digit: int


class Malformed(StatementInvalid):
    """A part of an item is none that a proof could be about, or does not open; a dispute shows it.

    `digit` is where an element packs one that no input has.
    """

    def __init__(self, part: int, why: str, digit: DigitPlace | None = None) -> None:
        super().__init__(why)
        self.part = part
        self.digit = digit


def content_of(elements: Sequence[int], form: SealedForm) -> bytes:
    """The content of a chunk. Raises StatementInvalid if an element does not fit."""
    size, signed = form.element_bytes, not form.sealing.digit_bits
    try:
        return b"".join(element.to_bytes(size, "big", signed=signed) for element in elements)
    except OverflowError:
        kind = "signed" if signed else "unsigned"
        raise StatementInvalid(
            f"an element does not fit: expected numbers of {size} {kind} bytes in a sealed item"
        ) from None


def elements_of(content: bytes, form: SealedForm, chunk: int) -> tuple[int, ...]:
    """The inverse of `content_of`. Raises Malformed unless each element is in its domain."""
    size, signed = form.element_bytes, not form.sealing.digit_bits
    if len(content) != form.chunk_bytes(chunk):
        raise Malformed(
            chunk,
            f"chunk {chunk} has {len(content)} bytes: expected exactly {form.chunk_bytes(chunk)}",
        )
    elements = tuple(
        int.from_bytes(content[at : at + size], "big", signed=signed)
        for at in range(0, len(content), size)
    )
    values = len(elements) - form.sealing.salt_elements
    _check_range("element", chunk, elements[:values], *form.bounds(salt=False))
    _check_range("salt element", chunk, elements[values:], *form.bounds(salt=True))
    return elements


def digests_of(chunks: Chunks) -> tuple[int, ...]:
    """The digest of each chunk, by its elements."""
    return tuple(digest(element % FIELD_MODULUS for element in chunk) for chunk in chunks)


def seal(content: bytes, key: bytes, index: int, part: int) -> bytes:
    """The ciphertext of a part of item `index` under a key of 32 bytes; opening is the same."""
    if len(key) != WORD_BYTES:
        raise StatementInvalid(f"key of {len(key)} bytes: expected exactly {WORD_BYTES}")
    blocks = -(-len(content) // WORD_BYTES)
    stream = b"".join(_block(key, index, part, counter) for counter in range(blocks))
    return bytes(left ^ right for left, right in zip(content, stream, strict=False))


open_sealed = seal


def seal_chunks(chunks: Chunks, form: SealedForm, key: bytes, index: int) -> tuple[bytes, ...]:
    """The ciphertext of each chunk of item `index`."""
    return tuple(
        seal(content_of(chunk, form), key, index, part) for part, chunk in enumerate(chunks)
    )


def open_chunk(
    ciphertext: bytes, key: bytes, index: int, chunk: int, hashed: int, form: SealedForm
) -> tuple[int, ...]:
    """The elements of a chunk with the digest `hashed`.

    Raises Malformed, saying how: exactly then it can be disputed. With `form.words` every digit is
    looked at too.
    """
    elements = elements_of(open_sealed(ciphertext, key, index, chunk), form, chunk)
    if digests_of((elements,)) != (hashed,):
        raise Malformed(chunk, f"chunk {chunk} is not what its digest hashes")
    if form.words:
        _check_digits(elements, form, chunk)
    return elements


def label_content(label: int, salt: bytes) -> bytes:
    """The content of the part with the label, of which keccak256 is its hash."""
    return encode(["uint256", "bytes32"], [label, salt])


def label_hash(label: int, salt: bytes) -> bytes:
    """keccak256(abi.encode(label, salt)): what a test leaf hides until it is proven."""
    return keccak(label_content(label, salt))


def open_label(
    ciphertext: bytes, key: bytes, index: int, part: int, hashed: bytes, classes: int
) -> tuple[int, bytes]:
    """The label behind an item's chunks, and its salt. Raises Malformed, saying how it is."""
    content = open_sealed(ciphertext, key, index, part)
    label = int.from_bytes(content[:WORD_BYTES], "big")
    if len(content) != LABEL_BYTES:
        raise Malformed(part, f"the label has {len(content)} bytes: expected {LABEL_BYTES}")
    if keccak(content) != hashed:
        raise Malformed(part, "the label and its salt are not those that its leaf hides")
    if label >= classes:
        raise Malformed(part, f"the label is {label}: expected 0 to {classes - 1} by the circuit")
    return label, content[WORD_BYTES:]


def key_hash(key: bytes) -> bytes:
    """keccak256(abi.encode(key)), as terms and leaves commit to a key."""
    return keccak(encode(["bytes32"], [key]))


def parts_hash(hashes: Sequence[bytes]) -> bytes:
    """keccak256 of the ciphertext hashes of an item's parts."""
    return keccak(b"".join(hashes))


def sealed_leaf(index: int, parts: bytes, commitment: bytes, hidden: bytes) -> bytes:
    """A leaf of a test set or dataset; `hidden` is the hash of its label, or of its key."""
    fields = [index, parts, commitment, hidden]
    return leaf_hash(encode(["uint256", "bytes32", "bytes32", "bytes32"], fields))


def _block(key: bytes, index: int, part: int, counter: int) -> bytes:
    fields = [key, index, part, counter]
    return keccak(encode(["bytes32", "uint256", "uint256", "uint256"], fields))


def _check_range(name: str, chunk: int, elements: Sequence[int], low: int, high: int) -> None:
    for place, element in enumerate(elements):
        if not low <= element <= high:
            raise Malformed(
                chunk,
                f"{name} {place} of chunk {chunk} is {element}: expected {low} to {high} by the "
                "circuit",
            )


def _check_digits(elements: Sequence[int], form: SealedForm, chunk: int) -> None:
    values = len(elements) - form.sealing.salt_elements
    for place, element in enumerate(elements[:values]):
        word: Digits = form.words[form.number(chunk, place)]
        for digit in range(word.count + 1):
            if not is_legal(element, digit, word, form):
                raise Malformed(
                    chunk,
                    f"digit {digit} of element {place} of chunk {chunk} is none that an input has",
                    DigitPlace(chunk, place, digit),
                )
