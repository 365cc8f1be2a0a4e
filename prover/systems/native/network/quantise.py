"""Chooses scales from calibration data and turns layers of reals into layers of integers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, frexp, inf, isfinite, ldexp

import numpy as np

from prover.base.errors import ModelRefused
from prover.systems.native.network.bounds import bounded
from prover.systems.native.network.network import Integers, Layer, Network, Tensor, Term
from prover.systems.native.network.real import RealLayer, RealNetwork, Reals, RealTerm, evaluate
from prover.systems.native.network.scales import scale_groups

SIGNIFICANT = 12


@dataclass(frozen=True)
class Precision:
    """How finely values are told apart; values beyond what calibration has seen are clamped.

    `shift` is s. An activation has the most levels of `activations` with which its q can take no
    more than `width` values, or the fewest; `linear` is the largest integer of a layer without
    activation, `score` that of an output, with as much room again.
    """

    shift: int
    activations: tuple[int, ...]
    width: int
    linear: int
    score: int


@dataclass(frozen=True)
class InputRange:
    """Integers `low` .. `high` that stand for themselves times `scale`."""

    low: int
    high: int
    scale: float


def to_integers(samples: Reals, scale: float) -> Integers:
    """The integers that stand for a model's inputs, of any shape: the nearest, halves to even."""
    integers: Integers = np.rint(samples / scale).astype(np.int64)
    return integers


@dataclass(frozen=True)
class Spread:
    """The largest magnitude of each layer's outputs on calibration data, by name.

    In 12 significant bits, rounded up: machines may differ in the last bits of sums.
    """

    largest: Mapping[str, float]


def measure(network: RealNetwork, samples: Reals, batch: int = 8) -> Spread:
    """Evaluate the model on `samples` [n, c, h, w].

    Raises ModelRefused if a layer gives NaN or infinity.
    """
    largest = dict.fromkeys((layer.name for layer in network.layers), 0.0)
    for start in range(0, len(samples), batch):
        for layer, _, values in evaluate(network, samples[start : start + batch]):
            largest[layer.name] = max(largest[layer.name], float(np.abs(values).max()))
            if not isfinite(largest[layer.name]):
                raise ModelRefused(
                    f"layer {layer.name!r} gives NaN or infinity on the calibration data: "
                    "expected finite values; train or export it again"
                )
    return Spread({name: _rounded_up(value) for name, value in largest.items()})


def _rounded_up(value: float) -> float:
    mantissa, exponent = frexp(value)
    return ldexp(ceil(mantissa * 2**SIGNIFICANT), exponent - SIGNIFICANT)


def quantise(
    network: RealNetwork, spread: Spread, source: InputRange, precision: Precision
) -> Network:
    """The integer network, its bounds proven.

    Raises ModelRefused, naming the layer, where the numbers would not fit.
    """
    levels = {layer.name: _fewest(layer, network, precision) for layer in network.layers}
    coarse = _with_levels(network, spread, source, levels, precision.shift)
    free = _free_activations(network)
    for layer in coarse.layers:
        if layer.name in free:
            levels[layer.name] = _most(layer, precision)
    return _with_levels(network, spread, source, levels, precision.shift)


def _fewest(layer: RealLayer, network: RealNetwork, precision: Precision) -> int:
    if layer.name == network.output:
        return precision.score
    return min(precision.activations) if layer.low > -inf else precision.linear


def _free_activations(network: RealNetwork) -> set[str]:
    """Activations whose scale no other tensor shares, without the output."""
    united = scale_groups(network)
    sizes = Counter(united.root(name) for name in united.names)
    return {
        layer.name
        for layer in network.layers
        if layer.low > -inf and sizes[united.root(layer.name)] == 1 and layer.name != network.output
    }


def _most(layer: Layer, precision: Precision) -> int:
    """q grows with the levels."""
    fewest = min(precision.activations)
    values = layer.q_high - layer.q_low + 1
    fitting = [n for n in precision.activations if values * n <= precision.width * fewest]
    return max([fewest, *fitting])


def _with_levels(
    network: RealNetwork,
    spread: Spread,
    source: InputRange,
    levels: Mapping[str, int],
    shift: int,
) -> Network:
    scales = choose_scales(network, spread, source, levels)
    tensor = Tensor(network.input_name, *network.input_shape, source.low, source.high)
    clamps: dict[str, tuple[int, int]] = {tensor.name: (source.low, source.high)}
    layers = []
    for layer in network.layers:
        most = levels[layer.name] * (2 if layer.name == network.output else 1)
        clamps[layer.name] = clamp_of(layer, scales[layer.name], clamps, most)
        layers.append(integer_layer(layer, scales, clamps[layer.name], shift))
    found = Network(network.name, tensor, tuple(layers), shift, network.output, source.scale)
    try:
        return bounded(found)
    except OverflowError as error:
        raise ModelRefused(f"{error}; choose a smaller shift or coarser values") from error


def choose_scales(
    network: RealNetwork, spread: Spread, source: InputRange, levels: Mapping[str, int]
) -> dict[str, float]:
    """What one unit of each tensor stands for; tensors that are added share it."""
    united = scale_groups(network)
    shared: dict[str, float] = {}
    for layer in network.layers:
        if not layer.of:
            root = united.root(layer.name)
            finest = spread.largest[layer.name] / levels[layer.name]
            shared[root] = max(shared.get(root, 0.0), finest)
    shared[united.root(network.input_name)] = source.scale
    return {name: shared[united.root(name)] or 1.0 for name in united.names}


def clamp_of(
    layer: RealLayer, scale: float, clamps: Mapping[str, tuple[int, int]], most: int
) -> tuple[int, int]:
    """The integers between which a layer's outputs are clamped, of magnitude `most`."""
    if layer.of:
        low = sum(clamps[name][0] for name in layer.of)
        high = sum(clamps[name][1] for name in layer.of)
        return (0, high - low) if layer.low == 0 else (low, high)
    low, high = (round(np.clip(limit / scale, -most, most)) for limit in (layer.low, layer.high))
    return low, high


def integer_layer(
    layer: RealLayer, scales: Mapping[str, float], clamp: tuple[int, int], shift: int
) -> Layer:
    """Weights and bias with both scales and 2^shift in them, rounded."""
    unit = scales[layer.name] / 2**shift
    terms = tuple(_integer_term(term, scales[term.sources[0]] / unit) for term in layer.terms)
    bias = _rounded(layer.name, layer.bias / unit)
    low, high = clamp
    size = layer.shape
    return Layer(layer.name, terms, bias, low, high, 0, 0, *size, scales[layer.name])


def _integer_term(term: RealTerm, factor: float) -> Term:
    weight = _rounded(term.sources[0], term.weight * factor)
    return Term(term.sources, weight, term.stride, term.pads, term.groups, term.pooled)


def _rounded(name: str, values: Reals) -> Integers:
    if values.size and float(np.abs(values).max()) >= 2**52:
        raise ModelRefused(
            f"integers of layer {name!r} reach 2^52: expected less; its weights are too large for "
            "its outputs, train it again"
        )
    return np.rint(values).astype(np.int64)
