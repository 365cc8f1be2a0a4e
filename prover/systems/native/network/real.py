"""A model as layers of real numbers: an integer network before its scales are chosen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from prover.systems.native.network.convolution import Pads, convolve

Reals = npt.NDArray[np.float64]
Shape = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class RealTerm:
    """As `network.Term`, with real weights; a pooled term's weights hold the 1/area of its mean."""

    sources: tuple[str, ...]
    weight: Reals
    stride: int
    pads: Pads
    groups: int
    pooled: bool = False


@dataclass(frozen=True, eq=False)
class RealLayer:
    """The sum of its terms plus `bias`, clamped to `low` .. `high`, which may be infinite.

    A layer that is part of a maximum holds values of the sum of the tensors `of`, or differences
    of them (`low` is 0 then): it takes their scale, and its integers are exact.
    """

    name: str
    terms: tuple[RealTerm, ...]
    bias: Reals
    low: float
    high: float
    shape: Shape
    of: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class RealNetwork:
    """Layers in order of execution over one input."""

    name: str
    input_name: str
    input_shape: Shape
    layers: tuple[RealLayer, ...]
    output: str


@dataclass
class Retained:
    """Values of tensors, dropped after their last reader."""

    network: RealNetwork
    values: dict[str, Reals] = field(default_factory=dict)

    def forget(self, position: int) -> None:
        """Drop what no layer after `position` reads."""
        later = {
            name
            for layer in self.network.layers[position + 1 :]
            for term in layer.terms
            for name in term.sources
        }
        for name in [n for n in self.values if n not in later | {self.network.output}]:
            del self.values[name]


def evaluate(network: RealNetwork, samples: Reals) -> Iterator[tuple[RealLayer, Reals, Reals]]:
    """Each layer with its sums and its outputs [n, c, h, w] for `samples` [n, c, h, w]."""
    retained = Retained(network, {network.input_name: samples})
    for position, layer in enumerate(network.layers):
        sums = layer_sums(layer, retained.values)
        retained.values[layer.name] = np.clip(sums, layer.low, layer.high)
        yield layer, sums, retained.values[layer.name]
        retained.forget(position)


def outputs(network: RealNetwork, samples: Reals) -> Reals:
    """[n, classes] for `samples` [n, c, h, w]."""
    found = {layer.name: values for layer, _, values in evaluate(network, samples)}
    return found[network.output].reshape(len(samples), -1)


def layer_sums(layer: RealLayer, values: Mapping[str, Reals]) -> Reals:
    """[n, c, h, w]: the terms and the bias, before the clamp."""
    sums = layer.bias[:, None, None]
    for term in layer.terms:
        sums = sums + term_product(term, values)
    return sums


def term_product(term: RealTerm, values: Mapping[str, Reals]) -> Reals:
    """[n, c, h, w]: the convolution of one term."""
    source = sum((values[name] for name in term.sources[1:]), start=values[term.sources[0]])
    if term.pooled:
        source = source.sum(axis=(2, 3), keepdims=True)
    return convolve(source, term.weight, term.stride, term.pads, term.groups)
