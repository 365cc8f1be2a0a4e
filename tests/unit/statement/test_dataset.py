"""Sealed datasets: one form of the public file, keys that never meet, matches as proven."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.statement.documents.dataset import (
    Format,
    PublicDataset,
    PublicRecord,
    data_hash,
    max_bytes_of,
    name_of,
    record_keys,
    salted_records,
    sealed_dataset,
)
from prover.statement.documents.inputs_file import Item, Shape
from prover.statement.documents.sealed import Malformed, content_of, key_hash, open_sealed, seal
from prover.statement.documents.seeds import Seed
from prover.statement.field import FIELD_MODULUS
from prover.statement.sealing import Chunks, SealedForm, Sealing
from prover.statement.tree import build, check_membership
from tests.contracts.sealed import PACKED, packed_chunks, with_digit

SEALED_FORM = SealedForm(Sealing(6, 6, 4, 31), 1, -9, 8)
FORM = Format.of(SEALED_FORM, 2, 0.125)
SHAPE = Shape(7, 2, 4, 31, -9, 8)
SEED = Seed(b"\x05" * 32)
ROWS = ((-9, 8), (0, 0), (0, 0), (3, -4), (1, 2))
hashes = st.binary(min_size=32, max_size=32)
contents = st.binary(min_size=24, max_size=24).map(lambda one: (one,))
digests = st.integers(0, FIELD_MODULUS - 1).map(lambda one: (one,))
records = st.builds(PublicRecord, contents, digests, hashes)
public_files = st.builds(
    PublicDataset, st.just(FORM), st.lists(records, min_size=1, max_size=4).map(tuple)
)


@pytest.fixture(scope="module")
def sealed() -> tuple[list[Item], list[bytes], PublicDataset]:
    items, keys = salted(ROWS), record_keys(FORM, ROWS, SEED)
    return items, keys, sealed_dataset(FORM, list(map(chunks_of, items)), keys)


def salted(rows: Sequence[Sequence[int]]) -> list[Item]:
    return salted_records(FORM, SHAPE, rows, SEED)


def chunks_of(item: Item) -> Chunks:
    return ((*item.values, *item.salt),)


# ---------------------------------------------------------------- the file


@given(public_files)
def test_a_file_gives_the_dataset_back(public: PublicDataset) -> None:
    content = public.to_bytes()
    assert PublicDataset.from_bytes(content) == public
    assert len(content) <= max_bytes_of(len(public.records), FORM)
    assert len(data_hash(content)) == 32


@given(public_files, st.data())
def test_another_form_of_the_same_content_is_refused(
    public: PublicDataset, data: st.DataObject
) -> None:
    content = public.to_bytes()
    at = data.draw(st.integers(0, len(content)))
    with pytest.raises(StatementInvalid):
        PublicDataset.from_bytes(content[:at] + b" " + content[at:])


@given(st.binary(max_size=80))
def test_no_other_file_is_accepted(content: bytes) -> None:
    with pytest.raises(StatementInvalid):
        PublicDataset.from_bytes(content)


GOOD = PublicDataset(
    FORM, (PublicRecord((b"\x01" * 24,), (int.from_bytes(b"\x02" * 32, "big"),), b"\x03" * 32),)
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"version":2', b'"version":1'),
        (b'"version":2', b'"version":2,"version":2'),
        (b'"input_unit":0.125', b'"input_unit":0.1250'),
        (b'"input_unit":0.125', b'"input_unit":true'),
        (b'"input_unit":0.125', b'"input_unit":"1"'),
        (b'"input_unit":0.125', b'"input_unit":NaN'),
        (b'"input_unit":0.125,', b""),
        (b'"input_unit":0.125', b'"input_unit":0.125,"more":1'),
        (b'"salt_bits"', b'"salt_bytes"'),
        (b'"values":2', b'"values":2.0'),
        (b'"values":2', b'"values":true'),
        (b'"elements":6,"input_max"', b'"elements":5,"input_max"'),
        (b'"digest_elements":6', b'"digest_elements":5'),
        (b'"digest_elements":6', b'"digest_elements":-6'),
        (b'"digit_bits":0', b'"digit_bits":1'),
        (b'"chunks":1,', b'"chunks":2,'),
        (b'"chunks":1,', b'"chunks":%d,' % 2**255),
        (b'"chunks":[', b'"chunks":["0x01",'),
        (b'"digests":[', b'"digests":["0x%s",' % (b"02" * 32)),
        (b'"digests":[', b'"digests":[[],'),
        (b'"padding_root":"0x', b'"padding_root":"0X'),
        (b'"padding_root":"0x', b'"padding_root":"0x00'),
        (b"0x" + b"01" * 24, b"0x" + b"01" * 23),
        (b"0x" + b"01" * 24, b"0x" + b"01" * 25),
        (b"0x" + b"01" * 24, b"0x" + b"0A" * 24),
        (b"0x" + b"01" * 24, b"0x"),
        (b"0x" + b"02" * 32, b"0x" + b"02" * 31),
        (b"0x" + b"03" * 32, b"0x" + b"03" * 33),
        (b'"keyHash"', b'"key"'),
        (b'"0x' + b"03" * 32 + b'"', b"3"),
        (b'"records":[', b'"records":[{},'),
    ],
)
def test_a_file_of_another_form_is_refused(old: bytes, new: bytes) -> None:
    content = GOOD.to_bytes()
    assert content.count(old) == 1
    with pytest.raises(StatementInvalid, match="dataset file"):
        PublicDataset.from_bytes(content.replace(old, new))


@pytest.mark.parametrize("content", [b"[" * 10**6, b'{"a":' * 10**6, b"null", b"{}", b""])
def test_a_file_that_only_looks_like_one_is_refused(content: bytes) -> None:
    with pytest.raises(StatementInvalid, match="cannot be read"):
        PublicDataset.from_bytes(content)


def test_records_of_endless_depth_never_reach_the_parser() -> None:
    head, tail = GOOD.to_bytes().split(b'"0x' + b"03" * 32 + b'"')
    for deep in (b'{"a":' * 10**5 + b"1" + b"}" * 10**5, b"[" * 10**5 + b"]" * 10**5):
        with pytest.raises(StatementInvalid, match="at most 4 deep"):
            PublicDataset.from_bytes(head + deep + tail)


def test_a_dataset_without_records_is_refused() -> None:
    with pytest.raises(StatementInvalid, match="0 records"):
        PublicDataset.from_bytes(PublicDataset(FORM, ()).to_bytes())
    with pytest.raises(StatementInvalid, match="0 records: expected 1 to"):
        salted(())


# ---------------------------------------------------------------- sealing


def test_each_record_opens_with_its_own_key_alone(
    sealed: tuple[list[Item], list[bytes], PublicDataset],
) -> None:
    items, keys, public = sealed
    for index, (item, record) in enumerate(zip(items, public.records, strict=True)):
        assert record.opened(index, keys[index], SEALED_FORM) == chunks_of(item)
        for other, key in enumerate(keys):
            if other != index:
                with pytest.raises(StatementInvalid, match="not the one committed to"):
                    record.opened(index, key, SEALED_FORM)


def test_the_root_is_that_of_the_leaves(
    sealed: tuple[list[Item], list[bytes], PublicDataset],
) -> None:
    public = sealed[2]
    leaves = [record.leaf(index) for index, record in enumerate(public.records)]
    assert public.tree.root == build(leaves).root
    check_membership(public.tree.root, len(ROWS), 3, leaves[3], public.tree.path(3))
    assert len(set(leaves)) == len(ROWS)  # two records are equal, their leaves are not


def test_equal_records_have_other_keys_salts_and_ciphertexts(
    sealed: tuple[list[Item], list[bytes], PublicDataset],
) -> None:
    items, keys, public = sealed
    assert items[1].values == items[2].values
    assert items[1].salt != items[2].salt
    assert len(set(keys)) == len(keys)
    assert len({record.chunks for record in public.records}) == len(ROWS)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-9, 8)] * 2), min_size=1, max_size=4), st.data())
def test_two_datasets_never_share_a_key_or_a_salt(
    rows: list[tuple[int, int]], data: st.DataObject
) -> None:
    """One keystream for two contents would give both away."""
    at = data.draw(st.integers(0, len(rows) - 1))
    other = [*rows]
    other[at] = (rows[at][0], rows[at][1] - 1 if rows[at][1] > -9 else 8)
    assert name_of(FORM, rows) != name_of(FORM, other)
    assert not set(record_keys(FORM, rows, SEED)) & set(record_keys(FORM, other, SEED))
    ours, theirs = salted(rows), salted(other)
    assert not {item.salt for item in ours} & {item.salt for item in theirs}
    scaled = replace(FORM, input_unit=0.25)
    assert not set(record_keys(FORM, rows, SEED)) & set(record_keys(scaled, rows, SEED))
    another = Seed(b"\x06" * 32)
    assert not set(record_keys(FORM, rows, SEED)) & set(record_keys(FORM, rows, another))


def test_the_same_data_and_seed_give_the_same_dataset(
    sealed: tuple[list[Item], list[bytes], PublicDataset],
) -> None:
    items, keys = salted(ROWS), record_keys(FORM, ROWS, SEED)
    again = sealed_dataset(FORM, list(map(chunks_of, items)), keys)
    assert again.to_bytes() == sealed[2].to_bytes()


@pytest.mark.parametrize(("row", "place"), [((-10, 0), 0), ((0, 9), 1)])
def test_a_record_outside_the_domain_is_named(row: tuple[int, int], place: int) -> None:
    with pytest.raises(StatementInvalid, match=f"record 1: value {row[place]} at place {place}"):
        salted(((0, 0), row))


# ---------------------------------------------------------------- what was not proven


def test_junk_under_the_right_key_is_told_from_what_was_proven(
    sealed: tuple[list[Item], list[bytes], PublicDataset],
) -> None:
    items, keys, public = sealed
    other = content_of((1, 1, *items[0].salt), SEALED_FORM)
    outside = content_of((9, 9, *items[0].salt), SEALED_FORM)
    for content, words in ((other, "not what its digest hashes"), (outside, "is 9: expected")):
        record = replace(public.records[0], chunks=(seal(content, keys[0], 0, 0),))
        with pytest.raises(Malformed, match=words):
            record.opened(0, keys[0], SEALED_FORM)
    swapped = replace(public.records[0], digests=public.records[1].digests)
    with pytest.raises(Malformed, match="not what its digest hashes"):
        swapped.opened(0, keys[0], SEALED_FORM)


def test_records_of_packed_digits_are_opened_chunk_by_chunk() -> None:
    form = Format.of(PACKED, 20, 1 / 255)
    keys = [bytes([at]) * 32 for at in range(3)]
    items = [packed_chunks(0), packed_chunks(1), with_digit(packed_chunks(2), 1, 0, 2, 255)]
    public = PublicDataset.from_bytes(sealed_dataset(form, items, keys).to_bytes())
    assert public.form == form
    for index in range(2):
        assert public.records[index].opened(index, keys[index], PACKED) == items[index]
    with pytest.raises(Malformed) as found:
        public.records[2].opened(2, keys[2], PACKED)
    assert found.value.digit is not None
    assert (found.value.part, found.value.digit.digit) == (1, 2)


def test_a_ciphertext_tells_nothing_without_its_key(
    sealed: tuple[list[Item], list[bytes], PublicDataset],
) -> None:
    items, keys, public = sealed
    wrong = open_sealed(public.records[0].chunks[0], keys[1], 0, 0)
    assert wrong != content_of(chunks_of(items[0])[0], SEALED_FORM)
    assert key_hash(keys[0]) == public.records[0].key_hash


@pytest.mark.parametrize("form", [SEALED_FORM, PACKED])
def test_a_format_is_that_of_the_circuits_items(form: SealedForm) -> None:
    assert Format.of(form, 2, 0.125).sealed == replace(form, words=())
