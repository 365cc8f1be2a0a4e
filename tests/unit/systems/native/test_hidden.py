"""Hidden weights: nothing but their columns depends on them, and no output is left free."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import (
    ArtifactMismatch,
    ModelRefused,
    ProofRejected,
    ProvingError,
    UnsoundCircuit,
)
from prover.systems.native import engine
from prover.systems.native.circuit.columns import FOLD_FLAGS, NO_WEIGHT, OUTPUT_SELECTOR, SAME_BIAS
from prover.systems.native.circuit.fold import FACTOR, POST_OUTER
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.hidden import (
    MIN_SALT,
    VALUES_A_PROOF,
    Salt,
    outline,
    salt_cells,
)
from prover.systems.native.circuit.layout import CircuitLayout, choose_layout
from prover.systems.native.circuit.program import Program, compile_network, tensor_rows
from prover.systems.native.network.network import Integers, Network, Tensor
from prover.systems.native.secret import PROOFS, Secret
from prover.systems.native.static_checks.replay import check_program
from prover.systems.native.static_checks.trace import find_segments
from prover.systems.native.static_checks.weight_independence import require_one_bias
from prover.systems.native.witness import execute
from prover.verify import Description, parse_description, verify, weights_commitment
from tests.unit.systems.native.needs import needs_engine
from tests.unit.systems.native.networks import (
    SHIFT,
    Maker,
    image_of,
    networks,
    residual_network,
    tiny_network,
)

FORM = Form(weights="hidden")
BLINDS = engine.Secrets(tuple(range(1, 9)), bytes(32))


def with_zeros(network: Network) -> Network:
    """The same architecture; every other weight is 0, and the whole first output's."""
    layers = []
    for layer in network.layers:
        weights = [
            term.weight * (np.arange(term.weight.size) % 2).reshape(term.weight.shape)
            for term in layer.terms
        ]
        for weight in weights:
            weight[0] = 0
        terms = [replace(t, weight=w) for t, w in zip(layer.terms, weights, strict=True)]
        layers.append(replace(layer, terms=tuple(terms), bias=layer.bias + 1))
    return replace(network, layers=tuple(layers))


@pytest.mark.parametrize("other", [with_zeros, outline])
def test_the_layout_says_nothing_of_the_weights(other: Callable[[Network], Network]) -> None:
    one = compile_network(residual_network(), 3, 2, FORM)
    two = compile_network(other(residual_network()), 3, 2, FORM)
    assert np.array_equal(one.copies, two.copies)
    same = {name for name in one.columns if np.array_equal(one.columns[name], two.columns[name])}
    assert set(one.columns) - same == {"weight", "bias"}
    assert one.numbers is not None
    assert np.array_equal(one.numbers, two.numbers)
    check_program(two)


@given(networks())
def test_any_small_network_is_placed_and_its_layout_has_room_for_salt(network: Network) -> None:
    layout = choose_layout(network, FORM)
    program = compile_network(network, layout.lanes, layout.weight_lanes, FORM)
    check_program(program)
    assert cells_of(program, layout) >= MIN_SALT


def cells_of(program: Program, layout: CircuitLayout) -> int:
    rows = tensor_rows(program.stored), program.columns["weight"].shape[1]
    return salt_cells(layout.usable_rows, *rows)


@cache
def placed() -> tuple[Program, CircuitLayout]:
    layout = CircuitLayout(k=11, lanes=2, weight_lanes=2)
    return compile_network(tiny_network(), 2, 2, FORM), layout


def with_columns(**changed: Integers) -> Program:
    program = placed()[0]
    return replace(program, columns={**program.columns, **changed})


def test_a_factor_among_the_hidden_weights_is_refused() -> None:
    """Its owner could hide 0 there: the same value, but one that the key does not show."""
    program = compile_network(with_zeros(tiny_network()), 2, 2, FORM)
    check_program(program)
    columns, numbers = program.columns, program.numbers
    assert numbers is not None
    free = np.argwhere((columns["weight"] == 0) & (columns[NO_WEIGHT] == 0))[0]
    for row in np.flatnonzero(columns[OUTPUT_SELECTOR]):
        own, weights, enters = (
            columns[name].copy() for name in (OUTPUT_SELECTOR, "weight", "enters_kernel")
        )
        none, moved = columns[NO_WEIGHT].copy(), numbers.copy()
        own[row], weights[0, row], enters[row] = 0, -1, 1
        none[0, row], none[tuple(free)] = 0, 1
        moved[0, row], moved[tuple(free)] = numbers[tuple(free)], 0
        changed = {
            OUTPUT_SELECTOR: own,
            "weight": weights,
            "enters_kernel": enters,
            NO_WEIGHT: none,
        }
        with pytest.raises(UnsoundCircuit, match="among the hidden weights"):
            check_program(replace(program, columns={**columns, **changed}, numbers=moved))


@pytest.mark.parametrize("network", [tiny_network(), residual_network()])
def test_every_weight_has_one_place(network: Network) -> None:
    """Also where a layer reads a sum of tensors, for each of which public weights are written."""
    program = compile_network(network, 3, 2, FORM)
    layers = program.network.layers
    count = sum(term.weight.size for layer in layers for term in layer.terms)
    assert (program.columns[NO_WEIGHT] == 0).sum() == count
    check_program(program)


def test_a_place_without_a_weight_is_refused_unless_it_is_marked() -> None:
    """Its owner could hide a further tap there, or link one group to another."""
    none = placed()[0].columns[NO_WEIGHT]
    for lane, row in np.argwhere(none).tolist():
        changed = none.copy()
        changed[lane, row] = 0
        with pytest.raises(UnsoundCircuit, match="has no place, or two"):
            check_program(with_columns(**{NO_WEIGHT: changed}))
    with pytest.raises(UnsoundCircuit, match="not a flag of each place"):
        check_program(with_columns(**{NO_WEIGHT: none[:, 1:]}))
    with pytest.raises(UnsoundCircuit, match=f"column {NO_WEIGHT} says that there is none"):
        check_program(with_columns(**{NO_WEIGHT: np.ones_like(none)}))


def test_two_weights_that_change_places_are_refused() -> None:
    """Even if their values are equal, as in the outline."""
    program = compile_network(outline(tiny_network()), 2, 2, FORM)
    check_program(program)
    assert program.numbers is not None
    places = np.argwhere(program.numbers)
    one, other = tuple(places[0]), tuple(places[-1])
    turned, twice = program.numbers.copy(), program.numbers.copy()
    turned[one], turned[other] = turned[other], turned[one]
    twice[one] = twice[other]
    with pytest.raises(UnsoundCircuit, match="the weights of layer"):
        check_program(replace(program, numbers=turned))
    with pytest.raises(UnsoundCircuit, match="has no place, or two"):
        check_program(replace(program, numbers=twice))
    with pytest.raises(UnsoundCircuit, match="not said which hidden weight"):
        check_program(replace(program, numbers=None))


def test_every_channel_has_one_bias() -> None:
    same = placed()[0].columns[SAME_BIAS]
    for row in range(len(same)):
        changed = same.copy()
        changed[row] = 1 - changed[row]
        said = "more than one bias, or two channels one" if row else "before the first row"
        with pytest.raises(UnsoundCircuit, match=said):
            check_program(with_columns(**{SAME_BIAS: changed}))
    with pytest.raises(UnsoundCircuit, match="more than one bias"):
        check_program(with_columns(**{SAME_BIAS: same[:-1]}))


def test_a_channel_whose_runs_are_apart_is_refused() -> None:
    """The rows between would share its bias."""
    segments = find_segments(placed()[0]).values()
    first, _, last = sorted(segments, key=lambda segment: segment.first)[:3]
    with pytest.raises(UnsoundCircuit, match="are not together"):
        require_one_bias(placed()[0], [[first, last]])


def test_a_sum_whose_kernel_cannot_be_moved_is_refused() -> None:
    """Its weights would stand in two places; public ones may."""
    make = Maker(1)
    layers = (
        make.layer("p", [make.conv(["x"], (2, 2, 3, 1), 1, (1, 0, 1, 0))], (2, 4, 4), 0, 15),
        make.layer("q", [make.conv(["x"], (2, 2, 1, 3), 1, (0, 1, 0, 1))], (2, 4, 4), 0, 15),
        make.layer("r", [make.conv(["p", "q"], (3, 2, 4, 4))], (3, 1, 1), -64, 63),
    )
    network = Network("crossed", Tensor("x", 2, 4, 4, 0, 7), layers, SHIFT, "r")
    check_program(compile_network(network, 2, 2))
    with pytest.raises(ModelRefused, match="weights cannot be hidden"):
        compile_network(network, 2, 2, FORM)


@given(st.data())
def test_every_changed_factor_is_refused(data: st.DataObject) -> None:
    """On rows that set one or multiply; on others V2 may be moved on to nowhere."""
    columns = placed()[0].columns
    own = columns[OUTPUT_SELECTOR].copy()
    row = data.draw(st.sampled_from(np.flatnonzero(own | columns["takes_product"]).tolist()))
    own[row] = 1 - own[row]
    with pytest.raises(UnsoundCircuit):
        check_program(with_columns(**{OUTPUT_SELECTOR: own}))


def test_a_product_with_another_tensor_is_refused_even_if_its_weight_is_zero() -> None:
    """Its owner could hide another weight there, and the layer would depend on itself."""
    network = tiny_network()
    for layer in network.layers:
        for term in layer.terms:
            term.weight[:] = 0
    program = compile_network(network, 2, 2, FORM)
    check_program(program)
    last = program.stored[program.network.output]
    ends = {last.read(channel, (0, 0)).row for channel in range(last.grid.channels)}
    reads = [
        i
        for i, (kind, _, column, _) in enumerate(program.copies)
        if (kind, column) == (FACTOR, POST_OUTER)
    ]
    for place in reads:
        copies = program.copies.copy()
        copies[place, 3] = min(ends)
        with pytest.raises(UnsoundCircuit, match="what is not its source"):
            check_program(replace(program, copies=copies))


def test_the_column_of_factors_must_be_there() -> None:
    program = placed()[0]
    columns = {name: column for name, column in program.columns.items() if name != OUTPUT_SELECTOR}
    with pytest.raises(UnsoundCircuit, match=f"column {OUTPUT_SELECTOR}"):
        check_program(replace(program, columns=columns))
    with pytest.raises(UnsoundCircuit, match=f"column {OUTPUT_SELECTOR}"):
        check_program(replace(program, form=Form()))


def test_salt_stands_where_no_flag_takes_it() -> None:
    program, layout = placed()
    below = layout.usable_rows - cells_of(program, layout)
    assert below >= max(
        len(program.columns[name])
        for name in (*FOLD_FLAGS, OUTPUT_SELECTOR, "ends_row", "continues_segment", "continues_row")
    )


def salted(fill: int = 1) -> Salt:
    program, layout = placed()
    cells = range(cells_of(program, layout))
    return Salt(tuple(tuple(fill + 7**60 * (i + 1) for i in cells) for _ in range(3)))


@cache
def keys(fill: int, name: str = "tiny") -> Any:
    program, layout = placed()
    if name == "outline":
        program = compile_network(outline(tiny_network()), 2, 2, FORM)
    loaded = engine.load_program(program, layout, salted(fill) if fill else None)
    return loaded, engine.engine().keygen(loaded, development(layout))


def development(layout: CircuitLayout) -> Any:
    return engine.engine().Srs.development(layout.k, bytes(range(32)), layout.packing)


def described(fill: int, name: str = "tiny") -> Description:
    return parse_description(keys(fill, name)[1].verifying_key().description().encode())


@cache
def proven(fill: int) -> tuple[bytes, tuple[int, ...]]:
    """A proof with this salt, and its instances."""
    program, layout = placed()
    found = execute(program, image_of(tiny_network(), 4), layout.usable_rows)
    instances = engine.instances_of(program, found)
    cells = engine.load_witness(program, found, BLINDS, instances)
    loaded, made = keys(fill)
    assert engine.engine().check(loaded, cells, []) == []
    return engine.prove(loaded, made, development(layout), cells, BLINDS), tuple(instances)


@needs_engine
def test_one_key_serves_all_weights_of_an_architecture() -> None:
    """Salt, or other weights, change what is proven by it alone."""
    makes = [keys(1)[1], keys(2)[1], keys(0, "outline")[1]]
    assert len({made.verifying_key().to_bytes() for made in makes}) == 1
    assert described(1) == described(2) == described(0, "outline")
    assert len({bytes(made.weights_commitment()) for made in makes}) == 3
    again = engine.engine().keygen(keys(1)[0], development(placed()[1]))
    assert again.weights_commitment() == keys(1)[1].weights_commitment()


@needs_engine
def test_public_weights_have_no_commitment() -> None:
    program = compile_network(tiny_network(), 2, 2)
    loaded = engine.load_program(program, placed()[1])
    made = engine.engine().keygen(loaded, development(placed()[1]))
    with pytest.raises(engine.engine().Refused, match="weights are public"):
        made.weights_commitment()
    description = parse_description(made.verifying_key().description().encode())
    with pytest.raises(ProofRejected, match="the circuit's are public"):
        weights_commitment(description, bytes(description.proof.bytes))


@needs_engine
def test_a_proof_holds_for_both_verifiers_and_says_whose_weights_it_is_of() -> None:
    for fill in (1, 2):
        proof, instances = proven(fill)
        made = keys(fill)[1]
        engine.verify(made.verifying_key(), proof, instances)
        verify(described(fill), proof, instances)
        assert weights_commitment(described(fill), proof) == bytes(made.weights_commitment())


@needs_engine
def test_the_points_of_other_weights_do_not_fit_a_proof() -> None:
    (proof, instances), (other, _) = proven(1), proven(2)
    description = described(1)
    points = range(32, 32 + 64 * description.proof.secret_points, 64)
    swapped = [proof[:at] + other[at : at + 64] + proof[at + 64 :] for at in points]
    swapped.append(other[: points[-1] + 64] + proof[points[-1] + 64 :])
    for changed in swapped:
        with pytest.raises(ProofRejected, match=r"^opening"):
            verify(description, changed, instances)
        with pytest.raises(ProofRejected):
            engine.verify(keys(1)[1].verifying_key(), changed, instances)


@needs_engine
def test_the_points_of_weights_are_points_behind_the_digest() -> None:
    (proof, instances), description = proven(1), described(1)
    cases = {"digest": bytes([proof[0] ^ 1]) + proof[1:], "length": proof[32:]}
    for at in range(32, 32 + 64 * description.proof.secret_points, 64):
        for point in (bytes(64), b"\xff" * 64, proof[at : at + 63] + bytes([proof[at + 63] ^ 1])):
            cases[f"commitment {at} {point[:1].hex()}"] = proof[:at] + point + proof[at + 64 :]
    for name, changed in cases.items():
        with pytest.raises(ProofRejected, match=f"^{name.partition(' ')[0]}"):
            verify(description, changed, instances)
        with pytest.raises(ProofRejected):
            engine.verify(keys(1)[1].verifying_key(), changed, instances)


@needs_engine
def test_an_output_selector_is_checked_by_its_gate() -> None:
    program, layout = placed()
    found = execute(program, image_of(tiny_network(), 4), layout.usable_rows)
    cells = engine.load_witness(program, found, BLINDS, engine.instances_of(program, found))
    row = int(np.flatnonzero(program.columns[OUTPUT_SELECTOR])[0])
    said = engine.engine().check(keys(1)[0], cells, [("kernel", 0, row, 1)])
    assert f"kernel on row {row}" in said


@needs_engine
@pytest.mark.parametrize(
    ("columns", "cells", "objection"),
    [(2, 5, "2 columns of salt"), (4, 5, "4 columns of salt"), (3, 1 << 11, "there are 2041 rows")],
)
def test_salt_of_another_form_is_refused(columns: int, cells: int, objection: str) -> None:
    program, layout = placed()
    with pytest.raises(engine.engine().Refused, match=objection):
        engine.load_program(program, layout, Salt.random(columns, cells))


@needs_engine
@pytest.mark.parametrize(
    "flag",
    ["enters_kernel", "continues_kernel_inner", "ends_row", "continues_row", "continues_segment"],
)
def test_salt_beside_a_flag_is_refused(flag: str) -> None:
    program = placed()[0]
    longer = np.pad(program.columns[flag], (0, 1))
    with pytest.raises(engine.engine().Refused, match=f"flag {flag} goes on"):
        engine.load_program(with_columns(**{flag: longer}), placed()[1], salted())


@needs_engine
def test_public_weights_take_no_salt() -> None:
    layout = placed()[1]
    program = compile_network(tiny_network(), 2, 2)
    with pytest.raises(engine.engine().Refused, match="others none"):
        engine.load_program(program, layout, salted())


def test_salt_is_random_and_its_file_is_read_again() -> None:
    salt = Salt.random(3, 5)
    assert len({cell for column in salt.columns for cell in column}) == 15
    assert Salt.from_bytes(salt.to_bytes()) == salt
    assert salt.cells == 5
    for damaged in (b"", salt.to_bytes()[:-1], salt.to_bytes()[:32]):
        with pytest.raises(ArtifactMismatch, match="salt is damaged"):
            Salt.from_bytes(damaged)


@pytest.mark.parametrize(("cells", "proofs"), [(1, 0), (5, 0), (6, 1), (10, 1), (11, 2)])
def test_a_commitment_and_each_proof_use_up_cells(cells: int, proofs: int) -> None:
    """The column's point shows a value, a proof five more: fewer cells than that hide nothing."""
    assert Salt.random(2, cells).proofs == proofs


def test_proofs_are_counted_and_refused_once_the_hiding_is_used_up(tmp_path: Path) -> None:
    onnx = tmp_path / "model.onnx"
    onnx.write_bytes(b"model")
    secret = Secret(tmp_path)
    secret.keep(onnx, tiny_network())
    secret.keep_salt(Salt.random(3, 2 * VALUES_A_PROOF + 1))
    assert [secret.spend(), secret.spend()] == [1, 0]
    with pytest.raises(ProvingError, match="2 proofs were made"):
        secret.spend()
    files = [path for path in secret.folder.iterdir() if path.name != "lock"]
    assert {path.name for path in files} == {"model.onnx", "network.bin", "salt.bin", PROOFS}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert secret.folder.stat().st_mode & 0o777 == 0o700


def test_only_the_owner_has_the_weights(tmp_path: Path) -> None:
    with pytest.raises(ArtifactMismatch, match="only the owner"):
        Secret(tmp_path).network()
