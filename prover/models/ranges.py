"""Evaluates the quantised network as ezkl does, on values or on whole input domains.

The same code gives the outputs for given inputs and the bounds for all inputs of a domain: the
planner compares the former with ezkl's witnesses before it trusts the latter. Scales follow ezkl
23.0.5: weights have `param_scale`, biases the scale of the sum they enter, products add scales, and
a scale above `rebase` is divided down to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from onnx import numpy_helper

from prover.models import tensors
from prover.models.graph import Array, attribute
from prover.models.tensors import Bounds, Floats, quantise


@dataclass(frozen=True)
class Quantisation:
    """Scales of a circuit; `shared` if several copies of the network use the same weights."""

    input_scale: int
    param_scale: int
    rebase_multiplier: int
    shared: bool

    @property
    def rebase(self) -> int:
        """The largest scale that is left as it is; larger ones are divided down to it."""
        return max(self.input_scale, self.param_scale) * self.rebase_multiplier


@dataclass
class Ranges:
    """What an evaluation saw.

    `decomposed` is the largest absolute value that is written in digits, inputs and outputs among
    them; tables are read between `lookup_low` and `lookup_high`.
    """

    decomposed: float = 0.0
    lookup_low: float = 0.0
    lookup_high: float = 0.0
    rebased: int = 0
    functions: set[str] = field(default_factory=set)

    def digits(self, value: Bounds) -> None:
        """Note a tensor that is decomposed."""
        self.decomposed = max(self.decomposed, float(value.magnitude.max(initial=0.0)))

    def quotient(self, value: Bounds, divisor: float) -> None:
        """Note a tensor that was divided; remainders are compared with the divisor."""
        self.rebased += 1
        self.digits(value)
        self.decomposed = max(self.decomposed, 2 * divisor)

    def looked_up(self, value: Bounds, function: str) -> None:
        """Note a tensor that is looked up; each scale of a function has its own table."""
        self.functions.add(f"{function} at scale {value.scale}")
        self.lookup_low = min(self.lookup_low, float((value.low - value.error).min()))
        self.lookup_high = max(self.lookup_high, float((value.high + value.error).max()))


@dataclass
class _State:
    settings: Quantisation
    constants: Mapping[str, Array]
    values: dict[str, Bounds]
    ranges: Ranges = field(default_factory=Ranges)

    def get(self, name: str, beside: int | None = None) -> Bounds:
        """A tensor; a constant that is not shared is quantised at `beside` if that is finer."""
        if name in self.values:
            return self.values[name]
        scale = self.settings.param_scale
        if beside is not None and not self.settings.shared:
            scale = max(scale, beside)
        return Bounds.point(quantise(self.constants[name], scale)[np.newaxis], scale)


def evaluate(
    model: onnx.ModelProto, inputs: Bounds, settings: Quantisation
) -> tuple[Bounds, Ranges]:
    """Evaluate a canonical model on integer inputs [samples, 1, ...].

    Returns the outputs, flattened to [samples, classes], and what was seen on the way. Raises
    OutOfRange where values could reach 2**52.
    """
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    state = _State(settings, constants, {model.graph.input[0].name: inputs})
    state.ranges.digits(inputs)
    for node in model.graph.node:
        result = OPERATORS[node.op_type](state, node)
        if result.scale > settings.rebase:
            divisor = 2.0 ** (result.scale - settings.rebase)
            result = tensors.rebase(result, settings.rebase)
            state.ranges.quotient(result, divisor)
        state.values[node.output[0]] = result
    output = state.values[model.graph.output[0].name]
    state.ranges.digits(output)
    return output.mapped(lambda a: a.reshape(len(a), -1)), state.ranges


def domain(shape: tuple[int, ...], low: int, high: int, scale: int) -> Bounds:
    """All inputs of a shape [1, ...] with integers from `low` to `high`."""
    lowest, highest = np.full((1, *shape), float(low)), np.full((1, *shape), float(high))
    return Bounds(lowest, highest, np.zeros_like(lowest), scale)


def _conv(state: _State, node: onnx.NodeProto) -> Bounds:
    value = state.get(node.input[0])
    weights = quantise(state.constants[node.input[1]], state.settings.param_scale)
    scale = value.scale + state.settings.param_scale
    summed = tensors.linear(value, weights, _correlation(node, weights.shape), scale)
    if len(node.input) < 3:
        return summed
    bias = quantise(state.constants[node.input[2]], scale)
    shape = (1, 1, -1, *(1,) * (summed.low.ndim - 3))
    return tensors.add(summed, Bounds.point(bias.reshape(shape), scale))


def _correlation(
    node: onnx.NodeProto, shape: tuple[int, ...]
) -> Callable[[Floats, Floats], Floats]:
    strides, pads = attribute(node, "strides", []), attribute(node, "pads", [])
    group, rank = int(attribute(node, "group", 1)), len(shape) - 2
    margins = [(0, 0), (0, 0), *((pads[i], pads[i + rank]) for i in range(rank))]
    axes = tuple(range(2, 2 + rank))
    steps = (slice(None), slice(None), *(slice(None, None, s) for s in strides))

    def apply(values: Floats, weights: Floats) -> Floats:
        padded = np.pad(values[:, 0], margins)
        windows = sliding_window_view(padded, shape[2:], axis=axes)[steps]  # type: ignore[call-overload]
        parts = zip(np.split(windows, group, axis=1), np.split(weights, group, axis=0), strict=True)
        inner = [1, *range(2 + rank, 2 + 2 * rank)], list(range(1, 2 + rank))
        made = [np.tensordot(part, weight, axes=inner) for part, weight in parts]
        return np.moveaxis(np.concatenate(made, axis=-1), -1, 1)[:, np.newaxis]

    return apply


def _matmul(state: _State, node: onnx.NodeProto) -> Bounds:
    value = state.get(node.input[0])
    weights = quantise(state.constants[node.input[1]], state.settings.param_scale)
    scale = value.scale + state.settings.param_scale
    return tensors.linear(value, weights, lambda a, b: a @ b, scale)


def _pair(state: _State, node: onnx.NodeProto) -> tuple[Bounds, Bounds]:
    """Two operands of a sum; a constant takes the scale of the other."""
    scales = [state.values[name].scale for name in node.input if name in state.values]
    left, right = (state.get(name, max(scales)) for name in node.input)
    return left, right


def _add(state: _State, node: onnx.NodeProto) -> Bounds:
    return tensors.add(*_pair(state, node))


def _sub(state: _State, node: onnx.NodeProto) -> Bounds:
    left, right = _pair(state, node)
    return tensors.add(left, tensors.negative(right))


def _mul(state: _State, node: onnx.NodeProto) -> Bounds:
    return tensors.multiply(state.get(node.input[0]), state.get(node.input[1]))


def _relu(state: _State, node: onnx.NodeProto) -> Bounds:
    value = state.get(node.input[0])
    state.ranges.digits(value)
    return tensors.relu(value)


def _sigmoid(state: _State, node: onnx.NodeProto) -> Bounds:
    value = state.get(node.input[0])
    state.ranges.looked_up(value, node.op_type)
    return tensors.table(value, lambda x: 1 / (1 + np.exp(np.clip(-x, -700, 700))), 0.25)


def _tanh(state: _State, node: onnx.NodeProto) -> Bounds:
    value = state.get(node.input[0])
    state.ranges.looked_up(value, node.op_type)
    return tensors.table(value, np.tanh, 1.0)


def _reshape(state: _State, node: onnx.NodeProto) -> Bounds:
    shape = tuple(int(size) for size in state.constants[node.input[1]])
    return state.get(node.input[0]).mapped(lambda a: a.reshape(len(a), *shape))


def _transpose(state: _State, node: onnx.NodeProto) -> Bounds:
    order = [0, *(int(axis) + 1 for axis in attribute(node, "perm", []))]
    return state.get(node.input[0]).mapped(lambda a: a.transpose(order))


def _slice(state: _State, node: onnx.NodeProto) -> Bounds:
    start, stop, axis, step = (int(state.constants[name][0]) for name in node.input[1:])
    index = (slice(None),) * (axis + 1) + (slice(start, stop, step),)
    return state.get(node.input[0]).mapped(lambda a: a[index])


def _pad(state: _State, node: onnx.NodeProto) -> Bounds:
    pads = [int(amount) for amount in state.constants[node.input[1]]]
    rank = len(pads) // 2
    margins = [(0, 0), *((pads[i], pads[i + rank]) for i in range(rank))]
    return state.get(node.input[0]).mapped(lambda a: np.pad(a, margins))


def _concat(state: _State, node: onnx.NodeProto) -> Bounds:
    scales = [state.values[name].scale for name in node.input if name in state.values]
    parts = [state.get(name, max(scales)) for name in node.input]
    scale = max(part.scale for part in parts)
    axis = int(attribute(node, "axis", 0)) + 1
    samples = max(len(part.low) for part in parts)
    wide = [_samples(part.raised(scale), samples) for part in parts]
    low, high, error = (
        np.concatenate([getattr(part, name) for part in wide], axis)
        for name in ("low", "high", "error")
    )
    return Bounds(low, low if all(p.is_point for p in parts) else high, error, scale)


def _samples(value: Bounds, count: int) -> Bounds:
    return value.mapped(lambda a: np.broadcast_to(a, (count, *a.shape[1:])))


OPERATORS: dict[str, Callable[[_State, onnx.NodeProto], Bounds]] = {
    "Conv": _conv,
    "MatMul": _matmul,
    "Add": _add,
    "Sub": _sub,
    "Mul": _mul,
    "Relu": _relu,
    "Sigmoid": _sigmoid,
    "Tanh": _tanh,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Slice": _slice,
    "Pad": _pad,
    "Concat": _concat,
}
