"""A placed network satisfies the gates, computes the network, and passes its static checks."""

import numpy as np
import pytest
from hypothesis import given, settings

from prover.base.errors import StatementInvalid
from prover.statement.field import FIELD_MODULUS
from prover.systems.native.circuit.program import Program, compile_network
from prover.systems.native.network.network import Network
from prover.systems.native.static_checks.replay import check_program
from prover.systems.native.witness import execute
from tests.unit.systems.native.gates import Challenges, Evaluated
from tests.unit.systems.native.networks import image_of, networks, residual_network, tiny_network
from tests.unit.systems.native.plain import execute_plainly

LAYOUTS = [(1, 1), (2, 3), (3, 2), (7, 5)]


def rows_of(program: Program) -> int:
    return max(program.rows, program.columns["table_tag"].size)


@pytest.mark.parametrize(("lanes", "weight_lanes"), LAYOUTS)
def test_gates_hold_and_outputs_are_the_networks(lanes: int, weight_lanes: int) -> None:
    network = residual_network()
    program = compile_network(network, lanes, weight_lanes)
    image = image_of(network, 5)
    found = execute(program, image, rows_of(program))
    evaluated = Evaluated(program, found.cells, Challenges.draw(1), program.columns["tag"].shape[1])
    assert len(evaluated.closed) == len(program.network.layers) == 8
    assert not any(evaluated.closed.values())
    assert evaluated.outputs() == [value % FIELD_MODULUS for value in found.outputs.tolist()]
    assert found.outputs.tolist() == execute_plainly(network, image)


@settings(max_examples=40, deadline=None)
@given(networks())
def test_any_small_network_is_computed(network: Network) -> None:
    program = compile_network(network, 3, 2)
    check_program(program)
    image = image_of(network, 7)
    found = execute(program, image, rows_of(program))
    evaluated = Evaluated(program, found.cells, Challenges.draw(2), program.columns["tag"].shape[1])
    assert not any(evaluated.closed.values())
    assert found.outputs.tolist() == execute_plainly(network, image)


def test_every_lookup_is_counted() -> None:
    program = compile_network(tiny_network(), 3, 2)
    rows = rows_of(program) + 11
    found = execute(program, image_of(tiny_network(), 1), rows)
    assert found.multiplicities.sum() == 2 * 3 * rows
    assert found.multiplicities.min() >= 0
    table = {
        name: program.columns[name] for name in ("table_tag", "table_quotient", "table_activation")
    }
    tags = np.pad(program.columns["tag"], ((0, 0), (0, rows - program.columns["tag"].shape[1])))
    seen = list(
        zip(tags.ravel(), found.cells.quotient.ravel(), found.cells.activation.ravel(), strict=True)
    )
    for index, entry in enumerate(zip(*table.values(), strict=True)):
        if entry[0] != 1:
            assert found.multiplicities[index] == seen.count(tuple(map(int, entry)))


@pytest.mark.parametrize(("change", "problem"), [((0, 0, 0), "values"), (None, "shape")])
def test_an_input_outside_the_domain_is_refused(
    change: tuple[int, int, int] | None, problem: str
) -> None:
    program = compile_network(tiny_network(), 3, 2)
    image = image_of(tiny_network(), 1)
    if change is None:
        image = image[:, :, :2]
    else:
        image[change] = 8
    with pytest.raises(StatementInvalid, match=problem):
        execute(program, image, rows_of(program))
