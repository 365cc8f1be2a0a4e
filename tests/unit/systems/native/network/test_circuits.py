"""Every imported model that is tried here has a circuit, whose witness is the reference's."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from prover.systems.native.circuit.program import compile_network
from prover.systems.native.network.importer import load
from prover.systems.native.network.quantise import InputRange, Precision, measure, quantise
from prover.systems.native.network.reference import scores
from prover.systems.native.static_checks.replay import check_program
from prover.systems.native.witness import execute
from tests.unit.systems.ezkl.zoo import Net
from tests.unit.systems.native.network.test_importer import GOOD

SOURCE = InputRange(-20, 19, 1 / 16)
PRECISION = Precision(shift=8, activations=(31, 127), width=1 << 9, linear=63, score=127)
LANES, WEIGHT_LANES = 2, 3


@pytest.mark.parametrize("make", GOOD, ids=lambda make: make.__name__)
def test_a_circuit_gives_the_scores_of_the_reference(
    make: Callable[[], Net], tmp_path: Path
) -> None:
    real = load(make().save(tmp_path / "net.onnx"))
    shape = (3, *real.input_shape)
    images = np.random.default_rng(1).integers(SOURCE.low, SOURCE.high + 1, shape)
    spread = measure(real, images * SOURCE.scale)
    network = quantise(real, spread, SOURCE, PRECISION)
    program = compile_network(network, LANES, WEIGHT_LANES)
    check_program(program)
    found = [execute(program, image, program.rows).outputs for image in images]
    assert (np.array(found) == scores(network, images)).all()
