"""Rows of the fold machine: V1, V2 and MAC add up sum_t kernel_t(a, b, g) * X_t of a layer.

V1 folds the weights of a row by powers of g (outputs of a group) or of b (taps of one output);
V2 moves a kernel polynomial on by b or a; MAC adds V2 * X, and is multiplied by g before each
output's own term. Every row is fixed columns only: the prover chooses nothing here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from prover.systems.native.circuit.grid import Integers

A2, B2, X, INSTANCE, PACK, WORD = range(6)
FLAGS = ("v1c", "wb", "u1", "ub", "ua", "ve", "h1", "hg", "me", "le")
# In circuits with hidden weights: the flag of an output's own factor, -1; that of rows with the
# bias of the row before; per weight lane, that of places where no weight stands.
OWN, SAME_BIAS, NO_WEIGHT = "ow", "sb", "nw"


@dataclass(frozen=True)
class End:
    """An accumulator cell that X copies: column A2 or B2, at a run's last row."""

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

    `apart`: an output's own factor stands in the column `ow` rather than among the weights.
    """

    lanes: int
    apart: bool = False
    rows: int = 0
    copies: list[tuple[int, int, int, int]] = field(default_factory=list)
    _weights: Integers = field(init=False)
    _flags: Integers = field(init=False)
    _carry: bool = False

    def __post_init__(self) -> None:
        self._weights = np.zeros((self.lanes, 1024), dtype=np.int64)
        self._names = (*FLAGS, OWN) if self.apart else FLAGS
        self._flags = np.zeros((len(self._names), 1024), dtype=np.int64)

    def columns(self) -> dict[str, Integers]:
        """`w` [lanes, rows] and each flag [rows]."""
        flags = {name: self._flags[i, : self.rows] for i, name in enumerate(self._names)}
        return {"w": self._weights[:, : self.rows], **flags}

    def open_layer(self) -> None:
        """The next row starts MAC at zero."""
        self._carry = False

    def close_layer(self) -> None:
        """MAC must be zero on the row just written."""
        self._set(self.rows - 1, le=1)

    def own(self, row_power: int, column_power: int, end: End, first_of_output: bool) -> None:
        """Subtract a^row_power b^column_power * (an output's accumulator)."""
        start = self.rows
        if self.apart:
            self._own_apart(row_power, column_power, end)
        else:
            unit = np.zeros((row_power + 1, column_power + 1), dtype=np.int64)
            unit[row_power, column_power] = -1
            self.single(unit, [Reads([end])])
        if first_of_output and self._flags[FLAGS.index("h1"), start]:
            self._set(start, h1=0, hg=1)

    def _own_apart(self, row_power: int, column_power: int, end: End) -> None:
        """V2 is -1, then moved on; no weight has to do with it."""
        self._row(ow=1)
        self._move(row_power, column_power)
        self._products([Reads([end])])

    def single(self, kernel: Integers, reads: Sequence[Reads]) -> None:
        """Add kernel(a, b) * X for one output; kernel [a powers, b powers]."""
        started = False
        for row in kernel[::-1]:
            if row.any():
                self._lane_rows(row, wb=1, carry={"u1": int(started)}, step={"ua": int(started)})
                started = True
            elif started:
                self._row(ua=1)
        self._products(reads)

    def folded(self, kernel: Integers, reads: Sequence[Reads]) -> None:
        """Add sum_o g^o kernel_o(a, b) * X; kernel [outputs, a powers, b powers]."""
        for power in range(kernel.shape[1]):
            if kernel[:, power].any():
                self._folded_row(kernel[:, power].T)
                for _ in range(power):
                    self._row(ua=1)
                self._products(reads)

    def _folded_row(self, taps: Integers) -> None:
        started = False
        for outputs in taps[::-1]:
            if outputs.any():
                self._lane_rows(
                    outputs, wb=0, carry={"u1": int(started)}, step={"ub": int(started)}
                )
                started = True
            elif started:
                self._row(ub=1)

    def _lane_rows(
        self, weights: Integers, wb: int, carry: dict[str, int], step: dict[str, int]
    ) -> None:
        """V1 = sum of weights by powers; V2 is carried until its last row, which adds V1."""
        used = int(np.flatnonzero(weights)[-1]) + 1
        blocks = list(_reversed_blocks(weights[:used], self.lanes))
        start = self._grow(len(blocks))
        self._weights[:, start : self.rows] = np.array(blocks).T
        self._fill(start, wb=wb, v1c=1, **carry)
        self._set(start, v1c=0)
        self._set(self.rows - 1, **dict.fromkeys(carry, 0), **step, ve=1)

    def _products(self, reads: Sequence[Reads]) -> None:
        for read in reads:
            self._move(read.rows, read.columns)
            self._multiply(read.ends)

    def _move(self, rows: int, columns: int) -> None:
        """V2 times a^rows b^columns."""
        for _ in range(columns):
            self._row(ub=1)
        for _ in range(rows):
            self._row(ua=1)

    def _multiply(self, ends: Sequence[End]) -> None:
        for number, end in enumerate(ends):
            row = self._row(u1=1) if number else self.rows - 1
            self._set(row, me=1)
            self.copies.append((X, row, end.column, end.row))

    def _row(self, **flags: int) -> int:
        start = self._grow(1)
        self._set(start, **flags)
        return start

    def _grow(self, count: int) -> int:
        start, self.rows = self.rows, self.rows + count
        while self.rows > self._weights.shape[1]:
            self._weights = np.pad(self._weights, ((0, 0), (0, self._weights.shape[1])))
            self._flags = np.pad(self._flags, ((0, 0), (0, self._flags.shape[1])))
        self._fill(start, h1=1)
        if not self._carry:
            self._set(start, h1=0)
        self._carry = True
        return start

    def _fill(self, start: int, **flags: int) -> None:
        for name, value in flags.items():
            self._flags[self._names.index(name), start : self.rows] = value

    def _set(self, row: int, **flags: int) -> None:
        for name, value in flags.items():
            self._flags[self._names.index(name), row] = value


@dataclass
class FoldCount(FoldRows):
    """Only counts the rows that FoldRows would write."""

    def own(self, row_power: int, column_power: int, end: End, first_of_output: bool) -> None:
        """A row or more for the unit, with the power of b; one for each power of a."""
        unit = column_power + 1
        self.rows += (unit if self.apart else -(-unit // self.lanes)) + row_power

    def close_layer(self) -> None:
        """Takes no row."""

    def _lane_rows(
        self, weights: Integers, wb: int, carry: dict[str, int], step: dict[str, int]
    ) -> None:
        self.rows += -(-(int(np.flatnonzero(weights)[-1]) + 1) // self.lanes)

    def _multiply(self, ends: Sequence[End]) -> None:
        self.rows += len(ends) - 1

    def _row(self, **flags: int) -> int:
        self.rows += 1
        return self.rows - 1


def _reversed_blocks(weights: Integers, lanes: int) -> Iterator[Integers]:
    padded = np.pad(weights, (0, -len(weights) % lanes))
    yield from padded.reshape(-1, lanes)[::-1]
