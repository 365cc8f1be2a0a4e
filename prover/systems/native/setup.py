"""From an ONNX file and calibration images to a published native circuit."""

import shutil
from dataclasses import asdict
from pathlib import Path

from prover.base.errors import UnsoundCircuit
from prover.base.files import new_directory, publish, write_atomically
from prover.systems import worker
from prover.systems.native import artifacts
from prover.systems.native.artifacts import Agreement, NativeArtifacts
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.hidden import outline
from prover.systems.native.circuit.layout import CircuitLayout, choose_layout
from prover.systems.native.engine import engine
from prover.systems.native.network import importer, serialise
from prover.systems.native.network.network import Network
from prover.systems.native.network.quantise import InputRange, to_integers
from prover.systems.native.network.real import Reals
from prover.systems.native.network.search import Choice, find
from prover.systems.native.secret import PROVING_KEY, Secret
from prover.systems.srs import INSECURE, SetUpChoice, file_of, powers_of
from prover.systems.worker import Limits, Progress

TASKS = "prover.systems.native.tasks"
CONTEXT = Form(context=artifacts.CONTEXT_LIMBS)


def plan(onnx: Path, samples: Reals, source: InputRange) -> Choice:
    """The integer network with the smallest tables that keeps the calibration labels.

    `samples` [n, channels, height, width] are what the model takes; `source` the integers that
    stand for them. Raises ModelRefused naming the node or layer.
    """
    return find(importer.load(onnx), to_integers(samples, source.scale), source)


def setup(
    onnx: Path,
    choice: Choice,
    out: Path,
    limits: Limits | None = None,
    progress: Progress | None = None,
    form: Form = CONTEXT,
    srs: SetUpChoice = INSECURE,
    class_names: tuple[str, ...] | None = None,
) -> NativeArtifacts:
    """Lay the network out, check the circuit, make its keys on a set-up, and publish `out` whole.

    `form` says what is public besides the context.
    """
    engine()
    network = choice.network
    layout = choose_layout(network, form).on(srs.most)
    _say_set_up(layout, progress)
    reference, powers = srs.at(layout.k), srs.powers(layout.powers)
    with new_directory(out.absolute().parent) as directory:
        _keep(directory, onnx, network, form)
        files = reference.path, powers
        weights = _make_keys(directory, layout, form, files, limits, progress)
        agreement = Agreement(choice.agreement, choice.samples)
        stated = network, layout, agreement, form, reference.named
        artifacts.publish(directory, *stated, class_names, weights)
        publish(directory, out.absolute())
    return artifacts.load(out)


def _keep(directory: Path, onnx: Path, network: Network, form: Form) -> None:
    """Write model and network where the form of the circuit wants them."""
    if form.weights == "hidden":
        Secret(directory).keep(onnx, network)
        content = serialise.to_bytes(outline(network))
        write_atomically(directory / artifacts.OUTLINE, content, private=False)
    else:
        shutil.copyfile(onnx, directory / artifacts.MODEL)
        write_atomically(directory / artifacts.NETWORK, serialise.to_bytes(network), private=False)


def rebuild(
    made: NativeArtifacts,
    limits: Limits | None = None,
    progress: Progress | None = None,
    *,
    keep_key: bool = False,
) -> None:
    """Make circuit and keys again from the network; UnsoundCircuit if the key is another one.

    The network in turn must be what the ONNX file gives with the network's scales, which are the
    manifest's. Of hidden weights: from the outline, as the key is the same for all weights.
    A verifying key says nothing by itself: this is how a party learns what it stands for. With
    `keep_key` the proving key is put into the artifacts.
    """
    made.require_scales()
    _say_set_up(made.layout, progress)
    files = (
        file_of(made.manifest.srs, made.layout.k),
        powers_of(made.manifest.srs.name, made.layout.powers),
    )
    with new_directory(made.directory.parent) as directory:
        form = made.manifest.form
        name = artifacts.OUTLINE if form.weights == "hidden" else artifacts.NETWORK
        shutil.copyfile(made.directory / name, directory / name)
        _make_keys(directory, made.layout, form, files, limits, progress)
        for name in artifacts.VERIFYING:
            if (directory / name).read_bytes() != (made.directory / name).read_bytes():
                raise UnsoundCircuit(
                    f"{name} is not what the network gives: the circuit proves something else; "
                    "do not use it"
                )
        if keep_key:
            (directory / PROVING_KEY).replace(made.proving_key)
    if made.manifest.weights == "public":
        worker.run(f"{TASKS}:check_origin", {"directory": str(made.directory)}, limits)


def _say_set_up(layout: CircuitLayout, progress: Progress | None) -> None:
    if progress:
        progress(f"set-up for 2^{layout.k} rows, with 2^{layout.powers} powers")


def _make_keys(
    directory: Path,
    layout: CircuitLayout,
    form: Form,
    files: tuple[Path, Path],
    limits: Limits | None,
    progress: Progress | None,
) -> str | None:
    """`files` of the set-up: for the rows, and with all powers. Returns the weights' commitment."""
    rows, powers = files
    arguments = {
        "directory": str(directory),
        "layout": [layout.k, layout.lanes, layout.weight_lanes, layout.packing],
        "form": asdict(form),
        "srs": str(rows),
        "powers": str(powers),
    }
    answer = worker.run(f"{TASKS}:make_keys", arguments, limits, progress=progress)
    commitment: str | None = answer.get("weights")
    return commitment
