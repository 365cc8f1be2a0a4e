"""Convolutions, dense layers, normalisation and sums as affine expressions."""

from dataclasses import replace
from functools import reduce
from math import prod

import numpy as np
import onnx

from prover.systems.native.network.assembly import Assembly, absent, attempt, constant
from prover.systems.native.network.convolution import NO_PADS, Pads
from prover.systems.native.network.expressions import (
    Affine,
    Expression,
    View,
    convolution,
    joined,
    scaled,
)
from prover.systems.native.network.real import Reals
from prover.systems.native.network.rules.activation import is_activated
from prover.systems.onnx.graph import attribute, refuse
from prover.systems.onnx.lowering.linear import window

EPSILON = 1e-5


def conv(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """Convolution with constant weights, strides 1 or 2, no dilation."""
    weight, view = constant(assembly, node, 1), planes(node, assembly.view(node))
    if weight is None:
        raise refuse(node, "its weights are computed: expected only constant weights")
    groups = int(attribute(node, "group", 1))
    stride, pads = strides_and_pads(node, weight.shape[2:], view)
    bias = bias_of(assembly, node, 2, len(weight))
    return attempt(node, lambda: convolution(view, weight, bias, stride, pads, groups))


def planes(node: onnx.NodeProto, view: View) -> View:
    """The view, refused where ONNX sees it as a matrix."""
    if view.flat:
        raise refuse(node, "its input is flat: expected channels of two-dimensional planes")
    return view


def strides_and_pads(node: onnx.NodeProto, kernel: tuple[int, ...], view: View) -> tuple[int, Pads]:
    """The stride, 1 or 2 on both axes, and the padding; strides over a single window may be any."""
    if len(kernel) != 2:
        raise refuse(node, f"it has {len(kernel)} spatial dimensions: expected only 2")
    top, left, bottom, right = view.pads
    size = (view.shape[1] + top + bottom, view.shape[2] + left + right)
    strides, pads = window(node, kernel, size)
    if min(pads) < 0:
        raise refuse(node, f"padding {pads}: expected 0 or more on each side")
    spare = [size[i] + pads[i] + pads[i + 2] - kernel[i] for i in range(2)]
    if all(step > left_over for step, left_over in zip(strides, spare, strict=True)):
        strides = [1, 1] if max(spare) <= 0 else [2, 2] if max(spare) == 1 else strides
    if strides[0] != strides[1] or strides[0] not in (1, 2):
        raise refuse(node, f"strides {strides}: expected only 1 or 2, the same on both axes")
    return strides[0], (pads[0], pads[1], pads[2], pads[3])


def bias_of(assembly: Assembly, node: onnx.NodeProto, index: int, channels: int) -> Reals:
    """The constant bias at an input, spread to [channels]; zeros where there is none."""
    if absent(node, index):
        return np.zeros(channels)
    found = constant(assembly, node, index)
    if found is None:
        raise refuse(node, "its bias is computed: expected only a constant bias")
    return by_channel(node, found.reshape(-1), channels)


def by_channel(node: onnx.NodeProto, value: Reals, channels: int) -> Reals:
    """A constant as [channels]: one number, or one a channel."""
    flat = value.reshape(-1)
    if flat.size not in (1, channels):
        raise refuse(
            node,
            f"a constant of shape {list(value.shape)} on {channels} channels: expected one number, "
            "or one a channel",
        )
    return np.broadcast_to(flat, (channels,)).astype(np.float64)


def gemm(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """Dense layer: a convolution whose kernel is the whole plane."""
    weight = constant(assembly, node, 1)
    if weight is None or attribute(node, "transA", 0):
        raise refuse(node, "expected the model's values (not transposed) times constant weights")
    weight = weight.T if attribute(node, "transB", 0) else weight
    bias = bias_of(assembly, node, 2, weight.shape[1]) * attribute(node, "beta", 1.0)
    return dense(assembly, node, weight * attribute(node, "alpha", 1.0), bias)


def matmul(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """Product with a constant matrix on the right."""
    weight = constant(assembly, node, 1)
    if weight is None or weight.ndim != 2:
        raise refuse(node, "expected only a product with a constant matrix on the right")
    return dense(assembly, node, weight, np.zeros(weight.shape[1]))


def dense(assembly: Assembly, node: onnx.NodeProto, weight: Reals, bias: Reals) -> Affine:
    """A flat view times `weight` [inputs, outputs]."""
    view = assembly.view(node)
    if not view.flat or prod(view.shape) != len(weight):
        raise refuse(
            node,
            f"its input has shape {list(view.shape)}: expected a vector of {len(weight)}; flatten "
            "it first",
        )
    kernel = weight.T.reshape(-1, *view.shape)
    found = attempt(node, lambda: convolution(view, kernel, bias, 1, NO_PADS, 1))
    return replace(found, flat=True)


def batch_normalization(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """A scale and a shift of each channel, folded into what computes it."""
    affine = assembly.affine(node)
    values = [constant(assembly, node, index) for index in range(1, 5)]
    if attribute(node, "training_mode", 0) or any(value is None for value in values):
        raise refuse(
            node, "expected constant values, and not training mode: export the model for inference"
        )
    gain, shift, mean, variance = (
        by_channel(node, value, affine.shape[0]) for value in values if value is not None
    )
    scale = gain / np.sqrt(variance + attribute(node, "epsilon", EPSILON))
    return scaled(affine, scale, shift - mean * scale)


def add(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """A bias, or two tensors: by the shared scale of their layers, or in one layer's sum."""
    for index in (0, 1):
        value = constant(assembly, node, index)
        if value is not None:
            return _shifted(assembly, node, 1 - index, value)
    return total(assembly, node)


def total(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """The sum of any number of computed tensors of one shape."""
    every = range(len(node.input))
    shapes = [assembly.expression(node, index) for index in every]
    for other in shapes:
        if (other.shape, other.flat) != (shapes[0].shape, shapes[0].flat):
            raise refuse(
                node, f"shapes {list(shapes[0].shape)} and {list(other.shape)}: expected the same"
            )
    if is_activated(assembly, node):
        return reduce(joined, (assembly.affine(node, index) for index in every))
    views = [_plain(assembly, node, index) for index in every]
    return replace(views[0], sources=tuple(name for view in views for name in view.sources))


def _plain(assembly: Assembly, node: onnx.NodeProto, index: int) -> View:
    """Stored values as they are: a mean, or a framed tensor, becomes a layer first."""
    view = assembly.view(node, index)
    if view.plain:
        return view
    return assembly.store(f"{node.output[0]}/{index}", assembly.affine(node, index))


def sub(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """A constant taken off each channel."""
    value = constant(assembly, node, 1)
    if value is None:
        raise refuse(node, "it subtracts a computed value: expected only a constant")
    return _shifted(assembly, node, 0, -value)


def mul(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """Each channel times a constant."""
    for index in (0, 1):
        value = constant(assembly, node, index)
        if value is not None:
            return _stretched(assembly, node, 1 - index, value)
    raise refuse(node, "it multiplies two computed tensors: expected one constant")


def div(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """Each channel divided by a constant."""
    value = constant(assembly, node, 1)
    if value is None or not value.all():
        raise refuse(node, "expected only division by a constant other than 0")
    return _stretched(assembly, node, 0, 1 / value)


def _shifted(assembly: Assembly, node: onnx.NodeProto, index: int, value: Reals) -> Affine:
    affine = assembly.affine(node, index)
    shift = _broadcast(node, value, affine)
    return scaled(affine, np.ones(affine.shape[0]), shift)


def _stretched(assembly: Assembly, node: onnx.NodeProto, index: int, value: Reals) -> Affine:
    affine = assembly.affine(node, index)
    factor = _broadcast(node, value, affine)
    return scaled(affine, factor, np.zeros(affine.shape[0]))


def _broadcast(node: onnx.NodeProto, value: Reals, affine: Affine) -> Reals:
    """A constant that ONNX broadcasts over the tensor, if it does not vary over a plane."""
    rank = 2 if affine.flat else 4
    aligned = value.reshape((1,) * max(0, rank - value.ndim) + value.shape)
    single = affine.shape[1:] == (1, 1)
    if value.size > 1 and not (single if affine.flat else aligned.shape[2:] == (1, 1)):
        raise refuse(
            node,
            f"a constant of shape {list(value.shape)} varies over a plane: expected one number, or "
            "one a channel",
        )
    return by_channel(node, value, affine.shape[0])
