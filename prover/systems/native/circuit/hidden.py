"""Weights that only their owner knows: placed without looking at them, hidden by random cells.

The columns `w` and `bias` of the verifying key are then commitments. A circuit says nothing else
of the weights: where they stand depends on the architecture alone, and an output's coefficient is
in the public column `ow`, for an owner that hides 0 there could prove any value of that output;
`nw` says where no weight stands, `sb` which rows share a bias. What a key binds is therefore one
function of the input, of this architecture, whatever the owner hid.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from prover.base.errors import ArtifactMismatch
from prover.statement.field import FIELD_MODULUS, WORD_BYTES
from prover.systems.native.network.network import Integers, Layer, Network

# Cells of salt: as many as fit, up to MOST; a layout has room for LEAST.
MIN_SALT, MAX_SALT = 1 << 10, 1 << 14
# What a proof takes of the hiding: the values it opens of a column, two of `bias`, and another for
# each of the quotient's three pieces, which depend on the columns and are not blinded.
VALUES_A_PROOF = 5


def numbered(prepared: Network) -> Network:
    """The same architecture; each weight is its number, from 1: none is zero, all differ."""
    counter = iter(_ranges(prepared))
    layers = []
    for layer in prepared.layers:
        terms = tuple(replace(term, weight=next(counter)) for term in layer.terms)
        layers.append(replace(layer, terms=terms))
    return replace(prepared, layers=tuple(layers))


def _ranges(prepared: Network) -> Iterator[Integers]:
    first = 1
    for layer in prepared.layers:
        for term in layer.terms:
            count = term.weight.size
            yield np.arange(first, first + count, dtype=np.int64).reshape(term.weight.shape)
            first += count


def in_order(prepared: Network) -> Integers:
    """[1 + weights]: 0, then the weights by number."""
    weights = [term.weight.reshape(-1) for layer in prepared.layers for term in layer.terms]
    return np.concatenate([np.zeros(1, dtype=np.int64), *weights])


def outline(network: Network) -> Network:
    """All that a circuit with hidden weights tells of its network: weights 1, biases 0."""
    return replace(network, layers=tuple(_outlined(layer) for layer in network.layers))


def _outlined(layer: Layer) -> Layer:
    terms = tuple(replace(term, weight=np.ones_like(term.weight)) for term in layer.terms)
    return replace(layer, terms=terms, bias=np.zeros_like(layer.bias))


@dataclass(frozen=True)
class Salt:
    """Field elements below each weight lane and, last, below `bias`: [columns][cells]."""

    columns: tuple[tuple[int, ...], ...]

    @classmethod
    def random(cls, columns: int, cells: int) -> "Salt":
        """From the system's generator."""
        return cls(
            tuple(
                tuple(secrets.randbelow(FIELD_MODULUS) for _ in range(cells))
                for _ in range(columns)
            )
        )

    @property
    def cells(self) -> int:
        """Cells of a column."""
        return len(self.columns[0])

    @property
    def proofs(self) -> int:
        """How many proofs it hides: the columns' points show one value already."""
        return (self.cells - 1) // VALUES_A_PROOF

    def to_bytes(self) -> bytes:
        """The number of columns, then each cell, 32 little-endian bytes each."""
        words = (len(self.columns), *(cell for column in self.columns for cell in column))
        return b"".join(word.to_bytes(WORD_BYTES, "little") for word in words)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Salt":
        """Read what `to_bytes` wrote; ArtifactMismatch if it is damaged."""
        columns = int.from_bytes(data[:WORD_BYTES], "little")
        cells, rest = divmod(len(data) - WORD_BYTES, WORD_BYTES * columns) if columns else (0, 0)
        if rest or not cells:
            raise ArtifactMismatch(
                "the file of the weights' salt is damaged; set the model up again"
            )
        starts = range(WORD_BYTES, len(data), WORD_BYTES)
        words = tuple(int.from_bytes(data[at : at + WORD_BYTES], "little") for at in starts)
        return cls(tuple(words[at : at + cells] for at in range(0, len(words), cells)))


def salt_cells(usable: int, tensors: int, folds: int) -> int:
    """Cells that fit below the tensors' rows and the fold rows, where no flag takes them."""
    return min(MAX_SALT, usable - max(tensors, folds))
