"""Integer convolution at any output range, exact in float64 where products stay below 2^53."""

from dataclasses import dataclass

import numpy as np

from prover.systems.native.circuit.grid import Integers


@dataclass(frozen=True)
class Window:
    """Output i of `outputs` reads input stride*i + tap - pad; cells outside are 0."""

    stride: int
    pad: int
    outputs: int


def convolve(
    source: Integers, weight: Integers, groups: int, rows: Window, columns: Window
) -> Integers:
    """[co, rows.outputs, columns.outputs] of source [ci, h, w], weight [co, ci/groups, kh, kw]."""
    kernel_rows, kernel_columns = weight.shape[2:]
    padded = _pad(source, rows, columns, kernel_rows, kernel_columns)
    per_output = weight.reshape(groups, -1, *weight.shape[1:])
    per_input = padded.reshape(groups, -1, *padded.shape[1:])
    _require_exact(source, weight)
    result = np.zeros((groups, per_output.shape[1], rows.outputs * columns.outputs))
    for i in range(kernel_rows):
        for j in range(kernel_columns):
            part = per_input[:, :, _taken(i, rows), :][:, :, :, _taken(j, columns)]
            flat = part.reshape(groups, part.shape[1], -1)
            result += per_output[:, :, :, i, j].astype(float) @ flat
    return result.reshape(-1, rows.outputs, columns.outputs).astype(np.int64)


def _pad(
    source: Integers, rows: Window, columns: Window, kernel_rows: int, kernel_columns: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    after = [
        max(0, w.stride * (w.outputs - 1) + kernel - w.pad - size)
        for w, kernel, size in (
            (rows, kernel_rows, source.shape[1]),
            (columns, kernel_columns, source.shape[2]),
        )
    ]
    pads = ((0, 0), (rows.pad, after[0]), (columns.pad, after[1]))
    return np.pad(source, pads).astype(np.float64)


def _taken(tap: int, window: Window) -> slice:
    return slice(tap, tap + window.stride * (window.outputs - 1) + 1, window.stride)


def _require_exact(source: Integers, weight: Integers) -> None:
    largest = np.abs(source).max(initial=0) * np.abs(weight).sum(axis=(1, 2, 3)).max(initial=0)
    if largest >= 1 << 53:
        raise OverflowError(f"sums up to {largest} are not exact in float64 (below 2^53)")
