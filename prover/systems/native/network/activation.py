"""Activations: what a layer makes of its rounded sum q. One is added here.

An activation is an exact function of one integer, and the circuit has its values in a lookup
table: it costs no gate. ONNX operators become one in `rules/activation.py`.
"""

from dataclasses import dataclass

import numpy as np

from prover.systems.native.network.convolution import Integers


@dataclass(frozen=True)
class Clamp:
    """y = clamp(q, low, high): Relu and Clip, and the range of a layer without either.

    It never falls as q grows, so that the ends of an interval become those of its values.
    """

    low: int
    high: int

    def of(self, q: Integers) -> Integers:
        """The exact function, of an array of any shape."""
        return np.clip(q, self.low, self.high)


@dataclass(frozen=True)
class Lookup:
    """The part of the lookup table that an activation has: y for each q of `q_low` .. `q_high`."""

    activation: Clamp
    q_low: int
    q_high: int

    def __len__(self) -> int:
        return self.q_high - self.q_low + 1

    @property
    def q(self) -> Integers:
        """Each q, in order."""
        return np.arange(self.q_low, self.q_high + 1)

    @property
    def y(self) -> Integers:
        """The value at each q."""
        return self.activation.of(self.q)
