"""ONNX models as layers: every rule against onnxruntime, every refusal by its node's name."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from benchmarks import networks
from prover.base.errors import ModelRefused
from prover.systems.native.network import importer
from prover.systems.native.network.importer import load
from prover.systems.native.network.real import RealNetwork, outputs
from prover.systems.onnx.floating import outputs_of
from tests.unit.systems.ezkl import zoo
from tests.unit.systems.ezkl.zoo import Net


def planes(*shape: int) -> Net:
    return Net((1, *(shape or (2, 6, 5))))


def ended(net: Net, channels: int) -> Net:
    """Global average and a dense layer."""
    return net.then("GlobalAveragePool").then("Flatten").dense(channels, 3)


def clip(net: Net, low: float, high: float) -> Net:
    return net.then("Clip", net.constant(low), net.constant(high))


def norm(net: Net, channels: int) -> Net:
    values = [net.constant(net.random.uniform(0.5, 1.5, channels)) for _ in range(4)]
    return net.then("BatchNormalization", *values)


def asymmetric() -> Net:
    return ended(planes().conv(2, 4, 3, strides=[2, 2], pads=[0, 1, 2, 0]).then("Relu"), 4)


def grouped() -> Net:
    return ended(planes(4, 5, 5).conv(4, 6, 3, group=2).then("Relu"), 6)


def depth_multiplied() -> Net:
    return ended(planes().conv(2, 6, 3, group=2, strides=[2, 2]).then("Relu"), 6)


def wide_kernel() -> Net:
    weight = planes()
    weight.then("Conv", weight.weight(3, 2, 1, 5), pads=[0, 2, 0, 2]).then("Relu")
    return ended(weight, 3)


def same_upper() -> Net:
    net = planes()
    net.then("Conv", net.weight(3, 2, 3, 3), strides=[2, 2], auto_pad="SAME_UPPER")
    return ended(net.then("Relu"), 3)


def padded_before() -> Net:
    net = planes()
    net.then("Pad", net.constant([0, 0, 1, 0, 0, 0, 1, 2], np.int64))
    return ended(net.conv(2, 3, 3, pads=[0, 1, 0, 0]).then("Relu"), 3)


def norm_before_activation() -> Net:
    return ended(norm(planes().conv(2, 4), 4).then("Relu"), 4)


def norm_of_the_input() -> Net:
    return ended(norm(planes(), 2).then("Relu").conv(2, 4).then("Relu"), 4)


def residual_without_activation() -> Net:
    net = planes().conv(2, 4)
    before = net.last
    net.conv(4, 4).then("Add", before)
    again = net.last
    return ended(net.conv(4, 4).then("Add", again), 4)


def residual_with_activation() -> Net:
    net = planes().conv(2, 4).then("Relu")
    before = net.last
    return ended(net.conv(4, 4).then("Add", before).then("Relu"), 4)


def residual_of_two_convolutions() -> Net:
    net = planes().then("Relu")
    before = net.last
    left = net.conv(2, 4, strides=[2, 2]).last
    net.last = before
    return ended(net.conv(2, 4, 1, strides=[2, 2], pads=[0] * 4).then("Add", left).then("Relu"), 4)


def sum_with_itself() -> Net:
    net = planes().conv(2, 4)
    return ended(net.then("Add", net.last).then("Relu"), 4)


def sum_of_three() -> Net:
    net = planes().conv(2, 4).then("Relu")
    names = [net.last, net.conv(4, 4).last, net.conv(4, 4).last]
    return ended(net.apply("Sum", names).conv(4, 4).then("Relu"), 4)


def activated_sum_of_three() -> Net:
    net = planes().conv(2, 4).then("Relu")
    names = [net.last, net.conv(4, 4).last, net.conv(4, 4).last]
    return ended(net.apply("Sum", names).then("Relu"), 4)


def doubled() -> Net:
    net = planes().conv(2, 4).then("Relu")
    return ended(net.then("Add", net.last).conv(4, 4).then("Relu"), 4)


def flattened_from_behind() -> Net:
    return Net((1, 2, 3, 3)).then("Flatten", axis=-3).dense(18, 3)


def ceiling_without_effect() -> Net:
    net = planes(2, 6, 8).conv(2, 4).then("Relu")
    net.then("AveragePool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    return ended(net, 4)


def one_pixel() -> Net:
    return planes(3, 1, 1).conv(3, 4).then("Relu").then("Flatten").dense(4, 3)


def one_row() -> Net:
    return ended(planes(2, 1, 9).conv(2, 4).then("Relu").conv(4, 4, strides=[2, 2]), 4)


def even_kernels() -> Net:
    net = planes(2, 9, 8)
    net.then("Conv", net.weight(4, 2, 2, 4), strides=[2, 2], pads=[0, 3, 1, 0]).then("Relu")
    net.then("Conv", net.weight(4, 4, 1, 1), strides=[2, 2])
    return ended(net.then("Relu"), 4)


def strided_to_one_cell() -> Net:
    net = planes(1, 17, 13)
    for number in range(5):
        net.conv(2 if number else 1, 2, strides=[2, 2]).then("Relu")
    return net.then("Flatten").dense(2, 3)


def sum_as_output() -> Net:
    net = Net((1, 6)).dense(6, 3)
    left = net.last
    return net.apply("Gemm", ["input", net.weight(6, 3)]).then("Add", left)


def read_twice() -> Net:
    net = planes().conv(2, 4)
    before = net.last
    net.then("Relu").conv(4, 4)
    return ended(net.then("Add", before), 4)


def constants() -> Net:
    net = planes()
    net.then("Mul", net.constant(np.array([2.0, -0.5]).reshape(2, 1, 1)))
    net.then("Sub", net.constant(0.25)).conv(2, 4)
    net.then("Div", net.constant(2.0)).then("Add", net.constant(np.ones((1, 4, 1, 1))))
    return ended(net.then("Relu"), 4)


def clipped() -> Net:
    return ended(clip(clip(planes().conv(2, 4), 0.0, 0.5).conv(4, 4), -0.25, 0.5), 4)


def clip_attributes() -> Net:
    return ended(planes().conv(2, 4).then("Clip", min=0.0, max=6.0), 4)


def pooled_then_convolved() -> Net:
    net = planes().conv(2, 4).then("Relu").then("GlobalAveragePool")
    return net.conv(4, 3, 1, pads=[0] * 4).then("Flatten")


def mean_as_output() -> Net:
    return planes().conv(2, 3).then("Relu").then("GlobalAveragePool")


def reduced_mean() -> Net:
    net = planes().conv(2, 4).then("Relu").then("ReduceMean", axes=[2, 3], keepdims=0)
    return net.dense(4, 3)


def averaged() -> Net:
    net = planes(2, 7, 7).conv(2, 4).then("Relu")
    net.then("AveragePool", kernel_shape=[3, 3], strides=[2, 2])
    net.then("AveragePool", kernel_shape=[2, 2], pads=[1, 1, 0, 0], count_include_pad=1)
    return ended(net, 4)


def largest_of_four() -> Net:
    net = planes(2, 7, 7).conv(2, 4)
    return ended(net.then("MaxPool", kernel_shape=[2, 2], strides=[2, 2]), 4)


def largest_of_nine() -> Net:
    net = planes(2, 7, 6).conv(2, 4).then("Relu")
    net.then("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    return ended(net.conv(4, 3), 3)


def flattened() -> Net:
    net = planes(3, 4, 2).conv(3, 4).then("Flatten").then("Relu")
    return net.dense(32, 8).then("Relu").dense(8, 3)


def reshaped() -> Net:
    net = Net((1, 24)).then("Identity")
    net.then("Reshape", net.constant([1, 2, 4, 3], np.int64)).conv(2, 4).then("Relu")
    net.then("Reshape", net.constant([0, -1], np.int64))
    return net.then("MatMul", net.weight(48, 3)).then("Add", net.constant([0.1, 0.2, 0.3]))


def whole_plane() -> Net:
    net = planes(2, 4, 3)
    return net.then("Conv", net.weight(3, 2, 4, 3), strides=[4, 3]).then("Flatten")


def computed_shape() -> Net:
    net = planes(3, 4, 2).conv(3, 4).then("Relu")
    planes_name = net.last
    net.then("Shape").then("Gather", net.constant(0, np.int64), axis=0)
    net.then("Unsqueeze", net.constant([0], np.int64))
    shape = net.then("Concat", net.constant([-1], np.int64), axis=0).last
    return net.apply("Reshape", [planes_name, shape]).dense(32, 3)


def one_window() -> Net:
    net = planes(2, 3, 3).conv(2, 4, strides=[2, 2], pads=[0, 0, 1, 1])
    return net.then("Relu").then("Flatten").dense(4, 3)


GOOD: list[Callable[[], Net]] = [
    sum_of_three,
    activated_sum_of_three,
    doubled,
    flattened_from_behind,
    ceiling_without_effect,
    one_pixel,
    one_row,
    even_kernels,
    strided_to_one_cell,
    asymmetric,
    grouped,
    depth_multiplied,
    wide_kernel,
    same_upper,
    padded_before,
    norm_before_activation,
    norm_of_the_input,
    residual_without_activation,
    residual_with_activation,
    residual_of_two_convolutions,
    sum_with_itself,
    sum_as_output,
    read_twice,
    constants,
    clipped,
    pooled_then_convolved,
    mean_as_output,
    reduced_mean,
    averaged,
    largest_of_four,
    largest_of_nine,
    flattened,
    reshaped,
    whole_plane,
    one_window,
    computed_shape,
    zoo.conv_relu6,
    zoo.depthwise,
    zoo.max_pool,
    zoo.average_pool,
    zoo.batch_norm,
    zoo.residual,
    zoo.scaled_input,
    zoo.pointwise_norm,
    zoo.mlp,
]


def imported(net: Net, folder: Path, opset: int = 13) -> RealNetwork:
    return load(net.save(folder / "net.onnx", opset))


@pytest.mark.parametrize("make", GOOD, ids=lambda make: make.__name__)
def test_layers_compute_what_the_model_does(make: Callable[[], Net], tmp_path: Path) -> None:
    network = imported(make(), tmp_path)
    samples = np.random.default_rng(3).normal(0, 2, (4, *network.input_shape))
    model = onnx.load(tmp_path / "net.onnx")
    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    expected = outputs_of(model, samples.reshape(4, *shape).astype(np.float32))
    np.testing.assert_allclose(outputs(network, samples), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_networks_of_the_benchmarks_are_taken(name: str, tmp_path: Path) -> None:
    onnx.save(networks.NETWORKS[name](), tmp_path / "net.onnx")
    assert load(tmp_path / "net.onnx").layers[-1].shape == (networks.CLASSES, 1, 1)


def test_clip_may_have_attributes(tmp_path: Path) -> None:
    network = imported(clip_attributes(), tmp_path, opset=10)
    assert (network.layers[0].low, network.layers[0].high) == (0, 6)


@pytest.mark.parametrize("opset", [11, 13, 17, 18, 20, 21])
def test_padding_is_taken_in_every_opset(opset: int, tmp_path: Path) -> None:
    """The converter of opsets knows no way back for Pad."""
    path = tmp_path / "net.onnx"
    onnx.save(padded_before().model(opset), path)
    assert load(path).layers[0].terms[0].pads == (1, 1, 1, 2)


def test_a_residual_without_activation_is_no_layer(tmp_path: Path) -> None:
    network = imported(residual_without_activation(), tmp_path)
    assert [len(layer.terms[0].sources) for layer in network.layers] == [1, 1, 2, 3]
    assert network.layers[-1].terms[0].pooled


def test_a_residual_before_an_activation_is_one_layer_of_two_terms(tmp_path: Path) -> None:
    network = imported(residual_of_two_convolutions(), tmp_path)
    assert [term.stride for term in network.layers[1].terms] == [2, 2]
    assert len(network.layers) == 3


def test_layers_that_nothing_reads_are_left_out(tmp_path: Path) -> None:
    net = Net((1, 6)).dense(6, 3)
    scores = net.last
    net.then("Relu")
    net.last = scores
    assert [layer.name for layer in imported(net, tmp_path).layers] == [scores]


def after(operator: str, *constants: object, **attributes: object) -> Net:
    """A convolution, then the operator that is refused, then an ordinary end."""
    net = planes(4, 6, 6).conv(4, 4)
    others = [net.constant(value, type(np.asarray(value).flat[0])) for value in constants]
    return ended(net.then(operator, *others, **attributes), 4)


def strided(*strides: int) -> Net:
    return ended(planes(2, 8, 8).conv(2, 4, strides=list(strides)), 4)


def one_dimensional() -> Net:
    net = Net((1, 2, 12))
    return net.then("Conv", net.weight(3, 2, 3)).then("Flatten").dense(30, 2)


def dilated() -> Net:
    net = planes()
    return ended(net.then("Conv", net.weight(3, 2, 3, 3), dilations=[2, 2]), 3)


def padded_widely() -> Net:
    return ended(planes().conv(2, 4, 3, pads=[3, 0, 0, 0]), 4)


def computed_weights() -> Net:
    net = planes(2, 3, 3).conv(2, 2)
    weight = net.then("Reshape", net.constant([1, 2, 3, 3], np.int64)).last
    return ended(net.apply("Conv", ["input", weight]), 1)


def varying_constant() -> Net:
    return after("Add", np.arange(6, dtype=np.float32))


def unequal_shapes() -> Net:
    net = planes(4, 6, 6)
    mean = net.then("GlobalAveragePool").last
    return ended(net.apply("Add", ["input", mean]), 4)


def transposed_pixels() -> Net:
    return Net((1, 4, 4, 2)).then("Transpose", perm=[0, 3, 1, 2]).conv(2, 2).then("Flatten")


def matrix_of_planes() -> Net:
    net = planes(2, 4, 4)
    return net.then("MatMul", net.weight(4, 3)).then("Flatten")


def one_window_of_many() -> Net:
    net = planes(2, 6, 6)
    return net.then("Conv", net.weight(3, 2, 3, 3), strides=[4, 4]).then("Flatten")


def padded_maximum() -> Net:
    return after("MaxPool", kernel_shape=[2, 2], pads=[1, 1, 0, 0])


def mean_of_channels() -> Net:
    return ended(planes().conv(2, 4).then("ReduceMean", axes=[1], keepdims=1), 1)


def padding_at_the_end() -> Net:
    net = planes(2, 4, 4)
    net.then("Pad", net.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64)).then("Relu")
    return ended(net, 2)


def planes_as_output() -> Net:
    return planes().conv(2, 3).then("Relu")


def two_shapes() -> Net:
    net = Net((1, 18))
    net.then("Reshape", net.constant([1, 2, 3, 3], np.int64)).conv(2, 2).then("Flatten")
    left = net.dense(18, 3).last
    return net.apply("Gemm", ["input", net.weight(18, 3)]).then("Add", left)


REFUSED: list[tuple[Callable[[], Net], str]] = [
    (
        lambda: after("Sigmoid"),
        "'sigmoid1' \\(Sigmoid\\): it has no exact integer form; expected",
    ),
    (lambda: after("Softmax", axis=1), "'softmax1' \\(Softmax\\).*leave it out"),
    (lambda: strided(3, 3), "'conv0' \\(Conv\\): strides \\[3, 3\\]: expected only 1 or 2"),
    (lambda: strided(2, 1), "'conv0'.*the same on both axes"),
    (one_dimensional, "'conv0'.*1 spatial dimensions|channels of two-dimensional planes"),
    (one_window_of_many, "'conv0'.*strides \\[4, 4\\]"),
    (dilated, "'conv0'.*dilations \\[2, 2\\]: expected only 1"),
    (padded_widely, "'conv0'.*padding \\[3, 0, 0, 0\\].*smaller than the kernel"),
    (computed_weights, "'conv2'.*its weights are computed"),
    (varying_constant, "'add1'.*varies over a plane"),
    (unequal_shapes, "'add1'.*shapes \\[4, 6, 6\\] and \\[4, 1, 1\\]"),
    (transposed_pixels, "'transpose0' \\(Transpose\\)"),
    (matrix_of_planes, "'matmul0'.*flatten it first"),
    (padded_maximum, "'maxpool1'.*put a Relu before it"),
    (padding_at_the_end, "'relu1'.*pad less"),
    (lambda: after("AveragePool", kernel_shape=[2, 2], pads=[1, 0, 0, 0]), "count_include_pad"),
    (
        lambda: after("MaxPool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
        "'maxpool1'.*ceil_mode 1 adds a window to 6 cells",
    ),
    (mean_of_channels, "'reducemean1'.*its axes are \\[1\\]"),
    (planes_as_output, "output 'relu1' has shape .*one vector of scores"),
    (two_shapes, "'reshape0'.*the input is read in two shapes"),
]


@pytest.mark.parametrize(("make", "reason"), REFUSED, ids=[reason[:12] for _, reason in REFUSED])
def test_what_has_no_integer_form_is_refused(
    make: Callable[[], Net], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelRefused, match=reason):
        imported(make(), tmp_path)


def test_layers_that_differ_from_the_file_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "outputs", lambda network, x: outputs(network, x) + 2)
    said = r"layers of net\.onnx differ by 2 from the model: expected at most 0\.001; an operator"
    with pytest.raises(ModelRefused, match=said):
        load(one_pixel().save(tmp_path / "net.onnx"))
