"""An activation is one function: of reference, bounds, lookup table and witness alike."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prover.systems.native.circuit.program import Program, compile_network
from prover.systems.native.network.activation import Clamp, Lookup
from prover.systems.native.network.bounds import bounded
from prover.systems.native.network.network import Integers, Layer
from prover.systems.native.network.reference import scores
from prover.systems.native.static_checks.replay import check_program
from prover.systems.native.witness import execute
from tests.unit.systems.native.networks import image_of, tiny_network

INTEGERS = st.integers(-(1 << 20), 1 << 20)


class Halved(Clamp):
    """Another function of q, which nothing but this file knows."""

    def of(self, q: Integers) -> Integers:
        return super().of(q >> 1)


class HalvedLayer(Layer):
    @property
    def activation(self) -> Clamp:
        return Halved(self.low, self.high)


@given(INTEGERS, INTEGERS, st.lists(INTEGERS, min_size=1))
def test_a_clamp_is_exact_and_never_falls(one: int, other: int, values: list[int]) -> None:
    low, high = sorted((one, other))
    found = Clamp(low, high).of(np.array(sorted(values)))
    assert found.tolist() == [min(max(value, low), high) for value in sorted(values)]
    assert (np.diff(found) >= 0).all()


def test_a_lookup_has_the_value_at_each_q() -> None:
    found = Lookup(Clamp(0, 3), -2, 5)
    assert found.q.tolist() == [-2, -1, 0, 1, 2, 3, 4, 5]
    assert found.y.tolist() == [0, 0, 0, 1, 2, 3, 3, 3]
    assert len(found) == 8


def looked_up(program: Program, image: Integers) -> set[tuple[int, ...]]:
    """(tag, q, y) of every cell of the circuit."""
    found = execute(program, image, program.rows)
    tags = program.columns["tag"]
    tags = np.pad(tags, ((0, 0), (0, program.rows - tags.shape[1])))
    cells = (tags, found.cells.quotient, found.cells.activation)
    return set(zip(*(column.ravel().tolist() for column in cells), strict=True))


def table_of(program: Program) -> set[tuple[int, ...]]:
    names = ("table_tag", "table_quotient", "table_activation")
    return set(zip(*(program.columns[name].tolist() for name in names), strict=True))


def test_another_function_needs_no_more_than_itself() -> None:
    """A layer that has it is bounded, placed, checked and executed as any other."""
    clamped = tiny_network()
    first = HalvedLayer(**vars(clamped.layers[0]))
    network = bounded(replace(clamped, layers=(first, *clamped.layers[1:])))
    program, image = compile_network(network, 3, 2), image_of(network, 1)
    check_program(program)
    found = execute(program, image, program.rows)
    assert found.outputs.tolist() == scores(network, image[None])[0].tolist()
    assert found.outputs.tolist() != scores(clamped, image[None])[0].tolist()
    of_layers = {cell for cell in looked_up(program, image) if cell[0] > 2}
    assert len(of_layers) > 3
    assert of_layers <= table_of(program)


def test_layers_of_one_activation_share_its_lookup() -> None:
    network = bounded(tiny_network())
    last = network.layers[-1]
    twice = replace(network, layers=(*network.layers, replace(last, name="c", q_low=-9_999)))
    assert len(twice.lookups()) == len(network.lookups()) == 2
    assert twice.lookups()[-1] == replace(network.lookups()[-1], q_low=-9_999)
