"""What the child process does: keys, proofs and verifications."""

from pathlib import Path
from typing import Any

import numpy as np

from prover.models.integer import serialise
from prover.proving.child import report
from prover.proving.native import artifacts, engine
from prover.proving.native.artifacts import CONTEXT_LIMBS, DESCRIPTION, KEYS, NETWORK
from prover.proving.native.form import Form
from prover.proving.native.layout import Layout
from prover.proving.native.program import compile_network
from prover.proving.native.replay import check_program
from prover.proving.native.witness import run


def make_keys(directory: str, layout: list[int], labels: int, srs: str) -> dict[str, Any]:
    """Place, check, and write keys and description."""
    folder, chosen = Path(directory), Layout(*layout)
    report("placing the network")
    network = serialise.from_bytes((folder / NETWORK).read_bytes())
    form = Form(context=CONTEXT_LIMBS, labels=labels)
    program = compile_network(network, chosen.lanes, chosen.weight_lanes, form)
    report("checking the circuit")
    check_program(program)
    report(f"making keys of 2^{chosen.k} rows")
    native = engine.engine()
    keys = native.keygen(engine.load_program(program, chosen), native.Srs.read(srs))
    keys.write(str(folder / KEYS))
    (folder / DESCRIPTION).write_text(keys.verifying_key().description())
    return {}


def make_proof(
    directory: str, image: str, context: list[int], srs: str, out: str
) -> dict[str, Any]:
    """Run the network on an .npy file and prove it; the proof is verified before it is kept."""
    made, native = artifacts.load(Path(directory)), engine.engine()
    program, layout = made.program, made.layout
    report("running the network")
    found = run(program, np.load(image), layout.usable_rows)
    instances = engine.instances_of(program, found, context)
    hidden = engine.Secrets.random()
    cells = engine.load_cells(program, found, hidden, instances)
    report("reading the keys")
    keys = native.Keys.read(str(made.directory / KEYS))
    report(f"proving {program.network.name} in 2^{layout.k} rows")
    loaded = engine.load_program(program, layout)
    reference = native.Srs.read(srs)
    proof = engine.prove(loaded, keys, reference, cells, hidden, _ended)
    report("verifying the proof")
    engine.verify(keys.verifying_key(), proof, instances)
    Path(out).write_bytes(proof)
    return {"instances": [str(word) for word in instances]}


def check_proof(directory: str, proof: str, instances: list[str]) -> dict[str, Any]:
    """Raise ProofRejected unless the proof holds."""
    made = artifacts.load(Path(directory))
    vk = engine.engine().VerifyingKey.read(str(made.directory / KEYS))
    engine.verify(vk, Path(proof).read_bytes(), [int(word) for word in instances])
    return {}


def _ended(stage: str) -> None:
    """Parts of a stage ("quotient 3/12") are told as they are."""
    report(stage if "/" in stage else f"{stage}: done")
