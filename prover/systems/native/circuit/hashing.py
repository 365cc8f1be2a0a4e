"""Hash rows: Poseidon digests of chunks of the packed image, each with a salt of its own.

`group` image rows make a word, first row first; the last word may hold fewer. Words go into chunks
of at most CHUNK - 1, in order, and each chunk ends with its salt, a random field element. Two
images never have the same words: values of a word differ by less than the field's order, as digits
of a row do by less than their radix; the number of words, and with it the chunks, is the circuit's.
So equal digests mean equal images and salts, or a collision of Poseidon.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prover.base.errors import StatementInvalid
from prover.statement.field import FIELD_MODULUS
from prover.statement.poseidon import FULL_ROUNDS, PARTIAL_ROUNDS, ROUNDS, digest
from prover.systems.native.circuit.columns import CONTINUES_WORD, HASH_FLAGS, HASH_ROUND
from prover.systems.native.circuit.fold import HASH_WORD, INSTANCE, PACKED_WORD
from prover.systems.native.network.network import Integers

CHUNK = 1024  # elements of a digest, its salt included
FULL = np.array([1] * (FULL_ROUNDS // 2) + [0] * PARTIAL_ROUNDS + [1] * (FULL_ROUNDS // 2))


@dataclass(frozen=True)
class Hashing:
    """The image has `image_rows` rows, each a number below 2^`bits`."""

    image_rows: int
    bits: int

    @property
    def group(self) -> int:
        """Image rows of a word: as many as stay below the field's order."""
        return (FIELD_MODULUS.bit_length() - 1) // self.bits

    @property
    def word_ends(self) -> list[int]:
        """The last image row of each word."""
        full = range(self.group - 1, self.image_rows, self.group)
        return [*full, *([self.image_rows - 1] if self.image_rows % self.group else [])]

    @property
    def chunks(self) -> list[list[int]]:
        """The last image rows of each chunk's words."""
        ends = self.word_ends
        return [ends[start : start + CHUNK - 1] for start in range(0, len(ends), CHUNK - 1)]

    @property
    def rows(self) -> int:
        """Hash rows: a row and its rounds for each element, a row for each digest."""
        return (len(self.word_ends) + len(self.chunks)) * (1 + ROUNDS) + len(self.chunks)

    def starts(self) -> list[list[int]]:
        """For each chunk the rows that absorb its words and its salt, then its digest's row."""
        found, row = [], 0
        for chunk in self.chunks:
            found.append([row + i * (1 + ROUNDS) for i in range(len(chunk) + 2)])
            row = found[-1][-1] + 1
        return found

    def columns(self) -> dict[str, Integers]:
        """CONTINUES_WORD [image rows]; HASH_FLAGS and HASH_ROUND, 1 + the round, [hash rows]."""
        columns = {name: np.zeros(self.rows, dtype=np.int64) for name in (*HASH_FLAGS, HASH_ROUND)}
        for first, *others, last in self.starts():
            columns["hash_start"][first] = 1
            columns["hash_absorb"][others] = 1
            columns["hash_digest"][last] = 1
            for row in (first, *others):
                rounds = slice(row + 1, row + 1 + ROUNDS)
                columns["hash_full_round"][rounds], columns["hash_partial_round"][rounds] = (
                    FULL,
                    1 - FULL,
                )
                columns[HASH_ROUND][rounds] = np.arange(1, ROUNDS + 1)
        continues = np.arange(self.image_rows) % self.group != 0
        return {CONTINUES_WORD: continues.astype(np.int64), **columns}

    def copies(self, context: int) -> list[tuple[int, int, int, int]]:
        """Words are the image's; digests are instances behind the context."""
        found: list[tuple[int, int, int, int]] = []
        for number, (rows, last_rows) in enumerate(zip(self.starts(), self.chunks, strict=True)):
            found += [
                (HASH_WORD, row, PACKED_WORD, end)
                for row, end in zip(rows, last_rows, strict=False)
            ]
            found.append((INSTANCE, context + number, HASH_WORD, rows[-1]))
        return found

    def words(self, image: Sequence[int]) -> list[int]:
        """The hashed words of an image, given as its packed rows.

        Raises StatementInvalid if it has another number of rows.
        """
        if len(image) != self.image_rows:
            raise StatementInvalid(
                f"an image of {len(image)} rows: expected exactly {self.image_rows} by the circuit"
            )
        found, first = [], 0
        for end in self.word_ends:
            word = 0
            for row in image[first : end + 1]:
                word = (word << self.bits) + row
            found.append(word)
            first = end + 1
        return found

    def digests(self, image: Sequence[int], salts: Sequence[int]) -> list[int]:
        """The public digests of an image's packed rows, one to a chunk and salt."""
        if len(salts) != len(self.chunks):
            raise StatementInvalid(
                f"{len(salts)} salts: expected {len(self.chunks)}, one to a chunk"
            )
        words = self.words(image)
        chunks = [words[i : i + CHUNK - 1] for i in range(0, len(words), CHUNK - 1)]
        return [digest([*chunk, salt]) for chunk, salt in zip(chunks, salts, strict=True)]
