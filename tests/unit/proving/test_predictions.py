"""A circuit whose cap calibration never reaches: what is predicted beyond it is what is proven."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from prover.errors import ProvingError, UnsoundCircuit
from prover.models import lowering
from prover.models.calibration import Calibration
from prover.models.corners import corners
from prover.models.onnx_file import ImportedModel, load
from prover.models.plan import Constraints, Plan
from prover.models.search import find_plan
from prover.proving.artifacts import Artifacts
from prover.proving.evaluate import compare_with_witness, evaluate
from prover.proving.ezkl import circuit, setup
from prover.proving.ezkl.planning import EzklCircuits
from prover.proving.ezkl.system import Ezkl
from prover.statement.field import decode_signed
from prover.statement.request import Item
from tests.conftest import JOB
from tests.unit.models.ties import capped

Unchecked = Callable[[], None]


@dataclass(frozen=True)
class Capped:
    """A network that caps at 0.7, and a plan of it from samples that stay far below."""

    path: Path
    plan: Plan

    def model(self) -> ImportedModel:
        """Lowered as the lowering is now."""
        return load(self.path)


@pytest.fixture(scope="module")
def capped_low(tmp_path_factory: pytest.TempPathFactory) -> Capped:
    path = capped(0.7).save(tmp_path_factory.mktemp("model") / "capped.onnx")
    model = load(path)
    values = np.random.default_rng(4).uniform(0, 0.05, (24, *model.input_shape))
    calibration = Calibration(values.astype(np.float32), None)
    wanted = Constraints(domain=(-1.0, 1.0), exact_required=True)
    return Capped(path, find_plan(model, calibration, wanted, EzklCircuits()).plan)


@pytest.fixture
def untied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower as before: the cap is one constant with two readers."""
    monkeypatch.setattr(lowering, "settle", lambda _, output: output)


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Unchecked]:
    """Set up without looking; the function returned looks again."""
    with monkeypatch.context() as patch:
        patch.setattr(circuit, "scale_differences", lambda *_: ())
        patch.setattr(setup, "compare_corners", lambda *_: None)
        yield patch.undo


def extreme_items(model: ImportedModel, plan: Plan) -> list[Item]:
    inputs = corners(model, plan)
    return [Item(tuple(row)) for row in inputs.reshape(len(inputs), -1).astype(int).tolist()]


def test_outputs_beyond_the_calibration_are_those_of_proofs(capped_low: Capped, home: Path) -> None:
    model, system = capped_low.model(), Ezkl()
    artifacts = system.setup(model, capped_low.plan)
    items = extreme_items(model, capped_low.plan)
    compare_with_witness(artifacts, items)
    predicted = evaluate(artifacts, items)
    for item, words in list(zip(items, predicted, strict=True))[::16]:
        witness = system.witness(artifacts, [item], JOB)
        proof = system.prove(artifacts, witness)
        shown = artifacts.manifest.layout.item_outputs(proof.instances, 0)
        assert tuple(decode_signed(word) for word in shown) == words
    system.rebuild(artifacts, model)


@pytest.mark.usefixtures("untied")
def test_a_scale_that_was_not_assumed_refuses_the_set_up(capped_low: Capped, home: Path) -> None:
    with pytest.raises(UnsoundCircuit, match=r"node 'sub_\d+@0' was assumed at scale \d+"):
        Ezkl().setup(capped_low.model(), capped_low.plan)


@pytest.mark.usefixtures("untied")
def test_a_corner_that_was_not_predicted_refuses_the_set_up(
    capped_low: Capped, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "scale_differences", lambda *_: ())
    with pytest.raises(UnsoundCircuit, match="nobody can predict its outputs"):
        Ezkl().setup(capped_low.model(), capped_low.plan)


@pytest.fixture
def false_artifacts(
    untied: None, unchecked: Unchecked, capped_low: Capped, home: Path
) -> Artifacts:
    """An "exact" circuit that computes something else than anybody predicts, as once made."""
    artifacts = Ezkl().setup(capped_low.model(), capped_low.plan)
    unchecked()
    return artifacts


def test_a_false_circuit_is_told_before_a_stake_and_by_verification(
    false_artifacts: Artifacts, capped_low: Capped, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, system = capped_low.model(), Ezkl()
    low = Item((0,) * model.elements)
    compare_with_witness(false_artifacts, [low])
    with pytest.raises(ProvingError, match="stake nothing on this model"):
        compare_with_witness(false_artifacts, [low, *extreme_items(model, capped_low.plan)])
    with pytest.raises(UnsoundCircuit, match=r"node 'sub_\d+@0' was assumed at scale \d+"):
        system.rebuild(false_artifacts)
    monkeypatch.setattr(circuit, "scale_differences", lambda *_: ())
    with pytest.raises(UnsoundCircuit, match="nobody can predict its outputs"):
        system.rebuild(false_artifacts)
