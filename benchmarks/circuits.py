"""Circuits of the shipped models, made once and kept in .zkescrow/benchmarks of the checkout."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from prover.base.errors import UsageError
from prover.base.settings import get_settings
from prover.statement.documents.inputs_file import Item, salted
from prover.statement.quantise import quantise
from prover.systems.ezkl import system
from prover.systems.ezkl.artifacts import MODEL, Artifacts, list_artifacts
from prover.systems.ezkl.inputs import shape_of
from prover.systems.ezkl.planner.plan import Constraints, InputMode
from prover.systems.ezkl.system import Ezkl
from prover.systems.onnx.calibration import Calibration, read
from prover.systems.onnx.onnx_file import ImportedModel, load

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".zkescrow" / "benchmarks"
SOURCES = (
    "prover/systems/ezkl/*.py",
    "prover/solidity/*.py",
    "prover/systems/onnx/lowering/*.py",
    "prover/systems/ezkl/planner/wrap.py",
    "prover/systems/srs/known.json",
)
EXAMPLES = ROOT / "examples"
MAX_LOGROWS = 18
DIGITS, BREAST_CANCER = ("digits", "digits-cnn"), ("breast-cancer", "breast-cancer-mlp")


@dataclass(frozen=True)
class Wanted:
    """A model of examples/ (name of its data, of its network), and what its proofs hold."""

    names: tuple[str, str]
    items: int
    input_mode: InputMode

    @property
    def model(self) -> ImportedModel:
        """The network."""
        return load(EXAMPLES / f"{self.names[1]}.onnx")

    def data(self, part: str) -> Calibration:
        """The model's `calibration` or `test` data."""
        model = self.model
        path = EXAMPLES / f"{self.names[0]}-{part}.npz"
        return read(path, model.input_shape, model.classes)


def use_own_home() -> None:
    """Keys and the journal lie apart from a user's own, by the code that made them.

    The SRS are shared.
    """
    code = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            code.update(path.read_bytes())
    os.environ["ZKESCROW_HOME"] = str(HOME / code.hexdigest()[:16])
    get_settings.cache_clear()


def artifacts_of(wanted: Wanted) -> Artifacts:
    """The exact circuit that `zkescrow model add` would choose, from the home if it is there."""
    model = wanted.model
    limits = Constraints(
        input_mode=wanted.input_mode,
        items=wanted.items,
        exact_required=True,
        max_logrows=MAX_LOGROWS,
    )
    planned = Ezkl().plan(system.Wanted(model, wanted.data("calibration"), limits))
    for made in list_artifacts():
        if made.manifest.plan == planned.plan and made.manifest.sha256[MODEL] == model.sha256:
            return made
    return Ezkl().setup(planned)


def items_of(wanted: Wanted, artifacts: Artifacts) -> list[Item]:
    """As many test samples as the circuit takes, each with fresh salt if its inputs are hashed."""
    shape = shape_of(artifacts.manifest)
    scale = artifacts.manifest.scales.input
    data = wanted.data("test")
    rows: list[list[float]] = data.inputs.reshape(len(data), -1).tolist()
    return [salted(quantise(rows[at % len(rows)], scale), shape) for at in range(wanted.items)]


def labels_of(wanted: Wanted) -> list[int]:
    """The labels of `items_of`."""
    labels = wanted.data("test").labels
    if labels is None:
        raise UsageError("the test data has no labels: add them to the archive")
    return [int(labels[at % len(labels)]) for at in range(wanted.items)]
