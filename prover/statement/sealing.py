"""How items of a circuit are sealed: what each digest hashes, and which elements an input gives.

`Sealing` mirrors contracts/types/Circuit.sol. An element is a value, or it packs digits: the lowest
first, each a value less the domain's least. Digits of cells that hold no value are padding: those
of value 0.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any

from eth_abi.abi import encode

from prover.base.errors import StatementInvalid
from prover.statement.field import FIELD_MODULUS, WORD_BYTES
from prover.statement.sizes import MAX_CHUNKS, MAX_ELEMENTS
from prover.statement.tree import PositionalTree, build, leaf_hash

VALUE_BYTES = 4
SEALING_ABI = "(uint32,uint32,uint16,uint8,uint8,uint16,bytes32)"

Chunks = tuple[tuple[int, ...], ...]  # elements, by the digest that hashes them


@dataclass(frozen=True)
class Sealing:
    """Elements that are hashed of an item; all 0 where none can be sealed.

    `elements` in all, `digest_elements` into each digest but the last, `salt_elements` of each at
    the end. An element packs up to `digits` digits of `digit_bits` bits; 0 bits: it is a value.
    """

    elements: int = 0
    digest_elements: int = 0
    salt_elements: int = 0
    salt_bits: int = 0
    digit_bits: int = 0
    digits: int = 0
    padding_root: bytes = bytes(WORD_BYTES)

    def to_abi(self) -> tuple[Any, ...]:
        """The fields as the Solidity struct takes them."""
        return astuple(self)

    @classmethod
    def from_abi(cls, fields: tuple[Any, ...]) -> "Sealing":
        """The inverse of `to_abi`."""
        return cls(*(*fields[:-1], bytes(fields[-1])))


UNSEALED = Sealing()


@dataclass(frozen=True)
class Digits:
    """Digits of an element, and the bitmap of those that are padding."""

    count: int
    padding: int


@dataclass(frozen=True)
class SealedForm:
    """What sealed items of a circuit are: so many chunks, of values in a domain (inclusive).

    `words` says of each element that packs digits, in the order of an item, which they are; empty
    where elements are values, or only the sealing is known.
    """

    sealing: Sealing
    chunks: int
    input_min: int
    input_max: int
    words: tuple[Digits, ...] = ()

    @property
    def element_bytes(self) -> int:
        """Length of an element in a chunk's content."""
        return WORD_BYTES if self.sealing.digit_bits else VALUE_BYTES

    def length(self, chunk: int) -> int:
        """Elements of a chunk, salt included."""
        sealing = self.sealing
        return min(sealing.digest_elements, sealing.elements - chunk * sealing.digest_elements)

    def chunk_bytes(self, chunk: int) -> int:
        """Length of a chunk's content, and of its ciphertext."""
        return self.length(chunk) * self.element_bytes

    @property
    def content_bytes(self) -> int:
        """Length of all chunks of an item."""
        return self.sealing.elements * self.element_bytes

    def number(self, chunk: int, element: int) -> int:
        """The place of an element among all of an item, salt left out."""
        return chunk * (self.sealing.digest_elements - self.sealing.salt_elements) + element

    @property
    def word_count(self) -> int:
        """Elements of an item, salt left out."""
        return self.sealing.elements - self.chunks * self.sealing.salt_elements

    def bounds(self, *, salt: bool) -> tuple[int, int]:
        """The least and the greatest that an element may be."""
        sealing, greatest = self.sealing, FIELD_MODULUS - 1
        if salt:
            return 0, min(greatest, (1 << sealing.salt_bits) - 1)
        return (0, greatest) if sealing.digit_bits else (self.input_min, self.input_max)

    @cached_property
    def padding_tree(self) -> PositionalTree:
        """The tree of `padding_root`."""
        return padding_tree(self.words)


def padding_tree(words: Sequence[Digits]) -> PositionalTree:
    """Over (number, digits, bitmap of padding) of each element that packs digits."""
    return build([padding_leaf(number, word) for number, word in enumerate(words)])


def padding_leaf(number: int, word: Digits) -> bytes:
    """The leaf of element `number`, salt left out."""
    fields = [number, word.count, word.padding]
    return leaf_hash(encode(["uint256", "uint256", "uint256"], fields))


def is_legal(element: int, digit: int, word: Digits, form: SealedForm) -> bool:
    """Whether an input gives this digit; `word.count` stands for all that is above the digits."""
    bits = form.sealing.digit_bits
    if digit >= word.count:
        return element >> (bits * word.count) == 0
    found = (element >> (bits * digit)) & ((1 << bits) - 1)
    if (word.padding >> digit) & 1:
        return found == -form.input_min
    return found <= form.input_max - form.input_min


def check_sealable(form: SealedForm | None) -> SealedForm:
    """The form itself. Raises StatementInvalid unless its items can be sealed and disputed."""
    if form is None:
        raise StatementInvalid(
            "items of this circuit cannot be sealed: expected inputs hashed with salt, 0 among the "
            f"values where these are packed, and at most {MAX_CHUNKS} digests an item; set the "
            "model up with hashed inputs"
        )
    if form.sealing.digest_elements > MAX_ELEMENTS:
        raise StatementInvalid(
            f"the circuit hashes {form.sealing.digest_elements} elements into a digest: expected "
            f"at most {MAX_ELEMENTS}, which a dispute can hash in a transaction"
        )
    if form.chunks > MAX_CHUNKS:
        raise StatementInvalid(
            f"an item of the circuit has {form.chunks} digests: expected at most {MAX_CHUNKS}, so "
            "that each proof and each dispute fits a transaction"
        )
    return form
