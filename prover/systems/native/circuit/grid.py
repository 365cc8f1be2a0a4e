"""Where the cells of a tensor stand in the circuit.

A layer's output is stored on its *product grid*: the polynomial product of input and kernel has
more positions than the layer has outputs, and each position needs a cell of its own, or the
product identity would not hold. Along an axis, output i stands at product index i + offset.
A tensor that a stride-2 layer reads is stored as interleaved parts (*phases*), one segment each.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from prover.systems.native.network.network import Integers

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Axis:
    """One axis of a stored tensor.

    `size` outputs stand at the product indices offset .. offset + size - 1 of `extent`;
    product index rho is stored in phase (rho - offset) mod phases.
    """

    size: int
    offset: int
    extent: int
    phases: int

    @property
    def margin(self) -> int:
        """Stored cells in front of output 0: the same in every phase."""
        return -(-self.offset // self.phases)

    @property
    def alignment(self) -> int:
        """What alignment added: the stored cells of all phases tell index rho + delta."""
        return self.phases * self.margin - self.offset

    @property
    def length(self) -> int:
        """Stored cells of a phase."""
        return (self.extent - 1 - self.offset) // self.phases + self.margin + 1

    def product_index(self) -> Integers:
        """[phases, length]: the product index of each stored cell; `extent` where it has none."""
        cells = np.arange(self.length, dtype=np.int64) - self.margin
        phase = np.arange(self.phases, dtype=np.int64)[:, None]
        index = self.offset + self.phases * cells + phase
        inside = (index >= 0) & (index < self.extent)
        return np.where(inside, index, self.extent)


@dataclass(frozen=True)
class Grid:
    """The cells of a tensor [channels, rows, columns], `lanes` to a circuit row.

    A segment is one channel's phase: `rows.length` image rows of `blocks` circuit rows, in reverse
    raster order, so that Horner's rule ends at the first cell.
    """

    channels: int
    rows: Axis
    columns: Axis
    lanes: int

    @property
    def blocks(self) -> int:
        """Circuit rows of one image row."""
        return -(-self.columns.length // self.lanes)

    @property
    def segment_rows(self) -> int:
        """Circuit rows of one segment."""
        return self.rows.length * self.blocks

    @property
    def phases(self) -> int:
        """Segments of one channel."""
        return self.rows.phases * self.columns.phases

    @property
    def circuit_rows(self) -> int:
        """Circuit rows of the whole tensor."""
        return self.channels * self.phases * self.segment_rows

    def last_row(self, channel: int, row_phase: int, column_phase: int) -> int:
        """The row, from the tensor's first, on which a segment's accumulators are complete."""
        segment = (channel * self.rows.phases + row_phase) * self.columns.phases + column_phase
        return (segment + 1) * self.segment_rows - 1

    def spread(self, values: Integers, fill: int = 0) -> Integers:
        """[lanes, circuit_rows]: values [channels, extent, extent] in the circuit's order."""
        padded = np.pad(values, ((0, 0), (0, 1), (0, 1)), constant_values=fill)
        rows, columns = self.rows.product_index(), self.columns.product_index()
        cells = padded[:, rows[:, None, :, None], columns[None, :, None, :]]
        tail = self.blocks * self.lanes - self.columns.length
        cells = np.pad(cells, [(0, 0)] * 4 + [(0, tail)], constant_values=fill)
        blocks = cells.reshape(*cells.shape[:4], self.blocks, self.lanes)
        return blocks[:, :, :, ::-1, ::-1].reshape(-1, self.lanes).T.copy()

    @cached_property
    def active(self) -> Mask:
        """[lanes, circuit_rows]: which cells hold an output of the layer."""
        rows, columns = (_valid(axis) for axis in (self.rows, self.columns))
        valid = (rows[:, None] & columns[None, :]).astype(np.int64)
        one = Grid(1, self.rows, self.columns, self.lanes).spread(valid[None])
        return np.tile(one, (1, self.channels)).astype(bool)


def _valid(axis: Axis) -> Mask:
    index = np.arange(axis.extent) - axis.offset
    return (index >= 0) & (index < axis.size)
