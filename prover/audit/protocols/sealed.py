"""What disputes of sealed items showed, judged again: the mirror of `SealedItem`."""

from collections.abc import Iterator, Sequence
from typing import Any

from eth_utils.crypto import keccak

from prover.audit.protocols.common import not_under
from prover.base.errors import StatementInvalid
from prover.chain.contracts.registry import Circuit
from prover.statement.commitment import input_commitment
from prover.statement.documents.sealed import (
    open_chunk,
    open_label,
    open_sealed,
    parts_hash,
    sealed_leaf,
)
from prover.statement.field import WORD_BYTES
from prover.statement.sealing import Digits, is_legal, padding_leaf


def shown_leaf(
    index: int, part: int, ciphertext: bytes, parts: Sequence[bytes], digests: Any, hidden: bytes
) -> bytes:
    """The leaf that a dispute of a part shows; its own entry of the parts is not read."""
    hashes = [*parts[:part], keccak(ciphertext), *parts[part + 1 :]]
    return sealed_leaf(index, parts_hash(hashes), input_commitment(digests), hidden)


def sound_chunk(
    circuit: Circuit, index: int, chunk: int, ciphertext: bytes, key: bytes, digests: Any
) -> Iterator[str]:
    """That the chunk is well formed, so that it could not be disputed."""
    if chunk >= circuit.layout.input_words:
        yield f"item {index} has no chunk {chunk}"
        return
    try:
        open_chunk(ciphertext, key, index, chunk, digests[chunk], circuit.sealed_form)
    except StatementInvalid:
        return
    yield f"chunk {chunk} of the disputed item {index} is well formed"


def sound_label(
    circuit: Circuit, index: int, ciphertext: bytes, key: bytes, hidden: bytes
) -> Iterator[str]:
    """That the label is well formed."""
    part, classes = circuit.layout.input_words, circuit.layout.classes
    try:
        label, _ = open_label(ciphertext, key, index, part, hidden, classes)
    except StatementInvalid:
        return
    yield f"the disputed item {index} has label {label}"


def sound_digit(
    circuit: Circuit, index: int, place: Any, ciphertext: bytes, key: bytes
) -> Iterator[str]:
    """That the circuit has no such digit, or that it is one that an input has."""
    chunk, element, digit, count, padding, path = place
    form, word = circuit.sealed_form, Digits(count, padding)
    values = form.length(chunk) - form.sealing.salt_elements
    if chunk >= form.chunks or element >= values or not form.sealing.digit_bits:
        yield f"item {index} has no element {element} of digits in chunk {chunk}"
        return
    number, root = form.number(chunk, element), form.sealing.padding_root
    leaf = padding_leaf(number, word)
    yield from not_under(root, form.word_count, number, [leaf], path)
    content = open_sealed(ciphertext, key, index, chunk)[element * WORD_BYTES :][:WORD_BYTES]
    if len(content) < WORD_BYTES or is_legal(int.from_bytes(content, "big"), digit, word, form):
        yield f"digit {digit} of element {element} of the disputed item {index} is legal"
