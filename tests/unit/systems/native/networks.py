"""Small integer networks with every feature of the layout, and random ones."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from prover.systems.native.network.network import Layer, Network, Tensor, Term

SHIFT = 6
Pads = tuple[int, int, int, int]


@dataclass
class Maker:
    """Draws weights; `bound` holds every q of the layers made here."""

    seed: int
    bound: int = 1 << 11

    def __post_init__(self) -> None:
        self.draw = np.random.default_rng(self.seed)

    def conv(
        self,
        sources: list[str],
        shape: tuple[int, int, int, int],
        stride: int = 1,
        pads: Pads = (0, 0, 0, 0),
        groups: int = 1,
        pooled: bool = False,
    ) -> Term:
        """A term with weights of [outputs, inputs / groups, rows, columns]."""
        weight = self.draw.integers(-20, 21, shape)
        return Term(tuple(sources), weight, stride, pads, groups, pooled)

    def same(self, source: str, channels: int) -> Term:
        """A term that adds a tensor as it is."""
        weight = np.full((channels, 1, 1, 1), 1 << SHIFT)
        return Term((source,), weight, 1, (0, 0, 0, 0), channels, False)

    def layer(
        self, name: str, terms: list[Term], shape: tuple[int, int, int], low: int, high: int
    ) -> Layer:
        """A layer whose q stays within the bound."""
        bias = self.draw.integers(-200, 200, shape[0])
        return Layer(name, tuple(terms), bias, low, high, -self.bound, self.bound, *shape)


def residual_network(seed: int = 0) -> Network:
    """Strides, asymmetric and missing padding, depthwise and dense kernels, two branches, a
    tensor read in three ways, residual sums with other margins, pooling, a rectangular kernel."""
    make = Maker(seed)
    layers = (
        make.layer("a", [make.conv(["x"], (4, 2, 3, 3), 2, (1, 0, 1, 1))], (4, 5, 3), 0, 63),
        make.layer("b", [make.conv(["a"], (4, 1, 3, 3), 1, (1, 1, 1, 1), 4)], (4, 5, 3), 0, 63),
        make.layer("c", [make.conv(["b"], (4, 4, 1, 1))], (4, 5, 3), -32, 31),
        make.layer(
            "d",
            [make.conv(["c"], (4, 4, 3, 3), 1, (1, 1, 1, 1)), make.same("a", 4)],
            (4, 5, 3),
            0,
            63,
        ),
        make.layer("e", [make.conv(["d", "c"], (6, 4, 1, 1))], (6, 5, 3), 0, 63),
        make.layer("f", [make.conv(["e"], (6, 1, 5, 5), 2, (2, 2, 2, 2), 6)], (6, 3, 2), 0, 63),
        make.layer(
            "g",
            [make.conv(["f"], (3, 6, 1, 1), pooled=True), make.conv(["f"], (3, 6, 3, 2))],
            (3, 1, 1),
            -512,
            511,
        ),
    )
    return Network("residual", Tensor("x", 2, 9, 7, -3, 12), layers, SHIFT, "g")


def tiny_network(seed: int = 0) -> Network:
    """A depthwise stride-2 layer and a dense one: small enough to prove in a second."""
    make = Maker(seed, 1 << 7)
    layers = (
        make.layer("a", [make.conv(["x"], (2, 1, 3, 3), 2, (1, 1, 1, 1), 2)], (2, 2, 2), 0, 15),
        make.layer("b", [make.conv(["a"], (3, 2, 2, 2))], (3, 1, 1), -64, 63),
    )
    return Network("tiny", Tensor("x", 2, 4, 3, 0, 7), layers, SHIFT, "b")


def image_of(network: Network, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """A random input in the domain."""
    tensor = network.input
    shape = (tensor.channels, tensor.height, tensor.width)
    return np.random.default_rng(seed).integers(tensor.low, tensor.high + 1, shape)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """One or two convolutions of any kernel, stride, padding and grouping, then a dense layer."""
    make = Maker(draw(st.integers(0, 2**32 - 1)), 1 << 13)
    channels, height, width = (draw(st.integers(1, most)) for most in (3, 7, 7))
    tensor = Tensor("x", channels, height, width, draw(st.integers(-4, 0)), draw(st.integers(1, 9)))
    layers: list[Layer] = []
    source = "x"
    for number in range(draw(st.integers(0, 2))):
        term, shape = _any_conv(draw, make, source, (channels, height, width))
        source = f"layer{number}"
        layers.append(make.layer(source, [term], shape, draw(st.sampled_from([0, -16])), 31))
        channels, height, width = shape
    pooled = draw(st.booleans())
    kernel = (1, 1) if pooled else (height, width)
    dense = make.conv([source], (draw(st.integers(1, 3)), channels, *kernel), pooled=pooled)
    layers.append(make.layer("dense", [dense], (len(dense.weight), 1, 1), -512, 511))
    return Network("random", tensor, tuple(layers), SHIFT, "dense")


def _any_conv(
    draw: st.DrawFn, make: Maker, source: str, shape: tuple[int, int, int]
) -> tuple[Term, tuple[int, int, int]]:
    channels, *plane = shape
    stride, outputs = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    depthwise = draw(st.booleans())
    kernel, pads, sizes = [], [], []
    for size in plane:
        taps = draw(st.integers(1, 4))
        before, after = (draw(st.integers(0, taps - 1)) for _ in range(2))
        taps = min(taps, size + before + after)
        before, after = min(before, taps - 1), min(after, taps - 1)
        taps = min(taps, size + before + after)
        kernel.append(taps)
        pads.append((before, after))
        sizes.append((size + before + after - taps) // stride + 1)
    groups = channels if depthwise else 1
    outputs = channels * outputs if depthwise else outputs
    term = make.conv(
        [source],
        (outputs, channels // groups, *kernel),
        stride,
        (pads[0][0], pads[1][0], pads[0][1], pads[1][1]),
        groups,
    )
    return term, (outputs, sizes[0], sizes[1])
