"""Circuits of the shipped models, made once and kept in .zkescrow/benchmarks of the checkout."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from prover.models.calibration import read
from prover.models.onnx_file import ImportedModel, load
from prover.models.plan import Constraints, InputMode
from prover.proving.artifacts import MODEL, Artifacts, list_artifacts
from prover.proving.ezkl.system import Ezkl
from prover.proving.inputs import shape_of
from prover.proving.system import Item
from prover.settings import get_settings
from prover.statement.quantise import quantise
from prover.statement.request import salted

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".zkescrow" / "benchmarks"
SOURCES = ("prover/proving/ezkl", "prover/solidity", "prover/models")
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

    def samples(self, part: str) -> list[list[float]]:
        """Rows of the `calibration` or `test` data, as flat lists."""
        model = self.model
        path = EXAMPLES / f"{self.names[0]}-{part}.npz"
        data = read(path, model.input_shape, model.classes)
        rows: list[list[float]] = data.inputs.reshape(len(data), -1).tolist()
        return rows


def use_own_home() -> None:
    """Keys and the journal lie apart from a user's own, by the code that made them.

    The SRS are shared.
    """
    code = hashlib.sha256()
    for folder in SOURCES:
        for path in sorted((ROOT / folder).glob("*.py")):
            code.update(path.read_bytes())
    os.environ["ZKESCROW_HOME"] = str(HOME / code.hexdigest()[:16])
    get_settings.cache_clear()


def artifacts_of(wanted: Wanted) -> Artifacts:
    """The exact circuit that `zkescrow model add` would choose, from the home if it is there."""
    model = wanted.model
    calibration = read(
        EXAMPLES / f"{wanted.names[0]}-calibration.npz", model.input_shape, model.classes
    )
    limits = Constraints(
        input_mode=wanted.input_mode,
        items=wanted.items,
        exact_required=True,
        max_logrows=MAX_LOGROWS,
    )
    plan = Ezkl().plan(model, calibration, limits).plan
    for made in list_artifacts():
        if made.manifest.plan == plan and made.manifest.sha256[MODEL] == model.sha256:
            return made
    return Ezkl().setup(model, plan)


def items_of(wanted: Wanted, artifacts: Artifacts) -> list[Item]:
    """As many test samples as the circuit takes, each with fresh salt if its inputs are hashed."""
    shape = shape_of(artifacts.manifest)
    scale = artifacts.manifest.scales.input
    rows = wanted.samples("test")
    return [salted(quantise(rows[at % len(rows)], scale), shape) for at in range(wanted.items)]
