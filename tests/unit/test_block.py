"""The block that benchmarks/block.py proves is the whole network's; what was seen of it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.block import MEANS, block_of, predicted, value_of
from benchmarks.imagenet import RESULT as WHOLE
from benchmarks.performance import read
from prover.systems.native.circuit.layout import CircuitLayout
from prover.systems.native.circuit.program import compile_network
from prover.systems.native.network import reference
from prover.systems.native.network.bounds import bounded
from prover.systems.native.network.network import Layer, Network, Tensor, Term
from prover.systems.native.static_checks.replay import check_program
from prover.systems.native.witness import execute

CHANNELS, HIDDEN, SIZE, SHIFT = 3, 6, 4, 6


def small() -> Network:
    """A layer, then an inverted residual, named as in EfficientNet-Lite0."""
    draw = np.random.default_rng(0)

    def layer(name: str, source: str, weight: tuple[int, ...], groups: int, low: int) -> Layer:
        pad = weight[2] // 2
        term = Term((source,), draw.integers(-20, 21, weight), 1, (pad,) * 4, groups, pooled=False)
        bias = draw.integers(-50, 50, weight[0])
        return Layer(name, (term,), bias, low, 31, 0, 0, weight[0], SIZE, SIZE, 0.5)

    layers = (
        layer("before", "image", (CHANNELS, 2, 3, 3), 1, -31),
        layer("_blocks.6.expanded", "before", (HIDDEN, CHANNELS, 1, 1), 1, 0),
        layer("_blocks.6.filtered", "_blocks.6.expanded", (HIDDEN, 1, 3, 3), HIDDEN, 0),
        layer("_blocks.6._project_conv", "_blocks.6.filtered", (CHANNELS, HIDDEN, 1, 1), 1, -31),
    )
    tensor = Tensor("image", 2, SIZE, SIZE, -8, 7)
    return bounded(Network("small", tensor, layers, SHIFT, "_blocks.6._project_conv"))


def images() -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.random.default_rng(1).integers(-8, 8, (2, 2, SIZE, SIZE))


def test_the_block_computes_what_it_does_in_the_whole_network() -> None:
    whole = small()
    block = block_of(whole, 6)
    before = value_of(whole, "before", images())
    inside = {found.layer.name: found.y for found in reference.run(block, before)}
    for found in reference.run(whole, images()):
        if found.layer.name in inside:
            assert (found.y == inside[found.layer.name]).all()
    total = before + inside["_blocks.6._project_conv"]
    expected = np.floor(total.mean(axis=(2, 3)) + 0.5)
    assert (inside[MEANS].reshape(expected.shape) == expected).all()


def test_the_block_has_a_circuit() -> None:
    whole = small()
    block = block_of(whole, 6)
    program = compile_network(block, 3, 2)
    check_program(program)
    for image in value_of(whole, "before", images()):
        outputs = execute(program, image, program.rows).outputs
        assert (outputs == reference.scores(block, image[None]).ravel()).all()


def test_a_block_without_a_single_input_or_a_missing_tensor_is_refused() -> None:
    whole = small()
    (term,) = whole.layers[1].terms
    double = replace(whole.layers[1], terms=(replace(term, sources=("before", "before")),))
    layers = (whole.layers[0], double, *whole.layers[2:])
    with pytest.raises(ValueError, match="too many values"):
        block_of(replace(whole, layers=layers), 6)
    with pytest.raises(KeyError, match="nowhere"):
        value_of(whole, "nowhere", images())


def test_the_prediction_is_in_proportion_to_rows_and_columns() -> None:
    layout = {"k": 20, "lanes": 9, "weight_lanes": 5}
    whole = {"layout": layout, "prove_seconds": 200.0, "peak_gib": 8.0}
    assert predicted(CircuitLayout(20, 9, 5), whole) == {"seconds": 200.0, "gib": 8.0}
    assert predicted(CircuitLayout(18, 9, 5), whole) == {"seconds": 50.0, "gib": 2.0}
    assert predicted(CircuitLayout(20, 2, 5), whole)["seconds"] < 150


def test_the_committed_block_is_the_one_that_was_asked_for() -> None:
    found = read("block")
    assert found["shape"] == [80, 480, 14]
    assert found["equal_to_the_reference"]
    layout = CircuitLayout(**found["layout"])
    assert found["predicted"] == predicted(layout, found["predicted_from"])
    assert 0.5 < found["prove_seconds"] / found["predicted"]["seconds"] < 2
    assert set(json.loads(WHOLE.read_text())) >= set(found["predicted_from"])
