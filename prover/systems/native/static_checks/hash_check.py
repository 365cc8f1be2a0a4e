"""Static check of the hash rows: what they absorb, in which order, and what they show.

The rows are read from their flags and copies alone: chunk after chunk, word after word, each with
all rounds of Poseidon in order. Every image row must be in one word, every word absorbed once, each
chunk full but the last, each chunk's last element its salt, each digest public at its place.
"""

from dataclasses import dataclass, field

import numpy as np

from prover.statement.field import FIELD_MODULUS
from prover.statement.poseidon import FULL_ROUNDS, PARTIAL_ROUNDS, ROUNDS
from prover.systems.native.circuit.columns import CONTINUES_WORD, HASH_FLAGS, HASH_ROUND
from prover.systems.native.circuit.fold import HASH_WORD, INSTANCE, PACKED_WORD
from prover.systems.native.circuit.hashing import CHUNK
from prover.systems.native.circuit.program import Program
from prover.systems.native.static_checks.trace import fail


@dataclass
class Chunk:
    """The rows that absorb its elements, and the row of its digest."""

    absorbs: list[int] = field(default_factory=list)
    digest: int = -1


def require_hashing(program: Program) -> None:
    """Raise UnsoundCircuit unless the digests are those of the whole input, chunk by chunk."""
    copies = [tuple(int(v) for v in copy) for copy in program.copies]
    ours = [copy for copy in copies if {copy[0], copy[2]} & {PACKED_WORD, HASH_WORD}]
    if program.form.inputs != "hashed":
        if ours or any(
            name in program.columns for name in (*HASH_FLAGS, CONTINUES_WORD, HASH_ROUND)
        ):
            fail("there are hash rows, but the input is not hashed")
        return
    missing = [
        name for name in (*HASH_FLAGS, CONTINUES_WORD, HASH_ROUND) if name not in program.columns
    ]
    if missing:
        fail(f"the input is hashed, but there is no column {missing[0]}")
    chunks, ends = read_chunks(program), _word_ends(program)
    wanted, taken = [], 0
    for number, chunk in enumerate(chunks):
        words = ends[taken : taken + len(chunk.absorbs) - 1]
        taken += len(chunk.absorbs) - 1
        pairs = zip(chunk.absorbs, words, strict=False)
        wanted += [(HASH_WORD, row, PACKED_WORD, end) for row, end in pairs]
        wanted.append((INSTANCE, program.form.context + number, HASH_WORD, chunk.digest))
    if taken != len(ends) or len(chunks) != program.digests:
        fail(
            f"{taken} words in {len(chunks)} chunks are hashed: expected {len(ends)} words in "
            f"{program.digests}"
        )
    if len(ours) != len(wanted) or set(ours) != set(wanted):
        fail("the hashed words are not the image's in order, or the digests are not public")


def _word_ends(program: Program) -> list[int]:
    """The last image row of each word; words are as long as the field allows."""
    rows = np.flatnonzero(program.columns["is_input"])
    if not np.array_equal(rows, np.arange(len(rows))):
        fail("the image's rows are not the first")
    bits = program.lanes * program.table.input_bits
    group = (FIELD_MODULUS.bit_length() - 1) // bits
    continues = (np.arange(len(rows)) % group != 0).astype(np.int64)
    if not np.array_equal(program.columns[CONTINUES_WORD], continues):
        fail("column ip does not cut the image into words")
    starts = np.flatnonzero(continues == 0)
    return [*(starts[1:] - 1).tolist(), len(rows) - 1]


def read_chunks(program: Program) -> list[Chunk]:
    """Follow the hash rows from the first to the last."""
    columns = [program.columns[name].tolist() for name in HASH_FLAGS]
    if any(len(column) != len(columns[0]) for column in (*columns, program.columns[HASH_ROUND])):
        fail("columns of the hash rows are of unequal length")
    chunks: list[Chunk] = []
    due = 0
    for row, (flags, constant) in enumerate(
        zip(zip(*columns, strict=True), program.columns[HASH_ROUND].tolist(), strict=True)
    ):
        due = _step(chunks, row, flags, constant, due)
    if due or not chunks or chunks[-1].digest < 0:
        fail("there are no hash rows, or the last chunk is open")
    sizes = [len(chunk.absorbs) for chunk in chunks]
    if any(size != CHUNK for size in sizes[:-1]) or not 2 <= sizes[-1] <= CHUNK:
        fail(f"its chunks hash {sizes} elements: expected {CHUNK} each, and 2 to so many last")
    return chunks


def _step(chunks: list[Chunk], row: int, flags: tuple[int, ...], constant: int, due: int) -> int:
    """The rounds that are due after a row; 0 between elements."""
    if due:
        number = ROUNDS - due
        half = FULL_ROUNDS // 2
        full = number < half or number >= half + PARTIAL_ROUNDS
        if flags != (0, 0, int(full), int(not full), 0) or constant != number + 1:
            fail(f"hash row {row} is not round {number}")
        return due - 1
    is_open = bool(chunks) and chunks[-1].digest < 0
    allowed = {(0, 1, 0, 0, 0), (0, 0, 0, 0, 1)} if is_open else {(1, 0, 0, 0, 0)}
    if flags not in allowed or constant:
        fail(f"hash row {row} neither starts, goes on nor ends a chunk where it should")
    if flags[4]:
        chunks[-1].digest = row
        return 0
    if flags[0]:
        chunks.append(Chunk())
    chunks[-1].absorbs.append(row)
    return ROUNDS
