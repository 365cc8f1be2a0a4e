"""The gates of docs/NATIVE.md in plain Python: accumulators from cells and challenges."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from prover.systems.native.circuit.fold import A2, B2, FLAGS, INSTANCE, X
from prover.systems.native.circuit.program import Program
from prover.systems.native.witness import FIELD as P
from prover.systems.native.witness import Cells


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
    """Every accumulator, row by row; `broken()` names the rules that do not hold."""

    def __init__(self, program: Program, cells: Cells, challenges: Challenges, rows: int) -> None:
        self.program, self.cells, self.at, self.rows = program, cells, challenges, rows
        self.columns: dict[int, list[int]] = {A2: [], B2: []}
        self._tensor_rows()
        self._fold_rows()

    def _fixed(self, name: str, row: int) -> int:
        column = self.program.columns[name]
        return int(column[row]) if row < column.shape[-1] else 0

    def _tensor_rows(self) -> None:
        b, a, lanes = self.at.b, self.at.a, range(self.program.lanes)
        shift, y_zero = self.program.table.shift, self.program.table.y_offset
        row_a = run_a = row_b = run_b = 0
        for i in range(self.rows):
            nrs, re, c, dbl, sm = (self._fixed(n, i) for n in ("nrs", "re", "c", "dbl", "sm"))
            base = b * b % P if dbl else b
            e = [
                (int(self.cells.q[lane, i]) << shift)
                + int(self.cells.r[lane, i])
                - self._fixed("bias", i)
                for lane in lanes
            ]
            z = [int(self.cells.y[lane, i]) - y_zero for lane in lanes]
            row_a = nrs * row_a * pow(base, len(lanes), P)
            row_a = (row_a + sum(e[lane] * pow(base, lane, P) for lane in lanes)) % P
            step = (a * a if dbl else a) if re else 1
            run_a = (c * run_a * step + re * row_a) % P
            base, step = (1, 1) if sm else (b, a)
            row_b = nrs * row_b * pow(base, len(lanes), P)
            row_b = (row_b + sum(z[lane] * pow(base, lane, P) for lane in lanes)) % P
            run_b = (c * run_b * (step if re else 1) + re * row_b) % P
            self.columns[A2].append(run_a)
            self.columns[B2].append(run_b)

    def _fold_rows(self) -> None:
        b, a, g = self.at.b, self.at.a, self.at.g
        sources = {row: (column, at) for x, row, column, at in self._copies() if x == X}
        self.closed: Mapping[int, int] = {}
        v1 = v2 = mac = 0
        closed = {}
        weights = self.program.columns["w"]
        for i in range(weights.shape[1]):
            f = {n: self._fixed(n, i) for n in FLAGS}
            base = b if f["wb"] else g
            v1 = f["v1c"] * v1 * pow(base, len(weights), P)
            v1 = (v1 + sum(int(w) * pow(base, n, P) for n, w in enumerate(weights[:, i]))) % P
            v2 = (v2 * (f["u1"] + f["ub"] * b + f["ua"] * a) + f["ve"] * v1) % P
            x = self.columns[sources[i][0]][sources[i][1]] if i in sources else 0
            mac = (mac * (f["h1"] + f["hg"] * g) + f["me"] * v2 * x) % P
            if f["le"]:
                closed[i] = mac
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
