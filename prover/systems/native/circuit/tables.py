"""The lookup table: which (q, y) a cell may hold, and the ranges of remainders and inputs."""

from dataclasses import dataclass

import numpy as np

from prover.statement.field import WORD_BITS
from prover.systems.native.circuit.ranking import Ranking
from prover.systems.native.network.activation import Lookup
from prover.systems.native.network.network import Integers, Layer, Network

PADDING, RANGE, INPUT, FIRST_ACTIVATION = range(4)


@dataclass(frozen=True)
class Table:
    """The table of a network.

    Stored q is q + q_offset and stored y is y + y_offset, both never negative. A padding cell may
    hold any q of the range and only y = 0. `limbs` are the values of q that a difference of order
    keys may take.
    """

    shift: int
    input_low: int
    input_high: int
    lookups: tuple[Lookup, ...]
    limbs: int = 0

    @classmethod
    def of(cls, network: Network, ranking: Ranking | None = None) -> "Table":
        """Sized by the proven bounds of each activation's layers, and by the keys of a ranking."""
        tensor = network.input
        limbs = ranking.limbs(network.shift) if ranking else 0
        return cls(network.shift, tensor.low, tensor.high, network.lookups(), limbs)

    @property
    def q_offset(self) -> int:
        """Makes the least q of all layers 0."""
        return max(0, *(-one.q_low for one in self.lookups))

    @property
    def q_most(self) -> int:
        """The largest stored q of all layers."""
        return max(one.q_high for one in self.lookups) + self.q_offset

    @property
    def y_offset(self) -> int:
        """Makes the least y of all layers, inputs and padding cells 0."""
        return max(0, -self.input_low, *(-one.activation.low for one in self.lookups))

    @property
    def zero(self) -> int:
        """2^shift q + r of an accumulator of 0: what `bias` takes off besides the bias."""
        return (self.q_offset << self.shift) + (1 << self.shift >> 1)

    @property
    def input_bits(self) -> int:
        """Bits of an input value in its packed word."""
        return (self.input_high - self.input_low).bit_length()

    @property
    def most_lanes(self) -> int:
        """Input values that a packed word holds: with more, a word could stand for two images."""
        return WORD_BITS // self.input_bits if self.input_bits else WORD_BITS

    def tag(self, layer: Layer) -> int:
        """The tag of a layer's active cells."""
        return FIRST_ACTIVATION + [one.activation for one in self.lookups].index(layer.activation)

    @property
    def rank_tag(self) -> int:
        """The tag of a difference of order keys."""
        return FIRST_ACTIVATION + len(self.lookups)

    def columns(self) -> dict[str, Integers]:
        """The table's columns: padding, range, inputs, each activation in order, differences."""
        parts = [
            self._padding(),
            _entries(RANGE, np.arange(1 << self.shift), 0),
            _entries(INPUT, 0, np.arange(self.input_low, self.input_high + 1) + self.y_offset),
        ]
        for number, one in enumerate(self.lookups):
            tag = FIRST_ACTIVATION + number
            parts.append(_entries(tag, one.q + self.q_offset, one.y + self.y_offset))
        if self.limbs:
            parts.append(_entries(self.rank_tag, np.arange(self.limbs), self.y_offset))
        entries = np.concatenate(parts, axis=1).astype(np.int64)
        return dict(zip(("table_tag", "table_quotient", "table_activation"), entries, strict=True))

    def starts(self) -> dict[int, int]:
        """The first table row of each tag."""
        tags = self.columns()["table_tag"]
        return {int(tag): int(np.argmax(tags == tag)) for tag in np.unique(tags)}

    def _padding(self) -> Integers:
        return _entries(PADDING, np.arange(self.q_most + 1), self.y_offset)


def _entries(tag: int, q: Integers | int, y: Integers | int) -> Integers:
    return np.array(np.broadcast_arrays(tag, q, y), dtype=np.int64)
