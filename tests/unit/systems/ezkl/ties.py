"""Networks whose constants meet on the way into the circuit: equal ones, ones that fold away."""

from collections.abc import Callable

import numpy as np

from tests.unit.systems.ezkl.zoo import Net


def clip() -> Net:
    """Clip's span has two readers."""
    return capped(0.7)


def clip_of_another_span() -> Net:
    return capped(0.75)


def capped(cap: float) -> Net:
    net = Net((1, 8)).dense(8, 16)
    return net.then("Clip", net.constant(0.0), net.constant(cap)).dense(16, 3)


def same_offset_twice() -> Net:
    return offsets(0.3, 0.3)


def different_offsets() -> Net:
    return offsets(0.3, 0.301)


def offsets(first: float, second: float) -> Net:
    net = Net((1, 8)).dense(8, 16).then("Relu")
    net.then("Sub", net.constant(first)).then("Relu")
    return net.then("Add", net.constant(second)).dense(16, 3)


def tied_layers() -> Net:
    net = Net((1, 8))
    weight, bias = net.weight(8, 8), net.weight(8, spread=0.3)
    for _ in range(2):
        net.then("Gemm", weight, bias).then("Relu")
    return net.dense(8, 3)


def tied_convolutions() -> Net:
    """ezkl sets the scale of a bias anew for each convolution that reads it."""
    net = Net((1, 2, 6, 6))
    bias = net.weight(4, spread=0.3)
    for channels in (2, 4):
        weight = net.weight(4, channels, 3, 3)
        net.then("Conv", weight, bias, pads=[1] * 4).then("Relu")
    return flat(net, 144)


def convolutions_without_bias() -> Net:
    net = Net((1, 2, 6, 6))
    for channels in (2, 4):
        net.then("Conv", net.weight(4, channels, 3, 3), pads=[1] * 4).then("Relu")
    return flat(net, 144)


def relu_cap_difference() -> Net:
    net = Net((1, 8)).dense(8, 16)
    return net.then("Clip", net.constant(0.1), net.constant(0.203)).dense(16, 3)


def hard_swish_twice() -> Net:
    net = Net((1, 8)).dense(8, 8).then("HardSwish")
    left, net.last = net.last, "input"
    return net.dense(8, 8).then("HardSwish").then("Add", left).dense(8, 3)


def maximum_and_minimum() -> Net:
    net = Net((1, 8)).dense(8, 8).then("Relu")
    net.then("Max", net.constant(0.3)).then("Min", net.constant(0.9)).then("Min", net.constant(0.9))
    return net.dense(8, 3)


def overlapping_pool_after_a_bias() -> Net:
    """Slices move up through the sum: its constant gets several readers."""
    net = Net((1, 2, 4, 4)).conv(2, 4, 1, pads=[0] * 4)
    return flat(net.then("MaxPool", kernel_shape=[3, 3], strides=[1, 1]), 16)


def pool_after_clip() -> Net:
    net = Net((1, 2, 6, 6)).conv(2, 4, 1, pads=[0] * 4)
    net.then("Clip", net.constant(0.0), net.constant(0.7))
    return flat(net.then("MaxPool", kernel_shape=[3, 3], strides=[2, 2]), 16)


def pool_of_joined_branches() -> Net:
    net = Net((1, 2, 6, 6)).conv(2, 3, 1, pads=[0] * 4)
    left, net.last = net.last, "input"
    net.conv(2, 3).then("Relu").then("Concat", left, axis=1)
    return flat(net.then("MaxPool", kernel_shape=[2, 2], strides=[1, 1]), 150)


def pointwise_after_concat() -> Net:
    """A sum over what was joined becomes a sum of sums."""
    net = Net((1, 2, 4, 4)).conv(2, 3).then("Relu")
    left = net.last
    net.conv(3, 3).then("Relu").then("Concat", left, axis=1)
    return flat(net.conv(6, 3, 1, pads=[0] * 4).then("Relu"), 48)


def spatial_after_pointwise() -> Net:
    """The batch axis goes, and ezkl takes wrong windows."""
    net = Net((1, 2, 6, 6)).conv(2, 3, 1, pads=[0] * 4).then("Relu")
    return flat(net.conv(3, 2).then("Relu"), 72)


def pooled_after_pointwise() -> Net:
    net = Net((1, 2, 6, 6)).conv(2, 3, 1, pads=[0] * 4)
    return flat(net.then("AveragePool", kernel_shape=[2, 2], strides=[2, 2]), 27)


def one_dimension_after_pointwise() -> Net:
    net = Net((1, 2, 8))
    net.then("Conv", net.weight(3, 2, 1)).then("Relu")
    net.then("Conv", net.weight(2, 3, 3), pads=[1, 1]).then("Relu")
    return flat(net, 16)


def image_from_a_dense_layer() -> Net:
    net = Net((1, 6)).dense(6, 16).then("Relu")
    net.then("Reshape", net.constant([1, 1, 4, 4], np.int64))
    return flat(net.conv(1, 2).then("Relu"), 32)


def joined_means() -> Net:
    """Flattening what was joined leaves its parts apart."""
    net = Net((1, 2, 4, 4)).conv(2, 3).then("Relu").then("GlobalAveragePool")
    left, net.last = net.last, "input"
    net.conv(2, 2).then("Relu").then("GlobalAveragePool").then("Concat", left, axis=1)
    return flat(net, 5)


def joined_twice() -> Net:
    net = Net((1, 6)).dense(6, 3).then("Relu")
    first, net.last = net.last, "input"
    second, net.last = net.dense(6, 2).last, "input"
    third = net.dense(6, 4).then("Relu").last
    net.apply("Concat", [first, second], axis=1).then("Concat", third, axis=1)
    return net.then("MatMul", net.weight(9, 3))


def halves_of_a_clip() -> Net:
    net = Net((1, 8)).dense(8, 8)
    net.then("Clip", net.constant(-0.5), net.constant(0.7))
    whole = net.last
    parts = []
    for start in (0, 4):
        bounds = [net.constant([value], np.int64) for value in (start, start + 4, 1)]
        parts.append(net.apply("Slice", [whole, *bounds]).last)
    return net.apply("Mul", parts).dense(4, 3)


def strided_pointwise() -> Net:
    net = Net((1, 2, 6, 6)).conv(2, 4).then("Relu")
    return flat(net.conv(4, 4, 1, pads=[0] * 4, strides=[2, 2]).then("Relu"), 36)


def offset_per_channel() -> Net:
    return per_channel("Add", (1, 4, 1, 1))


def factor_per_channel() -> Net:
    return per_channel("Mul", (1, 4, 1, 1))


def offset_for_all() -> Net:
    return per_channel("Add", (1,))


def per_channel(operator: str, shape: tuple[int, ...]) -> Net:
    net = Net((1, 2, 6, 6)).conv(2, 4)
    net.then(operator, net.constant(net.random.normal(0, 0.4, shape)))
    return flat(net.then("Relu"), 144)


def constant_less_convolution() -> Net:
    """The importer would forget to turn the sign of the weights."""
    net = Net((1, 2, 6, 6)).conv(2, 1)
    return flat(net.then("Clip", "", net.constant(0.7)), 36)


def factor_one() -> Net:
    return scaled_by(np.ones(8))


def factor_zero() -> Net:
    return scaled_by(np.zeros(8))


def factor_half() -> Net:
    return scaled_by(np.full(8, 0.5))


def scaled_by(factor: object) -> Net:
    net = Net((1, 8)).dense(8, 8)
    return net.then("Mul", net.constant(factor)).then("Relu").dense(8, 3)


def single_score_halved() -> Net:
    net = Net((1, 8)).dense(8, 1)
    return net.then("Mul", net.constant(0.5)).then("Add", net.constant(0.0))


def one_of_many_halved() -> Net:
    net = Net((1, 8)).dense(8, 8)
    net.then("Mul", net.constant(0.5))
    bounds = [net.constant([value], np.int64) for value in (0, 1, 1)]
    return net.then("Slice", *bounds).then("Relu").dense(1, 3)


def nothing_subtracted() -> Net:
    net = Net((1, 8))
    return net.then("Sub", net.constant(0.0)).then("Mul", net.constant(1.0)).dense(8, 3)


def negatives() -> Net:
    net = Net((1, 4))
    for _ in range(2):
        net.then("Neg").dense(4, 4).then("LeakyRelu", alpha=0.5)
    return net


def tied_thrice() -> Net:
    net = Net((1, 6))
    weight, bias = net.weight(6, 6), net.weight(6, spread=0.3)
    for cap in (0.4, 0.6, 0.4):
        net.then("Gemm", weight, bias).then("Clip", net.constant(0.0), net.constant(cap))
    return net.then("MatMul", weight).then("Add", bias)


def tied_with_its_transpose() -> Net:
    net = Net((1, 6))
    weight = net.random.normal(0, 0.5, (6, 6))
    net.then("Gemm", net.constant(weight), transB=1).then("Relu")
    return net.then("Gemm", net.constant(weight.T)).then("Relu").then("Gemm", net.constant(weight))


def row_of_weights_as_bias() -> Net:
    """A map of one row and the bias behind it have the same values."""
    net = Net((1, 1))
    row = net.random.normal(0, 0.5, (1, 5))
    net.then("Gemm", net.constant(row), net.constant(row[0])).then("Relu")
    return net.then("Mul", net.constant(row)).then("Add", net.constant(row)).dense(5, 3)


def offset_of_the_factor() -> Net:
    """Factor and offset of a normalisation are one constant."""
    net = Net((1, 2, 4, 4)).conv(2, 4)
    shared, zeros = net.constant([0.3, 0.5, 0.7, 0.3]), net.constant(np.zeros(4))
    net.then("BatchNormalization", shared, shared, zeros, net.constant(np.ones(4))).then("Relu")
    net.then("GlobalAveragePool").then("Flatten").then("Mul", shared).then("Add", shared)
    return net.dense(4, 3)


def only_the_sign_differs() -> Net:
    net = Net((1, 6)).dense(6, 6)
    net.then("Add", net.constant(0.3)).then("Relu").then("Add", net.constant(-0.3))
    net.then("Sub", net.constant(-0.3)).then("Clip", net.constant(-0.3), net.constant(0.3))
    return net.dense(6, 3)


def only_the_shape_differs() -> Net:
    net = Net((1, 4)).dense(4, 4)
    for shape in ((), (1,), (4,), (1, 4)):
        net.then("Add", net.constant(np.full(shape, 0.3))).then("Relu")
    return net.dense(4, 3)


def residual_of_equal_caps() -> Net:
    net = Net((1, 2, 4, 4)).conv(2, 4)
    low, high = net.constant(0.0), net.constant(0.7)
    left = net.then("Clip", low, high).last
    net.conv(4, 4).then("Clip", low, high).then("Add", left).then("Clip", low, high)
    return flat(net, 64)


def caps_at_offsets() -> Net:
    """Cap, offset and factor are one value."""
    net = Net((1, 6)).dense(6, 6)
    for value in (0.7, 0.7):
        net.then("Clip", net.constant(-value), net.constant(value)).then("Mul", net.constant(value))
        net.then("Add", net.constant(value))
    return net.dense(6, 3)


def ones_everywhere() -> Net:
    net = Net((1, 4))
    ones = net.constant(np.ones((4, 4)))
    net.then("Gemm", ones, net.constant(np.ones(4))).then("Clip", "", net.constant(1.0))
    net.then("Add", net.constant(1.0)).then("Mul", net.constant(np.ones(4))).then("Gemm", ones)
    return net.then("Sub", net.constant(np.ones((1, 4))))


def divided_by_its_offset() -> Net:
    net = Net((1, 6)).dense(6, 6)
    net.then("Sub", net.constant(0.3)).then("Div", net.constant(0.3)).then("Relu")
    net.then("Div", net.constant(4.0)).then("Min", net.constant(4.0)).then("Max", net.constant(0.3))
    return net.dense(6, 3)


def minimum_and_maximum_of_a_bias() -> Net:
    net = Net((1, 6))
    bias = net.weight(6, spread=0.3)
    net.then("Gemm", net.weight(6, 6), bias).then("Min", bias).then("Max", bias).then("Add", bias)
    return net.dense(6, 3)


def leaks_of_one_slope() -> Net:
    net = Net((1, 6)).dense(6, 6)
    slope = net.constant(np.full((6,), 0.3))
    net.then("LeakyRelu", alpha=0.3).then("Mul", net.constant(0.3)).then("LeakyRelu", alpha=0.3)
    return net.then("PRelu", slope).then("Add", slope).dense(6, 3)


def caps_of_convolutions() -> Net:
    net = Net((1, 2, 5, 5))
    low = net.constant(0.0)
    for channels, cap in ((2, 0.7), (3, 0.7), (3, 0.701)):
        net.conv(channels, 3).then("Clip", low, net.constant(cap))
    return flat(net.then("AveragePool", kernel_shape=[2, 2], strides=[1, 1]), 48)


def flat(net: Net, elements: int) -> Net:
    return net.then("Flatten").dense(elements, 3)


TIES: dict[str, Callable[[], Net]] = {
    f.__name__: f
    for f in (
        clip,
        clip_of_another_span,
        same_offset_twice,
        different_offsets,
        tied_layers,
        tied_convolutions,
        convolutions_without_bias,
        relu_cap_difference,
        hard_swish_twice,
        maximum_and_minimum,
        overlapping_pool_after_a_bias,
        pool_after_clip,
        pool_of_joined_branches,
        pointwise_after_concat,
        spatial_after_pointwise,
        pooled_after_pointwise,
        one_dimension_after_pointwise,
        image_from_a_dense_layer,
        joined_means,
        joined_twice,
        halves_of_a_clip,
        strided_pointwise,
        offset_per_channel,
        factor_per_channel,
        offset_for_all,
        constant_less_convolution,
        factor_one,
        factor_zero,
        factor_half,
        single_score_halved,
        one_of_many_halved,
        nothing_subtracted,
        negatives,
        tied_thrice,
        tied_with_its_transpose,
        row_of_weights_as_bias,
        offset_of_the_factor,
        only_the_sign_differs,
        only_the_shape_differs,
        residual_of_equal_caps,
        caps_at_offsets,
        ones_everywhere,
        divided_by_its_offset,
        minimum_and_maximum_of_a_bias,
        leaks_of_one_slope,
        caps_of_convolutions,
    )
}
