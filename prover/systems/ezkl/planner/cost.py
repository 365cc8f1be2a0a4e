"""Predicts what a circuit costs: rows of its columns, key size, memory, verifier size.

Sizes are those of ezkl 23.0.5 with one block of columns.
"""

import math
from dataclasses import dataclass

import psutil

from prover.base.units import MIB
from prover.statement.field import WORD_BYTES

BLINDING_ROWS = 64
TABLE_MARGIN = 16
MEMORY_PER_KEY = 2.0
MEMORY_BASE = 300 * MIB
VERIFIER_BYTES = 13_400
POSEIDON_VERIFIER_BYTES = 4_700
TABLE_VERIFIER_BYTES = 700
MIN_LOGROWS = 9


@dataclass(frozen=True)
class Cost:
    """Predicted: 2**logrows rows, proving key bytes, proving memory bytes, verifier code bytes."""

    logrows: int
    key_bytes: int
    memory_bytes: int
    verifier_bytes: int


def predict(
    rows: int, base: int, table: int, constants: int, columns: int, tables: int, *, hashed: bool
) -> Cost:
    """Cost of a circuit of `rows` rows with `columns` inner columns (2 or 3).

    `base` and `table` are the lengths of the range table and of the lookup tables, `constants` the
    fixed values, `tables` the number of lookup functions.
    """
    needed = max(max(rows, table, constants) + BLINDING_ROWS, base + TABLE_MARGIN)
    logrows = max(MIN_LOGROWS, math.ceil(math.log2(needed)))
    # Poseidon's x^5 doubles the extended domain; fixed and permutation columns have three forms
    extension = 8 if hashed else 4
    held = 8 + 6 * columns + 4 * tables + 9 * hashed
    per_row = 3 * extension + (2 + extension) * held
    key = WORD_BYTES * per_row << logrows
    code = VERIFIER_BYTES + POSEIDON_VERIFIER_BYTES * hashed + TABLE_VERIFIER_BYTES * tables
    return Cost(logrows, key, int(MEMORY_PER_KEY * key) + MEMORY_BASE, code)


def usable_memory() -> int:
    """Three quarters of the machine's memory, in bytes."""
    return int(psutil.virtual_memory().total * 0.75)
