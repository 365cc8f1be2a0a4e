"""Intervals that hold every value of a network, over all inputs.

Interval arithmetic by channel. Each cell of a window may be absent (padding, the edge of a plane),
so every interval of an input holds 0 as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from prover.systems.native.network.activation import Clamp
from prover.systems.native.network.convolution import EXACT
from prover.systems.native.network.network import Integers, Layer, Network, Tensor, Term


@dataclass(frozen=True, eq=False)
class Interval:
    """Least and largest value of each channel, [channels] each."""

    low: Integers
    high: Integers

    def __add__(self, other: "Interval") -> "Interval":
        return Interval(self.low + other.low, self.high + other.high)

    def times(self, factor: int) -> "Interval":
        """Of a sum of `factor` such values."""
        return Interval(self.low * factor, self.high * factor)

    def with_zero(self) -> "Interval":
        """Of values that may be absent."""
        return Interval(np.minimum(self.low, 0), np.maximum(self.high, 0))

    def activated(self, activation: Clamp) -> "Interval":
        """Of what an activation makes of such values."""
        return Interval(activation.of(self.low), activation.of(self.high))


Intervals = Mapping[str, Interval]


def bounded(network: Network) -> Network:
    """The same network, each layer with the bounds of its q.

    Raises OverflowError, naming the layer, if a sum might reach 2^53.
    """
    known = {network.input.name: input_interval(network.input)}
    areas = {network.input.name: network.input.height * network.input.width}
    layers = []
    for layer in network.layers:
        q = quotients(layer, known, areas, network.shift)
        known[layer.name] = q.activated(layer.activation)
        areas[layer.name] = layer.height * layer.width
        layers.append(replace(layer, q_low=int(q.low.min()), q_high=int(q.high.max())))
    return replace(network, layers=tuple(layers))


def input_interval(tensor: Tensor) -> Interval:
    """All values of the input."""
    return Interval(
        np.full(tensor.channels, tensor.low, dtype=np.int64),
        np.full(tensor.channels, tensor.high, dtype=np.int64),
    )


def quotients(layer: Layer, known: Intervals, areas: Mapping[str, int], shift: int) -> Interval:
    """q of each channel, before the clamp."""
    sums = Interval(layer.bias, layer.bias)
    for term in layer.terms:
        sums = sums + _product(layer.name, term, term_inputs(term, known, areas))
    worst = int(max(sums.high.max(), -sums.low.min()))
    if worst >= EXACT:
        raise OverflowError(f"layer {layer.name!r} may reach {worst}: expected less than 2^53")
    half = 1 << shift >> 1
    return Interval((sums.low + half) >> shift, (sums.high + half) >> shift)


def term_inputs(term: Term, known: Intervals, areas: Mapping[str, int]) -> Interval:
    """Of the sum of a term's sources, over the plane if it is pooled."""
    inputs = known[term.sources[0]]
    for name in term.sources[1:]:
        inputs = inputs + known[name]
    return inputs.times(areas[term.sources[0]] if term.pooled else 1).with_zero()


def _product(name: str, term: Term, inputs: Interval) -> Interval:
    _require_exact(name, term, inputs)
    by_group = term.weight.reshape(term.groups, -1, *term.weight.shape[1:])
    positive = np.maximum(by_group, 0).sum(axis=(3, 4))
    negative = np.minimum(by_group, 0).sum(axis=(3, 4))
    low, high = (side.reshape(term.groups, -1, 1) for side in (inputs.low, inputs.high))
    return Interval(
        (positive @ low + negative @ high).reshape(-1),
        (positive @ high + negative @ low).reshape(-1),
    )


def _require_exact(name: str, term: Term, inputs: Interval) -> None:
    """Estimated in float64, so that the estimate itself cannot overflow."""
    largest = max(1, int(inputs.high.max()), -int(inputs.low.min()))
    magnitudes = np.abs(term.weight).sum(axis=(1, 2, 3), dtype=np.float64)
    worst = float(magnitudes.max()) * largest
    if worst >= EXACT:
        raise OverflowError(f"layer {name!r} may reach {worst:.3g}: expected less than 2^53")


def table_entries(network: Network) -> int:
    """Rows of the table: (q, y) of each activation, of padding cells, remainders, inputs."""
    lookups = network.lookups()
    activations = sum(map(len, lookups))
    padding = max(one.q_high for one in lookups) - min(one.q_low for one in lookups) + 1
    inputs = network.input.high - network.input.low + 1
    return activations + padding + (1 << network.shift) + inputs
