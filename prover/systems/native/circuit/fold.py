"""Fold rows: they add up sum_t kernel_t(a, b, g) * X_t of a layer, by Horner accumulators.

`kernel_inner` folds the weights of a row by powers of g (outputs of a group) or of b (taps of one
output); `kernel` is moved on by b or a, and takes it; `layer_accumulator` adds kernel * factor, and
is multiplied by g before each output's own term. Fixed columns only: the prover chooses nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from prover.systems.native.circuit.columns import FOLD_FLAGS, OUTPUT_SELECTOR, PERMUTED
from prover.systems.native.network.network import Integers

PRE_OUTER, POST_OUTER, FACTOR, INSTANCE, PACKED_WORD, HASH_WORD = range(len(PERMUTED))


@dataclass(frozen=True)
class End:
    """An accumulator that a factor copies: PRE_OUTER or POST_OUTER on a segment's last row."""

    column: int
    row: int


@dataclass(frozen=True)
class Reads:
    """Ends that a kernel multiplies once it was moved on by `rows` powers of a, `columns` of b."""

    ends: Sequence[End]
    rows: int = 0
    columns: int = 0


@dataclass
class FoldRows:
    """The rows written so far; `lanes` weights to a row.

    `hidden`: an output's coefficient -1 stands in OUTPUT_SELECTOR rather than among the weights.
    `counting`: nothing is written; only `rows` is of use.
    """

    lanes: int
    hidden: bool = False
    counting: bool = False
    rows: int = 0
    copies: list[tuple[int, int, int, int]] = field(default_factory=list)
    _weights: Integers = field(init=False)
    _flags: Integers = field(init=False)
    _layer_start: int = 0

    def __post_init__(self) -> None:
        self._weights = np.zeros((self.lanes, 1024), dtype=np.int64)
        self._names = (*FOLD_FLAGS, OUTPUT_SELECTOR) if self.hidden else FOLD_FLAGS
        self._flags = np.zeros((len(self._names), 1024), dtype=np.int64)

    def columns(self) -> dict[str, Integers]:
        """`weight` [lanes, rows] and each flag [rows]."""
        flags = {name: self._flags[i, : self.rows] for i, name in enumerate(self._names)}
        return {"weight": self._weights[:, : self.rows], **flags}

    def open_layer(self) -> None:
        """The next row starts the layer's accumulator at zero."""
        self._layer_start = self.rows

    def close_layer(self) -> None:
        """The layer's accumulator must be zero on the row just written."""
        self._set(self.rows - 1, closes_layer=1)

    def subtract_output(
        self, row_power: int, column_power: int, end: End, first_of_output: bool
    ) -> None:
        """Subtract a^row_power b^column_power * (an output's accumulator)."""
        start = self.rows
        if self.hidden:
            # No weight has to do with it: an owner could hide 0 there.
            self._row(**{OUTPUT_SELECTOR: 1})
            self._move(row_power, column_power)
        else:
            unit = np.zeros(column_power + 1, dtype=np.int64)
            unit[column_power] = -1
            self._weight_rows(unit, taps=1, started=False)
            self._move(row_power, 0)
        self._multiply([end])
        if first_of_output and start != self._layer_start:
            self._set(start, keeps_accumulator=0, next_output=1)

    def single(self, kernel: Integers, reads: Sequence[Reads]) -> None:
        """Add kernel(a, b) * factor for one output; kernel [a powers, b powers]."""
        self._horner(kernel[::-1], "shifts_rows", taps=1)
        self._products(reads)

    def folded(self, kernel: Integers, reads: Sequence[Reads]) -> None:
        """Add sum_o g^o kernel_o(a, b) * factor; kernel [outputs, a powers, b powers]."""
        for power in range(kernel.shape[1]):
            if kernel[:, power].any():
                self._horner(kernel[:, power].T[::-1], "shifts_columns", taps=0)
                self._move(power, 0)
                self._products(reads)

    def _horner(self, coefficients: Iterable[Integers], step: str, taps: int) -> None:
        """A kernel from its rows of weights, the highest power first; zeros in front go."""
        started = False
        for weights in coefficients:
            if weights.any():
                self._weight_rows(weights, taps, started, step)
                started = True
            elif started:
                self._row(**{step: 1})

    def _weight_rows(
        self, weights: Integers, taps: int, started: bool, step: str = "keeps_kernel"
    ) -> None:
        """Weights by powers, a block to a row; the kernel is kept until the last, which takes them.

        `taps`: by powers of b, else of g. On the last row the kernel is multiplied by `step`, if it
        was started.
        """
        used = int(np.flatnonzero(weights)[-1]) + 1
        start = self._grow(-(-used // self.lanes))
        if self.counting:
            return
        blocks = list(_reversed_blocks(weights[:used], self.lanes))
        self._weights[:, start : self.rows] = np.array(blocks).T
        kept = int(started)
        self._fill(start, weights_are_taps=taps, continues_kernel_inner=1, keeps_kernel=kept)
        self._set(start, continues_kernel_inner=0)
        self._set(self.rows - 1, keeps_kernel=0, enters_kernel=1)
        self._set(self.rows - 1, **{step: kept})

    def _products(self, reads: Sequence[Reads]) -> None:
        for read in reads:
            self._move(read.rows, read.columns)
            self._multiply(read.ends)

    def _move(self, rows: int, columns: int) -> None:
        """The kernel times a^rows b^columns."""
        for _ in range(columns):
            self._row(shifts_columns=1)
        for _ in range(rows):
            self._row(shifts_rows=1)

    def _multiply(self, ends: Sequence[End]) -> None:
        for number, end in enumerate(ends):
            row = self._row(keeps_kernel=1) if number else self.rows - 1
            self._set(row, takes_product=1)
            if not self.counting:
                self.copies.append((FACTOR, row, end.column, end.row))

    def _row(self, **flags: int) -> int:
        start = self._grow(1)
        self._set(start, **flags)
        return start

    def _grow(self, count: int) -> int:
        start, self.rows = self.rows, self.rows + count
        if self.counting:
            return start
        while self.rows > self._weights.shape[1]:
            self._weights = np.pad(self._weights, ((0, 0), (0, self._weights.shape[1])))
            self._flags = np.pad(self._flags, ((0, 0), (0, self._flags.shape[1])))
        self._fill(start, keeps_accumulator=1)
        if start == self._layer_start:
            self._set(start, keeps_accumulator=0)
        return start

    def _fill(self, start: int, **flags: int) -> None:
        for name, value in flags.items():
            self._flags[self._names.index(name), start : self.rows] = value

    def _set(self, row: int, **flags: int) -> None:
        if not self.counting:
            for name, value in flags.items():
                self._flags[self._names.index(name), row] = value


def _reversed_blocks(weights: Integers, lanes: int) -> Iterator[Integers]:
    padded = np.pad(weights, (0, -len(weights) % lanes))
    yield from padded.reshape(-1, lanes)[::-1]
