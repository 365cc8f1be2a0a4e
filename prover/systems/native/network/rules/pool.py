"""Pooling: means as convolutions or plane sums, maxima as chains of exact ReLU layers."""

from itertools import product
from math import inf

import numpy as np
import onnx

from prover.systems.native.network.assembly import Assembly, attempt, constant
from prover.systems.native.network.convolution import Pads
from prover.systems.native.network.expressions import (
    Affine,
    Expression,
    View,
    convolution,
    identity,
    joined,
    scaled,
)
from prover.systems.native.network.rules.linear import planes, strides_and_pads
from prover.systems.onnx.graph import attribute, refuse


def global_average_pool(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """The mean of each plane, taken by the layer that follows."""
    return _plane_mean(assembly, node, flat=False)


def reduce_mean(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """The mean over height and width."""
    given = constant(assembly, node, 1)
    axes = attribute(node, "axes", None) if given is None else given
    if axes is None or sorted(int(axis) % 4 for axis in axes) != [2, 3]:
        raise refuse(node, f"its axes are {axes}: expected only height and width, [2, 3]")
    return _plane_mean(assembly, node, flat=not attribute(node, "keepdims", 1))


def _plane_mean(assembly: Assembly, node: onnx.NodeProto, flat: bool) -> View:
    view = planes(node, assembly.view(node))
    if any(view.pads):
        raise refuse(node, "its input is padded: leave the padding out")
    if view.shape[1:] == (1, 1):
        return View(view.sources, view.shape, pooled=view.pooled, flat=flat)
    area = view.shape[1] * view.shape[2]
    return View(view.sources, (view.shape[0], 1, 1), pooled=area, flat=flat)


def average_pool(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """A convolution of each channel by 1/area; padding only where it counts as zeros."""
    view = planes(node, assembly.view(node))
    stride, pads = strides_and_pads(node, _kernel(node), view)
    if any(pads) and not attribute(node, "count_include_pad", 0):
        raise refuse(node, "count_include_pad 0 with padding: set it to 1, or pad before it")
    channels, kernel = view.shape[0], _kernel(node)
    weight = np.full((channels, 1, *kernel), 1 / (kernel[0] * kernel[1]))
    bias = np.zeros(channels)
    return attempt(node, lambda: convolution(view, weight, bias, stride, pads, channels))


def _kernel(node: onnx.NodeProto) -> tuple[int, ...]:
    return tuple(int(size) for size in attribute(node, "kernel_shape", ()))


def max_pool(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """max(u, v) = u + relu(v - u), one cell of the window after another; weights are 1: exact.

    With m_0 the first cell, layer j holds r_j = relu(x_j - m_(j-1)) and m_j = m_(j-1) + r_j.
    """
    view = planes(node, assembly.view(node))
    stride, pads = strides_and_pads(node, _kernel(node), view)
    if attribute(node, "storage_order", 0) or view.pooled:
        raise refuse(node, "expected only row-major maxima over stored planes")
    if (any(pads) or any(view.pads)) and not assembly.nonnegative(view):
        raise refuse(
            node, "it pads values that may be negative: put a Relu before it, or no padding"
        )
    cells = [_cell(node, view, tap, stride, pads) for tap in product(*map(range, _kernel(node)))]
    grown: tuple[str, ...] = ()
    for number, cell in enumerate(cells[1:], 1):
        largest = _largest(cells[0], grown)
        name = f"{node.output[0]}/{number}"
        assembly.store(name, joined(cell, _negative(largest)), 0.0, inf, view.sources)
        grown = (*grown, name)
    low = 0.0 if assembly.nonnegative(view) else -inf
    found = assembly.store(node.output[0], _largest(cells[0], grown), -inf, inf, view.sources)
    assembly.lowest[node.output[0]] = low
    return found


def _cell(
    node: onnx.NodeProto, view: View, tap: tuple[int, ...], stride: int, pads: Pads
) -> Affine:
    """One cell of each window."""
    channels = view.shape[0]
    weight = np.zeros((channels, 1, *_kernel(node)))
    weight[:, :, tap[0], tap[1]] = 1
    bias = np.zeros(channels)
    return attempt(node, lambda: convolution(view, weight, bias, stride, pads, channels))


def _largest(first: Affine, grown: tuple[str, ...]) -> Affine:
    """The first cell plus all increments so far."""
    return joined(first, identity(View(grown, first.shape))) if grown else first


def _negative(affine: Affine) -> Affine:
    channels = affine.shape[0]
    return scaled(affine, np.full(channels, -1.0), np.zeros(channels))
