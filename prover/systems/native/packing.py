"""What is sealed of an image: its hashed words by chunk, and the image that words give back.

A word packs the cells of some image rows, a digit each. A cell holds a pixel, or is padding of the
input's grid and holds 0: a digit is the value less the domain's least.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prover.base.errors import StatementInvalid
from prover.statement.field import FIELD_MODULUS
from prover.statement.sealing import Chunks, Digits, SealedForm, Sealing, padding_tree
from prover.statement.sizes import MAX_CHUNKS
from prover.systems.native.circuit.grid import Grid
from prover.systems.native.circuit.hashing import CHUNK, Hashing
from prover.systems.native.circuit.program import hashing_of
from prover.systems.native.circuit.storage import lay_out
from prover.systems.native.circuit.tables import Table
from prover.systems.native.circuit.uses import prepare
from prover.systems.native.network.network import Integers, Network

SALT_ELEMENTS, SALT_BITS = 1, FIELD_MODULUS.bit_length()  # any field element is salt
NO_PIXEL = -1


@dataclass(frozen=True)
class Packing:
    """How the values of an image, from `low` to `high`, are packed into hashed words."""

    grid: Grid
    hashing: Hashing
    bits: int
    low: int
    high: int

    @classmethod
    def of(cls, network: Network, lanes: int) -> "Packing":
        """Of a network that is laid out with so many lanes. Raises ModelRefused."""
        prepared = prepare(network)
        image, table = lay_out(prepared, lanes)[prepared.input.name], Table.of(prepared)
        hashing = hashing_of(image, lanes, table)
        return cls(image.grid, hashing, table.input_bits, table.input_low, table.input_high)

    @cached_property
    def pixels(self) -> tuple[Integers, ...]:
        """For each word the pixels of its digits, the lowest digit first; or NO_PIXEL."""
        grid = self.grid
        shape = grid.channels, grid.rows.size, grid.columns.size
        places = grid.spread(np.arange(np.prod(shape)).reshape(shape), NO_PIXEL)
        found, first = [], 0
        for end in self.hashing.word_ends:
            rows = places[:, first : end + 1][:, ::-1]  # the last row of a word is lowest
            found.append(rows.T.reshape(-1))
            first = end + 1
        return tuple(found)

    @property
    def is_sealable(self) -> bool:
        """Whether 0, which padding holds, is a digit, and no item has too many chunks."""
        return 0 <= -self.low < 1 << self.bits and len(self.hashing.chunks) <= MAX_CHUNKS

    @property
    def form(self) -> SealedForm:
        """What a sealed image is."""
        words = tuple(
            Digits(len(one), sum(1 << int(digit) for digit in np.flatnonzero(one == NO_PIXEL)))
            for one in self.pixels
        )
        chunks = len(self.hashing.chunks)
        elements = len(words) + chunks * SALT_ELEMENTS
        sealing = Sealing(
            elements=elements,
            digest_elements=min(elements, CHUNK),
            salt_elements=SALT_ELEMENTS,
            salt_bits=SALT_BITS,
            digit_bits=self.bits,
            digits=max(one.count for one in words),
            padding_root=padding_tree(words).root,
        )
        return SealedForm(sealing, chunks, self.low, self.high, words)

    def values(self, words: Sequence[int]) -> tuple[int, ...]:
        """The image, in tensor order. Raises StatementInvalid unless one gives these words."""
        image, mask = np.zeros(self._size, dtype=np.int64), (1 << self.bits) - 1
        for word, pixels in zip(words, self.pixels, strict=True):
            digits = [word >> (self.bits * at) & mask for at in range(len(pixels))]
            if word >> (self.bits * len(pixels)):
                raise _no_image()
            cells = np.array(digits, dtype=np.int64) + self.low
            shown = pixels != NO_PIXEL
            if cells[~shown].any() or (cells > self.high).any():
                raise _no_image()
            image[pixels[shown]] = cells[shown]
        return tuple(image.tolist())

    @property
    def _size(self) -> int:
        return self.grid.channels * self.grid.rows.size * self.grid.columns.size


def chunks_of(words: Sequence[int], salts: Sequence[int]) -> Chunks:
    """Words by the digest that hashes them, each with its salt behind."""
    size = CHUNK - SALT_ELEMENTS
    parts = [words[at : at + size] for at in range(0, len(words), size)]
    return tuple((*part, salt) for part, salt in zip(parts, salts, strict=True))


def opened(chunks: Chunks) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The words and the salts of chunks."""
    words = tuple(word for chunk in chunks for word in chunk[:-SALT_ELEMENTS])
    return words, tuple(chunk[-SALT_ELEMENTS] for chunk in chunks)


def _no_image() -> StatementInvalid:
    return StatementInvalid(
        "no image gives these words: expected a digit of the domain for each pixel, and that of 0 "
        "everywhere else; dispute the item"
    )
