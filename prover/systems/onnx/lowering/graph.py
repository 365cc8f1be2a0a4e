"""Rewrites an ONNX graph to the operators of `CANONICAL`.

The only comparison left is ReLU, whose result ezkl's constraints determine: clipping and pooling by
maximum are expressed through it. Averages are convolutions, division by a constant a product. Last,
constants are kept apart (`lowering_constants`).
"""

from collections.abc import Callable
from typing import cast

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from prover.base.errors import ModelRefused
from prover.systems.onnx.graph import Array, Builder, refuse, static_shape
from prover.systems.onnx.lowering import linear, pool, shape, unary
from prover.systems.onnx.lowering.constants import settle

CANONICAL = frozenset(
    {"Conv", "MatMul", "Add", "Sub", "Mul", "Relu", "Sigmoid", "Tanh"}
    | {"Reshape", "Transpose", "Slice", "Pad", "Concat"}
)
CONTROL_FLOW = frozenset({"If", "Loop", "Scan", "SequenceMap"})
FOLDABLE = frozenset(
    {"Shape", "ConstantOfShape", "Gather", "Concat", "Unsqueeze", "Squeeze", "Slice", "Cast"}
    | {"Add", "Sub", "Mul", "Div", "Reshape", "Sqrt", "Transpose", "Identity", "Neg", "Range"}
    | {"Floor", "Ceil", "ReduceProd", "Expand", "Equal", "Where", "Pow", "Reciprocal"}
)

Rule = Callable[[Builder, onnx.NodeProto], str]

RULES: dict[str, Rule] = {
    "Identity": shape.alias,
    "Dropout": shape.dropout,
    "Cast": shape.cast,
    "Flatten": shape.flatten,
    "Reshape": shape.reshape,
    "Squeeze": shape.squeeze,
    "Unsqueeze": shape.unsqueeze,
    "Transpose": shape.transpose,
    "Slice": shape.slices,
    "Pad": shape.pad,
    "Concat": shape.concat,
    "Conv": linear.conv,
    "Gemm": linear.gemm,
    "MatMul": linear.matmul,
    "BatchNormalization": linear.batch_normalization,
    "Add": linear.add,
    "Sum": linear.total,
    "Sub": linear.sub,
    "Mul": linear.mul,
    "Div": linear.div,
    "Neg": linear.neg,
    "Relu": unary.relu,
    "LeakyRelu": unary.leaky_relu,
    "PRelu": unary.parametric_relu,
    "Clip": unary.clip,
    "HardSigmoid": unary.hard_sigmoid,
    "HardSwish": unary.hard_swish,
    "Sigmoid": unary.table,
    "Tanh": unary.table,
    "Max": unary.maximum,
    "Min": unary.minimum,
    "MaxPool": pool.max_pool,
    "GlobalMaxPool": pool.global_max_pool,
    "AveragePool": pool.average_pool,
    "GlobalAveragePool": pool.global_average_pool,
    "ReduceMean": pool.reduce_mean,
}
ADVICE = {
    "Softmax": "leave it out at the end: it does not change which score is highest",
    "LogSoftmax": "leave it out at the end: it does not change which score is highest",
    "ArgMax": "leave it out: the proof gives the scores, and the label is read from them",
    "TopK": "leave it out: the proof gives the scores, and the labels are read from them",
}


def lower(
    model: onnx.ModelProto, source: str, result: str
) -> tuple[onnx.GraphProto, tuple[str, ...]]:
    """Rewrite the graph from input `source` to output `result`; returns notes for the user too.

    Raises ModelRefused with the node's name for an operator, or a use of one, that has no rule.
    """
    builder = start(model)
    for node in model.graph.node:
        if not fold(builder, node):
            _rewrite(builder, node)
    output = builder.resolve(result)
    if output in builder.constants or output == source:
        raise ModelRefused(f"output {result!r} is not computed from input {source!r}")
    dropped = {n.op_type for n in model.graph.node} - CANONICAL - {"Constant"}
    notes = (f"rewritten: {', '.join(sorted(dropped))}",) if dropped else ()
    return builder.graph([source], [settle(builder, output)]), notes


def start(model: onnx.ModelProto) -> Builder:
    """A builder that knows the model's constants and the shape of its input.

    Raises ModelRefused if that shape is not fixed.
    """
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    shapes: dict[str, tuple[int, ...]] = {name: value.shape for name, value in constants.items()}
    for value in model.graph.input:
        dims = static_shape(value)
        known = tuple(size for size in dims if size is not None)
        if value.name not in constants and (len(known) != len(dims) or known[:1] != (1,)):
            found = ["?" if size is None else size for size in dims]
            raise ModelRefused(
                f"input {value.name!r} has shape {found}: expected fixed dimensions, the first "
                "(batch) 1; export with a static batch of 1"
            )
        shapes[value.name] = known
    return Builder(shapes, dict(constants))


def _rewrite(builder: Builder, node: onnx.NodeProto) -> None:
    rule = RULES.get(node.op_type)
    if rule is None:
        advice = ADVICE.get(node.op_type, f"expected {', '.join(sorted(RULES))}")
        raise refuse(node, f"this operator is not supported; {advice}")
    if len([name for name in node.output if name]) != 1:
        raise refuse(node, f"it has {len(node.output)} outputs: expected exactly 1")
    for name in node.input:
        if name and builder.resolve(name) not in builder.shapes:
            raise refuse(node, f"its input {name!r} is computed by no node: expected one before it")
    builder.aliases[node.output[0]] = rule(builder, node)


def fold(builder: Builder, node: onnx.NodeProto) -> bool:
    """Evaluate a node of constants only; False if it depends on the input."""
    if node.op_type == "Constant":
        _keep(builder, node, _constant(node))
        return True
    inputs = [builder.resolve(name) for name in node.input if name]
    if node.op_type == "Shape" and inputs[0] in builder.shapes:
        dims = np.array(builder.shapes[inputs[0]], dtype=np.int64)
        known: dict[str, Array] = {inputs[0]: np.zeros(tuple(dims), dtype=np.float32)}
    elif node.op_type in FOLDABLE and inputs and all(name in builder.constants for name in inputs):
        known = {name: builder.constants[name] for name in inputs}
    else:
        return False
    _keep(builder, node, _evaluate(node, builder, known))
    return True


def _keep(builder: Builder, node: onnx.NodeProto, value: Array) -> None:
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        raise refuse(node, "its constant result holds NaN or infinity")
    builder.constants[node.output[0]] = value
    builder.shapes[node.output[0]] = value.shape


def _constant(node: onnx.NodeProto) -> Array:
    if len(node.attribute) != 1 or node.attribute[0].name not in (
        "value",
        "value_float",
        "value_floats",
        "value_int",
        "value_ints",
    ):
        raise refuse(node, "expected only dense numeric constants")
    value = helper.get_attribute_value(node.attribute[0])
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    integral = node.attribute[0].name in ("value_int", "value_ints")
    return np.array(value, dtype=np.int64 if integral else np.float32)


def _evaluate(node: onnx.NodeProto, builder: Builder, known: dict[str, Array]) -> Array:
    single = onnx.NodeProto()
    single.CopyFrom(node)
    del single.input[:]
    single.input.extend(builder.resolve(name) if name else "" for name in node.input)
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(value.dtype), list(value.shape)
        )
        for name, value in known.items()
    ]
    outputs = [onnx.ValueInfoProto(name=node.output[0])]
    graph = helper.make_graph([single], "constant", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    try:
        results = cast(list[Array], ReferenceEvaluator(model).run(None, known))
        return np.asarray(results[0])
    except Exception as error:  # the evaluator raises whatever numpy raises
        raise refuse(node, f"its constant result cannot be computed: {error}") from error
