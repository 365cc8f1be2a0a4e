"""What a circuit takes: its shape, and the items that a file of data gives."""

from collections.abc import Iterable
from pathlib import Path

from prover.statement.documents.inputs_file import Item, salted
from prover.statement.quantise import quantise
from prover.systems.ezkl.artifacts import MODEL, Artifacts
from prover.systems.ezkl.facts import shape_of as shape_of
from prover.systems.ezkl.manifest import Manifest
from prover.systems.onnx.calibration import Calibration, Floats, read
from prover.systems.onnx.onnx_file import load


def read_data(artifacts: Artifacts, path: Path) -> Calibration:
    """The samples of an NPZ archive for a model; flattened where its file is not on this machine.

    Raises UsageError or ModelRefused as `models.calibration.read`.
    """
    manifest, model = artifacts.manifest, Path(artifacts.path(MODEL))
    if model.is_file():
        return read(path, load(model).input_shape, manifest.layout.classes)
    flat = (1, manifest.item_elements)
    return read(path, flat, manifest.layout.classes, any_shape=True)


def quantised(manifest: Manifest, samples: Iterable[Floats]) -> list[Item]:
    """Samples as items, each with salt of its own where the circuit hashes its inputs."""
    shape, scale = shape_of(manifest), manifest.scales.input
    return [salted(quantise(map(float, each.reshape(-1)), scale), shape) for each in samples]
