"""Sealed items: content, encryption and leaves."""

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.statement.documents import sealed
from prover.statement.documents.inputs_file import Item, Shape
from prover.statement.tree import leaf_hash

SHAPE = Shape(slots=4, values=2, salt_elements=3, salt_bits=15, input_min=-128, input_max=127)
ITEM = Item((-128, 127), (0, 2**15 - 1, 7))
KEY = b"\x5a" * 32


def test_content_is_four_signed_bytes_an_element_values_first() -> None:
    assert sealed.content_of(Item((-1, 2), (3,))) == bytes.fromhex("ffffffff0000000200000003")


def test_an_item_comes_back_from_its_content() -> None:
    assert sealed.item_of(sealed.content_of(ITEM), SHAPE) == ITEM


@pytest.mark.parametrize("element", [2**31, -(2**31) - 1])
def test_an_element_that_does_not_fit_is_refused(element: int) -> None:
    with pytest.raises(StatementInvalid, match=f"element 1 is {element}"):
        sealed.content_of(Item((0, element), ()))


@pytest.mark.parametrize("change", [-1, 1])
def test_another_length_is_refused(change: int) -> None:
    content = sealed.content_of(ITEM)
    wrong = content[:-1] if change < 0 else content + b"\x00"
    with pytest.raises(StatementInvalid, match="expected exactly 20"):
        sealed.item_of(wrong, SHAPE)


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (Item((-129, 0), (0, 0, 0)), "value 0"),
        (Item((0, 128), (0, 0, 0)), "value 1"),
        (Item((0, 0), (0, -1, 0)), "salt element 1"),
        (Item((0, 0), (0, 0, 2**15)), "salt element 2"),
    ],
)
def test_an_element_outside_its_range_is_refused(item: Item, name: str) -> None:
    with pytest.raises(StatementInvalid, match=name):
        sealed.item_of(sealed.content_of(item), SHAPE)


def test_the_keystream_is_that_of_the_specification() -> None:
    blocks = [keccak(encode(["bytes32", "uint256", "uint256"], [KEY, 9, j])) for j in range(3)]
    assert sealed.seal(bytes(70), KEY, 9) == b"".join(blocks)[:70]


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=32), st.integers(0, 65_535))
def test_opening_undoes_sealing(content: bytes, key: bytes, index: int) -> None:
    assert sealed.open_sealed(sealed.seal(content, key, index), key, index) == content


def test_each_item_and_each_key_has_another_stream() -> None:
    streams = {sealed.seal(bytes(32), key, i) for key in (KEY, bytes(32)) for i in (0, 1)}
    assert len(streams) == 4


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(StatementInvalid, match="key of 31 bytes"):
        sealed.seal(b"", KEY[:31], 0)


def test_leaves_are_those_of_the_contracts() -> None:
    words = [b"\x01" * 32, b"\x02" * 32, b"\x03" * 32]
    number = (5).to_bytes(32, "big")
    assert sealed.record_leaf(5, *words) == leaf_hash(number + b"".join(words))
    assert sealed.item_leaf(5, *words[:2]) == leaf_hash(number + b"".join(words[:2]))
    assert sealed.inner_hash(words[0], 5) == keccak(words[0] + number)
    assert sealed.key_hash(words[0]) == keccak(words[0])


def test_the_label_is_found_by_trying() -> None:
    commitment = b"\x01" * 32
    assert sealed.label_of(commitment, sealed.inner_hash(commitment, 9), 10) == 9
    assert sealed.label_of(commitment, sealed.inner_hash(commitment, 10), 10) is None


@pytest.mark.parametrize(("values", "salt"), [(1025 - 3, 3), (10, 0)])
def test_what_cannot_be_disputed_on_chain_is_refused(values: int, salt: int) -> None:
    with pytest.raises(StatementInvalid, match="2 to 1024 with salt"):
        sealed.check_sealable(Shape(1, values, salt, 15, -1, 1))
    sealed.check_sealable(Shape(1, 1024 - 3, 3, 15, -1, 1))
