"""An integer network beside an ONNX file that gives another is found."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from prover.base.errors import UnsoundCircuit
from prover.systems.native.network import serialise
from prover.systems.native.network.importer import load
from prover.systems.native.network.network import Layer, Network
from prover.systems.native.network.quantise import Precision, measure, quantise
from prover.systems.native.network.real import RealNetwork
from prover.systems.native.network.sources.origin import require_origin
from tests.unit.systems.native.network.test_quantise import COARSE, FINE, PIXELS, images_of, real

__all__ = ["real"]
DIGITS = Path(__file__).parents[5] / "examples" / "digits-cnn.onnx"


@pytest.mark.parametrize("precision", [FINE, COARSE])
def test_what_a_model_gives_is_of_it(real: RealNetwork, precision: Precision) -> None:
    """Read again from its file, as whoever rebuilds it reads it."""
    network = converted(real, precision)
    require_origin(real, serialise.from_bytes(serialise.to_bytes(network)))


def converted(real: RealNetwork, precision: Precision = COARSE) -> Network:
    images = images_of(real, 4)
    return quantise(real, measure(real, images * PIXELS.scale), PIXELS, precision)


@cache
def digits() -> tuple[RealNetwork, Network]:
    read = load(DIGITS)
    return read, converted(read)


Change = Callable[[Layer], Layer]


def first_term(layer: Layer, **changed: object) -> Layer:
    term, *rest = layer.terms
    return replace(layer, terms=(replace(term, **changed), *rest))  # type: ignore[arg-type]


def heavier(layer: Layer) -> Layer:
    weight = layer.terms[0].weight.copy()
    weight.flat[-1] += 1
    return first_term(layer, weight=weight)


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        (heavier, "the weights of layer"),
        (lambda layer: replace(layer, bias=layer.bias[::-1] + 1), "the bias of layer"),
        (lambda layer: replace(layer, scale=2 * layer.scale), "of layer"),
        (lambda layer: replace(layer, scale=0.0), r"the scale 0\.0"),
        (lambda layer: replace(layer, scale=-1.0), r"the scale -1\.0"),
        (lambda layer: replace(layer, low=layer.low - 1), "the clamp of layer"),
        (lambda layer: first_term(layer, pads=(0, 0, 0, 0), stride=2), "the form of layer"),
        (lambda layer: replace(layer, terms=(*layer.terms, layer.terms[0])), "the number of terms"),
        (lambda layer: replace(layer, height=layer.height + 1), "the shape of layer"),
        (lambda layer: replace(layer, name="other"), "its list of layers"),
    ],
)
def test_another_layer_is_refused(change: Change, objection: str) -> None:
    read, network = digits()
    require_origin(read, network)
    first, *rest = network.layers
    with pytest.raises(UnsoundCircuit, match=objection):
        require_origin(read, replace(network, layers=(change(first), *rest)))


def test_another_input_is_refused() -> None:
    read, network = digits()
    for changed in (
        replace(network, input_scale=2 * network.input_scale),
        replace(network, input=replace(network.input, channels=3)),
        replace(network, output=network.layers[0].name),
    ):
        with pytest.raises(UnsoundCircuit, match="the integers are not those of the model"):
            require_origin(read, changed)
