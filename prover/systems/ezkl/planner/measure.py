"""Compares the quantised model with the float model on calibration data."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import shape_inference

from prover.systems.ezkl.arithmetic.ranges import evaluate
from prover.systems.ezkl.arithmetic.scales import Quantisation
from prover.systems.ezkl.arithmetic.tensors import Bounds, Floats
from prover.systems.ezkl.planner.plan import Accuracy
from prover.systems.onnx.graph import static_shape
from prover.systems.onnx.onnx_file import ImportedModel


@dataclass(frozen=True, eq=False)
class Measurement:
    """Integer outputs [samples, classes] of the quantised model, and their accuracy."""

    outputs: Floats
    accuracy: Accuracy


def multiplications(model: ImportedModel) -> int:
    """Multiplications by weights of one evaluation, roughly: what evaluating a sample costs."""
    sizes = {t.name: tuple(t.dims) for t in model.proto.graph.initializer}
    shapes = shape_inference.infer_shapes(model.proto).graph.value_info
    outputs = {v.name: static_shape(v) for v in (*shapes, *model.proto.graph.output)}
    total = model.elements
    for node in model.proto.graph.node:
        if node.op_type == "MatMul":
            total += math.prod(sizes[node.input[1]])
        elif node.op_type == "Conv":
            places = math.prod(size or 1 for size in outputs.get(node.output[0], ()))
            total += places * math.prod(sizes[node.input[1]][1:])
    return total


def measure(
    model: ImportedModel,
    inputs: Floats,
    settings: Quantisation,
    expected: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int64] | None,
) -> Measurement:
    """Evaluate integer inputs [samples, 1, ...]; `expected` are the float model's outputs."""
    found, _ = evaluate(model.proto, Bounds.point(inputs, settings.input_scale), settings)
    scores = found.low / 2.0**found.scale
    return Measurement(found.low, accuracy_of(scores, expected, labels))


def accuracy_of(
    scores: npt.NDArray[np.floating[Any]],
    expected: npt.NDArray[np.floating[Any]],
    labels: npt.NDArray[np.int64] | None,
) -> Accuracy:
    """Accuracy of scores [samples, classes] in the model's units."""
    ours, theirs = label_of(scores), label_of(expected)
    return Accuracy(
        float((ours == theirs).mean()),
        float(np.abs(scores - expected).max()),
        len(scores),
        None if labels is None else float((theirs == labels).mean()),
        None if labels is None else float((ours == labels).mean()),
    )


def label_of(scores: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.int64]:
    """Place of the highest score, the first at a tie; of a single score, whether it is positive."""
    single = scores.shape[1] == 1
    labels: npt.NDArray[np.int64] = (
        scores[:, 0] > 0 if single else scores.argmax(axis=1)
    ) + np.int64(0)
    return labels
