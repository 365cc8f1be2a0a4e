"""Runs an integer network in numpy: what a circuit must agree with, cell by cell."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from prover.base.errors import StatementInvalid
from prover.systems.native.network.convolution import convolve_exact
from prover.systems.native.network.network import Integers, Layer, Network, Tensor, Term


@dataclass(frozen=True, eq=False)
class LayerValues:
    """Values [n, channels, height, width] of one layer.

    acc = conv + bias; acc + 2^(s-1) = 2^s * q + r; y = clamp(q).
    """

    layer: Layer
    conv: Integers
    acc: Integers
    q: Integers
    r: Integers
    y: Integers


def run(network: Network, images: Integers) -> Iterator[LayerValues]:
    """Each layer's values in order, for `images` [n, channels, height, width].

    A tensor is kept only until its last reader. Raises StatementInvalid if the images have another
    shape, or a value outside the input's range.
    """
    check_input(network.input, images)
    values = {network.input.name: images.astype(np.int64)}
    last = last_readers(network)
    for position, layer in enumerate(network.layers):
        found = layer_values(layer, values, network.shift)
        values[layer.name] = found.y
        yield found
        for name in [name for name in values if last.get(name, -1) <= position]:
            del values[name]


def scores(network: Network, images: Integers) -> Integers:
    """[n, classes]: the outputs."""
    for found in run(network, images):
        if found.layer.name == network.output:
            result: Integers = found.y.reshape(len(images), -1)
            return result
    raise KeyError(network.output)


def check_input(tensor: Tensor, images: Integers) -> None:
    """Refuse images of another shape, type or range than the network's input."""
    shape = (tensor.channels, tensor.height, tensor.width)
    if images.ndim != 4 or images.shape[1:] != shape or images.dtype.kind not in "iu":
        raise StatementInvalid(
            f"the input is {images.dtype} {list(images.shape)}: expected integers [n, "
            f"{', '.join(map(str, shape))}]"
        )
    if images.size and (images.min() < tensor.low or images.max() > tensor.high):
        raise StatementInvalid(
            f"the input has values {images.min()} to {images.max()}: expected {tensor.low} to "
            f"{tensor.high}"
        )


def last_readers(network: Network) -> dict[str, int]:
    """The position of the last layer that reads each tensor."""
    return {
        name: position
        for position, layer in enumerate(network.layers)
        for term in layer.terms
        for name in term.sources
    }


def layer_values(layer: Layer, values: Mapping[str, Integers], shift: int) -> LayerValues:
    """One layer on the values of its sources."""
    conv = term_product(layer.terms[0], values)
    for term in layer.terms[1:]:
        conv = conv + term_product(term, values)
    acc = conv + layer.bias[:, None, None]
    raised = acc + (1 << shift >> 1)
    q, r = raised >> shift, raised & ((1 << shift) - 1)
    return LayerValues(layer, conv, acc, q, r, layer.activation.of(q))


def term_product(term: Term, values: Mapping[str, Integers]) -> Integers:
    """[n, channels, height, width]: the convolution of one term."""
    source = sum((values[name] for name in term.sources[1:]), start=values[term.sources[0]])
    if term.pooled:
        source = source.sum(axis=(2, 3), keepdims=True)
    return convolve_exact(source, term.weight, term.stride, term.pads, term.groups)
