"""Evaluates the quantised network as ezkl does, on values or on whole input domains.

The same code gives the outputs for given inputs and the bounds for all inputs of a domain: the
planner compares the former with ezkl's witnesses before it trusts the latter. Scales are those of
`scales.scales_of`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from onnx import numpy_helper

from prover.systems.ezkl.arithmetic import tensors
from prover.systems.ezkl.arithmetic.scales import Quantisation, Scales, scales_of
from prover.systems.ezkl.arithmetic.tensors import Bounds, Floats, quantise
from prover.systems.onnx.graph import Array, attribute


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
    scales: Scales
    constants: Mapping[str, Array]
    values: dict[str, Bounds]
    watched: dict[str, Bounds] | None
    ranges: Ranges = field(default_factory=Ranges)

    def get(self, node: onnx.NodeProto, place: int = 0) -> Bounds:
        """An operand of a node."""
        name = node.input[place]
        if name in self.values:
            return self.values[name]
        weights = self.weights(node, place)
        return Bounds.point(weights[np.newaxis], self.scales.constants[node.output[0], place])

    def weights(self, node: onnx.NodeProto, place: int = 1) -> Floats:
        """A constant operand of a node, in units of its scale."""
        scale = self.scales.constants[node.output[0], place]
        return quantise(self.constants[node.input[place]], scale)


def evaluate(
    model: onnx.ModelProto,
    inputs: Bounds,
    settings: Quantisation,
    watched: dict[str, Bounds] | None = None,
) -> tuple[Bounds, Ranges]:
    """Evaluate a canonical model on integer inputs [samples, 1, ...].

    Returns the outputs, flattened to [samples, classes], and what was seen on the way. What enters
    each ReLU is left in `watched`, by the ReLU's output. Raises OutOfRange where values could reach
    2**52.
    """
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    source = model.graph.input[0].name
    scales = scales_of(model.graph, settings, {source: inputs.scale})
    state = _State(scales, constants, {source: inputs}, watched)
    state.ranges.digits(inputs)
    for node in model.graph.node:
        result = OPERATORS[node.op_type](state, node)
        scale = scales.tensors[node.output[0]]
        if result.scale > scale:
            divisor = 2.0 ** (result.scale - scale)
            result = tensors.rebase(result, scale)
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
    value, weights = state.get(node), state.weights(node)
    scale = value.scale + state.scales.constants[node.output[0], 1]
    summed = tensors.linear(value, weights, _correlation(node, weights.shape), scale)
    if len(node.input) < 3:
        return summed
    shape = (1, 1, -1, *(1,) * (summed.low.ndim - 3))
    return tensors.add(summed, Bounds.point(state.weights(node, 2).reshape(shape), scale))


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
    value = state.get(node)
    scale = value.scale + state.scales.constants[node.output[0], 1]
    return tensors.linear(value, state.weights(node), lambda a, b: a @ b, scale)


def _add(state: _State, node: onnx.NodeProto) -> Bounds:
    return tensors.add(state.get(node, 0), state.get(node, 1))


def _sub(state: _State, node: onnx.NodeProto) -> Bounds:
    return tensors.add(state.get(node, 0), tensors.negative(state.get(node, 1)))


def _mul(state: _State, node: onnx.NodeProto) -> Bounds:
    return tensors.multiply(state.get(node, 0), state.get(node, 1))


def _relu(state: _State, node: onnx.NodeProto) -> Bounds:
    value = state.get(node)
    state.ranges.digits(value)
    if state.watched is not None:
        state.watched[node.output[0]] = value
    return tensors.relu(value)


def _sigmoid(state: _State, node: onnx.NodeProto) -> Bounds:
    value = state.get(node)
    state.ranges.looked_up(value, node.op_type)
    return tensors.table(value, lambda x: 1 / (1 + np.exp(np.clip(-x, -700, 700))), 0.25)


def _tanh(state: _State, node: onnx.NodeProto) -> Bounds:
    value = state.get(node)
    state.ranges.looked_up(value, node.op_type)
    return tensors.table(value, np.tanh, 1.0)


def _reshape(state: _State, node: onnx.NodeProto) -> Bounds:
    shape = tuple(int(size) for size in state.constants[node.input[1]])
    return state.get(node).mapped(lambda a: a.reshape(len(a), *shape))


def _transpose(state: _State, node: onnx.NodeProto) -> Bounds:
    order = [0, *(int(axis) + 1 for axis in attribute(node, "perm", []))]
    return state.get(node).mapped(lambda a: a.transpose(order))


def _slice(state: _State, node: onnx.NodeProto) -> Bounds:
    start, stop, axis, step = (int(state.constants[name][0]) for name in node.input[1:])
    index = (slice(None),) * (axis + 1) + (slice(start, stop, step),)
    return state.get(node).mapped(lambda a: a[index])


def _pad(state: _State, node: onnx.NodeProto) -> Bounds:
    pads = [int(amount) for amount in state.constants[node.input[1]]]
    rank = len(pads) // 2
    margins = [(0, 0), *((pads[i], pads[i + rank]) for i in range(rank))]
    return state.get(node).mapped(lambda a: np.pad(a, margins))


def _concat(state: _State, node: onnx.NodeProto) -> Bounds:
    parts = [state.get(node, place) for place in range(len(node.input))]
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
