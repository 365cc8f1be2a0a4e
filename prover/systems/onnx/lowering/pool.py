"""Lowering rules of pooling: averages become convolutions, maxima a chain of ReLUs."""

from collections.abc import Sequence

import numpy as np
import onnx

from prover.systems.onnx.graph import Builder, attribute, refuse
from prover.systems.onnx.lowering.linear import convolution, window, window_count
from prover.systems.onnx.lowering.shape import constant_input, cut, padded, view
from prover.systems.onnx.lowering.unary import larger

NOT_NEGATIVE = frozenset({"Relu", "Sigmoid"})


def max_pool(builder: Builder, node: onnx.NodeProto) -> str:
    """Largest value of each window; padding only where the values cannot be negative."""
    source = builder.resolve(node.input[0])
    spatial = builder.shapes[source][2:]
    kernel = [int(v) for v in attribute(node, "kernel_shape", [])]
    strides, pads = window(node, kernel, spatial)
    if any(pads) and _operator(builder, source) not in NOT_NEGATIVE:
        raise refuse(
            node,
            "padding of values that may be negative: expected it only right after ReLU or "
            "Sigmoid; pad before it",
        )
    rank = len(kernel)
    source = padded(builder, source, [0, 0, *pads[:rank], 0, 0, *pads[rank:]])
    return _maxima(builder, source, kernel, strides)


def global_max_pool(builder: Builder, node: onnx.NodeProto) -> str:
    """Largest value of each channel."""
    source = builder.resolve(node.input[0])
    kernel = builder.shapes[source][2:]
    return _maxima(builder, source, kernel, [1] * len(kernel))


def average_pool(builder: Builder, node: onnx.NodeProto) -> str:
    """Mean of each window."""
    source = builder.resolve(node.input[0])
    spatial = builder.shapes[source][2:]
    kernel = [int(v) for v in attribute(node, "kernel_shape", [])]
    strides, pads = window(node, kernel, spatial)
    if any(pads) and not attribute(node, "count_include_pad", 0):
        raise refuse(
            node,
            "padding is left out of the mean: expected count_include_pad 1, or no padding; pad "
            "before it",
        )
    return _averages(builder, source, kernel, strides, pads)


def global_average_pool(builder: Builder, node: onnx.NodeProto) -> str:
    """Mean of each channel."""
    source = builder.resolve(node.input[0])
    kernel = builder.shapes[source][2:]
    return _averages(builder, source, kernel, [1] * len(kernel), [0] * 2 * len(kernel))


def reduce_mean(builder: Builder, node: onnx.NodeProto) -> str:
    """Mean over all spatial axes of [1, channels, ...]."""
    source = builder.resolve(node.input[0])
    shape = builder.shapes[source]
    raw = attribute(node, "axes", None)
    axes = raw if raw is not None else constant_input(builder, node, 1)
    wanted = list(range(2, len(shape)))
    if axes is None or not wanted or sorted(int(a) % len(shape) for a in axes) != wanted:
        raise refuse(node, f"expected only the mean over all spatial axes {wanted}")
    result = global_average_pool(builder, node)
    return result if attribute(node, "keepdims", 1) else view(builder, result, shape[:2])


def _maxima(builder: Builder, source: str, kernel: Sequence[int], strides: Sequence[int]) -> str:
    """One axis after the other: fewer comparisons than whole windows."""
    for axis, (width, stride) in enumerate(zip(kernel, strides, strict=True), start=2):
        [count] = window_count([builder.shapes[source][axis]], [width], [stride], [0, 0])
        reach = (count - 1) * stride + 1
        parts = [cut(builder, source, axis, i, i + reach, stride) for i in range(width)]
        source = parts[0]
        for part in parts[1:]:
            source = larger(builder, source, part)
    return source


def _averages(
    builder: Builder,
    source: str,
    kernel: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int],
) -> str:
    channels = builder.shapes[source][1]
    weight = np.full((channels, 1, *kernel), 1 / np.prod(kernel))
    return convolution(builder, source, weight, None, strides, pads, channels)


def _operator(builder: Builder, name: str) -> str | None:
    return next((node.op_type for node in builder.nodes if node.output[0] == name), None)
