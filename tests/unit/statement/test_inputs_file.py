"""The inputs file: one form only, and nothing outside the circuit's domain."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.statement import poseidon
from prover.statement.commitment import input_commitment, inputs_hash
from prover.statement.documents.inputs_file import InputsFile, Item, Shape, data_hash, salted
from prover.statement.field import FIELD_MODULUS

SHAPE = Shape(slots=2, values=3, salt_elements=2, salt_bits=60, input_min=-8, input_max=8)
values = st.tuples(*[st.integers(-8, 8)] * 3)
salts = st.tuples(*[st.integers(0, 2**52)] * 2)
items = st.builds(Item, values, salts)
files = st.builds(
    InputsFile,
    st.binary(min_size=32, max_size=32),
    st.lists(items, min_size=1, max_size=2).map(tuple),
)


@given(files)
def test_a_file_gives_its_content_back(inputs_file: InputsFile) -> None:
    content = inputs_file.to_bytes()
    assert InputsFile.from_bytes(content) == inputs_file
    assert len(content) <= SHAPE.max_bytes
    assert len(data_hash(content)) == 32


@given(files, st.data())
def test_another_form_of_the_same_content_is_refused(
    inputs_file: InputsFile, data: st.DataObject
) -> None:
    content = inputs_file.to_bytes()
    at = data.draw(st.integers(0, len(content)))
    with pytest.raises(StatementInvalid):
        InputsFile.from_bytes(content[:at] + b" " + content[at:])


@given(st.binary(max_size=80))
def test_no_other_file_is_accepted(content: bytes) -> None:
    with pytest.raises(StatementInvalid):
        InputsFile.from_bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        b'{"circuitId":"0x00","items":[],"version":1}',
        b'{"items":[],"version":1}',
        b'{"circuitId":"0x' + b"00" * 32 + b'","items":[{"salt":[],"values":[1.5]}],"version":1}',
        b'{"circuitId":"0x' + b"00" * 32 + b'","items":[{"salt":[],"values":[true]}],"version":1}',
        b'{"circuitId":"0x' + b"00" * 32 + b'","items":[{"values":[1]}],"version":1}',
        b"[" * 100_000,
        b"null",
    ],
)
def test_a_file_of_another_form_is_refused(content: bytes) -> None:
    with pytest.raises(StatementInvalid):
        InputsFile.from_bytes(content)


def test_words_and_commitments_are_those_of_the_statement() -> None:
    public, hashed = Item((-1, 2, 3)), Item((-1, 2, 3), (4, 5))
    assert public.words() == (FIELD_MODULUS - 1, 2, 3)
    assert hashed.words() == (poseidon.digest([-1, 2, 3, 4, 5]),)
    inputs_file = InputsFile(bytes(32), (public, hashed))
    commitments = [input_commitment(item.words()) for item in inputs_file.items]
    assert inputs_file.inputs_hash() == inputs_hash(commitments)


GOOD = InputsFile(bytes(32), (Item((-8, 0, 8), (0, 2**60 - 1)),))


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ((), "0 items"),
        (GOOD.items * 3, "3 items"),
        ((Item((1, 2), (1, 1)),), "2 values"),
        ((Item((1, 2, 3)),), "0 salt elements"),
        ((Item((1, 2, 9), (1, 1)),), "value 9 at place 2"),
        ((Item((1, -9, 3), (1, 1)),), "value -9 at place 1"),
        ((Item((1, 2, 3), (1, 2**60)),), "salt element"),
        ((Item((1, 2, 3), (-1, 1)),), "salt element"),
    ],
)
def test_what_has_no_witness_is_refused(items: tuple[Item, ...], words: str) -> None:
    GOOD.check(SHAPE)
    with pytest.raises(StatementInvalid, match=words):
        replace(GOOD, items=items).check(SHAPE)


def test_a_round_has_exactly_the_items_of_its_terms() -> None:
    many = replace(GOOD, items=GOOD.items * 5)
    many.check_round(SHAPE, 5)
    for count in (4, 6):
        with pytest.raises(StatementInvalid, match="exactly the"):
            many.check_round(SHAPE, count)


def test_each_item_of_a_round_is_checked() -> None:
    bad = replace(GOOD, items=(*GOOD.items * 4, Item((1, 2, 9), (1, 1))))
    with pytest.raises(StatementInvalid, match="item 4 has the value 9"):
        bad.check_round(SHAPE, 5)


def test_a_file_of_many_items_stays_within_its_size() -> None:
    widest = Item((-8, -8, -8), (2**52, 2**52))
    content = InputsFile(b"\xff" * 32, (widest,) * 500).to_bytes()
    assert len(content) <= SHAPE.max_bytes_of(500)
    assert SHAPE.max_bytes == SHAPE.max_bytes_of(SHAPE.slots)


def test_salt_is_fresh_and_long_enough() -> None:
    assert salted((1, 2, 3), SHAPE) != salted((1, 2, 3), SHAPE)
    assert salted((1, 2, 3), replace(SHAPE, salt_elements=0)).salt == ()
    with pytest.raises(StatementInvalid, match="at least 120 bits"):
        salted((1, 2, 3), replace(SHAPE, salt_bits=59))
