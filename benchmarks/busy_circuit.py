"""Circuits of any size whose every row is in use, with the native prover's mix of columns."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import zkescrow_native as native
from numpy.typing import NDArray

from prover.systems.native.circuit.columns import FOLD_FLAGS, TENSOR_FLAGS

RUN_ROWS, IMAGE_ROWS = 256, 16  # a stored image, and a row of it
FLAGS = (*TENSOR_FLAGS, *FOLD_FLAGS)
NOTHING_PUBLIC = {"context": 0, "digests": 0, "outputs": 0}
Columns = dict[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Size:
    """A circuit of 2^k rows with so many cells and weights to a row, so many columns packed."""

    k: int
    lanes: int
    weight_lanes: int
    packing: int = 1

    @property
    def rows(self) -> int:
        """Rows that cells may fill."""
        return int(native.Program.usable_rows(self.k))

    @property
    def shift(self) -> int:
        """Bits of the remainders: 12 as in a real network, fewer where the table is small."""
        return min(12, self.k - 3)

    @property
    def quotients(self) -> int:
        """Values of q, each twice in the table: of padding cells and clamped."""
        return int(2 ** min(17, self.k - 2))


def table(size: Size) -> NDArray[np.int64]:
    """Entries [3, rows] (tag, q, y): padding cells, remainders, a clamp to 0..255."""
    q, r = np.arange(size.quotients), np.arange(2**size.shift)
    entries = np.concatenate(
        [
            np.stack([np.zeros_like(q), q, np.zeros_like(q)]),
            np.stack([np.ones_like(r), r, np.zeros_like(r)]),
            np.stack([np.full_like(q, 3), q, clamp(q, size)]),
        ],
        axis=1,
    )
    rest = np.repeat(entries[:, -1:], size.rows - entries.shape[1], axis=1)
    return np.concatenate([entries, rest], axis=1)


def clamp(q: NDArray[np.int64], size: Size) -> NDArray[np.int64]:
    """The output of a stored quotient."""
    return np.clip(q - size.quotients // 2, 0, 255)


def tags(size: Size) -> NDArray[np.int64]:
    """[lanes, rows]: two rows of three are active."""
    active = np.where(np.arange(size.rows) % 3 == 0, 0, 3)
    return np.repeat(active[None, :], size.lanes, axis=0)


def busy_program(size: Size) -> Any:
    """A program whose every row holds cells and weights; it has no identity to close."""
    place = np.arange(size.rows)
    draw = np.random.default_rng(1)
    columns: Columns = {name: np.zeros((1, 1), np.int64) for name in FLAGS}
    columns["continues_row"] = flag(place % IMAGE_ROWS != 0)
    columns["ends_row"] = flag(place % IMAGE_ROWS == IMAGE_ROWS - 1)
    columns["continues_segment"] = columns["keeps_accumulator"] = flag(place % RUN_ROWS != 0)
    columns["continues_kernel_inner"], columns["enters_kernel"] = (
        columns["continues_row"],
        columns["ends_row"],
    )
    ends = np.flatnonzero(place % RUN_ROWS == RUN_ROWS - 1)
    columns["takes_product"] = flag(place % RUN_ROWS == RUN_ROWS - 1)
    columns |= dict(
        zip(("table_tag", "table_quotient", "table_activation"), table(size)[:, None], strict=True)
    )
    columns["tag"] = tags(size)
    columns["bias"] = draw.integers(0, 2**20, (1, size.rows))
    columns["weight"] = draw.integers(-(2**11), 2**11, (size.weight_lanes, size.rows))
    copies = np.stack([np.full_like(ends, 2), ends, np.zeros_like(ends), ends], axis=1)
    return native.Program(shape(size), columns, copies, NOTHING_PUBLIC)


def flag(rows: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A flag column [1, rows]."""
    return rows.astype(np.int64)[None, :]


def shape(size: Size) -> dict[str, int]:
    """The engine's parameters."""
    fixed = {"y_offset": 0, "input_bits": 8, "input_low": 0, "hash_group": 0, "hidden": False}
    fixed |= {"labels": 0, "class_bits": 0, "score_low": 0}
    return asdict(size) | {"shift": size.shift} | fixed


def busy_cells(size: Size) -> Any:
    """Cells that the table holds, everywhere."""
    draw = np.random.default_rng(2)
    q = draw.integers(0, size.quotients, (size.lanes, size.rows))
    r = draw.integers(0, 2**size.shift, (size.lanes, size.rows))
    active = tags(size) == 3
    y = np.where(active, clamp(q, size), 0)
    counts = np.concatenate(
        [
            np.bincount(q[~active], minlength=size.quotients),
            np.bincount(r.ravel(), minlength=2**size.shift),
            np.bincount(q[active], minlength=size.quotients),
        ]
    )
    m = np.zeros(size.rows, np.int64)
    m[: counts.size] = counts
    ranks = np.zeros((0, size.rows), np.int64)
    return native.Witness(q, r, y, m, ranks, list(words(size)), [], [])


def words(size: Size) -> Iterator[bytes]:
    """Packed pixels: as many as a photograph of 224 x 224 has."""
    draw = np.random.default_rng(3)
    for _ in range(min(size.rows, 5376)):
        yield draw.bytes(28) + bytes(4)
