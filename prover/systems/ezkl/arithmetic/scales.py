"""The scales that ezkl 23.0.5 gives to the tensors and constants of a network.

A constant enters at the parameters' scale. If exactly one node reads it, and that node adds,
subtracts or concatenates, it is quantised anew at the finest scale among the node's inputs; a
convolution's bias always gets the scale of the sum. Products add scales, and a scale above the
limit is divided down to it. Equal constants are one to the library, so `lowering_constants` keeps
them apart; `table` compares what is said here with the circuit that the library made.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import onnx

from prover.systems.onnx.lowering.constants import ALIGNED

PRODUCTS = frozenset({"Conv", "MatMul", "Mul"})


@dataclass(frozen=True)
class Quantisation:
    """Scales of a circuit; `shared` if several copies of the network use the same weights."""

    input_scale: int
    param_scale: int
    rebase_multiplier: int
    shared: bool

    @property
    def rebase(self) -> int:
        """The largest scale that is left as it is; larger ones are divided down to it."""
        return max(self.input_scale, self.param_scale) * self.rebase_multiplier


@dataclass(frozen=True)
class Scales:
    """Scales of tensors by name, and of constants by the node (its output) and the place there."""

    tensors: Mapping[str, int]
    constants: Mapping[tuple[str, int], int]


def scales_of(graph: onnx.GraphProto, settings: Quantisation, inputs: Mapping[str, int]) -> Scales:
    """Scales of every tensor that is computed from `inputs`, whose scales are given."""
    constants = {tensor.name for tensor in graph.initializer}
    readers = Counter(name for node in graph.node for name in node.input if name in constants)
    tensors, found = dict(inputs), dict[tuple[str, int], int]()
    for node in graph.node:
        beside = [tensors[name] for name in node.input if name in tensors]
        for place, name in enumerate(node.input):
            if name in constants:
                single = readers[name] == 1 and not settings.shared
                found[node.output[0], place] = _constant(node, place, beside, settings, single)
        places = enumerate(node.input)
        own = [found.get((node.output[0], at), tensors.get(name)) for at, name in places]
        scale = _result(node, [value for value in own if value is not None])
        tensors[node.output[0]] = min(scale, settings.rebase)
    return Scales(tensors, found)


def _constant(
    node: onnx.NodeProto, place: int, beside: list[int], settings: Quantisation, single: bool
) -> int:
    finest = settings.param_scale
    if node.op_type == "Conv" and place == 2:
        return beside[0] + settings.param_scale
    return max(finest, *beside) if node.op_type in ALIGNED and single else finest


def _result(node: onnx.NodeProto, scales: list[int]) -> int:
    if node.op_type in PRODUCTS:
        return scales[0] + scales[1]
    return max(scales) if node.op_type in ALIGNED else scales[0]
