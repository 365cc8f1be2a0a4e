"""What the child process does: keys, proofs and verifications."""

import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from prover.models.integer import serialise
from prover.proving.child import report
from prover.proving.native import artifacts, engine, stages
from prover.proving.native.artifacts import DESCRIPTION, KEYS, NETWORK
from prover.proving.native.form import Form
from prover.proving.native.layout import Layout
from prover.proving.native.program import compile_network
from prover.proving.native.replay import check_program
from prover.proving.native.witness import run


def make_srs(path: str, logrows: int) -> dict[str, Any]:
    """Write a development SRS whose seed is forgotten."""
    engine.engine().Srs.development(logrows, secrets.token_bytes(32)).write(path)
    return {}


def make_keys(directory: str, layout: list[int], form: dict[str, Any], srs: str) -> dict[str, Any]:
    """Place, check, and write keys and description."""
    folder, chosen = Path(directory), Layout(*layout)
    report(stages.PLACING)
    network = serialise.from_bytes((folder / NETWORK).read_bytes())
    program = compile_network(network, chosen.lanes, chosen.weight_lanes, Form(**form))
    report(stages.CHECKING)
    check_program(program)
    report(stages.KEYS)
    native = engine.engine()
    keys = native.keygen(engine.load_program(program, chosen), native.Srs.read(srs))
    keys.write(str(folder / KEYS))
    (folder / DESCRIPTION).write_text(keys.verifying_key().description())
    return {}


def make_proof(
    directory: str, image: str, context: list[int], salts: list[str] | None, srs: str, out: str
) -> dict[str, Any]:
    """Run the network on an .npy file and prove it; the proof is verified before it is kept.

    Salts of digests are drawn here if none are given.
    """
    made, native = artifacts.load(Path(directory)), engine.engine()
    program, layout = made.program, made.layout
    report(stages.RUNNING)
    found = run(program, np.load(image), layout.usable_rows)
    hidden = engine.Secrets.random(program.digests)
    if salts is not None:
        hidden = replace(hidden, chunks=tuple(int(salt) for salt in salts))
    instances = engine.instances_of(program, found, context, hidden.chunks)
    cells = engine.load_cells(program, found, hidden, instances)
    report(stages.READING)
    keys = native.Keys.read(str(made.directory / KEYS))
    loaded = engine.load_program(program, layout)
    reference = native.Srs.read(srs)
    report(stages.ENGINE[0])
    proof = engine.prove(loaded, keys, reference, cells, hidden, _ended)
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
    """The engine tells what is done, and parts of it ("quotient 3/12"); say what begins."""
    following = (*stages.ENGINE[1:], stages.VERIFYING)
    report(stage if "/" in stage else following[stages.ENGINE.index(stage)])
