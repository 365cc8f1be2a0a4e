"""Convolution of batches of planes, in float64 or, where that is not exact, in int64."""

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Number = TypeVar("Number", np.float64, np.int64)
Pads = tuple[int, int, int, int]
NO_PADS: Pads = (0, 0, 0, 0)
EXACT = 1 << 53  # float64 has every integer of a smaller magnitude
ROUNDING = 1 + 2**-20  # of the estimate of the largest sum


def output_size(size: int, kernel: int, stride: int, before: int, after: int) -> int:
    """Windows along one axis; zero or less if none fits."""
    return (size + before + after - kernel) // stride + 1


def convolve(
    source: npt.NDArray[Number],
    weight: npt.NDArray[Number],
    stride: int,
    pads: Pads,
    groups: int,
) -> npt.NDArray[Number]:
    """[n, co, oh, ow] of `source` [n, ci, h, w] and `weight` [co, ci/groups, kh, kw].

    Both are of one type; `pads` are zeros at top, left, bottom, right.
    """
    top, left, bottom, right = pads
    padded = np.pad(source, ((0, 0), (0, 0), (top, bottom), (left, right)))
    if groups == source.shape[1] == len(weight):
        return _depthwise(padded, weight, stride)
    return _grouped(padded, weight, stride, groups)


def convolve_exact(
    source: Integers,
    weight: Integers,
    stride: int,
    pads: Pads,
    groups: int,
) -> Integers:
    """The same in integers: by float64 products (fast) where every partial sum is below 2^53.

    Raises OverflowError where even int64 might not hold a sum.
    """
    if source.size == 0 or weight.size == 0:
        return convolve(source, weight, stride, pads, groups)
    sums = np.abs(weight).reshape(len(weight), -1).sum(axis=1, dtype=np.float64)
    worst = max(float(source.max()), -float(source.min())) * float(sums.max()) * ROUNDING
    if worst >= 1 << 62:
        raise OverflowError(f"a convolution may reach {worst:.3g}: expected less than 2^62")
    if worst >= EXACT:
        return convolve(source, weight, stride, pads, groups)
    wide = convolve(source.astype(np.float64), weight.astype(np.float64), stride, pads, groups)
    return wide.astype(np.int64)


def _depthwise(
    padded: npt.NDArray[Number], weight: npt.NDArray[Number], stride: int
) -> npt.NDArray[Number]:
    result: npt.NDArray[Any] | None = None
    for row, column, part in _taps(padded, weight, stride):
        product = part * weight[:, 0, row, column, None, None]
        result = product if result is None else np.add(result, product, out=result)
    assert result is not None  # noqa: S101  a kernel has a tap
    return result


def _grouped(
    padded: npt.NDArray[Number], weight: npt.NDArray[Number], stride: int, groups: int
) -> npt.NDArray[Number]:
    """One matrix product a tap, image and group."""
    outputs = len(weight) // groups
    by_group = weight.reshape(groups, outputs, *weight.shape[1:])
    result: npt.NDArray[Any] | None = None
    for row, column, part in _taps(padded, weight, stride):
        height, width = part.shape[2:]
        flat = part.reshape(len(part), groups, -1, height * width)
        product = np.matmul(by_group[:, :, :, row, column], flat)
        result = product if result is None else np.add(result, product, out=result)
    assert result is not None  # noqa: S101  a kernel has a tap
    return result.reshape(len(padded), len(weight), height, width)


def _taps(
    padded: npt.NDArray[Number], weight: npt.NDArray[Number], stride: int
) -> Iterator[tuple[int, int, npt.NDArray[Number]]]:
    """Row and column of each tap, and the cells [n, ci, oh, ow] that meet it."""
    rows, columns = weight.shape[2:]
    height = output_size(padded.shape[2], rows, stride, 0, 0)
    width = output_size(padded.shape[3], columns, stride, 0, 0)
    for row in range(rows):
        for column in range(columns):
            yield (
                row,
                column,
                padded[
                    :,
                    :,
                    row : row + stride * (height - 1) + 1 : stride,
                    column : column + stride * (width - 1) + 1 : stride,
                ],
            )
