"""What a circuit's fixed columns say, read without knowing how they were placed.

A *segment* is cut out of the tensor rows; each of its cells has powers of a and b in the segment's
accumulators. A *closed layer* of the fold rows gives a coefficient to every outer accumulator that
its layer accumulator takes, computed at a point of a prime field.
"""

import secrets
from collections import defaultdict
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from prover.base.errors import UnsoundCircuit
from prover.statement.field import FIELD_MODULUS
from prover.systems.native.circuit.columns import (
    FOLD_FLAGS,
    LOOKING_BACK,
    OUTPUT_SELECTOR,
    TENSOR_FLAGS,
)
from prover.systems.native.circuit.fold import FACTOR, POST_OUTER, PRE_OUTER
from prover.systems.native.circuit.grid import Mask
from prover.systems.native.circuit.program import Program
from prover.systems.native.circuit.tables import INPUT
from prover.systems.native.network.network import Integers

# The circuit's own field: an identity that holds here is the one that its gates compute.
PRIME = FIELD_MODULUS


@dataclass(frozen=True)
class Point:
    """Where identities are compared: different ones of degree d agree with chance d / r."""

    a: int
    b: int
    g: int

    @classmethod
    def random(cls) -> "Point":
        """From the system's generator, so that no layout can be made for it."""
        return cls(*(secrets.randbelow(PRIME - 2) + 2 for _ in range(3)))

    def power(self, a: int, b: int, g: int = 0) -> int:
        """a^a b^b g^g; powers may be negative."""
        found = pow(self.a, a, PRIME) * pow(self.b, b, PRIME) * pow(self.g, g, PRIME)
        return found % PRIME


@dataclass(frozen=True)
class Segment:
    """A segment: image row `u` [rows] and column `v` [rows, lanes] of its cells, and their tags."""

    first: int
    u: Integers
    v: Integers
    tags: Integers
    bias: int
    doubled: bool
    summed: bool
    input: bool

    @property
    def last(self) -> int:
        """The row on which its accumulators are complete."""
        return self.first + len(self.u) - 1

    @property
    def active(self) -> Mask:
        """Cells that hold an output or an input."""
        return np.greater_equal(self.tags, INPUT)

    def rectangle(self) -> tuple[int, int, int, int]:
        """First image row, first column, height and width of the active cells: a full rectangle."""
        if not self.active.any():
            return 0, 0, 0, 0
        u = np.broadcast_to(self.u[:, None], self.v.shape)[self.active]
        v = self.v[self.active]
        top, left = int(u.min()), int(v.min())
        height, width = int(u.max()) - top + 1, int(v.max()) - left + 1
        if len(u) != height * width:
            fail(f"the active cells of the segment on row {self.first} are not a rectangle")
        return top, left, height, width


@dataclass(frozen=True)
class ClosedLayer:
    """The coefficients of one closed layer, by the outer accumulators' last rows.

    `produced`: of the layer's segments; `read`: of its sources'.
    """

    produced: dict[int, int]
    read: dict[int, int]


def fail(what: str) -> NoReturn:
    """The one refusal of the static checks."""
    raise UnsoundCircuit(f"the circuit does not compute its network: {what}")


def require_first_row(program: Program) -> None:
    """Nothing of the first row may depend on the free row before it."""
    for name in LOOKING_BACK:
        if name in program.columns and program.columns[name][0]:
            fail(f"column {name} takes a value from before the first row")


def find_segments(program: Program) -> dict[int, Segment]:
    """Every segment, by its last row."""
    columns = program.columns
    for name in TENSOR_FLAGS:
        if not np.isin(columns[name], (0, 1)).all():
            fail(f"column {name} holds other values than 0 and 1")
    starts = np.flatnonzero(columns["continues_segment"] == 0).tolist()
    if not starts or starts[0] != 0:
        fail("the first tensor row continues a segment")
    stops = [*starts[1:], len(columns["continues_segment"])]
    segments = [_segment(program, start, stop) for start, stop in zip(starts, stops, strict=True)]
    return {segment.last: segment for segment in segments}


def _segment(program: Program, start: int, stop: int) -> Segment:
    part = {name: program.columns[name][start:stop] for name in (*TENSOR_FLAGS, "bias")}
    for name in ("doubled", "summed", "is_input", "bias"):
        if (part[name] != part[name][0]).any():
            fail(f"column {name} changes inside the segment on row {start}")
    ends = part["ends_row"]
    if (
        not np.array_equal(part["continues_row"][1:], 1 - ends[:-1])
        or part["continues_row"][0]
        or not ends[-1]
    ):
        fail(f"image rows of the segment on row {start} overlap or are open")
    after = np.cumsum(ends[::-1])[::-1] - 1
    own_end = np.flatnonzero(ends)[after.max() - after]
    blocks = own_end - np.arange(len(ends))
    return Segment(
        start,
        after,
        program.lanes * blocks[:, None] + np.arange(program.lanes),
        program.columns["tag"][:, start:stop].T,
        int(part["bias"][0]),
        *(bool(part[name][0]) for name in ("doubled", "summed", "is_input")),
    )


def find_closed_layers(program: Program, point: Point) -> list[ClosedLayer]:
    """Follow kernels and layer accumulators down the fold rows."""
    names = (*FOLD_FLAGS, OUTPUT_SELECTOR)
    none = np.zeros_like(program.columns["enters_kernel"])
    flags = [program.columns.get(name, none).tolist() for name in names]
    if any(value not in (0, 1) for column in flags for value in column):
        fail("a flag of the fold rows is neither 0 nor 1")
    lanes = _lane_values(program.columns["weight"], point)
    steps = [pow(base, len(program.columns["weight"]), PRIME) for base in (point.g, point.b)]
    state = _FoldState(point, _sources(program))
    for row, values in enumerate(zip(*flags, strict=True)):
        state.step(row, dict(zip(names, values, strict=True)), lanes, steps)
    if state.pending:
        fail("the last layer of the fold rows is never closed")
    return state.layers


def rank_rows(program: Program) -> set[int]:
    """Rows that hold a label or a class."""
    columns = [
        program.columns[name] for name in ("is_label", "is_class") if name in program.columns
    ]
    return {int(row) for column in columns for row in np.flatnonzero(column)}


def _sources(program: Program) -> dict[int, tuple[int, int]]:
    copies = [tuple(int(v) for v in copy) for copy in program.copies]
    ranks = rank_rows(program)
    pairs = [(row, (c, at)) for kind, row, c, at in copies if kind == FACTOR and row not in ranks]
    found = dict(pairs)
    if len(found) != len(pairs) or any(
        column not in (PRE_OUTER, POST_OUTER) for column, _ in found.values()
    ):
        fail("a cell of column FACTOR is not a copy of exactly one accumulator")
    return found


def _lane_values(weights: Integers, point: Point) -> tuple[list[int], list[int]]:
    """Each row's weights folded by powers of g, and of b."""
    rows = weights.T.tolist()
    powers = [[pow(base, n, PRIME) for n in range(len(weights))] for base in (point.g, point.b)]
    folded, tapped = (
        [sum(w * p for w, p in zip(row, power, strict=True)) % PRIME for row in rows]
        for power in powers
    )
    return folded, tapped


@dataclass
class _FoldState:
    """The accumulators of a fold row, and the open layer's terms: (row, g power, kernel)."""

    point: Point
    sources: dict[int, tuple[int, int]]

    def __post_init__(self) -> None:
        self.layers: list[ClosedLayer] = []
        self.pending: list[tuple[int, int, int]] = []
        self.kernel_inner = self.kernel = self.power = 0
        self.closed = False

    def step(
        self, row: int, on: dict[str, int], lanes: tuple[list[int], list[int]], steps: list[int]
    ) -> None:
        base = on["weights_are_taps"]
        carried = on["continues_kernel_inner"] * self.kernel_inner * steps[base]
        self.kernel_inner = (carried + lanes[base][row]) % PRIME
        move = on["keeps_kernel"]
        move += on["shifts_columns"] * self.point.b + on["shifts_rows"] * self.point.a
        entered = on["enters_kernel"] * self.kernel_inner - on[OUTPUT_SELECTOR]
        self.kernel = (self.kernel * move + entered) % PRIME
        self._carry(row, on)
        if on["takes_product"]:
            if row not in self.sources:
                fail(f"row {row} multiplies a cell of column FACTOR that nothing determines")
            self.pending.append((row, self.power, self.kernel))
        self.closed = bool(on["closes_layer"])
        if self.closed:
            self.layers.append(self._close())

    def _carry(self, row: int, on: dict[str, int]) -> None:
        if on["keeps_accumulator"] and on["next_output"]:
            fail(f"row {row} carries its accumulator twice")
        carries = bool(on["keeps_accumulator"] or on["next_output"])
        if carries and self.closed:
            fail(f"row {row} carries an accumulator that was closed")
        if self.pending and not carries:
            fail(f"row {row} drops an accumulator that was not closed")
        if not carries:
            self.power = 0
        self.power += on["next_output"]

    def _close(self) -> ClosedLayer:
        found: dict[int, defaultdict[int, int]] = {
            PRE_OUTER: defaultdict(int),
            POST_OUTER: defaultdict(int),
        }
        for row, power, value in self.pending:
            column, end = self.sources[row]
            found[column][end] += value * self.point.power(0, 0, self.power - power)
        self.pending = []
        produced, read = (
            {end: v % PRIME for end, v in found[c].items()} for c in (PRE_OUTER, POST_OUTER)
        )
        return ClosedLayer(produced, read)
