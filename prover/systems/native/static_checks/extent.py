"""Whether a circuit's columns have the extent that the other static checks take for granted.

A fixed column is 0 below its end: a column that ends early, or late, says something else on the
rows between than what a check of the others' rows has read.
"""

import numpy as np

from prover.systems.native.circuit.columns import (
    FOLD_FLAGS,
    NO_WEIGHT,
    OUTPUT_SELECTOR,
    SAME_BIAS,
    TENSOR_FLAGS,
)
from prover.systems.native.circuit.fold import (
    FACTOR,
    HASH_WORD,
    INSTANCE,
    PACKED_WORD,
    POST_OUTER,
    PRE_OUTER,
)
from prover.systems.native.circuit.program import Program
from prover.systems.native.circuit.tables import Table
from prover.systems.native.static_checks.trace import fail

# Which copy constraints there may be: a factor or a public word is the accumulator at the end of a
# segment, a label its word, a hashed word the image's, a public word a digest.
COPIES = {
    (FACTOR, PRE_OUTER),
    (FACTOR, POST_OUTER),
    (INSTANCE, POST_OUTER),
    (FACTOR, INSTANCE),
    (HASH_WORD, PACKED_WORD),
    (INSTANCE, HASH_WORD),
}


def require_extent(program: Program) -> None:
    """Raise UnsoundCircuit unless all columns of a part end on one row, and lanes are the stated.

    Tags may go on below the tensors (rank rows): what they are there is checked by itself.
    """
    columns = program.columns
    tags, weights = columns["tag"], columns["weight"]
    if len(tags) != program.lanes or len(weights) != program.weight_lanes:
        fail(
            f"it has {len(tags)} lanes of cells and {len(weights)} of weights: expected "
            f"{program.lanes} and {program.weight_lanes}, as stated"
        )
    _require_length(program, ("bias", *TENSOR_FLAGS), len(columns["continues_segment"]))
    hidden = program.form.weights == "hidden"
    for name in (OUTPUT_SELECTOR, SAME_BIAS, NO_WEIGHT):
        if (name in columns) != hidden:
            fail(f"column {name} is for circuits with hidden weights, and for all of them")
    _require_length(
        program, (*FOLD_FLAGS, OUTPUT_SELECTOR) if hidden else FOLD_FLAGS, weights.shape[1]
    )
    if tags.shape[1] < len(columns["continues_segment"]):
        fail(
            f"column tag has {tags.shape[1]} rows: expected at least "
            f"{len(columns['continues_segment'])}, those of tensors"
        )


def _require_length(program: Program, names: tuple[str, ...], rows: int) -> None:
    for name in names:
        if program.columns[name].shape != (rows,):
            fail(
                f"column {name} has {len(program.columns[name])} rows: expected {rows}, those of "
                "its part"
            )


def require_copies(program: Program) -> None:
    """Raise UnsoundCircuit at a copy that is neither a factor's nor a public word's."""
    for kind, row, other, at in program.copies.tolist():
        if (kind, other) not in COPIES:
            fail(f"row {row} of column {kind} is a copy of row {at} of column {other}")


def require_table(program: Program) -> None:
    """Raise UnsoundCircuit unless the table, and what gates take from it, are the network's."""
    wanted = Table.of(program.network, program.ranking)
    if program.table != wanted:
        fail(f"its table is {program.table}: expected {wanted} by the network")
    if program.lanes > wanted.most_lanes:
        fail(
            f"a word of the input packs {program.lanes} values: expected at most "
            f"{wanted.most_lanes}, which fit the field"
        )
    for name, column in wanted.columns().items():
        if not np.array_equal(program.columns[name], column):
            fail(f"table column {name} holds other entries than the network's")
