"""The test set file: canonical, bounded, and open to whoever has the key only."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.statement.documents.sealed import (
    LABEL_BYTES,
    Malformed,
    label_content,
    label_hash,
    seal,
)
from prover.statement.documents.testset import (
    Opened,
    SealedTestSet,
    Test,
    max_bytes_of,
    seal_tests,
)
from prover.statement.field import FIELD_MODULUS
from prover.statement.sealing import SealedForm, Sealing
from prover.statement.tree import check_membership
from tests.contracts.sealed import PACKED, packed_chunks, with_digit

FORM = SealedForm(Sealing(3, 3, 1, 31), 1, -9, 9)
CIRCUIT, KEY, CLASSES = b"\x11" * 32, b"\x22" * 32, 3
LABELS = (0, 1, 2, 1, 0)
TESTS = tuple(
    Test(((at, -at, 1000 + at),), label, bytes([at]) * 32) for at, label in enumerate(LABELS)
)
PACKED_TESTS = tuple(
    Test(packed_chunks(at), label, bytes([at]) * 32) for at, label in enumerate(LABELS)
)
SEALED, SEALED_PACKED = (
    seal_tests(CIRCUIT, tests, KEY, form) for tests, form in ((TESTS, FORM), (PACKED_TESTS, PACKED))
)


@pytest.mark.parametrize(
    ("sealed", "tests", "form"),
    [(SEALED, TESTS, FORM), (SEALED_PACKED, PACKED_TESTS, PACKED)],
    ids=["values", "digits"],
)
def test_the_key_opens_every_item_and_its_label(
    sealed: SealedTestSet, tests: tuple[Test, ...], form: SealedForm
) -> None:
    opened = [one.opened(at, KEY, form, CLASSES) for at, one in enumerate(sealed.items)]
    assert opened == [Opened(one.chunks, one.label, one.label_salt) for one in tests]


def test_another_key_or_place_opens_nothing() -> None:
    first = SEALED.items[0]
    for index, key in ((0, b"\x23" * 32), (1, KEY)):
        with pytest.raises(Malformed):
            first.opened(index, key, FORM, CLASSES)


def test_a_label_outside_the_classes_is_malformed() -> None:
    with pytest.raises(Malformed, match="the label is 2: expected 0 to 1") as found:
        SEALED.items[2].opened(2, KEY, FORM, 2)
    assert found.value.part == 1


def test_an_item_outside_the_domain_is_malformed() -> None:
    sealed = Test(((10, 0, 1),), 0, bytes(32)).sealed(0, KEY, FORM)
    with pytest.raises(Malformed, match="element 0 of chunk 0 is 10: expected -9 to 9"):
        sealed.opened(0, KEY, FORM, CLASSES)


def test_the_first_malformed_part_is_told() -> None:
    chunks = with_digit(packed_chunks(0), 1, 0, 2, 255)
    sealed = Test(chunks, CLASSES, bytes(32)).sealed(0, KEY, PACKED)
    with pytest.raises(Malformed) as found:
        sealed.opened(0, KEY, PACKED, CLASSES)
    assert found.value.part == 1
    assert found.value.digit is not None


def test_a_label_that_its_leaf_does_not_hide_is_malformed() -> None:
    content = label_content(1, b"\5" * 32)
    swapped = replace(SEALED.items[0], parts=(SEALED.items[0].parts[0], seal(content, KEY, 0, 1)))
    with pytest.raises(Malformed, match="not those that its leaf hides"):
        swapped.opened(0, KEY, FORM, CLASSES)


@pytest.mark.parametrize(("sealed", "form"), [(SEALED, FORM), (SEALED_PACKED, PACKED)])
def test_the_file_comes_back_as_it_was(sealed: SealedTestSet, form: SealedForm) -> None:
    content = sealed.to_bytes()
    assert SealedTestSet.from_bytes(content) == sealed
    assert len(content) <= max_bytes_of(len(LABELS), form)
    lengths = [*map(form.chunk_bytes, range(form.chunks)), LABEL_BYTES]
    assert all([len(part) for part in one.parts] == lengths for one in sealed.items)


def test_the_largest_file_is_within_its_bound() -> None:
    form = SealedForm(Sealing(64 * 2, 2, 1, 31), 64, -9, 9)
    test = Test(((1, 2),) * 64, 0, bytes(32))
    content = seal_tests(CIRCUIT, [test], KEY, form).to_bytes()
    assert len(content) <= max_bytes_of(1, form)


def test_every_item_is_under_the_root_at_its_place() -> None:
    tree = SEALED.tree
    for index in range(len(TESTS)):
        check_membership(tree.root, tree.count, index, tree.levels[0][index], tree.path(index))


def test_the_same_items_sealed_again_are_others() -> None:
    others = [
        seal_tests(CIRCUIT, TESTS, b"\x23" * 32, FORM),
        seal_tests(CIRCUIT, (replace(TESTS[0], label=1), *TESTS[1:]), KEY, FORM),
        seal_tests(CIRCUIT, (replace(TESTS[0], label_salt=KEY), *TESTS[1:]), KEY, FORM),
    ]
    assert len({SEALED.tree.root, *(one.tree.root for one in others)}) == 4


def test_a_label_is_hidden_by_its_own_salt() -> None:
    """Digests are public: an unsalted hash beside them would give the label away."""
    shown = SEALED.items[0].label_hash
    assert shown == label_hash(0, TESTS[0].label_salt)
    assert shown not in {label_hash(label, bytes([9]) * 32) for label in range(CLASSES)}


ITEM = {"digests": ["0x" + "00" * 32], "labelHash": "0x" + "00" * 32, "parts": ["0x00"]}
OUT_OF_FIELD = f"0x{FIELD_MODULUS:064x}"


@pytest.mark.parametrize(
    "damage",
    [
        lambda fields: fields | {"version": 1},
        lambda fields: fields | {"more": 1},
        lambda fields: {key: fields[key] for key in ("version", "items")},
        lambda fields: fields | {"items": {}},
        lambda fields: fields | {"circuitId": "0x11"},
        lambda fields: fields | {"circuitId": fields["circuitId"].upper()},
        lambda fields: fields | {"items": [ITEM | {"parts": ["0x"]}]},
        lambda fields: fields | {"items": [ITEM | {"parts": ["0x0"]}]},
        lambda fields: fields | {"items": [ITEM | {"parts": "0x00"}]},
        lambda fields: fields | {"items": [ITEM | {"parts": []}]},
        lambda fields: fields | {"items": [ITEM | {"parts": [3]}]},
        lambda fields: fields | {"items": [ITEM | {"parts": [["0x00"]]}]},
        lambda fields: fields | {"items": [ITEM | {"digests": []}]},
        lambda fields: fields | {"items": [ITEM | {"digests": ["0x00"]}]},
        lambda fields: fields | {"items": [ITEM | {"digests": [7]}]},
        lambda fields: fields | {"items": [ITEM | {"labelHash": "0x00"}]},
        lambda fields: fields | {"items": [ITEM | {"more": "0x00"}]},
        lambda fields: fields | {"items": [{"parts": ["0x00"]}]},
        lambda _fields: [],
    ],
)
def test_a_damaged_file_is_refused(damage: object) -> None:
    fields = damage(json.loads(SEALED.to_bytes()))  # type: ignore[operator]
    content = json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()
    with pytest.raises(StatementInvalid, match="cannot be read"):
        SealedTestSet.from_bytes(content)


def test_a_digest_that_no_proof_has_is_refused() -> None:
    fields = json.loads(SEALED.to_bytes()) | {"items": [ITEM | {"digests": [OUT_OF_FIELD]}]}
    content = json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()
    with pytest.raises(StatementInvalid, match="not a canonical field element"):
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
    SEALED.check(CIRCUIT, len(TESTS), FORM)
    third = SEALED.items[3]
    chunk, label = third.parts

    def cut(**changes: object) -> SealedTestSet:
        changed = replace(third, **changes)  # type: ignore[arg-type]
        return replace(SEALED, items=(*SEALED.items[:3], changed, SEALED.items[4]))

    many = "test item 3 has parts of"
    for found, circuit, count, words in (
        (SEALED, b"\x12" * 32, len(TESTS), "is for circuit"),
        (SEALED, CIRCUIT, len(TESTS) + 1, "exactly the 6"),
        (cut(parts=(chunk[:-1], label)), CIRCUIT, len(TESTS), rf"{many} \[11, 64\] bytes"),
        (cut(parts=(chunk, label[:-1])), CIRCUIT, len(TESTS), many),
        (cut(parts=(chunk,)), CIRCUIT, len(TESTS), many),
        (cut(parts=(chunk, chunk, label)), CIRCUIT, len(TESTS), many),
        (cut(digests=(1, 2)), CIRCUIT, len(TESTS), "and 2 digests: expected exactly"),
        (cut(digests=()), CIRCUIT, len(TESTS), "and 0 digests"),
    ):
        with pytest.raises(StatementInvalid, match=words):
            found.check(circuit, count, FORM)


def test_a_test_set_has_items() -> None:
    with pytest.raises(StatementInvalid, match="0 test items: expected 1 to"):
        seal_tests(CIRCUIT, (), KEY, FORM)
