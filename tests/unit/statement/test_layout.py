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
FREE = {"weights", "context_bits"}  # an empty section's offset; the size of a limb


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
