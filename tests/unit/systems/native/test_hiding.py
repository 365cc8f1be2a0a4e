"""What hides an image, and for how many proofs."""

from pathlib import Path

import pytest

from prover.base.errors import ProvingError
from prover.statement.documents.inputs_file import Shape, salted
from prover.statement.field import FIELD_MODULUS
from prover.systems.native.circuit.layout import CircuitLayout
from prover.systems.native.circuit.program import compile_network
from prover.systems.native.hiding import image as hiding
from tests.unit.systems.native.networks import tiny_network

SEED = bytes(range(32))


def test_a_seed_gives_all_that_hides_and_nothing_twice() -> None:
    one, same = hiding.secrets_of(SEED, 5, 2), hiding.secrets_of(SEED, 5, 2)
    assert one == same
    words = [*one.salt, *one.chunks]
    assert len(set(words)) == 7
    assert all(0 <= word < FIELD_MODULUS and word.bit_length() > 200 for word in words)
    other = hiding.secrets_of(SEED[:-1] + b"\0", 5, 2)
    assert not {*other.salt, *other.chunks} & set(words)
    assert other.image_seed != one.image_seed
    assert hiding.secrets_of(SEED, 9, 2).salt[:5] == one.salt


def test_an_items_salt_is_a_seed() -> None:
    shape = Shape(1, 3, hiding.SEED_ELEMENTS, hiding.SEED_BITS, 0, 9)
    item = salted([1, 2, 3], shape)
    assert len(hiding.seed_of(item.salt)) == 32
    assert hiding.seed_of((1,) + (0,) * 7) == b"\0\0\0\1" + bytes(28)


def test_how_many_proofs_are_hidden() -> None:
    """The commitment and each proof's four values are fewer than the random ones."""
    assert [hiding.proofs_hidden(cells) for cells in (0, 3, 8, 128)] == [1, 2, 3, 33]
    for cells in range(200):
        told = 1 + 4 * hiding.proofs_hidden(cells)
        assert told <= cells + 6 < told + 4


def test_as_many_cells_as_fit() -> None:
    program = compile_network(tiny_network(), 2, 1)
    image = program.stored[program.network.input.name].stop
    assert hiding.salt_cells(program, CircuitLayout(7, 2, 1)) == (1 << 7) - 7 - image
    assert hiding.salt_cells(program, CircuitLayout(10, 2, 1)) == 128


def test_proofs_are_counted_by_commitment(tmp_path: Path) -> None:
    for _ in range(3):
        hiding.spend(tmp_path, b"\1" * 32, 3)
    hiding.spend(tmp_path, b"\2" * 32, 3)
    with pytest.raises(ProvingError, match="3 proofs were made about this input"):
        hiding.spend(tmp_path, b"\1" * 32, 3)
    hiding.spend(tmp_path, b"\2" * 32, 3)
