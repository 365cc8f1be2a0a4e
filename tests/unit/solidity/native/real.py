"""Proofs of real networks by the engine, of every form, once a run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from prover.base.errors import ProofRejected
from prover.systems.native import engine
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.hidden import Salt
from prover.systems.native.circuit.layout import choose_layout
from prover.systems.native.circuit.program import Program, compile_network
from prover.systems.native.witness import Execution, execute
from prover.verify import Description, parse_description, verify
from tests.unit.systems.native.networks import image_of, residual_network, tiny_network

CONTEXT = (11, 12)
FORMS = {
    "scores": Form(len(CONTEXT)),
    "labels": Form(len(CONTEXT), labels=2),
    "hashed": Form(len(CONTEXT), "hashed"),
    "hidden": Form(len(CONTEXT), weights="hidden"),
    "everything": Form(len(CONTEXT), "hashed", 2, "hidden"),
}
NETWORKS = {"tiny": tiny_network, "residual": residual_network}


@dataclass(frozen=True)
class Real:
    """A circuit with an honest run of it, and its proof."""

    description: Description
    proof: bytes
    instances: tuple[int, ...]
    verifying_key: Any
    placed: Program
    run: Execution
    prove: Any  # of another run: bytes


@cache
def real(
    form: str, network: str = "tiny", lanes: int = 2, weight_lanes: int = 2, packing: int = 4
) -> Real:
    """A proof in a circuit of this form, with as many lanes, packed so."""
    shape, native = FORMS[form], engine.engine()
    made = NETWORKS[network]()
    chosen = choose_layout(made, shape)
    layout = replace(chosen, lanes=lanes, weight_lanes=weight_lanes, packing=packing)
    placed = compile_network(made, lanes, weight_lanes, shape)
    salt = Salt.random(1 + weight_lanes, 1 << 10) if shape.weights == "hidden" else None
    program = engine.load_program(placed, layout, salt)
    srs = native.Srs.development(layout.k, bytes([1]) * 32, layout.packing)
    keys = native.keygen(program, srs)
    run = execute(placed, image_of(made, 4), layout.usable_rows)
    secrets = engine.Secrets.random(placed.digests)
    instances = engine.instances_of(placed, run, CONTEXT, secrets.chunks)

    def prove(found: Execution) -> bytes:
        witness = engine.load_witness(placed, found, secrets, instances)
        return engine.prove(program, keys, srs, witness, secrets)

    key = keys.verifying_key()
    description = parse_description(key.description().encode())
    return Real(description, prove(run), tuple(instances), key, placed, run, prove)


def false_run(honest: Execution) -> Execution:
    """The run with one remainder that is wrong."""
    remainder = honest.cells.remainder.copy()
    remainder[tuple(np.argwhere(remainder)[0])] -= 1
    return replace(honest, cells=replace(honest.cells, remainder=remainder))


def engine_accepts(key: Any, proof: bytes, instances: Sequence[int]) -> bool:
    """By a verifying key of the engine."""
    try:
        engine.verify(key, proof, instances)
    except (ProofRejected, engine.engine().Refused):  # the latter of words that are no instances
        return False
    return True


def reference_accepts(description: Description, proof: bytes, instances: Sequence[int]) -> bool:
    """By the verifier in Python."""
    try:
        verify(description, proof, instances)
    except ProofRejected:
        return False
    return True
