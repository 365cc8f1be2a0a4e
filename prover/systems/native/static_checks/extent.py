"""Whether a circuit's columns have the extent that the other static checks take for granted.

A fixed column is 0 below its end: a column that ends early, or late, says something else on the
rows between than what a check of the others' rows has read.
"""

import numpy as np

from prover.systems.native.circuit.fold import (
    A2,
    B2,
    FLAGS,
    INSTANCE,
    NO_WEIGHT,
    OWN,
    PACK,
    SAME_BIAS,
    WORD,
    X,
)
from prover.systems.native.circuit.program import Program
from prover.systems.native.circuit.tables import Table
from prover.systems.native.static_checks.trace import RUN_FLAGS, fail

# What a copy may tie: a factor to the end of a run, a public word to one, a label to its word, a
# hashed word to the image, a public word to a digest.
TIES = {(X, A2), (X, B2), (INSTANCE, B2), (X, INSTANCE), (WORD, PACK), (INSTANCE, WORD)}


def require_extent(program: Program) -> None:
    """Raise UnsoundCircuit unless all columns of a part end on one row, and lanes are the stated.

    Tags may go on below the tensors (rank rows): what they are there is checked by itself.
    """
    columns = program.columns
    tags, weights = columns["tag"], columns["w"]
    if len(tags) != program.lanes or len(weights) != program.weight_lanes:
        fail(
            f"it has {len(tags)} lanes of cells and {len(weights)} of weights; "
            f"{program.lanes} and {program.weight_lanes} are stated"
        )
    _require_length(program, ("bias", *RUN_FLAGS), len(columns["c"]))
    hidden = program.form.weights == "hidden"
    for name in (OWN, SAME_BIAS, NO_WEIGHT):
        if (name in columns) != hidden:
            fail(f"column {name} is for circuits with hidden weights, and for all of them")
    _require_length(program, (*FLAGS, OWN) if hidden else FLAGS, weights.shape[1])
    if tags.shape[1] < len(columns["c"]):
        fail(f"column tag has {tags.shape[1]} rows for {len(columns['c'])} of tensors")


def _require_length(program: Program, names: tuple[str, ...], rows: int) -> None:
    for name in names:
        if program.columns[name].shape != (rows,):
            fail(f"column {name} has {len(program.columns[name])} rows; its part has {rows}")


def require_ties(program: Program) -> None:
    """Raise UnsoundCircuit at a copy that is neither a factor's nor a public word's."""
    for kind, row, other, at in program.copies.tolist():
        if (kind, other) not in TIES:
            fail(f"row {row} of column {kind} is a copy of row {at} of column {other}")


def require_table(program: Program) -> None:
    """Raise UnsoundCircuit unless the table, and what gates take from it, are the network's."""
    wanted = Table.of(program.network, program.ranking)
    if program.table != wanted:
        fail(f"its table is {program.table}; the network's is {wanted}")
    if program.lanes > wanted.most_lanes:
        fail(f"a word of the input packs {program.lanes} values; {wanted.most_lanes} fit the field")
    for name, column in wanted.columns().items():
        if not np.array_equal(program.columns[name], column):
            fail(f"table column {name} holds other entries than the network's")
