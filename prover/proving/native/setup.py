"""From an ONNX file and calibration images to a published native circuit."""

import shutil
from pathlib import Path

import numpy as np

from prover.errors import UnsoundCircuit
from prover.files import new_directory, write_atomically
from prover.models.integer import importer, serialise
from prover.models.integer.quantise import InputRange
from prover.models.integer.real import Reals
from prover.models.integer.search import Choice, find
from prover.proving import srs, worker
from prover.proving.native import artifacts
from prover.proving.native.artifacts import NativeArtifacts
from prover.proving.native.engine import engine
from prover.proving.native.form import Form
from prover.proving.native.layout import Layout, choose_layout
from prover.proving.worker import Limits, Progress

TASKS = "prover.proving.native.tasks"


def plan(onnx: Path, samples: Reals, source: InputRange) -> Choice:
    """The integer network with the smallest tables that keeps the calibration labels.

    `samples` [n, channels, height, width] are what the model takes; `source` the integers that
    stand for them. Raises ModelRefused naming the node or layer.
    """
    integers = np.rint(samples / source.scale).astype(np.int64)
    return find(importer.load(onnx), integers, source)


def setup(
    onnx: Path,
    choice: Choice,
    out: Path,
    limits: Limits | None = None,
    progress: Progress | None = None,
    labels: int = 0,
) -> NativeArtifacts:
    """Place the network, check the circuit, make its keys, and publish `out` whole.

    `labels`: how many labels are public, best first; 0 makes all scores public instead.
    """
    engine()
    network = choice.network
    layout = choose_layout(network, Form(context=artifacts.CONTEXT_LIMBS, labels=labels))
    reference = _reference_string(layout, progress)
    with new_directory(out.absolute().parent) as directory:
        shutil.copyfile(onnx, directory / artifacts.MODEL)
        write_atomically(directory / artifacts.NETWORK, serialise.to_bytes(network))
        _make_keys(directory, layout, labels, reference, limits, progress)
        artifacts.publish(directory, network, layout, choice.agreement, labels)
        directory.replace(out.absolute())
    return artifacts.load(out)


def rebuild(
    made: NativeArtifacts, limits: Limits | None = None, progress: Progress | None = None
) -> None:
    """Make circuit and keys again from the network; UnsoundCircuit if the key is another one.

    A verifying key says nothing by itself: this is how a party learns what it stands for.
    """
    reference = _reference_string(made.layout, progress)
    with new_directory(made.directory.parent) as directory:
        shutil.copyfile(made.directory / artifacts.NETWORK, directory / artifacts.NETWORK)
        labels = made.manifest.labels
        _make_keys(directory, made.layout, labels, reference, limits, progress)
        for name in artifacts.VERIFYING:
            if (directory / name).read_bytes() != (made.directory / name).read_bytes():
                raise UnsoundCircuit(
                    f"{name} is not what the network gives: the circuit proves something else; "
                    "do not use it"
                )


def _reference_string(layout: Layout, progress: Progress | None) -> Path:
    if progress:
        progress(f"set-up for 2^{layout.k} rows")
    return srs.development_srs(layout.k)


def _make_keys(
    directory: Path,
    layout: Layout,
    labels: int,
    reference: Path,
    limits: Limits | None,
    progress: Progress | None,
) -> None:
    arguments = {
        "directory": str(directory),
        "layout": [layout.k, layout.lanes, layout.weight_lanes],
        "labels": labels,
        "srs": str(reference),
    }
    worker.run(f"{TASKS}:make_keys", arguments, limits, progress=progress)
