"""Compares a plan with the circuit that the proving library makes of it."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from prover.base.errors import ModelRefused
from prover.systems.ezkl.arithmetic.tensors import Floats, quantise
from prover.systems.ezkl.planner.circuit_engine import CircuitEngine
from prover.systems.ezkl.planner.corners import corners, predicted
from prover.systems.ezkl.planner.exactness import judge
from prover.systems.ezkl.planner.plan import Plan
from prover.systems.ezkl.planner.table import scale_differences
from prover.systems.ezkl.planner.wrap import wrap
from prover.systems.onnx.calibration import Calibration
from prover.systems.onnx.onnx_file import ImportedModel


class Mismatch(ModelRefused):
    """The circuit is not what the plan predicts of it."""


def confirm(
    model: ImportedModel,
    plan: Plan,
    engine: CircuitEngine,
    calibration: Calibration,
    expected: Floats,
    count: int,
) -> None:
    """Check exactness and scales by the circuit's graph, and witnesses against our evaluation.

    `expected` [samples, classes] are integers for all of the calibration's samples, of which
    `count` are compared, and as many inputs at the corners of the domain. The witnesses are of the
    same network with public inputs and fixed weights, whose arithmetic is the same. Raises
    Mismatch.
    """
    open_plan = replace(plan, input_mode="public", weights="fixed", salt_elements=0, salt_bits=0)
    network = wrap(model, open_plan)
    content = network.SerializeToString()
    rows = engine.table(content, open_plan.run_args())
    verdict = judge(rows, network)
    if plan.exact and not verdict.exact:
        raise Mismatch(f"not exact: {verdict.reasons[0]}")
    for difference in scale_differences(rows, network, plan.quantisation):
        raise Mismatch(f"other scales than assumed: {difference}")
    settings = engine.gen_settings(content, open_plan.run_args())
    if settings["model_output_scales"][0] != plan.output_scale:
        raise Mismatch(
            f"the circuit's outputs have scale {settings['model_output_scales'][0]}, expected "
            f"{plan.output_scale} by the plan"
        )
    chosen = np.linspace(0, len(calibration) - 1, count).round().astype(int)
    usual = quantise(calibration.inputs[chosen], plan.input_scale)
    extreme = corners(model, plan)
    inputs = np.concatenate([usual, extreme])
    allowed = np.concatenate([expected[chosen], predicted(model, plan, extreme)])
    items = inputs.reshape(len(inputs), -1).astype(np.int64).tolist()
    witnesses = engine.witnesses(content, settings, list(_batches(items, plan)))
    outputs = [row for witness in witnesses for row in witness["outputs"][: plan.items]]
    worst = np.abs(np.array(outputs[: len(items)], dtype=np.float64) - allowed).max(axis=1)
    if worst.max() > 0:
        where = "a calibration sample" if worst.argmax() < count else "a corner of the domain"
        raise Mismatch(
            f"witnesses differ by {worst.max():.0f} units from what was computed, at {where}: "
            "expected no more than the bound"
        )


def _batches(items: list[list[int]], plan: Plan) -> Iterator[list[list[int]]]:
    """Graph inputs, `plan.items` items at a time, the last repeated to fill; a context of ones."""
    for start in range(0, len(items), plan.items):
        batch = items[start : start + plan.items]
        yield [*batch, *[batch[-1]] * (plan.items - len(batch)), [1] * plan.context_limbs]
