"""Constants as ezkl's importer leaves them: each read once, no two equal, none that folds away.

The importer (tract) makes one of equal constants, adds per-channel constants into the convolution
before them, drops sums with zero and products with one, splits maps of what was joined into sums,
and moves slices up through sums, which gives a constant more readers. ezkl quantises a constant
with one reader finer than others, sets the scale of a convolution's bias whoever else reads it,
takes a factor that is a power of two for a change of scale, and convolves wrongly where the
importer dropped the batch axis. None of that may depend on the values of weights: hidden ones are
replaced for others to rebuild, and what is predicted of a circuit must be what it proves.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx

from prover.systems.onnx.graph import Array, Builder, attribute
from prover.systems.onnx.lowering.linear import convolution
from prover.systems.onnx.lowering.shape import cut, padded, view

TINY = 1.5 * 2.0**-100  # zero at every scale, yet not a zero or a power of two
NEAR = 1 + 2.0**-17  # far enough from 1 for a logarithm in single precision to see
FOLDED = frozenset({"Add", "Sub", "Mul"})
ALIGNED = frozenset({"Add", "Sub", "Concat"})
SLICED_THROUGH = frozenset({"Relu", "Sigmoid", "Tanh", "Mul", "MatMul", "Slice", "Transpose"})


def settle(builder: Builder, output: str) -> str:
    """Rewrite what `output` needs so that constants stay as they are; the output's new name."""
    settled = _Settled(builder)
    result = settled.replay(builder.needed([output]), output)
    _part(builder, builder.needed([result]))
    return result


@dataclass
class _Settled:
    """The nodes again, one after the other; `names` are new by old ones, `made` nodes by output."""

    builder: Builder
    names: dict[str, str] = field(default_factory=dict)
    made: dict[str, onnx.NodeProto] = field(default_factory=dict)
    stops: dict[tuple[str, int], str] = field(default_factory=dict)

    def replay(self, nodes: Sequence[onnx.NodeProto], output: str) -> str:
        """Fold, or add again with a stop before slices that would split a constant's reader."""
        readers = Counter([output, *(name for node in nodes for name in node.input)])
        self.builder.nodes = []
        for node in nodes:
            inputs = [self.names.get(name, name) for name in node.input]
            name = node.output[0]
            single = [readers[one] == 1 for one in node.input]
            if node.op_type in FOLDED and (folded := self._folded(node, inputs, single)):
                self.names[name] = folded
            elif self._sums(node, inputs[0]):
                self.names[name] = self._summed(node, inputs[0], self.builder.constants[inputs[1]])
            elif node.op_type == "Reshape" and self._is_joined(inputs[0], name):
                self.names[name] = self._rejoined(inputs[0], name)
            else:
                self._again(node, inputs)
        return self.names.get(output, output)

    def _again(self, node: onnx.NodeProto, inputs: list[str]) -> None:
        if node.op_type == "Slice":
            [axis] = self.builder.constants[inputs[3]]
            inputs[0] = self._stopped(inputs[0], int(axis))
        if node.op_type == "Conv" and not _is_product(self.builder, node):
            inputs[0] = self._batched(inputs[0])
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.input[:] = inputs
        self._keep(copy)

    def _keep(self, node: onnx.NodeProto) -> None:
        self.builder.nodes.append(node)
        self.made[node.output[0]] = node

    def _folded(
        self, node: onnx.NodeProto, inputs: Sequence[str], single: Sequence[bool]
    ) -> str | None:
        """A constant per channel goes into the convolution before, if nothing else reads that."""
        constants = self.builder.constants
        places = [at for at, name in enumerate(inputs) if name in constants]
        if len(places) != 1:
            return None
        [place] = places
        before, value = self.made.get(inputs[1 - place]), constants[inputs[place]]
        if before is None or not single[1 - place] or not _takes(self.builder, before, value):
            return None
        weight, bias = (constants[name].astype(np.float64) for name in before.input[1:])
        weight, bias = _changed(node.op_type, place, weight, bias, value.astype(np.float64))
        strides, pads = attribute(before, "strides", []), attribute(before, "pads", [])
        name = convolution(self.builder, before.input[0], weight, bias, strides, pads, 1)
        self.made[name] = self.builder.nodes[-1]
        return name

    def _sums(self, node: onnx.NodeProto, source: str) -> bool:
        """Whether the importer makes a sum of maps of a map over what was joined."""
        joined = self.made.get(source)
        if joined is None or joined.op_type != "Concat" or not _is_product(self.builder, node):
            return False
        axis = 1 if node.op_type == "Conv" else len(self.builder.shapes[source]) - 1
        computed = not any(part in self.builder.constants for part in joined.input)
        return computed and int(attribute(joined, "axis", 0)) == axis

    def _is_joined(self, source: str, result: str) -> bool:
        """Whether one axis holds all values before and after, so that the importer sees parts."""
        joined, shapes = self.made.get(source), self.builder.shapes
        if joined is None or joined.op_type != "Concat" or max(shapes[source]) == 1:
            return False
        computed = not any(part in self.builder.constants for part in joined.input)
        return computed and max(shapes[source]) == max(shapes[result]) == np.prod(shapes[source])

    def _rejoined(self, source: str, result: str) -> str:
        """Parts in the new shape, joined."""
        shape = list(self.builder.shapes[result])
        axis, parts = int(np.argmax(shape)), []
        for part in self.made[source].input:
            target = [*shape[:axis], int(np.prod(self.builder.shapes[part])), *shape[axis + 1 :]]
            made = view(self.builder, part, target)
            parts.append(part if made == part else self._note(made))
        return self._note(self.builder.node("Concat", parts, shape, axis=axis))

    def _summed(self, node: onnx.NodeProto, source: str, weight: Array) -> str:
        """The same sum, so that rescaled parts are rounded as they will be."""
        if not self._sums(node, source):
            name = self.builder.constant(weight, "weight")
            return self._new(node.op_type, [source, name], node, **_attributes(node))
        axis = 1 if node.op_type == "Conv" else len(self.builder.shapes[source]) - 1
        parts = list(self.made[source].input)
        ends = np.cumsum([self.builder.shapes[part][axis] for part in parts])
        pieces = np.split(weight, ends[:-1], axis=1 if node.op_type == "Conv" else 0)
        total = self._summed(node, parts[0], pieces[0])
        for part, piece in zip(parts[1:], pieces[1:], strict=True):
            total = self._new("Add", [total, self._summed(node, part, piece)], node)
        return total

    def _new(
        self, operator: str, inputs: Sequence[str], like: onnx.NodeProto, **attributes: Any
    ) -> str:
        shape = self.builder.shapes[like.output[0]]
        name = self.builder.node(operator, inputs, shape, **attributes)
        self.made[name] = self.builder.nodes[-1]
        return name

    def _stopped(self, source: str, axis: int) -> str:
        """Zeros at the end of the axis, which the importer moves no slice across."""
        if not self._reads_constant(source):
            return source
        if (source, axis) not in self.stops:
            pads = [0] * 2 * len(self.builder.shapes[source])
            pads[axis - len(pads) // 2] = 1
            self.stops[source, axis] = padded(self.builder, source, pads)
        return self.stops[source, axis]

    def _batched(self, source: str) -> str:
        """A second, empty batch and the first of the two: so the importer keeps the batch axis.

        It drops the axis after a matrix product, and ezkl 23.0.5 then takes wrong windows.
        """
        if not self._multiplied(source):
            return source
        if (source, 0) not in self.stops:
            rank = len(self.builder.shapes[source])
            wide = self._note(padded(self.builder, source, [0] * rank + [1] + [0] * (rank - 1)))
            self.stops[source, 0] = self._note(cut(self.builder, wide, 0, 0, 1))
        return self.stops[source, 0]

    def _multiplied(self, source: str) -> bool:
        """Whether a matrix product is among what a tensor is computed from, up to the last stop."""
        pending, seen = [source], set[str]()
        while pending:
            node = self.made.get(pending.pop())
            if node is None or node.output[0] in seen or node.output[0] in self.stops.values():
                continue
            seen.add(node.output[0])
            if _is_product(self.builder, node):
                return True
            pending += node.input
        return False

    def _note(self, name: str) -> str:
        self.made[name] = self.builder.nodes[-1]
        return name

    def _reads_constant(self, source: str) -> bool:
        """Whether a slice of this would be moved to where a constant is added."""
        pending, seen = [source], set[str]()
        while pending:
            name = pending.pop()
            node = self.made.get(name)
            if node is None or name in seen:
                continue
            seen.add(name)
            inputs = list(node.input)
            if node.op_type in ALIGNED and any(one in self.builder.constants for one in inputs):
                return True
            pointwise = node.op_type == "Conv" and len(inputs) == 2
            if pointwise or node.op_type in ALIGNED | SLICED_THROUGH:
                pending += inputs
        return False


def _is_product(builder: Builder, node: onnx.NodeProto) -> bool:
    """Whether the importer makes a matrix product of the node: pointwise convolutions are some."""
    if node.op_type != "Conv":
        return node.op_type == "MatMul"
    kernel = builder.constants[node.input[1]].shape[2:]
    plain = {*kernel, *attribute(node, "strides", [])} == {1}
    return plain and len(node.input) == 2 and int(attribute(node, "group", 1)) == 1


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}


def _takes(builder: Builder, conv: onnx.NodeProto, value: Array) -> bool:
    """Whether the importer would fold a constant of this shape into the node."""
    if conv.op_type != "Conv" or len(conv.input) < 3 or int(attribute(conv, "group", 1)) != 1:
        return False
    channels, rank = len(builder.constants[conv.input[1]]), len(builder.shapes[conv.output[0]])
    return value.shape == (1, channels, *(1,) * (rank - 2))


def _changed(
    operator: str, place: int, weight: Array, bias: Array, value: Array
) -> tuple[Array, Array]:
    """Weights and bias of a convolution with a constant added, multiplied, or taken from it."""
    channels = value.ravel()
    if operator == "Mul":
        return weight * channels.reshape(-1, *(1,) * (weight.ndim - 1)), bias * channels
    if operator == "Add":
        return weight, bias + channels
    return (weight, bias - channels) if place == 1 else (-weight, channels - bias)


def _part(builder: Builder, nodes: Sequence[onnx.NodeProto]) -> None:
    """Give every reader of a constant one of its own that equals no other."""
    used, seen = set[str](), set[bytes]()
    for node in nodes:
        for place, name in enumerate(node.input):
            value = builder.constants.get(name)
            if value is None or value.dtype != np.float32:
                continue
            own = _own(node.op_type, value, seen)
            if name in used or not np.array_equal(own, value):
                node.input[place] = builder.constant(own, "constant")
            used.add(node.input[place])


def _own(operator: str, value: Array, seen: set[bytes]) -> Array:
    """The value, or the nearest one further from zero that no other constant has."""
    steps = 0
    while True:
        own = _plain(operator, _further(value, steps) if steps else value)
        key = (own.ravel() + np.float32(0)).tobytes()
        if key not in seen:
            seen.add(key)
            return own
        steps += 1


def _further(value: Array, steps: int) -> Array:
    """Each element so many units in the last place further from zero."""
    bits = np.where(value == 0, np.float32(TINY), value).view(np.int32)
    moved: Array = (bits + np.int32(steps)).view(np.float32)
    return moved


def _plain(operator: str, value: Array) -> Array:
    """Without the elements that make the importer or ezkl drop an operand."""
    if operator in FOLDED:
        value = np.where(value == 0, np.float32(TINY), value)
    if operator == "Mul":
        mantissa, exponent = np.frexp(value)
        value = np.where((mantissa == 0.5) & (exponent <= 1), value * np.float32(NEAR), value)
    return np.asarray(value, dtype=np.float32)
