"""The static checks find every change of fixed columns or copies that matters."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from prover.base.errors import UnsoundCircuit
from prover.systems.native.circuit.columns import FOLD_FLAGS, LOOKING_BACK, TENSOR_FLAGS
from prover.systems.native.circuit.fold import FACTOR, INSTANCE, POST_OUTER, PRE_OUTER
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import possible_layouts
from prover.systems.native.circuit.program import Program, compile_network
from prover.systems.native.circuit.tables import PADDING
from prover.systems.native.network.network import Layer, Network, Tensor
from prover.systems.native.static_checks import replay
from prover.systems.native.static_checks.replay import Held, _require_each_once, check_program
from prover.systems.native.static_checks.trace import Point, find_segments
from prover.systems.native.witness import TensorAdvice, execute
from tests.unit.systems.native.gates import Challenges, Evaluated
from tests.unit.systems.native.networks import SHIFT, Maker, residual_network, tiny_network

PROGRAM = compile_network(residual_network(), 3, 2, Form(context=2))
FOLD = ("weight", *FOLD_FLAGS)


def changed(name: str, index: tuple[int, ...], value: int) -> Program:
    column = PROGRAM.columns[name].copy()
    column[index] = value
    return replace(PROGRAM, columns={**PROGRAM.columns, name: column})


def refused(program: Program, match: str | None = None) -> None:
    with pytest.raises(UnsoundCircuit, match=match):
        check_program(program)


def test_the_unchanged_circuit_passes() -> None:
    check_program(PROGRAM)


@pytest.mark.parametrize("name", TENSOR_FLAGS)
def test_a_flag_is_0_or_1(name: str) -> None:
    refused(changed(name, (5,), 2), f"column {name} holds other values than 0 and 1")


@pytest.mark.parametrize(
    "name", ["continues_row", "ends_row", "continues_segment", "doubled", "summed", "bias"]
)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_changed_step_of_a_tensor_row_is_refused(name: str, data: st.DataObject) -> None:
    column = PROGRAM.columns[name]
    row = data.draw(st.integers(0, len(column) - 1))
    value = 1 - int(column[row]) if name != "bias" else int(column[row]) + 1
    input_rows = PROGRAM.stored["x"].stop
    assume(row >= input_rows or name not in ("bias", "doubled"))
    refused(changed(name, (row,), value))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_changed_tag_is_refused(data: st.DataObject) -> None:
    tags = PROGRAM.columns["tag"]
    index = tuple(data.draw(st.integers(0, size - 1)) for size in tags.shape)
    others = sorted(set(np.unique(tags).tolist()) - {int(tags[index])})
    refused(changed("tag", index, data.draw(st.sampled_from(others))))


@pytest.mark.parametrize("name", FOLD)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_changed_fold_row_is_refused_unless_it_says_the_same(
    name: str, data: st.DataObject
) -> None:
    column = PROGRAM.columns[name]
    index = tuple(data.draw(st.integers(0, size - 1)) for size in column.shape)
    program = changed(
        name, index, int(column[index]) + 1 if name == "weight" else 1 - int(column[index])
    )
    try:
        check_program(program)
    except UnsoundCircuit:
        return
    assert sums(program) == sums(PROGRAM)


@pytest.mark.parametrize("name", [name for name in LOOKING_BACK if name in PROGRAM.columns])
def test_nothing_is_taken_from_before_the_first_row(name: str) -> None:
    refused(changed(name, (0,), 1), "before the first row")


@cache
def random_cells() -> TensorAdvice:
    """Cells that satisfy nothing: sums of them agree only if they are the same sums."""
    rows = PROGRAM.columns["tag"].shape[1]
    draw = np.random.default_rng(3)
    return TensorAdvice(*(draw.integers(0, 1 << 30, (PROGRAM.lanes, rows)) for _ in range(3)))


def sums(program: Program) -> dict[int, int]:
    rows = program.columns["tag"].shape[1]
    return dict(Evaluated(program, random_cells(), Challenges.draw(9), rows).closed)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_changed_copy_is_refused(data: st.DataObject) -> None:
    copies = PROGRAM.copies.copy()
    index = data.draw(st.integers(0, len(copies) - 1))
    part = data.draw(st.integers(0, 3))
    copies[index, part] = data.draw(
        st.sampled_from(
            [PRE_OUTER, POST_OUTER, FACTOR, INSTANCE] if part % 2 == 0 else [*range(80)]
        )
    )
    assume((copies[index] != PROGRAM.copies[index]).any())
    refused(replace(PROGRAM, copies=copies))


def test_a_missing_copy_is_refused() -> None:
    for index in range(0, len(PROGRAM.copies), 7):
        refused(replace(PROGRAM, copies=np.delete(PROGRAM.copies, index, axis=0)))


@pytest.mark.parametrize("name", ["table_tag", "table_quotient", "table_activation"])
def test_another_table_is_refused(name: str) -> None:
    refused(changed(name, (3,), 9), "table")


def changed_layer(change: Callable[[Layer], Layer], name: str) -> Network:
    network = PROGRAM.network
    layers = tuple(change(layer) if layer.name == name else layer for layer in network.layers)
    return replace(network, layers=layers)


@pytest.mark.parametrize("name", [layer.name for layer in PROGRAM.network.layers])
def test_a_circuit_of_other_weights_is_refused(name: str) -> None:
    def other(layer: Layer) -> Layer:
        weight = layer.terms[0].weight.copy()
        weight.flat[-1] += 1
        return replace(layer, terms=(replace(layer.terms[0], weight=weight), *layer.terms[1:]))

    refused(replace(PROGRAM, network=changed_layer(other, name)), "weights")


def test_a_circuit_of_another_bias_padding_or_stride_is_refused() -> None:
    def bias(layer: Layer) -> Layer:
        return replace(layer, bias=layer.bias + 1)

    def pads(layer: Layer) -> Layer:
        return replace(layer, terms=(replace(layer.terms[0], pads=(0, 0, 1, 1)),))

    refused(replace(PROGRAM, network=changed_layer(bias, "b")), "bias")
    refused(replace(PROGRAM, network=changed_layer(pads, "b")), "weights")


def rows_of_segment(name: str, channel: int) -> slice:
    stored = PROGRAM.stored[name]
    rows = stored.grid.segment_rows
    return slice(stored.start + channel * rows, stored.start + (channel + 1) * rows)


def test_the_channel_is_named_whose_bias_or_plane_is_another() -> None:
    rows, column = rows_of_segment("d", 2), PROGRAM.columns["bias"].copy()
    column[rows] += 1
    columns = {**PROGRAM.columns, "bias": column}
    refused(replace(PROGRAM, columns=columns), "channel 2 of d has another bias")
    tags = PROGRAM.columns["tag"].copy()
    tags[:, rows] = PADDING
    columns = {**PROGRAM.columns, "tag": tags}
    refused(replace(PROGRAM, columns=columns), "channel 2 of d has other outputs than its plane")


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("axis", [0, 1])
def test_an_output_beside_its_place_is_refused(channel: int, axis: int) -> None:
    """A single cell is a full plane wherever it is; its powers are those of another place."""
    rows, tags = rows_of_segment("g", channel), PROGRAM.columns["tag"].copy()
    tags[:, rows] = np.roll(tags[:, rows], 1, axis=axis)
    columns = {**PROGRAM.columns, "tag": tags}
    refused(replace(PROGRAM, columns=columns), "outputs of layer g are not at their places")


def test_padding_cells_that_were_made_active_are_refused() -> None:
    padding = np.argwhere(PROGRAM.columns["tag"] == PADDING)
    for index in padding[::37]:
        refused(changed("tag", tuple(index.tolist()), 3))


@pytest.mark.parametrize(
    "name",
    [
        "continues_row",
        "ends_row",
        "continues_segment",
        "doubled",
        "summed",
        "is_input",
        "bias",
        "tag",
    ],
)
@pytest.mark.parametrize("change", [-1, 1])
def test_a_column_that_ends_on_another_row_is_refused(name: str, change: int) -> None:
    """Below its end a column is 0: the check would read another circuit than the engine's."""
    column = PROGRAM.columns[name]
    longer = np.concatenate([column, np.ones_like(column[..., :1])], axis=-1)
    other = column[..., :-1] if change < 0 else longer
    refused(replace(PROGRAM, columns={**PROGRAM.columns, name: other}), "rows|tag")


@pytest.mark.parametrize("name", ["weight", "takes_product", "closes_layer"])
def test_a_fold_column_that_ends_on_another_row_is_refused(name: str) -> None:
    column = PROGRAM.columns[name]
    refused(
        replace(PROGRAM, columns={**PROGRAM.columns, name: column[..., :-1]}), "those of its part"
    )


def test_other_lanes_than_stated_are_refused() -> None:
    refused(replace(PROGRAM, lanes=4), "lanes")
    refused(replace(PROGRAM, weight_lanes=3), "lanes")


def test_a_weight_that_differs_by_a_multiple_of_another_prime_is_refused() -> None:
    """The identities are compared in the circuit's own field."""
    index = tuple(np.argwhere(PROGRAM.columns["weight"])[5].tolist())
    value = int(PROGRAM.columns["weight"][index]) + (1 << 61) - 1
    refused(changed("weight", index, value), "weights")


def test_a_circuit_that_rescales_by_another_shift_is_refused() -> None:
    """The engine takes shift, offsets and input range from the table's parameters."""
    table = replace(PROGRAM.table, shift=PROGRAM.table.shift + 1)
    bias = PROGRAM.columns["bias"].copy()
    bias[PROGRAM.stored["x"].stop :] += table.zero - PROGRAM.table.zero
    refused(replace(PROGRAM, table=table, columns={**PROGRAM.columns, "bias": bias}), "its table")
    refused(replace(PROGRAM, table=replace(PROGRAM.table, input_low=-4)), "its table")


def test_a_copy_of_two_accumulators_is_refused() -> None:
    copies = np.concatenate([PROGRAM.copies, [[PRE_OUTER, 3, POST_OUTER, 7]]])
    refused(replace(PROGRAM, copies=copies), "is a copy of")


def with_a_longer_run(program: Program, start: int) -> Program:
    """One more image row of padding cells in front of the segment that begins on row `start`."""
    columns = dict(program.columns)
    for name in (
        "tag",
        "bias",
        "is_input",
        "continues_row",
        "ends_row",
        "continues_segment",
        "doubled",
        "summed",
    ):
        column = columns[name]
        columns[name] = np.insert(column, start, column[..., start], axis=-1)
    columns["tag"][:, start] = PADDING
    columns["ends_row"][start] = 1
    columns["continues_segment"][start + 1] = 1
    copies = program.copies.copy()
    copies[:, 3] += np.isin(copies[:, 2], (PRE_OUTER, POST_OUTER)) & (copies[:, 3] >= start)
    return replace(program, columns=columns, copies=copies)


def test_a_longer_segment_of_padding_cells_is_refused() -> None:
    """Its cells could share powers with another phase's, and make up for them."""
    make = Maker(0)
    layers = (
        make.layer("a", [make.conv(["x"], (3, 1, 2, 2))], (3, 1, 1), 0, 63),
        make.layer("b", [make.conv(["a"], (2, 3, 1, 1), 2)], (2, 1, 1), -512, 511),
    )
    program = compile_network(Network("padding", Tensor("x", 1, 2, 2, 0, 7), layers, 6, "b"), 3, 2)
    check_program(program)
    stored = program.stored["a"]
    last_channels_last_phase = stored.stop - stored.grid.segment_rows
    refused(with_a_longer_run(program, last_channels_last_phase), "another extent")


@pytest.mark.parametrize("other", ["u", "v"])
def test_each_axis_of_a_channel_must_have_the_extent_of_the_first(
    monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    monkeypatch.setattr(replay, "_require_phases", lambda *_: None)
    first = {"u": np.array([0]), "v": np.array([[0, 1]]), "last": 0}
    channels = {(0, 0, 0): first, (1, 0, 0): first | {other: first[other] + 1, "last": 1}}
    segments: Any = {key: SimpleNamespace(**one) for key, one in channels.items()}
    found: Any = SimpleNamespace(produced={0: 1, 1: 1})
    layer: Any = SimpleNamespace(name="a")
    with pytest.raises(UnsoundCircuit, match="channel 1 of layer a has another extent"):
        replay._require_distinct(layer, found, Held(1, segments), Point(2, 3, 5))


def with_a_phase_at_powers_of_g(program: Program, name: str) -> Program:
    """The padding phase (0, 1) of a plane of one cell takes g^2 for b."""
    stored, columns = program.stored[name], dict(program.columns)
    ends = [stored.produced(channel, (0, 1)).row for channel in range(stored.grid.channels)]
    rows = [row for _, row, c, end in program.copies.tolist() if c == PRE_OUTER and end in ends]
    assert columns["weight"][:, rows].T.tolist() == [[0, -1, 0]] * len(ends)
    columns["weight"], columns["weights_are_taps"] = (
        columns["weight"].copy(),
        columns["weights_are_taps"].copy(),
    )
    columns["weight"][:, rows] = [[0], [0], [-1]]
    columns["weights_are_taps"][rows] = 0
    return replace(program, columns=columns)


def forged(program: Program, name: str) -> TensorAdvice:
    """Channel 2's product is one less; a padding cell of channel 0 makes up for it."""
    grid, start = program.stored[name].grid, program.stored[name].start
    cells = execute(program, np.full((1, 1, 1), 5), 1 << 14).cells
    assert cells.remainder[0, start + grid.last_row(2, 0, 0)] > 0
    cells.remainder[0, start + grid.last_row(2, 0, 0)] -= 1
    cells.remainder[0, start + grid.last_row(0, 0, 1)] += 1
    return cells


def test_a_padding_phase_that_makes_up_for_another_channel_is_refused() -> None:
    make = Maker(0)
    layers = (
        make.layer("a", [make.conv(["x"], (3, 1, 1, 1))], (3, 1, 1), 0, 63),
        make.layer("b", [make.conv(["a"], (2, 3, 1, 1), 2)], (2, 1, 1), -512, 511),
    )
    program = compile_network(Network("one", Tensor("x", 1, 1, 1, 0, 7), layers, 6, "b"), 3, 3)
    check_program(program)
    cells, at = forged(program, "a"), Challenges.draw(3)
    assert any(Evaluated(program, cells, at, 80).closed.values())
    unsound = with_a_phase_at_powers_of_g(program, "a")
    assert not any(Evaluated(unsound, cells, at, 80).closed.values())
    refused(unsound, r"phase \(0, 1\) of layer a")


def test_words_that_could_stand_for_two_images_are_refused() -> None:
    """16 values of 16 bits wrap around the field: image and image + r would be one word."""
    network = replace(tiny_network(), input=Tensor("x", 2, 4, 3, 0, (1 << 16) - 1))
    check_program(compile_network(network, 15, 2))
    refused(
        compile_network(network, 16, 2), "a word of the input packs 16 values: expected at most 15"
    )
    assert max(layout.lanes for layout in possible_layouts(network)) == 15


def test_an_output_that_is_not_summed_is_refused() -> None:
    """Its accumulator would be the score times powers of the challenges."""
    stored = PROGRAM.stored[PROGRAM.network.output]
    summed = PROGRAM.columns["summed"].copy()
    summed[stored.start : stored.stop] = 0
    program = replace(PROGRAM, columns={**PROGRAM.columns, "summed": summed})
    refused(program, "an output's accumulator is not its value")


def test_an_output_of_several_cells_is_refused() -> None:
    """Its accumulator would be their sum."""
    make = Maker(0)
    layers = (make.layer("a", [make.conv(["x"], (2, 1, 1, 1))], (2, 2, 1), -64, 63),)
    network = Network("wide", Tensor("x", 1, 2, 1, 0, 7), layers, SHIFT, "a")
    refused(compile_network(network, 3, 2), "an output's accumulator is not its value")


def test_cells_that_share_a_power_are_refused() -> None:
    """Such as at a point where rows count as columns, or no channel is told from another."""
    for point in (Point(5, 5, 7), Point(5, 7, 1)):
        with pytest.raises(UnsoundCircuit, match="can make up for each other"):
            check_program(PROGRAM, point)
    two_channels = compile_network(tiny_network(), 2, 2)
    check_program(two_channels)
    with pytest.raises(UnsoundCircuit, match="two cells of layer a can make up for each other"):
        check_program(two_channels, Point(5, 5, 7))


def with_a_further_segment(program: Program) -> Program:
    """The last segment's rows once more, below it; no sum takes them."""
    columns = dict(program.columns)
    stored = program.stored[program.network.output]
    rows = slice(stored.stop - stored.grid.segment_rows, stored.stop)
    for name in (
        "tag",
        "bias",
        "is_input",
        "continues_row",
        "ends_row",
        "continues_segment",
        "doubled",
        "summed",
    ):
        column = columns[name]
        columns[name] = np.concatenate([column, column[..., rows]], axis=-1)
    return replace(program, columns=columns)


def test_a_segment_of_no_tensor_is_refused() -> None:
    refused(with_a_further_segment(PROGRAM), "a segment belongs to no tensor, or to two")


def test_a_segment_of_two_tensors_is_refused() -> None:
    """What one layer's cells are must not be said by another's sum."""
    segments = list(find_segments(PROGRAM).values())
    held = Held(1, {(0, 0, 0): segments[0]})
    by_end = {segments[0].last: segments[0]}
    with pytest.raises(UnsoundCircuit, match="a segment belongs to no tensor, or to two"):
        _require_each_once(by_end, {"a": held, "b": held})
    _require_each_once(by_end, {"a": held})
