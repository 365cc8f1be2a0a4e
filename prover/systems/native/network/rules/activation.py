"""ONNX operators that are an activation: each closes the layer whose sums it reads.

What they become of integers is in `prover/systems/native/network/activation.py`.
"""

from math import inf

import onnx

from prover.systems.native.network.assembly import Assembly, Rule, absent, constant
from prover.systems.native.network.expressions import Affine, Expression, View
from prover.systems.onnx.graph import attribute, refuse


def relu(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """The layer's outputs, not below 0."""
    return _clamped(assembly, node, 0.0, inf)


def clip(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """The layer's outputs between two constants, as inputs or (opset 6) attributes."""
    low = _limit(assembly, node, 1, attribute(node, "min", -inf))
    high = _limit(assembly, node, 2, attribute(node, "max", inf))
    if not low <= high:
        raise refuse(node, f"it clips to {low} .. {high}: expected a range that is not empty")
    return _clamped(assembly, node, low, high)


def _limit(assembly: Assembly, node: onnx.NodeProto, index: int, default: float) -> float:
    if absent(node, index):
        return float(default)
    value = constant(assembly, node, index)
    if value is None or value.size != 1:
        raise refuse(node, "its limits are computed: expected only constant limits")
    return float(value.reshape(()))


def _clamped(assembly: Assembly, node: onnx.NodeProto, low: float, high: float) -> Expression:
    found = assembly.expression(node)
    if isinstance(found, View) and low <= 0 and high == inf and assembly.nonnegative(found):
        return found
    affine: Affine = assembly.affine(node)
    return assembly.store(node.output[0], affine, low, high)


ACTIVATIONS: dict[str, Rule] = {"Relu": relu, "Clip": clip}
TRANSPARENT = frozenset({"Identity", "Dropout", "Cast"})  # may stand before one


def is_activated(assembly: Assembly, node: onnx.NodeProto) -> bool:
    """Whether the node's output only goes into an activation, or is the model's output."""
    name = node.output[0]
    if name == assembly.output:
        return True
    readers = assembly.readers.get(name, [])
    if len(readers) != 1:
        return False
    reader = readers[0]
    return reader.op_type in ACTIVATIONS or (
        reader.op_type in TRANSPARENT and is_activated(assembly, reader)
    )
