"""Small helpers over ONNX graphs: attributes, constants, shapes, and a builder for rewriting."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from prover.base.errors import ModelRefused

Array = npt.NDArray[Any]


def refuse(node: onnx.NodeProto, reason: str) -> ModelRefused:
    """The refusal of one node, by name and operator."""
    name = node.name or (node.output[0] if node.output else "?")
    return ModelRefused(f"node {name!r} ({node.op_type}): {reason}")


def attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    """The value of an attribute: number, string, list or array; `default` where it is absent."""
    for item in node.attribute:
        if item.name == name:
            value = helper.get_attribute_value(item)
            if isinstance(value, bytes):
                return value.decode()
            return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value
    return default


def static_shape(value: onnx.ValueInfoProto) -> tuple[int | None, ...]:
    """Dimensions of a tensor; None for each one that is not a fixed positive number."""
    dims = value.type.tensor_type.shape.dim
    return tuple(
        dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None for dim in dims
    )


@dataclass
class Builder:
    """Collects the nodes and constants of a rewritten graph.

    `constants` and `shapes` are keyed by tensor name; tensors are renamed through `aliases`.
    """

    shapes: dict[str, tuple[int, ...]]
    constants: dict[str, Array]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def resolve(self, name: str) -> str:
        """The present name of a tensor of the original graph."""
        while name in self.aliases:
            name = self.aliases[name]
        return name

    def constant(self, value: Array, hint: str) -> str:
        """Add a float32 (or int64) constant and return its name."""
        name = self._fresh(hint)
        dtype = np.int64 if np.issubdtype(value.dtype, np.integer) else np.float32
        self.constants[name] = np.ascontiguousarray(value, dtype=dtype)
        self.shapes[name] = tuple(value.shape)
        return name

    def node(
        self, operator: str, inputs: Sequence[str], shape: Sequence[int], **attributes: Any
    ) -> str:
        """Add a node with one output of `shape` and return the output's name."""
        name = self._fresh(operator.lower())
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name, **attributes))
        self.shapes[name] = tuple(int(size) for size in shape)
        return name

    def graph(self, inputs: Iterable[str], outputs: Iterable[str]) -> onnx.GraphProto:
        """The graph of what the outputs need, its constants in order of use."""
        outputs = list(outputs)
        nodes = self.needed(outputs)
        used = dict.fromkeys(name for node in nodes for name in node.input)
        kept = [name for name in used if name in self.constants]
        return helper.make_graph(
            nodes,
            "model",
            [self._value(name) for name in inputs],
            [self._value(name) for name in outputs],
            [numpy_helper.from_array(self.constants[name], name) for name in kept],
        )

    def needed(self, outputs: Sequence[str]) -> list[onnx.NodeProto]:
        """The nodes that the outputs depend on, in order."""
        wanted = set(outputs)
        kept = []
        for node in reversed(self.nodes):
            if node.output[0] in wanted:
                wanted.update(node.input)
                kept.append(node)
        return kept[::-1]

    def _value(self, name: str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, self.shapes[name])

    def _fresh(self, hint: str) -> str:
        self.count += 1
        return f"{hint}_{self.count}"
