"""The quantised model in bulk: the integers that witnesses show."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from prover.base.errors import ArtifactMismatch, ProvingError
from prover.statement.documents.inputs_file import Item, salted
from prover.systems.ezkl import evaluate as bulk
from prover.systems.ezkl.artifacts import MODEL, Artifacts
from prover.systems.ezkl.evaluate import Outputs, compare_with_witness, evaluate
from prover.systems.ezkl.inputs import shape_of
from tests.conftest import PLANS, Proven


def items_for(artifacts: Artifacts, count: int) -> list[Item]:
    shape = shape_of(artifacts.manifest)
    draw = np.random.default_rng(5).integers(shape.input_min, shape.input_max + 1, (count, 4))
    return [salted([int(value) for value in row], shape) for row in draw]


def off_by_one(evaluate: Callable[..., Outputs]) -> Callable[..., Outputs]:
    """An evaluation that gets each item's last word wrong."""

    def wrong(*arguments: object) -> Outputs:
        return tuple((*row[:-1], row[-1] + 1) for row in evaluate(*arguments))

    return wrong


@pytest.mark.parametrize("name", list(PLANS))
def test_outputs_are_those_of_witnesses(name: str, proven: Callable[[str], Proven]) -> None:
    made = proven(name)
    assert evaluate(made.artifacts, made.witness.items) == made.witness.outputs


def test_chunks_do_not_change_the_outputs(
    proven: Callable[[str], Proven], monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts = proven("plain").artifacts
    items = items_for(artifacts, 7)
    whole = evaluate(artifacts, items)
    monkeypatch.setattr(bulk, "CHUNK", 3)
    assert evaluate(artifacts, items) == whole


def test_weights_that_are_not_here_cannot_be_evaluated(
    proven: Callable[[str], Proven], tmp_path: Path
) -> None:
    made = proven("hidden")
    for path in made.artifacts.directory.iterdir():
        if path.name != MODEL:
            (tmp_path / path.name).symlink_to(path)
    elsewhere = replace(made.artifacts, directory=tmp_path)
    with pytest.raises(ArtifactMismatch, match="weights are not on this machine"):
        evaluate(elsewhere, made.witness.items)


def test_an_inexact_circuit_is_not_evaluated(proven: Callable[[str], Proven]) -> None:
    artifacts = proven("plain").artifacts
    fields = artifacts.manifest.plan_fields | {"exact": False}
    inexact = replace(
        artifacts, manifest=artifacts.manifest.model_copy(update={"plan_fields": fields})
    )
    with pytest.raises(ProvingError, match="not exact"):
        evaluate(inexact, [Item((1, 2, 3, 4))])


@pytest.mark.parametrize("name", list(PLANS))
def test_every_item_of_a_small_job_is_compared(
    name: str, proven: Callable[[str], Proven], monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts = proven(name).artifacts
    items = items_for(artifacts, 7)
    compare_with_witness(artifacts, items)
    compare_with_witness(artifacts, [])
    truth = bulk.evaluate(artifacts, items)
    for wrong in range(len(items)):
        words = [list(row) for row in truth]
        words[wrong][-1] += 1
        false = tuple(tuple(row) for row in words)
        monkeypatch.setattr(bulk, "evaluate", lambda *_, false=false: false)
        with pytest.raises(ProvingError, match=f"the witness of item {wrong} gives"):
            compare_with_witness(artifacts, items)


def test_of_a_large_job_the_extreme_items_are_compared(
    proven: Callable[[str], Proven], monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts = proven("plain").artifacts
    low, high = shape_of(artifacts.manifest).input_min, shape_of(artifacts.manifest).input_max
    middle = (low + high) // 2
    items = [Item((middle,) * 4)] * 40
    items[17], items[31] = Item((high,) * 4), Item((low,) * 4)
    asked: list[Item] = []
    monkeypatch.setattr(bulk, "outputs_of", lambda _, some, __: asked.extend(some) or truth(some))

    def truth(some: list[Item]) -> bulk.Outputs:
        return evaluate(artifacts, some)

    compare_with_witness(artifacts, items, 6)
    assert len(asked) == 6
    assert {items[17], items[31]} <= set(asked)
    asked.clear()
    compare_with_witness(artifacts, items, 1)
    assert len(asked) == 1
