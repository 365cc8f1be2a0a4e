"""The test set file: canonical, bounded, and open to whoever has the key only."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.statement.documents.inputs_file import Item, Shape
from prover.statement.documents.sealed import content_of, inner_hash, seal
from prover.statement.documents.testset import (
    SealedTest,
    SealedTestSet,
    content_bytes,
    max_bytes_of,
    seal_tests,
)
from prover.statement.tree import check_membership

SHAPE = Shape(slots=2, values=2, salt_elements=1, salt_bits=31, input_min=-9, input_max=9)
CIRCUIT, KEY, CLASSES = b"\x11" * 32, b"\x22" * 32, 3
ITEMS = tuple(Item((value, -value), (1000 + value,)) for value in range(5))
LABELS = (0, 1, 2, 1, 0)
SEALED = seal_tests(CIRCUIT, ITEMS, LABELS, KEY)


def test_the_key_opens_every_item_and_its_label() -> None:
    opened = [one.opened(at, KEY, SHAPE, CLASSES) for at, one in enumerate(SEALED.items)]
    assert opened == list(zip(ITEMS, LABELS, strict=True))


def test_another_key_or_place_opens_nothing() -> None:
    first = SEALED.items[0]
    for index, key in ((0, b"\x23" * 32), (1, KEY)):
        with pytest.raises(StatementInvalid):
            first.opened(index, key, SHAPE, CLASSES)


def test_a_label_outside_the_classes_is_malformed() -> None:
    with pytest.raises(StatementInvalid, match="no label from 0 to 1"):
        SEALED.items[2].opened(2, KEY, SHAPE, 2)


def test_an_item_outside_the_domain_is_malformed() -> None:
    bad = Item((10, 0), (1,))
    sealed = SealedTest(seal(content_of(bad), KEY, 0), inner_hash(bad.commitment(), 0))
    with pytest.raises(StatementInvalid, match="value 0 is 10: expected -9 to 9"):
        sealed.opened(0, KEY, SHAPE, CLASSES)


def test_the_file_comes_back_as_it_was() -> None:
    content = SEALED.to_bytes()
    assert SealedTestSet.from_bytes(content) == SEALED
    assert len(content) <= max_bytes_of(len(ITEMS), SHAPE)
    assert all(len(one.ciphertext) == content_bytes(SHAPE) for one in SEALED.items)


def test_every_item_is_under_the_root_at_its_place() -> None:
    tree = SEALED.tree
    for index in range(len(ITEMS)):
        check_membership(tree.root, tree.count, index, tree.levels[0][index], tree.path(index))


def test_the_same_items_sealed_again_are_others() -> None:
    assert seal_tests(CIRCUIT, ITEMS, LABELS, b"\x23" * 32).tree.root != SEALED.tree.root
    swapped = seal_tests(CIRCUIT, ITEMS, (1, *LABELS[1:]), KEY)
    assert swapped.tree.root != SEALED.tree.root


@pytest.mark.parametrize(
    "damage",
    [
        lambda fields: fields | {"version": 2},
        lambda fields: fields | {"more": 1},
        lambda fields: {key: fields[key] for key in ("version", "items")},
        lambda fields: fields | {"items": {}},
        lambda fields: fields | {"circuitId": "0x11"},
        lambda fields: fields | {"circuitId": fields["circuitId"].upper()},
        lambda fields: fields | {"items": [{"ciphertext": "0x", "inner": "0x" + "00" * 32}]},
        lambda fields: fields | {"items": [{"ciphertext": "0x0", "inner": "0x" + "00" * 32}]},
        lambda fields: fields | {"items": [{"ciphertext": "0x00", "inner": "0x00"}]},
        lambda fields: fields | {"items": [{"ciphertext": 3, "inner": "0x" + "00" * 32}]},
        lambda fields: fields | {"items": [{"ciphertext": "0x00"}]},
        lambda _fields: [],
    ],
)
def test_a_damaged_file_is_refused(damage: object) -> None:
    fields = damage(json.loads(SEALED.to_bytes()))  # type: ignore[operator]
    content = json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()
    with pytest.raises(StatementInvalid, match="cannot be read"):
        SealedTestSet.from_bytes(content)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[" * 10_000, b"1", b"null"])
def test_what_is_no_json_object_is_refused(content: bytes) -> None:
    with pytest.raises(StatementInvalid, match="cannot be read"):
        SealedTestSet.from_bytes(content)


def test_a_file_in_another_form_is_refused() -> None:
    with pytest.raises(StatementInvalid, match="not in canonical form"):
        SealedTestSet.from_bytes(SEALED.to_bytes() + b"\n")


@given(st.binary(max_size=60))
def test_no_bytes_make_the_parser_fail_otherwise(content: bytes) -> None:
    with pytest.raises(StatementInvalid):
        SealedTestSet.from_bytes(content)


def test_a_set_for_other_terms_is_refused() -> None:
    SEALED.check(CIRCUIT, len(ITEMS), SHAPE)
    short = replace(SEALED.items[3], ciphertext=b"\0" * (content_bytes(SHAPE) - 1))
    cut = replace(SEALED, items=(*SEALED.items[:3], short, SEALED.items[4]))
    for found, circuit, count, words in (
        (SEALED, b"\x12" * 32, len(ITEMS), "is for circuit"),
        (SEALED, CIRCUIT, len(ITEMS) + 1, "exactly the 6"),
        (cut, CIRCUIT, len(ITEMS), "test item 3 has 11 bytes: expected exactly 12"),
    ):
        with pytest.raises(StatementInvalid, match=words):
            found.check(circuit, count, SHAPE)


@pytest.mark.parametrize("count", [0, 4])
def test_items_and_labels_go_together(count: int) -> None:
    with pytest.raises(StatementInvalid, match="each with its label"):
        seal_tests(CIRCUIT, ITEMS[: 5 if count else 0], LABELS[:count], KEY)
