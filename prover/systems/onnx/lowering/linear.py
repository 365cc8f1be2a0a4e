"""Lowering rules of convolutions, dense layers, normalisation and arithmetic."""

from collections.abc import Sequence

import numpy as np
import onnx

from prover.systems.onnx.graph import Array, Builder, attribute, refuse
from prover.systems.onnx.lowering.shape import constant_input


def conv(builder: Builder, node: onnx.NodeProto) -> str:
    """Convolution with constant weights, explicit strides and padding, no dilation."""
    weight, bias = constant_input(builder, node, 1), constant_input(builder, node, 2)
    if weight is None or (len(node.input) > 2 and node.input[2] and bias is None):
        raise refuse(node, "its weights are computed: expected only constant weights")
    source = builder.resolve(node.input[0])
    spatial = builder.shapes[source][2:]
    if len(spatial) not in (1, 2):
        raise refuse(node, f"it has {len(spatial)} spatial dimensions: expected only 1 or 2")
    strides, pads = window(node, weight.shape[2:], spatial)
    return convolution(
        builder, source, weight, bias, strides, pads, int(attribute(node, "group", 1))
    )


def convolution(
    builder: Builder,
    source: str,
    weight: Array,
    bias: Array | None,
    strides: Sequence[int],
    pads: Sequence[int],
    group: int,
) -> str:
    """Add a Conv; the bias is zero where there is none.

    A 1x1 convolution is a matrix product to ezkl, which adds the bias apart: so does this.
    """
    spatial = builder.shapes[source][2:]
    kernel = weight.shape[2:]
    sizes = window_count(spatial, kernel, strides, pads)
    names = [builder.constant(weight, "weight")]
    bias = np.zeros(len(weight)) if bias is None else bias
    apart = group == 1 and {*kernel} == {1} and not any(pads)
    if not apart:
        names.append(builder.constant(bias, "bias"))
    result = builder.node(
        "Conv",
        [source, *names],
        (1, len(weight), *sizes),
        kernel_shape=list(kernel),
        strides=list(strides),
        pads=list(pads),
        dilations=[1] * len(kernel),
        group=group,
    )
    tail = (1,) * len(kernel)
    return shifted(builder, result, bias.reshape(-1, *tail)) if apart else result


def window(
    node: onnx.NodeProto, kernel: Sequence[int], spatial: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Strides and explicit padding (all beginnings, then all ends) of a convolution or pooling."""
    rank = len(kernel)
    strides = [int(v) for v in attribute(node, "strides", [1] * rank)]
    if any(v != 1 for v in attribute(node, "dilations", [1] * rank)):
        raise refuse(node, f"dilations {list(attribute(node, 'dilations', []))}: expected only 1")
    auto = attribute(node, "auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        return strides, _same(spatial, kernel, strides, lower=auto == "SAME_LOWER")
    pads = attribute(node, "pads", [0] * 2 * rank) if auto == "NOTSET" else [0] * 2 * rank
    if attribute(node, "ceil_mode", 0):
        _require_whole_windows(node, kernel, spatial, strides, pads)
    return strides, [int(v) for v in pads]


def _require_whole_windows(
    node: onnx.NodeProto,
    kernel: Sequence[int],
    spatial: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int],
) -> None:
    """ceil_mode adds windows that reach beyond the padding: only where it adds none is it 0."""
    rank = len(kernel)
    for i in range(rank):
        if (spatial[i] + pads[i] + pads[i + rank] - kernel[i]) % strides[i]:
            raise refuse(
                node,
                f"ceil_mode 1 adds a window to {spatial[i]} cells: expected only 0 there; pad "
                "before it",
            )


def window_count(
    spatial: Sequence[int], kernel: Sequence[int], strides: Sequence[int], pads: Sequence[int]
) -> list[int]:
    """How many windows fit along each axis."""
    rank = len(kernel)
    return [
        (spatial[i] + pads[i] + pads[i + rank] - kernel[i]) // strides[i] + 1 for i in range(rank)
    ]


def _same(
    spatial: Sequence[int], kernel: Sequence[int], strides: Sequence[int], *, lower: bool
) -> list[int]:
    totals = [
        max((-(-size // stride) - 1) * stride + width - size, 0)
        for size, width, stride in zip(spatial, kernel, strides, strict=True)
    ]
    small, large = [t // 2 for t in totals], [t - t // 2 for t in totals]
    return large + small if lower else small + large


def gemm(builder: Builder, node: onnx.NodeProto) -> str:
    """Dense layer with constant weights: MatMul, then Add."""
    weight, bias = constant_input(builder, node, 1), constant_input(builder, node, 2)
    if weight is None or attribute(node, "transA", 0):
        raise refuse(
            node, "expected only a computed matrix (not transposed) times constant weights"
        )
    weight = weight.T if attribute(node, "transB", 0) else weight
    product = dense(builder, builder.resolve(node.input[0]), attribute(node, "alpha", 1.0) * weight)
    if len(node.input) < 3 or not node.input[2]:
        return product
    if bias is None:
        raise refuse(node, "its bias is computed: expected only a constant bias")
    return shifted(builder, product, attribute(node, "beta", 1.0) * bias)


def matmul(builder: Builder, node: onnx.NodeProto) -> str:
    """Product with a constant matrix on the right."""
    weight = constant_input(builder, node, 1)
    if weight is None or weight.ndim != 2:
        raise refuse(node, "expected only a product with a constant matrix on the right")
    return dense(builder, builder.resolve(node.input[0]), weight)


def dense(builder: Builder, source: str, weight: Array) -> str:
    """Add a MatMul with a constant matrix [inputs, outputs]."""
    shape = builder.shapes[source]
    return builder.node(
        "MatMul", [source, builder.constant(weight, "weight")], (*shape[:-1], weight.shape[1])
    )


def shifted(builder: Builder, source: str, offset: Array) -> str:
    """Add a constant, given the tensor's rank."""
    shape = builder.shapes[source]
    offset = offset.reshape((1,) * (len(shape) - offset.ndim) + offset.shape)
    result = np.broadcast_shapes(shape, offset.shape)
    return builder.node("Add", [source, builder.constant(offset, "bias")], result)


def scaled(builder: Builder, source: str, factor: Array) -> str:
    """Multiply by a constant, given the tensor's rank."""
    return combined(builder, "Mul", source, builder.constant(factor, "factor"))


def batch_normalization(builder: Builder, node: onnx.NodeProto) -> str:
    """A factor and an offset per channel, folded into the convolution or dense layer before it."""
    if attribute(node, "training_mode", 0):
        raise refuse(node, "it is exported in training mode: export the model for inference")
    found = [constant_input(builder, node, i) for i in range(1, 5)]
    gamma, beta, mean, variance = (np.asarray(v, dtype=np.float64) for v in found if v is not None)
    factor = gamma / np.sqrt(variance + attribute(node, "epsilon", 1e-5))
    offset = beta - mean * factor
    source = builder.resolve(node.input[0])
    return _folded(builder, source, factor, offset) or _affine(builder, source, factor, offset)


def _folded(builder: Builder, source: str, factor: Array, offset: Array) -> str | None:
    """The layer before with other weights; the old one falls away if nothing else uses it."""
    made, bias = _producer(builder, source), np.zeros(1)
    if made is not None and made.op_type == "Conv" and len(made.input) == 3:
        bias = builder.constants[made.input[2]]
    elif made is not None and made.op_type == "Add" and made.input[1] in builder.constants:
        bias = builder.constants[made.input[1]].ravel()
        made = _producer(builder, made.input[0])
    if made is None or made.op_type not in ("Conv", "MatMul") or bias.size not in (1, factor.size):
        return None
    weight, bias = builder.constants[made.input[1]], bias * factor + offset
    if made.op_type == "MatMul":
        return shifted(builder, dense(builder, made.input[0], weight * factor), bias)
    weight = weight * factor.reshape(-1, *(1,) * (weight.ndim - 1))
    strides, pads = attribute(made, "strides", []), attribute(made, "pads", [])
    return convolution(
        builder, made.input[0], weight, bias, strides, pads, int(attribute(made, "group", 1))
    )


def _affine(builder: Builder, source: str, factor: Array, offset: Array) -> str:
    tail = (1,) * (len(builder.shapes[source]) - 2)
    product = scaled(builder, source, factor.reshape(-1, *tail))
    return shifted(builder, product, offset.reshape(-1, *tail))


def _producer(builder: Builder, name: str) -> onnx.NodeProto | None:
    return next((node for node in builder.nodes if node.output[0] == name), None)


def add(builder: Builder, node: onnx.NodeProto) -> str:
    """Sum of two tensors, one of which may be constant."""
    return _binary(builder, node, "Add")


def sub(builder: Builder, node: onnx.NodeProto) -> str:
    """Difference of two tensors, one of which may be constant."""
    return _binary(builder, node, "Sub")


def mul(builder: Builder, node: onnx.NodeProto) -> str:
    """Product of two tensors, one of which may be constant."""
    return _binary(builder, node, "Mul")


def total(builder: Builder, node: onnx.NodeProto) -> str:
    """Sum of any number of tensors."""
    result = builder.resolve(node.input[0])
    for name in node.input[1:]:
        result = combined(builder, "Add", result, builder.resolve(name))
    return result


def div(builder: Builder, node: onnx.NodeProto) -> str:
    """Division by a constant, as a product with its inverse."""
    divisor = constant_input(builder, node, 1)
    if divisor is None:
        raise refuse(node, "it divides by a computed value: expected only division by a constant")
    if not divisor.all():
        raise refuse(node, "it divides by zero: expected other numbers")
    return scaled(builder, builder.resolve(node.input[0]), 1.0 / divisor.astype(np.float64))


def neg(builder: Builder, node: onnx.NodeProto) -> str:
    """Zero less the tensor."""
    source = builder.resolve(node.input[0])
    return combined(builder, "Sub", builder.constant(np.zeros(1), "zero"), source)


def combined(builder: Builder, operator: str, left: str, right: str) -> str:
    """Add an elementwise node of two tensors, given equal ranks where one is constant."""
    rank = max(len(builder.shapes[left]), len(builder.shapes[right]))
    names = [_ranked(builder, name, rank) for name in (left, right)]
    shape = np.broadcast_shapes(*(builder.shapes[name] for name in names))
    if operator == "Mul":
        names = [_spread(builder, name, shape) for name in names]
    return builder.node(operator, names, shape)


def _ranked(builder: Builder, name: str, rank: int) -> str:
    """A constant of lower rank with dimensions of size 1 in front."""
    shape = builder.shapes[name]
    if len(shape) == rank or name not in builder.constants:
        return name
    value = builder.constants[name]
    return builder.constant(value.reshape((1,) * (rank - len(shape)) + shape), "constant")


def _spread(builder: Builder, name: str, shape: Sequence[int]) -> str:
    """A constant factor of one element, repeated along one axis.

    ezkl turns a factor that is a single power of two into a change of scale: the circuit would
    depend on the value of a weight.
    """
    wide = [axis for axis, size in enumerate(shape) if size > 1]
    if name not in builder.constants or builder.constants[name].size != 1 or not wide:
        return name
    target = [size if axis == wide[-1] else 1 for axis, size in enumerate(shape)]
    return builder.constant(np.full(target, builder.constants[name].ravel()[0]), "factor")


def _binary(builder: Builder, node: onnx.NodeProto, operator: str) -> str:
    left, right = (builder.resolve(name) for name in node.input)
    if left in builder.constants and operator != "Sub":
        left, right = right, left
    return combined(builder, operator, left, right)
