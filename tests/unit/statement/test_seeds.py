"""Seeds: everything derived is told apart, and a seed file comes back."""

import pytest

from prover.base.errors import StatementInvalid
from prover.statement.documents.inputs_file import Shape
from prover.statement.documents.seeds import Seed

SEED = Seed(bytes(range(32)))
SHAPE = Shape(slots=1, values=2, salt_elements=5, salt_bits=12, input_min=-1, input_max=1)


def test_what_is_derived_differs_by_purpose_name_and_index() -> None:
    derived = {
        SEED.test_set_key(b"a"),
        SEED.test_set_key(b"b"),
        SEED.record_key(b"a", 0),
        SEED.record_key(b"a", 1),
        SEED.record_key(b"b", 0),
        Seed(bytes(32)).record_key(b"a", 0),
        SEED.label_salt(b"a", 0),
        SEED.label_salt(b"a", 1),
        SEED.label_salt(b"b", 0),
    }
    assert len(derived) == 9
    assert {len(key) for key in derived} == {32}


def test_deriving_again_gives_the_same() -> None:
    again = Seed(bytes(range(32)))
    assert again.record_key(b"a", 3) == SEED.record_key(b"a", 3)
    assert again.salt(b"a", 3, SHAPE) == SEED.salt(b"a", 3, SHAPE)


def test_salt_fits_the_circuit_and_differs_by_item() -> None:
    salts = [SEED.salt(b"a", index, SHAPE) for index in range(50)]
    assert {len(salt) for salt in salts} == {5}
    elements = [element for salt in salts for element in salt]
    assert 0 <= min(elements) < 2**9
    assert 2**12 - 2**9 <= max(elements) < 2**12
    assert len(set(salts)) == 50


def test_a_seed_is_never_shown() -> None:
    assert SEED.value.hex() not in repr(SEED)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_seed_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(StatementInvalid, match=f"seed of {size} bytes"):
        Seed(bytes(size))


def test_fresh_seeds_differ() -> None:
    assert Seed.fresh() != Seed.fresh()


def test_a_seed_file_comes_back() -> None:
    assert Seed.from_bytes(SEED.to_bytes()) == SEED


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"7",
        SEED.value,
        SEED.to_bytes()[:-4],
        SEED.to_bytes().replace(b": 1", b": 2"),
        SEED.to_bytes().replace(b"00010203", b"0001020"),
        SEED.to_bytes().replace(b"0a0b0c", b"0A0B0C"),
        SEED.to_bytes().replace(b"00010203", b"000102zz"),
        SEED.to_bytes().replace(b"}", b', "more": 0}'),
        b'{"version": 1, "seed": 7}',
        b'{"version": 1}',
    ],
)
def test_another_file_is_refused_without_being_shown(content: bytes) -> None:
    with pytest.raises(StatementInvalid, match="cannot be read") as caught:
        Seed.from_bytes(content, "seed file /home/me/seed.json")
    assert str(caught.value).startswith("seed file /home/me/seed.json cannot be read")
    assert SEED.value.hex()[8:] not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
