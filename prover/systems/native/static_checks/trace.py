"""What a circuit's fixed columns say, read without knowing how they were placed.

A *run* is cut out of the tensor rows; each of its cells has powers of a and b in the run's
accumulators. A *sum* of the fold machine gives a coefficient to every accumulator it takes,
computed at a point of a prime field.
"""

import secrets
from collections import defaultdict
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from prover.base.errors import UnsoundCircuit
from prover.statement.field import FIELD_MODULUS
from prover.systems.native.circuit.fold import A2, B2, FLAGS, OWN, X
from prover.systems.native.circuit.grid import Integers, Mask
from prover.systems.native.circuit.program import Program
from prover.systems.native.circuit.tables import INPUT

# The circuit's own field: an identity that holds here is the one that its gates compute.
PRIME = FIELD_MODULUS
RUN_FLAGS = ("nrs", "re", "c", "dbl", "sm", "im")
# Flags that take a value from the row before: no gate holds on the row before the first.
BACKWARD = ("nrs", "c", "v1c", "u1", "ub", "ua", "h1", "hg")


@dataclass(frozen=True)
class Point:
    """Where identities are compared: different ones of degree d agree with chance d / r."""

    a: int
    b: int
    g: int

    @classmethod
    def random(cls) -> "Point":
        """From the system's generator, so that no placement can be made for it."""
        return cls(*(secrets.randbelow(PRIME - 2) + 2 for _ in range(3)))

    def power(self, a: int, b: int, g: int = 0) -> int:
        """a^a b^b g^g; powers may be negative."""
        found = pow(self.a, a, PRIME) * pow(self.b, b, PRIME) * pow(self.g, g, PRIME)
        return found % PRIME


@dataclass(frozen=True)
class Run:
    """A run: image row `u` [rows] and column `v` [rows, lanes] of its cells, and their tags."""

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
    def live(self) -> Mask:
        """Cells that hold an output or an input."""
        return np.greater_equal(self.tags, INPUT)

    def rectangle(self) -> tuple[int, int, int, int]:
        """First image row, first column, height and width of the live cells: a full rectangle."""
        if not self.live.any():
            return 0, 0, 0, 0
        u = np.broadcast_to(self.u[:, None], self.v.shape)[self.live]
        v = self.v[self.live]
        top, left = int(u.min()), int(v.min())
        height, width = int(u.max()) - top + 1, int(v.max()) - left + 1
        if len(u) != height * width:
            fail(f"the live cells of the run on row {self.first} are not a rectangle")
        return top, left, height, width


@dataclass(frozen=True)
class Sum:
    """The coefficients of one closed sum, by the accumulators' last rows."""

    own: dict[int, int]
    read: dict[int, int]


def fail(what: str) -> NoReturn:
    """The one refusal of the static checks."""
    raise UnsoundCircuit(f"the circuit does not compute its network: {what}")


def require_first_row(program: Program) -> None:
    """Nothing of the first row may depend on the free row before it."""
    for name in BACKWARD:
        if program.columns[name][0]:
            fail(f"column {name} takes a value from before the first row")


def find_runs(program: Program) -> dict[int, Run]:
    """Every run, by its last row."""
    columns = program.columns
    for name in RUN_FLAGS:
        if not np.isin(columns[name], (0, 1)).all():
            fail(f"column {name} holds other values than 0 and 1")
    starts = np.flatnonzero(columns["c"] == 0).tolist()
    if not starts or starts[0] != 0:
        fail("the first tensor row continues a run")
    stops = [*starts[1:], len(columns["c"])]
    runs = [_run(program, start, stop) for start, stop in zip(starts, stops, strict=True)]
    return {run.last: run for run in runs}


def _run(program: Program, start: int, stop: int) -> Run:
    part = {name: program.columns[name][start:stop] for name in (*RUN_FLAGS, "bias")}
    for name in ("dbl", "sm", "im", "bias"):
        if (part[name] != part[name][0]).any():
            fail(f"column {name} changes inside the run on row {start}")
    ends = part["re"]
    if not np.array_equal(part["nrs"][1:], 1 - ends[:-1]) or part["nrs"][0] or not ends[-1]:
        fail(f"image rows of the run on row {start} overlap or are open")
    after = np.cumsum(ends[::-1])[::-1] - 1
    own_end = np.flatnonzero(ends)[after.max() - after]
    blocks = own_end - np.arange(len(ends))
    return Run(
        start,
        after,
        program.lanes * blocks[:, None] + np.arange(program.lanes),
        program.columns["tag"][:, start:stop].T,
        int(part["bias"][0]),
        *(bool(part[name][0]) for name in ("dbl", "sm", "im")),
    )


def find_sums(program: Program, point: Point) -> list[Sum]:
    """Follow V1, V2 and MAC down the fold rows."""
    names = (*FLAGS, OWN)
    none = np.zeros_like(program.columns["ve"])
    flags = [program.columns.get(name, none).tolist() for name in names]
    if any(value not in (0, 1) for column in flags for value in column):
        fail("a flag of the fold machine is neither 0 nor 1")
    lanes = _lane_values(program.columns["w"], point)
    steps = [pow(base, len(program.columns["w"]), PRIME) for base in (point.g, point.b)]
    machine = _Machine(point, _sources(program))
    for row, values in enumerate(zip(*flags, strict=True)):
        machine.step(row, dict(zip(names, values, strict=True)), lanes, steps)
    if machine.pending:
        fail("the last sum of the fold machine is never closed")
    return machine.sums


def rank_rows(program: Program) -> set[int]:
    """Rows that hold a label or a class."""
    columns = [program.columns[name] for name in ("lb", "cl") if name in program.columns]
    return {int(row) for column in columns for row in np.flatnonzero(column)}


def _sources(program: Program) -> dict[int, tuple[int, int]]:
    copies = [tuple(int(v) for v in copy) for copy in program.copies]
    ranks = rank_rows(program)
    pairs = [(row, (c, at)) for kind, row, c, at in copies if kind == X and row not in ranks]
    found = dict(pairs)
    if len(found) != len(pairs) or any(column not in (A2, B2) for column, _ in found.values()):
        fail("a cell of column X is not a copy of exactly one accumulator")
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
class _Machine:
    """The fold machine's state: V1, V2, and the terms of the open sum as (row, g power, V2)."""

    point: Point
    sources: dict[int, tuple[int, int]]

    def __post_init__(self) -> None:
        self.sums: list[Sum] = []
        self.pending: list[tuple[int, int, int]] = []
        self.v1 = self.v2 = self.power = 0
        self.closed = False

    def step(
        self, row: int, on: dict[str, int], lanes: tuple[list[int], list[int]], steps: list[int]
    ) -> None:
        base = on["wb"]
        self.v1 = (on["v1c"] * self.v1 * steps[base] + lanes[base][row]) % PRIME
        move = on["u1"] + on["ub"] * self.point.b + on["ua"] * self.point.a
        self.v2 = (self.v2 * move + on["ve"] * self.v1 - on[OWN]) % PRIME
        self._carry(row, on)
        if on["me"]:
            if row not in self.sources:
                fail(f"row {row} multiplies a cell of column X that nothing determines")
            self.pending.append((row, self.power, self.v2))
        self.closed = bool(on["le"])
        if self.closed:
            self.sums.append(self._close())

    def _carry(self, row: int, on: dict[str, int]) -> None:
        if on["h1"] and on["hg"]:
            fail(f"row {row} carries its sum twice")
        carries = bool(on["h1"] or on["hg"])
        if carries and self.closed:
            fail(f"row {row} carries a sum that was closed")
        if self.pending and not carries:
            fail(f"row {row} drops a sum that was not closed")
        if not carries:
            self.power = 0
        self.power += on["hg"]

    def _close(self) -> Sum:
        found: dict[int, defaultdict[int, int]] = {A2: defaultdict(int), B2: defaultdict(int)}
        for row, power, value in self.pending:
            column, end = self.sources[row]
            found[column][end] += value * self.point.power(0, 0, self.power - power)
        self.pending = []
        own, read = ({end: v % PRIME for end, v in found[c].items()} for c in (A2, B2))
        return Sum(own, read)
