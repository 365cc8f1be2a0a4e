"""The gates of docs/NATIVE.md in plain Python: accumulators from cells and challenges."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from prover.statement.field import FIELD_MODULUS as P
from prover.systems.native.circuit.columns import FOLD_FLAGS, TENSOR_FLAGS
from prover.systems.native.circuit.fold import FACTOR, INSTANCE, POST_OUTER, PRE_OUTER
from prover.systems.native.circuit.program import Program
from prover.systems.native.witness import TensorAdvice


@dataclass(frozen=True)
class Challenges:
    """Random field elements drawn after the cells are fixed."""

    b: int
    a: int
    g: int

    @classmethod
    def draw(cls, seed: int) -> "Challenges":
        source = random.Random(seed)
        return cls(*(source.randrange(P) for _ in range(3)))


class Evaluated:
    """Every accumulator, row by row; `folds` are those of the fold rows."""

    def __init__(
        self, program: Program, cells: TensorAdvice, challenges: Challenges, rows: int
    ) -> None:
        self.program, self.cells, self.at, self.rows = program, cells, challenges, rows
        self.columns: dict[int, list[int]] = {PRE_OUTER: [], POST_OUTER: []}
        self._tensor_rows()
        self._fold_rows()

    def _fixed(self, name: str, row: int) -> int:
        column = self.program.columns[name]
        return int(column[row]) if row < column.shape[-1] else 0

    def _tensor_rows(self) -> None:
        b, a, lanes = self.at.b, self.at.a, range(self.program.lanes)
        shift, y_zero = self.program.table.shift, self.program.table.y_offset
        pre_inner = pre_outer = post_inner = post_outer = 0
        for i in range(self.rows):
            f = {name: self._fixed(name, i) for name in TENSOR_FLAGS}
            base = b * b % P if f["doubled"] else b
            e = [
                (int(self.cells.quotient[lane, i]) << shift)
                + int(self.cells.remainder[lane, i])
                - self._fixed("bias", i)
                for lane in lanes
            ]
            z = [int(self.cells.activation[lane, i]) - y_zero for lane in lanes]
            pre_inner *= f["continues_row"] * pow(base, len(lanes), P)
            pre_inner = (pre_inner + sum(e[lane] * pow(base, lane, P) for lane in lanes)) % P
            step = (a * a if f["doubled"] else a) if f["ends_row"] else 1
            pre_outer *= f["continues_segment"] * step
            pre_outer = (pre_outer + f["ends_row"] * pre_inner) % P
            base, step = (1, 1) if f["summed"] else (b, a)
            post_inner *= f["continues_row"] * pow(base, len(lanes), P)
            post_inner = (post_inner + sum(z[lane] * pow(base, lane, P) for lane in lanes)) % P
            post_outer *= f["continues_segment"] * (step if f["ends_row"] else 1)
            post_outer = (post_outer + f["ends_row"] * post_inner) % P
            self.columns[PRE_OUTER].append(pre_outer)
            self.columns[POST_OUTER].append(post_outer)

    def _fold_rows(self) -> None:
        b, a, g = self.at.b, self.at.a, self.at.g
        sources = {row: (column, at) for x, row, column, at in self._copies() if x == FACTOR}
        self.closed: Mapping[int, int] = {}
        self.folds: list[tuple[int, int, int, int]] = []
        inner = kernel = accumulator = 0
        closed = {}
        weights = self.program.columns["weight"]
        for i in range(weights.shape[1]):
            f = {n: self._fixed(n, i) for n in FOLD_FLAGS}
            base = b if f["weights_are_taps"] else g
            inner = f["continues_kernel_inner"] * inner * pow(base, len(weights), P)
            inner = (inner + sum(int(w) * pow(base, n, P) for n, w in enumerate(weights[:, i]))) % P
            kernel *= f["keeps_kernel"] + f["shifts_columns"] * b + f["shifts_rows"] * a
            kernel = (kernel + f["enters_kernel"] * inner) % P
            factor = self.columns[sources[i][0]][sources[i][1]] if i in sources else 0
            accumulator *= f["keeps_accumulator"] + f["next_output"] * g
            accumulator = (accumulator + f["takes_product"] * kernel * factor) % P
            self.folds.append((inner, kernel, factor, accumulator))
            if f["closes_layer"]:
                closed[i] = accumulator
        self.closed = closed

    def _copies(self) -> list[tuple[int, ...]]:
        return [tuple(int(v) for v in copy) for copy in self.program.copies]

    def outputs(self) -> list[int]:
        """The public outputs, as field elements."""
        found = {
            row: self.columns[column][at]
            for kind, row, column, at in self._copies()
            if kind == INSTANCE
        }
        return [found[row] for row in sorted(found)]
