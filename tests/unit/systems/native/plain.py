"""Integer networks executed cell by cell: slow, and with nothing shared with the package."""

from itertools import product

import numpy as np

from prover.systems.native.network.network import Layer, Network, Term

Values = dict[str, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]


def execute_plainly(
    network: Network, image: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> list[int]:
    """The outputs of a network."""
    values: Values = {network.input.name: image}
    for layer in network.layers:
        values[layer.name] = _layer(layer, values, network.shift)
    return [int(value) for value in values[network.output].ravel()]


def _layer(
    layer: Layer, values: Values, shift: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    found = np.zeros((layer.channels, layer.height, layer.width), dtype=np.int64)
    for o, i, j in product(*(range(size) for size in found.shape)):
        acc = int(layer.bias[o]) + sum(_term(term, values, layer, o, i, j) for term in layer.terms)
        found[o, i, j] = min(max((acc + 2 ** (shift - 1)) // 2**shift, layer.low), layer.high)
    return found


def _term(term: Term, values: Values, layer: Layer, o: int, i: int, j: int) -> int:
    source = sum(values[name] for name in term.sources)
    assert isinstance(source, np.ndarray)
    if term.pooled:
        source = source.sum(axis=(1, 2))[:, None, None]
    inputs = term.weight.shape[1]
    first = o // (layer.channels // term.groups) * inputs
    total = 0
    for c, d, e in product(*(range(size) for size in term.weight.shape[1:])):
        row, column = term.stride * i + d - term.pads[0], term.stride * j + e - term.pads[1]
        if 0 <= row < source.shape[1] and 0 <= column < source.shape[2]:
            total += int(term.weight[o, c, d, e]) * int(source[first + c, row, column])
    return total
