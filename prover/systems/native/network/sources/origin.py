"""Whether an integer network is what a model gives under the scales that it states.

Which scales, and how many levels each layer has, was chosen with calibration data that nobody else
has. All the rest follows from the model: it is computed again, and compared.
"""

from math import isfinite

import numpy as np

from prover.base.errors import UnsoundCircuit
from prover.systems.native.network.network import Layer, Network, Term
from prover.systems.native.network.quantise import clamp_of, integer_layer
from prover.systems.native.network.real import RealLayer, RealNetwork
from prover.systems.native.network.scales import scale_groups


def require_origin(real: RealNetwork, network: Network) -> None:
    """Raise UnsoundCircuit naming the first layer that the model does not give."""
    tensor = network.input
    shape = tensor.channels, tensor.height, tensor.width
    _require(shape == real.input_shape and tensor.name == real.input_name, "its input")
    names = [layer.name for layer in network.layers]
    _require(names == [layer.name for layer in real.layers], "its list of layers")
    _require(network.output == real.output, "its output")
    scales = {tensor.name: network.input_scale}
    scales |= {layer.name: layer.scale for layer in network.layers}
    _require_scales(real, scales)
    clamps = {tensor.name: (tensor.low, tensor.high)}
    for expected, found in zip(real.layers, network.layers, strict=True):
        clamps[found.name] = found.low, found.high
        _require_layer(expected, found, scales, clamps, network.shift)


def _require_scales(real: RealNetwork, scales: dict[str, float]) -> None:
    """Positive, and equal where tensors are added."""
    united = scale_groups(real)
    for name, scale in scales.items():
        _require(isfinite(scale) and scale > 0, f"the scale {scale} of {name}")
        _require(scale == scales[united.root(name)], f"the scale {scale} of {name}")


def _require_layer(
    real: RealLayer,
    found: Layer,
    scales: dict[str, float],
    clamps: dict[str, tuple[int, int]],
    shift: int,
) -> None:
    """A clamp may be narrower than the model's: its levels were chosen."""
    name, clamp = found.name, clamps[found.name]
    most = max(abs(clamp[0]), abs(clamp[1]))
    _require(clamp_of(real, scales[name], clamps, most) == clamp, f"the clamp of layer {name}")
    wanted = integer_layer(real, scales, clamp, shift)
    shape = found.channels, found.height, found.width
    _require(shape == real.shape, f"the shape of layer {name}")
    _require(np.array_equal(found.bias, wanted.bias), f"the bias of layer {name}")
    _require(len(found.terms) == len(wanted.terms), f"the number of terms of layer {name}")
    for one, other in zip(found.terms, wanted.terms, strict=True):
        _require(_form(one) == _form(other), f"the form of layer {name}")
        _require(np.array_equal(one.weight, other.weight), f"the weights of layer {name}")


def _form(term: Term) -> tuple[object, ...]:
    return term.sources, term.stride, tuple(term.pads), term.groups, term.pooled


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise UnsoundCircuit(
            f"the integers are not those of the model: {what} is not what the ONNX file gives with "
            "the scales that the network states; do not use it"
        )
