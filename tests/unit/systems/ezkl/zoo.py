"""Small networks, made with seeded weights, that a planner should take."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Net:
    """Builds a chain of nodes over one input."""

    def __init__(self, shape: tuple[int, ...], seed: int = 0) -> None:
        self.shape = shape
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.last = "input"

    def weight(self, *shape: int, spread: float | None = None) -> str:
        """Seeded weights of a spread fit for their fan-in."""
        spread = spread or 1.2 / np.sqrt(np.prod(shape[1:]) if len(shape) > 2 else shape[0])
        return self.constant(self.random.normal(0, spread, shape))

    def constant(self, value: object, dtype: type = np.float32) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value, dtype=dtype), name))
        return name

    def then(self, operator: str, *others: str, **attributes: object) -> "Net":
        """Add a node that takes the last tensor first."""
        return self.apply(operator, [self.last, *others], **attributes)

    def apply(self, operator: str, inputs: list[str], **attributes: object) -> "Net":
        name = f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        self.last = name
        return self

    def dense(self, inputs: int, outputs: int) -> "Net":
        return self.then("Gemm", self.weight(inputs, outputs), self.weight(outputs, spread=0.1))

    def conv(self, inputs: int, outputs: int, size: int = 3, **attributes: object) -> "Net":
        attributes = {"strides": [1, 1], "pads": [1, 1, 1, 1]} | attributes
        weight = self.weight(outputs, inputs // attributes.get("group", 1), size, size)
        return self.then("Conv", weight, self.weight(outputs, spread=0.1), **attributes)

    def model(self, opset: int = 13) -> onnx.ModelProto:
        kind = TensorProto.INT64 if self.last.startswith("argmax") else TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, list(self.shape))],
            [helper.make_tensor_value_info(self.last, kind, None)],
            self.weights,
        )
        imports = [helper.make_opsetid("", opset)]
        model = helper.make_model(graph, opset_imports=imports, ir_version=8)
        return onnx.shape_inference.infer_shapes(model)

    def save(self, path: Path, opset: int = 13) -> Path:
        onnx.save(self.model(opset), path)
        return path


def mlp() -> Net:
    return Net((1, 12)).dense(12, 8).then("Relu").dense(8, 6).then("Relu").dense(6, 3)


def conv_relu6() -> Net:
    net = Net((1, 1, 8, 8)).conv(1, 4, strides=[2, 2])
    net.then("Clip", net.constant(0.0), net.constant(6.0)).then("Flatten")
    return net.dense(64, 5)


def depthwise() -> Net:
    net = Net((1, 2, 6, 6)).conv(2, 4).then("Relu").conv(4, 4, group=4).then("Relu")
    return net.conv(4, 3, 1, pads=[0, 0, 0, 0]).then("GlobalAveragePool").then("Flatten")


def sigmoid() -> Net:
    return Net((1, 6)).dense(6, 8).then("Sigmoid").dense(8, 3)


def tanh() -> Net:
    return Net((1, 6)).dense(6, 8).then("Tanh").dense(8, 2)


def max_pool() -> Net:
    net = Net((1, 1, 8, 8)).conv(1, 3).then("Relu")
    net.then("MaxPool", kernel_shape=[2, 2], strides=[2, 2]).then("Flatten")
    return net.dense(48, 4)


def average_pool() -> Net:
    net = Net((1, 1, 8, 8)).conv(1, 3).then("Relu")
    net.then("AveragePool", kernel_shape=[2, 2], strides=[2, 2]).then("Flatten")
    return net.dense(48, 4)


def batch_norm() -> Net:
    net = Net((1, 2, 5, 5)).conv(2, 4)
    values = [net.constant(net.random.uniform(0.5, 1.5, 4)) for _ in range(4)]
    net.then("BatchNormalization", *values).then("Relu").then("Flatten")
    return net.dense(100, 3)


def residual() -> Net:
    net = Net((1, 10)).dense(10, 6).then("Relu")
    skip = net.last
    net.dense(6, 6).then("Relu")
    return net.then("Add", skip).dense(6, 3)


def leaky() -> Net:
    return Net((1, 8)).dense(8, 8).then("LeakyRelu", alpha=0.1).dense(8, 3)


def scaled_input() -> Net:
    net = Net((1, 16))
    net.then("Sub", net.constant(0.5)).then("Div", net.constant(0.25))
    return net.dense(16, 6).then("Relu").dense(6, 2)


def hard_swish() -> Net:
    return Net((1, 6)).dense(6, 6).then("HardSwish").dense(6, 2)


def concat() -> Net:
    net = Net((1, 6)).dense(6, 4).then("Relu")
    left = net.last
    net.apply("Gemm", ["input", net.weight(6, 4)]).then("Concat", left, axis=1)
    return net.dense(8, 2)


def transposed() -> Net:
    net = Net((1, 4, 4, 2)).then("Transpose", perm=[0, 3, 1, 2]).conv(2, 2).then("Relu")
    net.then("Reshape", net.constant([1, -1], np.int64))
    return net.then("MatMul", net.weight(32, 3))


def pointwise_norm() -> Net:
    net = Net((1, 2, 4, 4)).conv(2, 4, 1, pads=[0, 0, 0, 0])
    values = [net.constant(net.random.uniform(0.5, 1.5, 4)) for _ in range(4)]
    net.then("BatchNormalization", *values).then("Relu").then("Flatten")
    return net.dense(64, 3)


def one_dimensional() -> Net:
    net = Net((1, 2, 12))
    weight = net.weight(3, 2, 3)
    net.then("Conv", weight, strides=[2], pads=[1, 1]).then("Relu")
    net.then("MaxPool", kernel_shape=[2], strides=[2]).then("Flatten")
    return net.dense(9, 2)


NETS: dict[str, Callable[[], Net]] = {
    f.__name__: f
    for f in (
        mlp,
        conv_relu6,
        depthwise,
        sigmoid,
        tanh,
        max_pool,
        average_pool,
        batch_norm,
        residual,
        leaky,
        scaled_input,
        hard_swish,
        concat,
        transposed,
        pointwise_norm,
        one_dimensional,
    )
}
