"""Compares a plan with the circuit that the proving library makes of it."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from prover.errors import ModelRefused
from prover.models.calibration import Calibration
from prover.models.engine import CircuitEngine
from prover.models.exactness import judge
from prover.models.onnx_file import ImportedModel
from prover.models.plan import Plan
from prover.models.tensors import Floats, quantise
from prover.models.wrap import wrap


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
    """Check exactness by the circuit's graph, and `count` witnesses against `expected`.

    `expected` [samples, classes] are integers for all of the calibration's samples. The witnesses
    are of the same network with public inputs and fixed weights, whose arithmetic is the same.
    Raises Mismatch.
    """
    open_plan = replace(plan, input_mode="public", weights="fixed", salt_elements=0, salt_bits=0)
    network = wrap(model, open_plan)
    content = network.SerializeToString()
    verdict = judge(engine.table(content, open_plan.run_args()), network)
    if plan.exact and not verdict.exact:
        raise Mismatch(f"not exact: {verdict.reasons[0]}")
    settings = engine.gen_settings(content, open_plan.run_args())
    if settings["model_output_scales"][0] != plan.output_scale:
        raise Mismatch(
            f"the circuit's outputs have scale {settings['model_output_scales'][0]}, the plan says "
            f"{plan.output_scale}"
        )
    chosen = np.linspace(0, len(calibration) - 1, count).round().astype(int)
    inputs = quantise(calibration.inputs[chosen], plan.input_scale).astype(np.int64)
    batches = list(_batches(inputs.reshape(count, -1).tolist(), plan))
    witnesses = engine.witnesses(content, settings, batches)
    outputs = [row for witness in witnesses for row in witness["outputs"][: plan.items]]
    found = np.array(outputs[:count], dtype=np.float64)
    worst = float(np.abs(found - expected[chosen]).max())
    if worst > 0:
        raise Mismatch(f"witnesses differ by {worst:.0f} units from what was computed: not bounded")


def _batches(items: list[list[int]], plan: Plan) -> Iterator[list[list[int]]]:
    """Graph inputs, `plan.items` items at a time, the last repeated to fill; a context of ones."""
    for start in range(0, len(items), plan.items):
        batch = items[start : start + plan.items]
        yield [*batch, *[batch[-1]] * (plan.items - len(batch)), [1] * plan.context_limbs]
