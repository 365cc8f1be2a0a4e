"""Lowering rules of activations: everything but Sigmoid and Tanh becomes ReLU and arithmetic."""

import numpy as np
import onnx

from prover.systems.onnx.graph import Array, Builder, attribute, refuse
from prover.systems.onnx.lowering.linear import combined, scaled, shifted
from prover.systems.onnx.lowering.shape import constant_input


def relu(builder: Builder, node: onnx.NodeProto) -> str:
    """max(x, 0)."""
    return rectified(builder, builder.resolve(node.input[0]))


def table(builder: Builder, node: onnx.NodeProto) -> str:
    """A function that the circuit reads from a table."""
    source = builder.resolve(node.input[0])
    return builder.node(node.op_type, [source], builder.shapes[source])


def leaky_relu(builder: Builder, node: onnx.NodeProto) -> str:
    """slope*x + (1-slope)*relu(x)."""
    slope = np.full(1, attribute(node, "alpha", 0.01))
    return _leaky(builder, builder.resolve(node.input[0]), slope)


def parametric_relu(builder: Builder, node: onnx.NodeProto) -> str:
    """The same with a constant slope per channel."""
    slope = constant_input(builder, node, 1)
    if slope is None:
        raise refuse(node, "its slope is computed: expected only a constant slope")
    return _leaky(builder, builder.resolve(node.input[0]), slope)


def clip(builder: Builder, node: onnx.NodeProto) -> str:
    """Between two constants, either of which may be absent; ReLU6 is one of these."""
    if len(node.input) > 1:
        low, high = (_bound(builder, node, i) for i in (1, 2))
    else:
        low, high = (attribute(node, name, None) for name in ("min", "max"))
    return clipped(builder, builder.resolve(node.input[0]), low, high)


def hard_sigmoid(builder: Builder, node: onnx.NodeProto) -> str:
    """clip(alpha*x + beta, 0, 1)."""
    alpha, beta = attribute(node, "alpha", 0.2), attribute(node, "beta", 0.5)
    return _hard_sigmoid(builder, builder.resolve(node.input[0]), alpha, beta)


def hard_swish(builder: Builder, node: onnx.NodeProto) -> str:
    """x * clip(x/6 + 1/2, 0, 1)."""
    source = builder.resolve(node.input[0])
    return combined(builder, "Mul", source, _hard_sigmoid(builder, source, 1 / 6, 0.5))


def maximum(builder: Builder, node: onnx.NodeProto) -> str:
    """The largest of any number of tensors, element by element."""
    result = builder.resolve(node.input[0])
    for name in node.input[1:]:
        result = larger(builder, result, builder.resolve(name))
    return result


def minimum(builder: Builder, node: onnx.NodeProto) -> str:
    """The smallest: a - relu(a - b)."""
    result = builder.resolve(node.input[0])
    for name in node.input[1:]:
        gap = combined(builder, "Sub", result, builder.resolve(name))
        result = combined(builder, "Sub", result, rectified(builder, gap))
    return result


def rectified(builder: Builder, source: str) -> str:
    """Add a ReLU."""
    return builder.node("Relu", [source], builder.shapes[source])


def larger(builder: Builder, left: str, right: str) -> str:
    """right + relu(left - right)."""
    gap = rectified(builder, combined(builder, "Sub", left, right))
    return combined(builder, "Add", gap, right)


def clipped(builder: Builder, source: str, low: float | None, high: float | None) -> str:
    """high - relu(high - (low + relu(x - low))), so that interval bounds see both limits."""
    if low is not None:
        source = rectified(builder, _moved(builder, source, -low))
    if high is not None:
        span = builder.constant(np.full(1, high - (low or 0.0)), "span")
        gap = rectified(builder, combined(builder, "Sub", span, source))
        source = combined(builder, "Sub", span, gap)
    return _moved(builder, source, low or 0.0)


def _moved(builder: Builder, source: str, by: float) -> str:
    return shifted(builder, source, np.full(1, by)) if by else source


def _hard_sigmoid(builder: Builder, source: str, alpha: float, beta: float) -> str:
    line = shifted(builder, scaled(builder, source, np.full(1, alpha)), np.full(1, beta))
    return clipped(builder, line, 0.0, 1.0)


def _leaky(builder: Builder, source: str, slope: Array) -> str:
    line = scaled(builder, source, slope)
    return combined(builder, "Add", line, scaled(builder, rectified(builder, source), 1.0 - slope))


def _bound(builder: Builder, node: onnx.NodeProto, index: int) -> float | None:
    if index >= len(node.input) or not node.input[index]:
        return None
    value = constant_input(builder, node, index)
    if value is None or value.size != 1:
        raise refuse(node, "its limits are computed: expected only constant limits")
    return float(value.ravel()[0])
