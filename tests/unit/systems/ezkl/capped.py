"""A circuit whose cap the calibration never reaches, and the false one that it once was."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from prover.systems.ezkl import circuit, setup
from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.ezkl.planner.plan import Constraints, Plan
from prover.systems.ezkl.planner.search import find_plan
from prover.systems.ezkl.planning import EzklCircuits
from prover.systems.ezkl.system import Ezkl, Planned
from prover.systems.onnx.calibration import Calibration
from prover.systems.onnx.lowering import graph as lowering
from prover.systems.onnx.onnx_file import ImportedModel, load
from tests.unit.systems.ezkl.ties import capped


@dataclass(frozen=True)
class Capped:
    """A network that caps at 0.7, and a plan of it from samples that stay far below."""

    path: Path
    plan: Plan

    def model(self) -> ImportedModel:
        """Lowered as the lowering is now."""
        return load(self.path)


def capped_at(path: Path) -> Capped:
    """Write the network to `path` and plan it for inputs from -1 to 1."""
    model = load(capped(0.7).save(path))
    values = np.random.default_rng(4).uniform(0, 0.05, (24, *model.input_shape))
    calibration = Calibration(values.astype(np.float32), None)
    wanted = Constraints(domain=(-1.0, 1.0), exact_required=True)
    return Capped(path, find_plan(model, calibration, wanted, EzklCircuits()).plan)


def untie(patch: pytest.MonkeyPatch) -> None:
    """Lower as before: the cap is one constant with two readers."""
    patch.setattr(lowering, "settle", lambda _, output: output)


def set_up_unchecked(of: Capped) -> Artifacts:
    """The circuit of the present lowering, whatever it computes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(circuit, "scale_differences", lambda *_: ())
        patch.setattr(setup, "compare_corners", lambda *_: None)
        return Ezkl().setup(Planned(of.model(), of.plan))
