"""Writes the native vectors: python -m tests.vectors.native.make (needs the Rust engine).

A description, a proof and its instances of a small network. The description is always the same;
a proof has fresh randomness. tests/unit/verify/test_vectors.py fails if the description is not
what this writes.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from prover.systems.native import engine
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import CircuitLayout, choose_layout
from prover.systems.native.circuit.program import Program, compile_network
from prover.systems.native.witness import Execution, execute
from tests.unit.systems.native.networks import image_of, tiny_network

HERE = Path(__file__).parent
CONTEXT = (11, 12)
SRS_SEED = bytes([1]) * 32
HIDDEN = engine.Secrets(tuple(range(1, 9)), bytes([2]) * 32)


@dataclass(frozen=True)
class Circuit:
    """A placed network with the engine's objects for it."""

    placed: Program
    layout: CircuitLayout
    program: Any
    srs: Any
    keys: Any


@cache
def circuit() -> Circuit:
    network = tiny_network()
    layout = choose_layout(network)
    placed = compile_network(network, layout.lanes, layout.weight_lanes, Form(context=len(CONTEXT)))
    program, native = engine.load_program(placed, layout), engine.engine()
    srs = native.Srs.development(layout.k, SRS_SEED, layout.packing)
    return Circuit(placed, layout, program, srs, native.keygen(program, srs))


def verifying_key() -> Any:
    return circuit().keys.verifying_key()


def honest_run() -> Execution:
    return execute(circuit().placed, image_of(tiny_network(), 4), circuit().layout.usable_rows)


def vectors() -> dict[str, bytes]:
    """The files by name."""
    made = circuit()
    found = honest_run()
    instances = engine.instances_of(made.placed, found, CONTEXT)
    cells = engine.load_witness(made.placed, found, HIDDEN, instances)
    return {
        "description.json": verifying_key().description().encode(),
        "proof.bin": engine.prove(made.program, made.keys, made.srs, cells, HIDDEN),
        "instances.json": json.dumps([f"0x{word:064x}" for word in instances]).encode() + b"\n",
    }


if __name__ == "__main__":
    for name, content in vectors().items():
        (HERE / name).write_bytes(content)
