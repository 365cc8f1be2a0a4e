"""Making a native circuit that contracts are to know: with a sample proof, under its own name."""

import hashlib
import json
from pathlib import Path

from prover.base.files import locked, new_directory, publish, sha256_file, write_atomically
from prover.base.settings import get_settings
from prover.statement.context import NO_JOB
from prover.statement.documents.inputs_file import padding, salted
from prover.systems import stated
from prover.systems.native import artifacts, setup
from prover.systems.native.artifacts import MANIFEST, MODEL, NETWORK, SAMPLE, NativeArtifacts
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import choose_layout
from prover.systems.native.network import serialise
from prover.systems.native.network.search import Choice
from prover.systems.native.on_chain.items import NativeOnChain
from prover.systems.native.secret import PROVING_KEY
from prover.systems.places import directory_name
from prover.systems.srs import INSECURE, SetUpChoice
from prover.systems.worker import Limits, Progress


def add(
    onnx: Path,
    choice: Choice,
    form: Form,
    limits: Limits | None = None,
    progress: Progress | None = None,
    srs: SetUpChoice = INSECURE,
    class_names: tuple[str, ...] | None = None,
) -> NativeArtifacts:
    """Set up, prove a sample, and publish under settings.home; an equal directory there is kept.

    Nothing is left behind on failure. Raises as `setup.setup`.
    """
    home = get_settings().artifacts
    known = _known(home, onnx, choice, form, srs, class_names)
    if known is not None:
        return known
    with new_directory(home) as scratch:
        made = setup.setup(
            onnx, choice, scratch / "whole", limits, progress, form, srs, class_names
        )
        target = home / directory_name(made.digest, made.weights_commitment)
        if not target.exists():
            _prove_sample(made, limits, progress)
            with locked(home / ".lock"):
                if not target.exists():
                    publish(made.directory, target)
    return artifacts.load(target)


def _known(
    home: Path,
    onnx: Path,
    choice: Choice,
    form: Form,
    srs: SetUpChoice,
    class_names: tuple[str, ...] | None,
) -> NativeArtifacts | None:
    """Artifacts of this user that would come out again; hidden weights have salt, and never do."""
    if form.weights == "hidden":
        return None
    layout = choose_layout(choice.network, form)
    network = hashlib.sha256(serialise.to_bytes(choice.network)).hexdigest()
    wanted = {MODEL: sha256_file(onnx), NETWORK: network}
    for path in sorted(home.glob(f"[0-9a-f]*/{MANIFEST}")):
        if stated(path.parent) != "native" or not (path.parent / PROVING_KEY).is_file():
            continue
        found = artifacts.load(path.parent)
        stands = found.srs == srs.at(layout.k).named and found.manifest.form == form
        same = {name: found.manifest.sha256.get(name) for name in wanted} == wanted
        if same and stands and (found.layout, found.class_names) == (layout, class_names):
            return found
    return None


def _prove_sample(made: NativeArtifacts, limits: Limits | None, progress: Progress | None) -> None:
    """A proof about zeros, or what is nearest to them, in a context that belongs to no job."""
    system, shape = NativeOnChain(limits), made.facts.shape
    item = salted(padding(shape).values, shape)
    proof = system.prove(made, system.witness(made, [item], NO_JOB), progress)
    content = json.dumps(proof.to_dict()).encode()
    write_atomically(made.directory / SAMPLE, content, private=False)
