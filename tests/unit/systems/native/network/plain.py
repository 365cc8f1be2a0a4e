"""The integer semantics as plain loops over Python integers, and random networks to try it on."""

from collections.abc import Mapping

import numpy as np
from hypothesis import strategies as st

from prover.systems.native.network.bounds import bounded
from prover.systems.native.network.network import Integers, Layer, Network, Tensor, Term

Plane = list[list[int]]
Values = list[Plane]
NONE = (0, 0, 0, 0)


def run(network: Network, image: Integers) -> dict[str, Values]:
    """y of every tensor, [channels][rows][columns]."""
    known: dict[str, Values] = {network.input.name: image.tolist()}
    for layer in network.layers:
        known[layer.name] = layer_output(layer, known, network.shift)
    return known


def layer_output(layer: Layer, known: Mapping[str, Values], shift: int) -> Values:
    return [
        [
            [clamp(layer, quotient(layer, known, shift, o, i, j)) for j in range(layer.width)]
            for i in range(layer.height)
        ]
        for o in range(layer.channels)
    ]


def clamp(layer: Layer, q: int) -> int:
    return min(max(q, layer.low), layer.high)


def quotient(layer: Layer, known: Mapping[str, Values], shift: int, o: int, i: int, j: int) -> int:
    acc = int(layer.bias[o]) + sum(product(term, known, o, i, j) for term in layer.terms)
    return (acc + 2 ** (shift - 1)) // 2**shift


def product(term: Term, known: Mapping[str, Values], o: int, i: int, j: int) -> int:
    outputs, inputs, rows, columns = term.weight.shape
    first = o // (outputs // term.groups) * inputs
    total = 0
    for c in range(inputs):
        for row in range(rows):
            for column in range(columns):
                place = (
                    term.stride * i + row - term.pads[0],
                    term.stride * j + column - term.pads[1],
                )
                total += int(term.weight[o, c, row, column]) * cell(term, known, first + c, *place)
    return total


def cell(term: Term, known: Mapping[str, Values], channel: int, row: int, column: int) -> int:
    """The sum of the sources at a place; 0 outside; a pooled source is one cell."""
    total = 0
    for name in term.sources:
        plane = known[name][channel]
        if term.pooled:
            plane = [[sum(map(sum, plane))]]
        if 0 <= row < len(plane) and 0 <= column < len(plane[0]):
            total += plane[row][column]
    return total


SHIFT = 5


def two_layers() -> Network:
    """A 3x3 convolution of stride 2 with padding, then the scores of the pooled planes."""
    weight = (np.arange(36).reshape(2, 2, 3, 3) * 7) % 23 - 11
    conv = Term(("x",), weight, 2, (1, 1, 0, 0), 1, False)
    hidden = Layer("hidden", (conv,), np.array([20, -20]), 0, 31, 0, 0, 2, 2, 2, 0.25)
    dense = Term(("hidden",), np.array([[5, -3], [-4, 6]])[:, :, None, None], 1, NONE, 1, True)
    scores = Layer("scores", (dense,), np.array([1, 2]), -99, 99, 0, 0, 2, 1, 1, 0.5)
    tensor = Tensor("x", 2, 4, 4, -8, 7)
    return bounded(Network("two", tensor, (hidden, scores), SHIFT, "scores", 0.125))


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Up to 4 layers over a small input, then a pooled one; sums of tensors, groups, strides."""
    size = st.integers(1, 6)
    low = draw(st.integers(-9, 0))
    tensor = Tensor("x", draw(st.sampled_from([1, 2, 4])), draw(size), draw(size), low, low + 17)
    shapes = {"x": (tensor.channels, tensor.height, tensor.width)}
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    layers: list[Layer] = []
    for number in range(draw(st.integers(1, 4))):
        layers.append(draw(one_layer(f"l{number}", shapes, random)))
        shapes[layers[-1].name] = (layers[-1].channels, layers[-1].height, layers[-1].width)
    last = layers[-1]
    weight = random.integers(-20, 21, (3, last.channels, 1, 1))
    term = Term((last.name,), weight, 1, NONE, 1, True)
    layers.append(Layer("out", (term,), random.integers(-50, 51, 3), -90, 90, 0, 0, 3, 1, 1))
    return bounded(Network("random", tensor, tuple(layers), SHIFT, "out"))


@st.composite
def one_layer(
    draw: st.DrawFn,
    name: str,
    shapes: Mapping[str, tuple[int, int, int]],
    random: np.random.Generator,
) -> Layer:
    """A convolution of one tensor, or of the sum of all tensors of its shape; perhaps plus 1x1."""
    source = draw(st.sampled_from(sorted(shapes)))
    alike = tuple(sorted(other for other, shape in shapes.items() if shape == shapes[source]))
    sources = alike if draw(st.booleans()) else (source,)
    channels, height, width = shapes[source]
    groups = draw(st.sampled_from([g for g in (1, 2, channels) if channels % g == 0]))
    outputs = groups * draw(st.integers(1, 2))
    kernel = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    pads = (
        draw(st.integers(max(0, kernel[0] - height), kernel[0] - 1)) if kernel[0] > 1 else 0,
        draw(st.integers(max(0, kernel[1] - width), kernel[1] - 1)) if kernel[1] > 1 else 0,
        draw(st.integers(0, kernel[0] - 1)),
        draw(st.integers(0, kernel[1] - 1)),
    )
    stride = draw(st.sampled_from([1, 2]))
    weight = random.integers(-30, 31, (outputs, channels // groups, *kernel))
    terms = [Term(sources, weight, stride, pads, groups, False)]
    rows = (height + pads[0] + pads[2] - kernel[0]) // stride + 1
    columns = (width + pads[1] + pads[3] - kernel[1]) // stride + 1
    if (rows, columns) == (height, width) and draw(st.booleans()):
        beside = random.integers(-30, 31, (outputs, channels, 1, 1))
        terms.append(Term((source,), beside, 1, NONE, 1, False))
    low = draw(st.sampled_from([0, -15]))
    bias = random.integers(-100, 101, outputs)
    return Layer(name, tuple(terms), bias, low, 15, 0, 0, outputs, rows, columns)


def images(network: Network, count: int, seed: int) -> Integers:
    """Random images, the first ones of extreme values only."""
    tensor = network.input
    random = np.random.default_rng(seed)
    shape = (count, tensor.channels, tensor.height, tensor.width)
    extreme = random.choice([tensor.low, tensor.high], shape)
    usual = random.integers(tensor.low, tensor.high + 1, shape)
    return np.where(np.arange(count)[:, None, None, None] < count // 2, extreme, usual)
