"""Builds the graph that is proven: one copy of the network per item, and the job's context.

Graph inputs in order: item_0 .. item_{b-1}, each float32 [1, elements + salt elements] (the values
flattened, the salt last), then `context` int64 [1, limbs]. Graph outputs: output_0 .. output_{b-1},
each [1, classes], then `context_out`. The copies share their weights.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from prover.base.errors import ModelRefused
from prover.systems.onnx.onnx_file import CANONICAL_IR, CANONICAL_OPSET, ImportedModel

CONTEXT = "context"
CONTEXT_OUT = "context_out"


class Shape(Protocol):
    """What the graph depends on; `plan.Plan` has it."""

    @property
    def items(self) -> int:
        """Network copies."""
        ...

    @property
    def salt_elements(self) -> int:
        """Random elements at the end of each item input."""
        ...

    @property
    def context_limbs(self) -> int:
        """Integers of the context."""
        ...


def wrap(model: ImportedModel, plan: Shape) -> onnx.ModelProto:
    """The graph to prove for a model and a plan; deterministic."""
    nodes: list[onnx.NodeProto] = []
    extra: list[onnx.TensorProto] = []
    for item in range(plan.items):
        made, constants = _item(model, item, plan.salt_elements)
        nodes += made
        extra += constants if item == 0 else []
    nodes.append(helper.make_node("Identity", [CONTEXT], [CONTEXT_OUT], CONTEXT_OUT))
    graph = helper.make_graph(
        nodes,
        "statement",
        [*_items("item", plan.items, model.elements + plan.salt_elements), _context(plan, CONTEXT)],
        [*_items("output", plan.items, model.classes), _context(plan, CONTEXT_OUT)],
        [*model.proto.graph.initializer, *extra],
    )
    wrapped = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", CANONICAL_OPSET)],
        ir_version=CANONICAL_IR,
        producer_name="zkescrow",
    )
    onnx.checker.check_model(wrapped, full_check=True)
    check_context_isolated(wrapped)
    return wrapped


def check_context_isolated(model: onnx.ModelProto) -> None:
    """Raise ModelRefused unless the context feeds only its Identity, and all else is an item.

    This is what lets a proof carry a context without depending on it (docs/SECURITY.md, rule 7).
    """
    graph = model.graph
    names = [value.name for value in graph.input]
    if names[-1:] != [CONTEXT] or names[:-1] != [f"item_{i}" for i in range(len(names) - 1)]:
        raise ModelRefused(f"graph inputs are {names}: expected only items, then the context")
    users = [node for node in graph.node if CONTEXT in node.input]
    if [(node.op_type, list(node.output)) for node in users] != [("Identity", [CONTEXT_OUT])]:
        found = [f"{node.name} ({node.op_type})" for node in users]
        raise ModelRefused(f"the context feeds {found}: expected only its Identity output")
    if any(CONTEXT_OUT in node.input for node in graph.node):
        raise ModelRefused("the context's output feeds other nodes: it must be an output only")
    if [value.name for value in graph.output][-1:] != [CONTEXT_OUT]:
        raise ModelRefused(
            f"the last graph output is {graph.output[-1].name!r}: expected the context"
        )


def _item(
    model: ImportedModel, item: int, salt: int
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Nodes of one copy, and the constants that all copies share beside the weights."""
    nodes, constants = _unpacked(model, item, salt)
    shared = {tensor.name for tensor in model.proto.graph.initializer}
    for node in model.proto.graph.node:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.name = _named(node.name, item)
        copy.input[:] = [name if name in shared else _named(name, item) for name in node.input]
        copy.output[:] = [_named(name, item) for name in node.output]
        nodes.append(copy)
    last = _named(model.output_name, item)
    nodes.append(_reshape(last, "flat_shape", f"output_{item}"))
    return nodes, [*constants, _integers("flat_shape", [1, model.classes])]


def _unpacked(
    model: ImportedModel, item: int, salt: int
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """From the flat, salted input to the network's own input."""
    nodes, constants, source = [], [_integers("item_shape", model.input_shape)], f"item_{item}"
    if salt:
        bounds = {"item_start": 0, "item_stop": model.elements, "item_axis": 1}
        constants += [_integers(name, [value]) for name, value in bounds.items()]
        values = _named("values", item)
        nodes.append(helper.make_node("Slice", [source, *bounds], [values], values))
        source = values
    nodes.append(_reshape(source, "item_shape", _named(model.input_name, item)))
    return nodes, constants


def _reshape(source: str, shape: str, result: str) -> onnx.NodeProto:
    return helper.make_node("Reshape", [source, shape], [result], result)


def _named(name: str, item: int) -> str:
    return f"{name}@{item}"


def _integers(name: str, values: Sequence[int]) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, dtype=np.int64), name)


def _items(prefix: str, count: int, size: int) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(f"{prefix}_{item}", TensorProto.FLOAT, [1, size])
        for item in range(count)
    ]


def _context(plan: Shape, name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT64, [1, plan.context_limbs])
