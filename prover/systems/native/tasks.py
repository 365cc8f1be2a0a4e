"""What the child process does: keys, proofs and verifications."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from prover.systems.child import report
from prover.systems.native import artifacts, engine, stages
from prover.systems.native.artifacts import DESCRIPTION, KEYS, MODEL, NETWORK, OUTLINE
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.hidden import Salt, salt_cells
from prover.systems.native.circuit.layout import CircuitLayout
from prover.systems.native.circuit.program import Program, compile_network, tensor_rows
from prover.systems.native.hiding import image as hiding
from prover.systems.native.network import importer, serialise
from prover.systems.native.network.network import Network
from prover.systems.native.network.sources.origin import require_origin
from prover.systems.native.secret import FOLDER as SECRET
from prover.systems.native.secret import PROVING_KEY, Secret
from prover.systems.native.static_checks.replay import check_program
from prover.systems.native.witness import execute, input_cells


def make_keys(
    directory: str, layout: list[int], form: dict[str, Any], srs: str, powers: str
) -> dict[str, Any]:
    """Lay out, check, and write keys and description.

    Of hidden weights: with the secret network, if it is in the folder, and salt, and then returns
    `weights`, what they are known by; or from the outline alone.
    """
    folder, chosen, shown = Path(directory), CircuitLayout(*layout), Form(**form)
    report(stages.PLACING)
    network = _network(folder, shown)
    program = compile_network(network, chosen.lanes, chosen.weight_lanes, shown)
    report(stages.CHECKING)
    check_program(program)
    report(stages.KEYS)
    native = engine.engine()
    with engine.mismatches():
        loaded = engine.load_program(program, chosen, _salt(folder, program, chosen))
        keys = native.keygen(loaded, engine.load_set_up(srs, powers, chosen))
    keys.write(str(folder / KEYS))
    (folder / PROVING_KEY).chmod(0o600)
    (folder / DESCRIPTION).write_text(keys.verifying_key().description())
    if shown.weights == "public":
        return {}
    return {"weights": "0x" + bytes(keys.weights_commitment()).hex()}


def check_origin(directory: str) -> dict[str, Any]:
    """Raise UnsoundCircuit unless a folder's network is what its ONNX file gives."""
    folder = Path(directory)
    network = serialise.from_bytes((folder / NETWORK).read_bytes())
    require_origin(importer.load(folder / MODEL), network)
    return {}


def _network(folder: Path, form: Form) -> Network:
    if form.weights == "public":
        return serialise.from_bytes((folder / NETWORK).read_bytes())
    if (folder / SECRET).is_dir():
        return Secret(folder).network()
    return serialise.from_bytes((folder / OUTLINE).read_bytes(), bounds=False)


def _salt(folder: Path, program: Program, layout: CircuitLayout) -> Salt | None:
    """New salt for the owner's weights."""
    if program.form.weights == "public" or not (folder / SECRET).is_dir():
        return None
    rows = tensor_rows(program.stored), program.columns["weight"].shape[1]
    salt = Salt.random(layout.weight_lanes + 1, salt_cells(layout.usable_rows, *rows))
    Secret(folder).keep_salt(salt)
    return salt


def make_proof(
    directory: str,
    image: str,
    context: list[int],
    salts: list[str] | None,
    seed: str | None,
    srs: str,
    powers: str,
    out: str,
) -> dict[str, Any]:
    """Run the network on an .npy file and prove it; the proof is verified before it is kept.

    What hides the image comes from the seed; without one it is drawn here, but for given salts of
    digests.
    """
    made, native = artifacts.load(Path(directory)), engine.engine()
    program, layout = made.proving_program, made.layout
    report(stages.RUNNING)
    found = execute(program, np.load(image), layout.usable_rows)
    cells = hiding.salt_cells(program, layout)
    hidden = (
        engine.Secrets.random(program.digests, cells)
        if seed is None
        else hiding.secrets_of(bytes.fromhex(seed), cells, program.digests)
    )
    if salts is not None:
        hidden = replace(hidden, chunks=tuple(int(salt) for salt in salts))
    instances = engine.instances_of(program, found, context, hidden.chunks)
    witness = engine.load_witness(program, found, hidden, instances)
    report(stages.READING)
    owner = Secret(made.directory) if program.form.weights == "hidden" else None
    with engine.mismatches():
        keys = native.Keys.read(str(made.directory / KEYS))
        loaded = engine.load_program(program, layout, owner.salt() if owner else None)
        reference = engine.load_set_up(srs, powers, layout)
    report(stages.ENGINE[0])
    if owner:
        owner.spend()
    proof = engine.prove(loaded, keys, reference, witness, hidden, _ended)
    engine.verify(keys.verifying_key(), proof, instances)
    Path(out).write_bytes(proof)
    return {"instances": [str(word) for word in instances]}


def commit_images(directory: str, images: str, seeds: list[str], srs: str) -> dict[str, Any]:
    """The points, in hexadecimal, that proofs about images [n, ...] of an .npy file begin with."""
    made, native = artifacts.load(Path(directory)), engine.engine()
    placed, cells = made.placed, hiding.salt_cells(made.placed, made.layout)
    with engine.mismatches():
        reference = native.Srs.read(srs)
    points = []
    for image, seed in zip(np.load(images), seeds, strict=True):
        secret = hiding.secrets_of(bytes.fromhex(seed), cells, 0)
        point = engine.commit_image(reference, placed, input_cells(placed, image), secret)
        points.append(point.hex())
    return {"points": points}


def check_proof(directory: str, proof: str, instances: list[str]) -> dict[str, Any]:
    """Raise ProofRejected unless the proof holds."""
    made = artifacts.load(Path(directory))
    with engine.mismatches():
        vk = engine.engine().VerifyingKey.read(str(made.directory / KEYS))
    engine.verify(vk, Path(proof).read_bytes(), [int(word) for word in instances])
    return {}


def _ended(stage: str) -> None:
    """The engine tells what is done, and parts of it ("quotient 3/12"); say what begins."""
    following = (*stages.ENGINE[1:], stages.VERIFYING)
    report(stage if "/" in stage else following[stages.ENGINE.index(stage)])
