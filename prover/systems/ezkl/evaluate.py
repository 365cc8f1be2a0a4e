"""The quantised model on many inputs at once, without a witness for each.

For exact circuits only: there the numpy evaluation of the planner gives the very integers that a
proof shows. That is an assumption about the proving library, whose witness alone is the truth: so
everybody compares the two on the items at hand before money depends on them.
"""

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from prover.base.errors import ArtifactMismatch, ProvingError, UnsoundCircuit
from prover.statement.documents.inputs_file import Item
from prover.statement.runs import word_bytes_for
from prover.systems.ezkl.artifacts import MODEL, Artifacts
from prover.systems.ezkl.planner.corners import corners, predicted
from prover.systems.ezkl.planner.plan import Plan
from prover.systems.ezkl.prover import outputs_of
from prover.systems.onnx.onnx_file import ImportedModel, load
from prover.systems.worker import Limits

CHUNK = 256
COMPARED = 64
Outputs = tuple[tuple[int, ...], ...]


def evaluate(artifacts: Artifacts, items: Sequence[Item]) -> Outputs:
    """Signed output words of every item.

    Raises ArtifactMismatch if the model's file is not on this machine (hidden weights of somebody
    else), ProvingError if the circuit is not exact.
    """
    plan = artifacts.manifest.plan
    if not plan.exact:
        raise ProvingError("the circuit is not exact: its outputs are known from a witness only")
    model = _model(artifacts)
    return tuple(row for chunk in _chunks(items) for row in _rows(model, plan, chunk))


def word_bytes(plan: Plan) -> int:
    """Bytes of an output word in a serving round: what holds every output that can be proven."""
    return word_bytes_for(plan.decomp_base**plan.decomp_legs)


def compare_with_witness(
    artifacts: Artifacts, items: Sequence[Item], count: int = COMPARED, limits: Limits | None = None
) -> None:
    """Compare up to `count` items' evaluation with ezkl's witness: the extreme ones, then random.

    To be called before a stake, an answer or a claim about somebody's answer. Nothing is predicted
    of an inexact circuit, so that nothing is compared. Raises ProvingError naming the item.
    """
    if not artifacts.manifest.plan.exact or not items:
        return
    chosen = _telling(items, count)
    asked = [items[index] for index in chosen]
    predicted, proven = evaluate(artifacts, asked), outputs_of(artifacts, asked, limits or Limits())
    for index, ours, found in zip(chosen, predicted, proven, strict=True):
        _same_words(index, ours, found)


def compare_corners(artifacts: Artifacts, model: ImportedModel, limits: Limits) -> None:
    """Compare the circuit with our evaluation at the corners of its domain.

    `model` is that of the artifacts, whose circuit need not be exact. Raises UnsoundCircuit.
    """
    plan = artifacts.manifest.plan
    inputs = corners(model, plan)
    rows = inputs.reshape(len(inputs), -1).astype(np.int64).tolist()
    items = [Item(tuple(row), (0,) * plan.salt_elements) for row in rows]
    proven = outputs_of(artifacts, items, limits)
    for item, ours, found in zip(items, _rows(model, plan, items), proven, strict=True):
        if ours != found:
            raise UnsoundCircuit(
                f"on the input {_shown(item.values)} the circuit gives {_shown(found)}: expected "
                f"{_shown(ours)}, as computed here, else nobody can predict its outputs; plan the "
                "model again"
            )


def _shown(words: Sequence[int]) -> str:
    return str(list(words[:8])) + (f" and {len(words) - 8} more" if len(words) > 8 else "")


def _telling(items: Sequence[Item], count: int) -> list[int]:
    """Items that are likely to reach a limit of the network, and random others."""
    if len(items) <= count:
        return list(range(len(items)))
    values = np.array([item.values for item in items], dtype=np.float64)
    sums, reach = values.sum(axis=1), np.abs(values).sum(axis=1)
    extreme = {int(at) for at in (sums.argmin(), sums.argmax(), reach.argmin(), reach.argmax())}
    others = [index for index in range(len(items)) if index not in extreme]
    drawn = secrets.SystemRandom().sample(others, max(count - len(extreme), 0))
    return sorted([*list(extreme)[:count], *drawn])


def _same_words(index: int, ours: tuple[int, ...], found: tuple[int, ...]) -> None:
    if found != ours:
        raise ProvingError(
            f"the witness of item {index} gives {list(found)}: expected {list(ours)}, as "
            "evaluated; stake nothing on this model, and report it with the model's plan"
        )


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[at : at + CHUNK] for at in range(0, len(items), CHUNK))


def _rows(model: ImportedModel, plan: Plan, items: Sequence[Item]) -> Iterator[tuple[int, ...]]:
    values = np.array([item.values for item in items], dtype=np.float64)
    outputs = predicted(model, plan, values.reshape(len(items), *model.input_shape))
    return (tuple(int(word) for word in row) for row in outputs)


def _model(artifacts: Artifacts) -> ImportedModel:
    path = Path(artifacts.path(MODEL))
    if not path.is_file():
        raise ArtifactMismatch(
            f"there is no {path}: the model's weights are not on this machine, so that its outputs "
            "cannot be computed here"
        )
    return load(path)
