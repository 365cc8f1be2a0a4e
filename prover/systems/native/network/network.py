"""Integer networks: what native circuits prove, and nothing that a prover could choose.

All layers have the same exact semantics, with one shift s for the whole network:
conv = sum of weight * x over a window (cells outside the plane are 0), acc = conv + bias,
acc + 2^(s-1) = 2^s * q + r with 0 <= r < 2^s, y = clamp(q, low, high).
"""

from dataclasses import dataclass

from prover.systems.native.network.activation import Clamp, Lookup
from prover.systems.native.network.convolution import Integers as Integers

MAX_LANES = 16  # cells of a tensor that one row of a circuit holds


@dataclass(frozen=True)
class Tensor:
    """The input: integers [channels, height, width] from `low` to `high`."""

    name: str
    channels: int
    height: int
    width: int
    low: int
    high: int


@dataclass(frozen=True, eq=False)
class Term:
    """One convolution of a layer.

    The tensors of `sources`, of one shape, are added before the product (residual branches).
    `weight` is [outputs, inputs / groups, rows, columns]; `stride` is 1 or 2 on both axes; `pads`
    are top, left, bottom, right, each smaller than the kernel. A `pooled` term reads the sum of
    each source channel over its plane, as a plane of one cell.
    """

    sources: tuple[str, ...]
    weight: Integers
    stride: int
    pads: tuple[int, int, int, int]
    groups: int
    pooled: bool


@dataclass(frozen=True, eq=False)
class Layer:
    """The sum of its terms plus `bias` [channels], rescaled and clamped to `low` .. `high`.

    `q_low` .. `q_high` holds q for every input of the network, every position and every subset of
    a window's cells. A value y stands for the real number y * `scale`.
    """

    name: str
    terms: tuple[Term, ...]
    bias: Integers
    low: int
    high: int
    q_low: int
    q_high: int
    channels: int
    height: int
    width: int
    scale: float = 1.0

    @property
    def activation(self) -> Clamp:
        """What it makes of q."""
        return Clamp(self.low, self.high)


@dataclass(frozen=True, eq=False)
class Network:
    """Layers in order of execution; `output` names the one of plane 1x1 whose y are the scores.

    An input x stands for the real number x * `input_scale`.
    """

    name: str
    input: Tensor
    layers: tuple[Layer, ...]
    shift: int
    output: str
    input_scale: float = 1.0

    def shape(self, name: str) -> tuple[int, int, int]:
        """Channels, height and width of the input or of a layer's output."""
        found: Tensor | Layer = self.input if name == self.input.name else self.layer(name)
        return found.channels, found.height, found.width

    def layer(self, name: str) -> Layer:
        """The layer of that name; KeyError if there is none."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)

    def lookups(self) -> tuple[Lookup, ...]:
        """Of each activation, by first use: one for all its layers, by the bounds of their q."""
        found: dict[Clamp, Lookup] = {}
        for layer in self.layers:
            one = layer.activation
            old = found.get(one, Lookup(one, layer.q_low, layer.q_high))
            q_low, q_high = min(old.q_low, layer.q_low), max(old.q_high, layer.q_high)
            found[one] = Lookup(one, q_low, q_high)
        return tuple(found.values())
