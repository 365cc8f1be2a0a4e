import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.statement.layout import Layout, OutputKind

HASHED = Layout(
    instances=21,
    items=4,
    context=13,
    context_limbs=8,
    context_bits=17,
    context_echo=4,
    context_echo_words=1,
    inputs=0,
    input_words=1,
    weights=5,
    weight_words=0,
    weight_points=0,
    outputs=5,
    output_words=2,
    output_kind=OutputKind.SCORES,
    classes=2,
)
FIELDS = [field.name for field in dataclasses.fields(Layout)]
# An empty section's offset; the size of a limb; how many points bind weights that are no word; as
# many scores as classes may be labels.
FREE = {"weights", "context_bits", "weight_points", "output_kind"}
POINTED = Layout(10, 1, 0, 8, 17, 0, 0, 0, 0, 0, 0, 3, 8, 2, OutputKind.LABEL, 10)


def test_sections_are_cut_where_the_layout_says() -> None:
    words = list(range(100, 121))
    assert HASHED.section("context", words) == tuple(range(113, 121))
    assert HASHED.item_inputs(words, 3) == (103,)
    assert HASHED.item_outputs(words, 1) == (107, 108)
    assert HASHED.section("weights", words) == ()


def test_a_layout_survives_its_dictionary() -> None:
    assert Layout.from_dict(HASHED.to_dict()) == HASHED
    assert HASHED.to_abi() == tuple(HASHED.to_dict().values())


@given(st.sampled_from(sorted(set(FIELDS) - FREE)), st.sampled_from([-1, 1, 300, 70_000]))
def test_a_layout_off_by_any_field_is_refused(name: str, shift: int) -> None:
    with pytest.raises((StatementInvalid, ValueError)):
        dataclasses.replace(HASHED, **{name: getattr(HASHED, name) + shift})


def test_points_labels_and_no_echo_are_laid_out() -> None:
    words = list(range(100, 110))
    assert POINTED.section("inputs", words) == POINTED.section("context_echo", words) == ()
    assert POINTED.item_outputs(words, 0) == (108, 109)


@pytest.mark.parametrize(
    ("layout", "changes", "message"),
    [
        (POINTED, {"items": 2, "instances": 12}, "items is 2: expected 1 where"),
        (POINTED, {"weight_words": 1, "instances": 11, "weights": 10}, "expected 0 where"),
        (POINTED, {"weight_points": -1}, "expected 0 to 255"),
        (POINTED, {"weight_points": 256}, "expected 0 to 255"),
        (POINTED, {"output_words": 0, "instances": 8}, "output_words is 0: expected 1 to 10"),
        (POINTED, {"classes": 1}, "output_words is 2: expected 1 to 1"),
        (POINTED, {"output_kind": OutputKind.SCORES}, "output_words is 2: expected 10 to 10"),
        (POINTED, {"context_echo_words": 2, "context_echo": 10, "instances": 12}, "context_echo"),
        (HASHED, {"classes": 3}, "output_words is 2: expected 3 to 3"),
        (HASHED, {"input_words": 0}, "items is 4: expected 1 where"),
        (HASHED, {"weight_words": 2, "weights": 21, "instances": 23}, "expected 0 or 1"),
    ],
)
def test_each_rule_of_the_sections_is_named(
    layout: Layout, changes: dict[str, int], message: str
) -> None:
    with pytest.raises(StatementInvalid, match=message):
        dataclasses.replace(layout, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [-1, 2, 70_000])
def test_another_kind_of_output_is_refused(kind: int) -> None:
    with pytest.raises((StatementInvalid, ValueError)):
        dataclasses.replace(HASHED, output_kind=kind)  # type: ignore[arg-type]


def test_as_many_labels_as_classes_are_laid_out() -> None:
    most = dataclasses.replace(POINTED, output_words=10, instances=18)
    assert len(most.item_outputs([0] * 18, 0)) == 10


def test_overlapping_sections_are_refused() -> None:
    with pytest.raises(StatementInvalid, match="tile"):
        dataclasses.replace(HASHED, context_echo=5)


@pytest.mark.parametrize("length", [0, 20, 22])
def test_instances_of_another_count_are_refused(length: int) -> None:
    with pytest.raises(StatementInvalid, match=f"{length} instances"):
        HASHED.section("inputs", [0] * length)


@pytest.mark.parametrize("item", [-1, 4])
def test_an_item_outside_the_batch_is_refused(item: int) -> None:
    with pytest.raises(StatementInvalid, match="0 to 3"):
        HASHED.item_inputs([0] * 21, item)


def test_missing_unknown_and_mistyped_fields_are_refused() -> None:
    fields = HASHED.to_dict()
    with pytest.raises(StatementInvalid, match="items"):
        Layout.from_dict({name: value for name, value in fields.items() if name != "items"})
    with pytest.raises(StatementInvalid, match="extra"):
        Layout.from_dict(fields | {"extra": 1})
    with pytest.raises(StatementInvalid, match="integer"):
        Layout.from_dict(fields | {"items": True})
