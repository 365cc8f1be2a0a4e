"""Reads an ONNX CNN into layers of real numbers, normalisation and constants folded."""

from pathlib import Path

import numpy as np
import onnx

from prover.base.errors import ModelRefused
from prover.systems.native.network.assembly import Assembly, Rule
from prover.systems.native.network.expressions import Expression
from prover.systems.native.network.real import RealNetwork, outputs
from prover.systems.native.network.rules import linear, pool, shape
from prover.systems.native.network.rules.activation import ACTIVATIONS
from prover.systems.onnx.floating import outputs_of
from prover.systems.onnx.graph import refuse, static_shape
from prover.systems.onnx.lowering.graph import ADVICE, fold, start
from prover.systems.onnx.onnx_file import Original, read_original

SEED = 20_240_229
TOLERANCE = 1e-3

RULES: dict[str, Rule] = {
    "Identity": shape.alias,
    "Dropout": shape.dropout,
    "Cast": shape.cast,
    "Flatten": shape.reshape,
    "Reshape": shape.reshape,
    "Squeeze": shape.reshape,
    "Unsqueeze": shape.reshape,
    "Pad": shape.pad,
    "Conv": linear.conv,
    "Gemm": linear.gemm,
    "MatMul": linear.matmul,
    "BatchNormalization": linear.batch_normalization,
    "Add": linear.add,
    "Sum": linear.total,
    "Sub": linear.sub,
    "Mul": linear.mul,
    "Div": linear.div,
    "GlobalAveragePool": pool.global_average_pool,
    "ReduceMean": pool.reduce_mean,
    "AveragePool": pool.average_pool,
    "MaxPool": pool.max_pool,
    **ACTIVATIONS,
}


def load(path: Path) -> RealNetwork:
    """Read an ONNX file as layers.

    Raises UsageError if there is no such file, ModelRefused (naming the node where there is one)
    if an operator, or the use of one, has no exact integer form.
    """
    return assemble(read_original(path))


def assemble(original: Original) -> RealNetwork:
    """The layers of a checked model, compared with it on random inputs."""
    builder = start(original.proto)
    builder.shapes = _shapes(original.proto) | builder.shapes
    assembly = Assembly.of(original.proto, builder, original.input_name, original.output_name)
    for node in original.proto.graph.node:
        if not fold(builder, node):
            assembly.set(node, _rewritten(assembly, node))
    network = assembly.network(original.path.stem)
    _check_same(original, network)
    return network


def _shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Shapes of all tensors that inference knows."""
    shapes = {}
    for value in (*model.graph.value_info, *model.graph.output):
        dims = static_shape(value)
        known = tuple(size for size in dims if size is not None)
        if len(known) == len(dims):
            shapes[value.name] = known
    return shapes


def _rewritten(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    rule = RULES.get(node.op_type)
    if rule is None:
        advice = ADVICE.get(node.op_type, f"expected {', '.join(sorted(RULES))}")
        raise refuse(node, f"it has no exact integer form; {advice}")
    if len([name for name in node.output if name]) != 1:
        raise refuse(node, f"it has {len(node.output)} outputs: expected exactly 1")
    return rule(assembly, node)


def _check_same(original: Original, network: RealNetwork) -> None:
    """Compare with the file on random inputs from -1 to 1."""
    random = np.random.default_rng(SEED)
    samples = random.uniform(-1, 1, (2, *original.input_shape)).astype(np.float32)
    expected = outputs_of(original.proto, samples)
    shaped = samples.reshape(2, *network.input_shape).astype(np.float64)
    worst = float(np.abs(expected - outputs(network, shaped)).max())
    allowed = TOLERANCE * max(1.0, float(np.abs(expected).max()))
    if not worst <= allowed:
        raise ModelRefused(
            f"the layers of {original.path.name} differ by {worst:.3g} from the model: expected at "
            f"most {allowed:.3g}; an operator is used in a way that is not known here"
        )
