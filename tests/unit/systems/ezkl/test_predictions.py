"""A circuit whose cap calibration never reaches: what is predicted beyond it is what is proven."""

from pathlib import Path
from typing import cast

import pytest

from prover.base.errors import ProvingError, UnsoundCircuit
from prover.clients.serving import contest as serving_contest
from prover.protocol.serving.state import Record
from prover.statement.documents.inputs_file import InputsFile, Item
from prover.statement.field import decode_signed
from prover.systems.ezkl import circuit
from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.ezkl.evaluate import compare_with_witness, evaluate
from prover.systems.ezkl.planner.corners import corners
from prover.systems.ezkl.planner.plan import Plan
from prover.systems.ezkl.system import Ezkl, Planned
from prover.systems.onnx.onnx_file import ImportedModel
from tests.conftest import JOB
from tests.unit.systems.ezkl.capped import Capped, capped_at, set_up_unchecked, untie


@pytest.fixture(scope="module")
def capped_low(tmp_path_factory: pytest.TempPathFactory) -> Capped:
    return capped_at(tmp_path_factory.mktemp("model") / "capped.onnx")


def extreme_items(model: ImportedModel, plan: Plan) -> list[Item]:
    inputs = corners(model, plan)
    return [Item(tuple(row)) for row in inputs.reshape(len(inputs), -1).astype(int).tolist()]


def test_outputs_beyond_the_calibration_are_those_of_proofs(capped_low: Capped, home: Path) -> None:
    model, system = capped_low.model(), Ezkl()
    artifacts = system.setup(Planned(model, capped_low.plan))
    items = extreme_items(model, capped_low.plan)
    compare_with_witness(artifacts, items)
    predicted = evaluate(artifacts, items)
    for item, words in list(zip(items, predicted, strict=True))[::16]:
        witness = system.witness(artifacts, [item], JOB)
        proof = system.prove(artifacts, witness)
        shown = artifacts.manifest.layout.item_outputs(proof.instances, 0)
        assert tuple(decode_signed(word) for word in shown) == words
    system.rebuild(artifacts, model=model)


def test_a_scale_that_was_not_assumed_refuses_the_set_up(
    capped_low: Capped, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untie(monkeypatch)
    with pytest.raises(UnsoundCircuit, match=r"node 'sub_\d+@0' was assumed at scale \d+"):
        Ezkl().setup(Planned(capped_low.model(), capped_low.plan))


def test_a_corner_that_was_not_predicted_refuses_the_set_up(
    capped_low: Capped, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untie(monkeypatch)
    monkeypatch.setattr(circuit, "scale_differences", lambda *_: ())
    with pytest.raises(UnsoundCircuit, match="nobody can predict its outputs"):
        Ezkl().setup(Planned(capped_low.model(), capped_low.plan))


def test_a_false_circuit_is_told_before_a_stake_and_by_verification(
    capped_low: Capped, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untie(monkeypatch)
    false_artifacts = set_up_unchecked(capped_low)
    model, system = capped_low.model(), Ezkl()
    low = Item((0,) * model.elements)
    compare_with_witness(false_artifacts, [low])
    with pytest.raises(ProvingError, match="stake nothing on this model"):
        compare_with_witness(false_artifacts, [low, *extreme_items(model, capped_low.plan)])
    with pytest.raises(ProvingError, match="the witness of item"):
        compare_as_consumer(false_artifacts, extreme_items(model, capped_low.plan), monkeypatch)
    with pytest.raises(UnsoundCircuit, match=r"node 'sub_\d+@0' was assumed at scale \d+"):
        system.rebuild(false_artifacts)
    monkeypatch.setattr(circuit, "scale_differences", lambda *_: ())
    with pytest.raises(UnsoundCircuit, match="nobody can predict its outputs"):
        system.rebuild(false_artifacts)


def compare_as_consumer(
    artifacts: Artifacts, items: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`serving results --compare` of a round whose provider posted what we evaluate."""
    inputs_file = InputsFile(bytes(32), tuple(items))
    monkeypatch.setattr(serving_contest, "own_inputs", lambda *_: inputs_file)
    monkeypatch.setattr(serving_contest, "posted_outputs", lambda _: evaluate(artifacts, items))
    record = cast(Record, None)
    assert serving_contest.differing(record, artifacts) == ()
