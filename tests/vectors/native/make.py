"""Writes the native vectors: python -m tests.vectors.native.make (needs the Rust engine).

A description, a proof and its instances of a small network; always the same bytes: fixed set-up,
salt and randomness. tests/unit/verify/test_vectors.py fails if a file is not what this writes.
"""

import json
from pathlib import Path

from prover.proving.native import engine
from prover.proving.native.layout import choose_layout
from prover.proving.native.program import compile_network
from prover.proving.native.witness import run
from tests.unit.proving.native.networks import image_of, tiny_network

HERE = Path(__file__).parent
CONTEXT = (11, 12)
SRS_SEED, IMAGE_SEED, PROOF_SEED = (bytes([number]) * 32 for number in (1, 2, 3))
SALT = tuple(range(1, 9))


def vectors() -> dict[str, bytes]:
    """The files by name."""
    network = tiny_network()
    layout = choose_layout(network)
    placed = compile_network(network, layout.lanes, layout.weight_lanes, context=len(CONTEXT))
    program, native = engine.load_program(placed, layout), engine.engine()
    srs = native.Srs.development(layout.k, SRS_SEED)
    keys = native.keygen(program, srs)
    found = run(placed, image_of(network, 4), layout.usable_rows)
    instances = engine.instances_of(placed, found, CONTEXT)
    cells = engine.load_cells(placed, found, engine.Secrets(SALT, IMAGE_SEED), instances)
    proof = native.prove_run(program, keys, srs, cells, IMAGE_SEED, PROOF_SEED)
    return {
        "description.json": keys.verifying_key().description().encode(),
        "proof.bin": bytes(proof),
        "instances.json": json.dumps([f"0x{word:064x}" for word in instances]).encode() + b"\n",
    }


if __name__ == "__main__":
    for name, content in vectors().items():
        (HERE / name).write_bytes(content)
