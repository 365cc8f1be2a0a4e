"""Small CNNs of the usual kinds with seeded weights: MobileNetV2-, ResNet- and VGG-like.

What they compute means nothing; their shapes, paddings and value ranges are those of trained nets.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from prover.systems import srs
from prover.systems.native import engine
from prover.systems.native.circuit.layout import CircuitLayout
from prover.systems.native.network.importer import load
from prover.systems.native.network.network import Integers, Network
from prover.systems.native.network.quantise import InputRange
from prover.systems.native.network.search import find

ROOT = Path(__file__).resolve().parent.parent
PIXELS = InputRange(-128, 127, 1 / 128)
DIGITS = InputRange(0, 16, 1 / 16)
CLASSES = 10
SAMPLES = 32


@dataclass
class Builder:
    """A chain of ONNX nodes; `last` is the newest tensor, of `channels` planes."""

    channels: int
    size: int
    seed: int = 0
    last: str = "image"
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self.input = [1, self.channels, self.size, self.size]

    def conv(
        self,
        channels: int,
        kernel: int,
        stride: int = 1,
        pads: list[int] | None = None,
        group: int = 1,
        norm: bool = True,
    ) -> "Builder":
        """A convolution with He-spread weights, then batch normalisation; "same" where no pads."""
        inputs = self.channels // group
        spread = np.sqrt(2 / (inputs * kernel * kernel))
        names = [self.constant(self.random.normal(0, spread, (channels, inputs, kernel, kernel)))]
        if not norm:
            names.append(self.constant(self.random.normal(0, 0.1, channels)))
        spare = max((-(-self.size // stride) - 1) * stride + kernel - self.size, 0)
        around = [spare // 2] * 2 + [spare - spare // 2] * 2 if pads is None else pads
        self.then(
            "Conv",
            *names,
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=around,
            group=group,
        )
        self.channels, self.size = channels, -(-self.size // stride)
        return self.norm() if norm else self

    def norm(self) -> "Builder":
        """Batch normalisation of seeded statistics."""
        lows = ((0.6, 1.4), (-0.2, 0.2), (-0.2, 0.2), (0.5, 1.5))
        values = [self.constant(self.random.uniform(*low, self.channels)) for low in lows]
        return self.then("BatchNormalization", *values)

    def relu6(self) -> "Builder":
        """Clip to 0 .. 6."""
        return self.then("Clip", self.constant(0.0), self.constant(6.0))

    def then(self, operator: str, *others: str, **attributes: Any) -> "Builder":
        """Add a node that takes the last tensor first."""
        name = f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(operator, [self.last, *others], [name], name, **attributes)
        )
        self.last = name
        return self

    def dense(self, inputs: int, outputs: int) -> "Builder":
        """A dense layer with bias."""
        weight = self.random.normal(0, np.sqrt(1 / inputs), (inputs, outputs))
        bias = self.random.normal(0, 0.1, outputs)
        return self.then("Gemm", self.constant(weight), self.constant(bias))

    def constant(self, value: Any) -> str:
        """Add a float constant."""
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value, dtype=np.float32), name))
        return name

    def model(self) -> onnx.ModelProto:
        """The checked model."""
        graph = helper.make_graph(
            self.nodes,
            "network",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, self.input)],
            [helper.make_tensor_value_info(self.last, TensorProto.FLOAT, None)],
            self.weights,
        )
        imports = [helper.make_opsetid("", 13)]
        model = helper.make_model(graph, opset_imports=imports, ir_version=8)
        inferred = onnx.shape_inference.infer_shapes(model)
        onnx.checker.check_model(inferred)
        return inferred


def mobilenet(size: int = 32, width: int = 8) -> onnx.ModelProto:
    """Inverted residuals, ReLU6, strides 2, global average."""
    net = Builder(3, size).conv(2 * width, 3, stride=2).relu6()
    for channels, stride, expansion in (
        (width, 1, 1),
        (2 * width, 2, 4),
        (2 * width, 1, 4),
        (4 * width, 2, 4),
        (4 * width, 1, 4),
    ):
        _inverted_residual(net, channels, stride, expansion)
    net.conv(16 * width, 1, pads=[0, 0, 0, 0]).relu6()
    return net.then("GlobalAveragePool").then("Flatten").dense(16 * width, CLASSES).model()


def _inverted_residual(net: Builder, channels: int, stride: int, expansion: int) -> None:
    before, inputs = net.last, net.channels
    if expansion > 1:
        net.conv(inputs * expansion, 1, pads=[0, 0, 0, 0]).relu6()
    net.conv(net.channels, 3, stride=stride, group=net.channels).relu6()
    net.conv(channels, 1, pads=[0, 0, 0, 0])
    if stride == 1 and channels == inputs:
        net.then("Add", before)


def resnet(size: int = 32, width: int = 8) -> onnx.ModelProto:
    """Basic blocks: ReLU after the addition, 1x1 convolutions of stride 2 beside it."""
    net = Builder(3, size, seed=1).conv(width, 3).then("Relu")
    for channels, stride in ((width, 1), (2 * width, 2), (4 * width, 2)):
        _basic_block(net, channels, stride)
    return net.then("GlobalAveragePool").then("Flatten").dense(4 * width, CLASSES).model()


def _basic_block(net: Builder, channels: int, stride: int) -> None:
    before, inputs, size = net.last, net.channels, net.size
    net.conv(channels, 3, stride=stride).then("Relu").conv(channels, 3)
    main = net.last
    if stride == 2:
        net.last, net.channels, net.size = before, inputs, size
        net.conv(channels, 1, stride=2, pads=[0, 0, 0, 0])
        before = net.last
        net.last = main
    net.then("Add", before).then("Relu")


def vgg(size: int = 16, width: int = 8) -> onnx.ModelProto:
    """3x3 convolutions, maxima over 2x2, two dense layers."""
    net = Builder(3, size, seed=2)
    for channels in (width, 2 * width):
        net.conv(channels, 3, norm=False).then("Relu")
        net.then("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
        net.size //= 2
    flat = net.channels * net.size**2
    return net.then("Flatten").dense(flat, 32).then("Relu").dense(32, CLASSES).model()


NETWORKS: dict[str, Callable[..., onnx.ModelProto]] = {
    "mobilenet": mobilenet,
    "resnet": resnet,
    "vgg": vgg,
}


def samples(model: onnx.ModelProto, count: int = SAMPLES, seed: int = 7) -> Integers:
    """Smooth random images [count, c, h, w] in the integers of PIXELS."""
    dims = model.graph.input[0].type.tensor_type.shape.dim
    channels, height, width = (dim.dim_value for dim in dims[1:])
    random = np.random.default_rng(seed)
    coarse = random.normal(0, 60, (count, channels, -(-height // 4), -(-width // 4)))
    fine = coarse.repeat(4, axis=2).repeat(4, axis=3)[:, :, :height, :width]
    noisy = fine + random.normal(0, 12, fine.shape)
    return np.clip(np.rint(noisy), PIXELS.low, PIXELS.high).astype(np.int64)


def integer_network(name: str) -> Network:
    """One of NETWORKS, quantised with its samples; or "digits", the shipped CNN."""
    if name == "digits":
        archive = np.load(ROOT / "examples" / "digits-calibration.npz")
        images = np.rint(archive["inputs"] / DIGITS.scale).astype(np.int64)
        return find(load(ROOT / "examples" / "digits-cnn.onnx"), images, DIGITS).network
    model = NETWORKS[name]()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.onnx"
        onnx.save(model, path)
        real = load(path)
    return find(real, samples(model), PIXELS, agreement=0.9).network


def development_set_up(layout: CircuitLayout) -> Any:
    """The engine's development set-up for a circuit, made where it is missing."""
    rows, powers = srs.development_srs(layout.k), srs.development_srs(layout.powers)
    return engine.load_set_up(str(rows), str(powers), layout)
