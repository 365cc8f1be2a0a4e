"""The Rust engine, if it was built: programs and witnesses in, keys and proofs out."""

import importlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np

from prover.base.errors import ArtifactMismatch, EnvironmentMissing, ProofRejected
from prover.statement.field import FIELD_MODULUS
from prover.systems.native.circuit.hidden import Salt
from prover.systems.native.circuit.layout import CircuitLayout
from prover.systems.native.circuit.program import Placed, Program
from prover.systems.native.hiding.image import Secrets as Secrets
from prover.systems.native.hiding.image import random_words as random_words
from prover.systems.native.network.network import Integers
from prover.systems.native.witness import Execution, TensorAdvice, packed, packed_image


def engine() -> ModuleType:
    """The extension module; EnvironmentMissing says how to get it."""
    try:
        return importlib.import_module("zkescrow_native")
    except ImportError as cause:
        raise EnvironmentMissing(
            "native circuits need the Rust engine, which is not installed; "
            "install cargo and run scripts/setup again, or install its wheel (docs/INSTALL.md)"
        ) from cause


@contextmanager
def mismatches() -> Iterator[None]:
    """What the engine refuses of keys, set-ups and programs becomes ArtifactMismatch."""
    try:
        yield
    except engine().Refused as error:
        raise ArtifactMismatch(str(error)) from error


def load_set_up(rows: str, powers: str, layout: CircuitLayout) -> Any:
    """The set-up of a circuit: from the file for its rows, and one with as many powers."""
    found = engine().Srs.read(rows)
    return found if layout.packing == 1 else found.with_powers(powers, layout.powers)


def load_program(program: Program, layout: CircuitLayout, salt: Salt | None = None) -> Any:
    """The engine's form of a program, its table filled up to the last usable row.

    `salt` hides the weights, where they are hidden; without it, it is only an outline's.
    """
    rows = layout.usable_rows
    columns = {
        name: _two_dimensional(_padded(column, rows) if name.startswith("table_") else column)
        for name, column in program.columns.items()
    }
    shape = {
        "k": layout.k,
        "packing": layout.packing,
        "lanes": layout.lanes,
        "weight_lanes": layout.weight_lanes,
        "shift": program.table.shift,
        "y_offset": program.table.y_offset,
        "input_bits": program.table.input_bits,
        "input_low": program.table.input_low,
        "labels": program.form.labels,
        "class_bits": program.ranking.bits if program.ranking else 0,
        "score_low": program.ranking.low if program.ranking else 0,
        "hash_group": program.hashing.group if program.hashing else 0,
        "hidden": program.form.weights == "hidden",
    }
    instances = {
        "context": program.form.context,
        "digests": program.digests,
        "outputs": program.instances - program.form.context - program.digests,
    }
    loaded = engine().Program(shape, columns, program.copies, instances)
    if salt is None:
        return loaded
    return loaded.salted([[_word(cell) for cell in column] for column in salt.columns])


def _two_dimensional(column: Integers) -> Integers:
    return np.ascontiguousarray(np.atleast_2d(column))


def _padded(column: Integers, rows: int) -> Integers:
    """Unused table rows repeat the first entry: a row of zeros would be an entry of its own."""
    return np.pad(column, (0, rows - len(column)), constant_values=column[0])


def instances_of(
    program: Program, found: Execution, context: Sequence[int] = (), chunks: Sequence[int] = ()
) -> list[int]:
    """The public words: context limbs, digests, labels or scores; a negative v is r - |v|.

    `chunks` are the digests' salts, where these are public.
    """
    if len(context) != program.form.context:
        raise ValueError(
            f"{len(context)} context limbs: expected {program.form.context} by the circuit"
        )
    digests = (
        program.hashing.digests(packed(program, found.cells), chunks) if program.hashing else ()
    )
    outputs = found.labels or tuple(int(value) % FIELD_MODULUS for value in found.outputs)
    return [*context, *digests, *outputs]


def load_witness(
    program: Program, found: Execution, hidden: Secrets, instances: Sequence[int]
) -> Any:
    """The engine's form of an execution."""
    image = packed_image(program, found.cells, hidden.salt)
    return engine().Witness(
        found.cells.quotient,
        found.cells.remainder,
        found.cells.activation,
        found.multiplicities,
        found.ranks,
        [_word(value) for value in image],
        [_word(value) for value in hidden.chunks],
        [_word(value) for value in instances],
    )


def _word(value: int) -> bytes:
    return value.to_bytes(32, "little")


def prove(
    program: Any,
    keys: Any,
    srs: Any,
    witness: Any,
    hidden: Secrets,
    progress: Callable[[str], None] | None = None,
) -> bytes:
    """A proof; verify it before use. `progress` gets each stage's name as it ends."""
    seed = secrets.token_bytes(32)
    arguments = (program, keys, srs, witness, hidden.image_seed, seed, progress)
    proof: bytes = bytes(engine().prove(*arguments))
    return proof


def commit_image(srs: Any, program: Placed, cells: TensorAdvice, hidden: Secrets) -> bytes:
    """The point, x and y of 32 bytes, with which every proof about an image begins."""
    words = [_word(value) for value in packed_image(program, cells, hidden.salt)]
    return bytes(engine().commit_image(srs, words, hidden.image_seed))


def verify(vk: Any, proof: bytes, instances: Sequence[int]) -> None:
    """Raise ProofRejected unless the proof holds for exactly these instances."""
    try:
        vk.verify(proof, [_word(value) for value in instances])
    except engine().Rejected as cause:
        raise ProofRejected(str(cause)) from cause
