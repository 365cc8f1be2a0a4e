"""Hashed inputs: the digests are those of the whole image, and a prover can show no others."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.base.errors import ModelRefused, ProofRejected, StatementInvalid, UnsoundCircuit
from prover.statement import poseidon
from prover.statement.field import FIELD_MODULUS
from prover.systems.native import engine
from prover.systems.native.circuit import hashing
from prover.systems.native.circuit.fold import HASH_WORD, INSTANCE, PACKED_WORD
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.hashing import CHUNK, Hashing
from prover.systems.native.circuit.layout import CircuitLayout, choose_layout
from prover.systems.native.circuit.program import Program, compile_network
from prover.systems.native.network.network import Integers
from prover.systems.native.static_checks.hash_check import require_hashing
from prover.systems.native.static_checks.replay import check_program
from prover.systems.native.witness import Execution, execute, packed
from prover.verify import parse_description, verify
from tests.unit.systems.native.needs import needs_engine
from tests.unit.systems.native.networks import image_of, tiny_network

CONTEXT = (11, 12)
FORM = Form(context=len(CONTEXT), inputs="hashed")
COLUMNS = (
    "continues_word",
    "hash_start",
    "hash_absorb",
    "hash_full_round",
    "hash_partial_round",
    "hash_digest",
    "hash_round",
)
ROUNDS = hashing.ROUNDS


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of two words and words of three rows, so that a tiny image has several."""
    monkeypatch.setattr(hashing, "CHUNK", 3)
    monkeypatch.setattr(Hashing, "group", property(lambda self: 3))
    monkeypatch.setattr("prover.systems.native.static_checks.hash_check.CHUNK", 3)
    monkeypatch.setattr(
        "prover.systems.native.static_checks.hash_check.FIELD_MODULUS", 1 << (3 * 6)
    )


def test_an_input_of_one_value_is_refused() -> None:
    network = replace(tiny_network(), input=replace(tiny_network().input, low=3, high=3))
    for refused in (choose_layout, lambda *form: compile_network(network, 2, 2, form[-1])):
        with pytest.raises(ModelRefused, match="every input is 3"):
            refused(network, FORM)


def built() -> tuple[Program, CircuitLayout]:
    network = tiny_network()
    layout = replace(choose_layout(network, FORM), lanes=2, weight_lanes=2, k=11)
    return compile_network(network, 2, 2, FORM), layout


@cache
def placed() -> tuple[Program, CircuitLayout]:
    return built()


@pytest.fixture
def program() -> Program:
    return placed()[0]


def test_the_circuit_passes_its_static_checks(program: Program) -> None:
    assert program.hashing is not None
    assert len(program.hashing.chunks) > 1
    assert program.hashing.image_rows % 3 != 0
    check_program(program)


def with_column(program: Program, name: str, change: Callable[[Integers], None]) -> Program:
    column = program.columns[name].copy()
    change(column)
    return replace(program, columns={**program.columns, name: column})


@pytest.mark.parametrize("name", COLUMNS)
def test_every_changed_hash_row_is_refused(name: str, program: Program) -> None:
    for row in range(len(program.columns[name])):
        value = (
            1 - program.columns[name][row]
            if name != "hash_round"
            else program.columns[name][row] + 1
        )

        def change(column: Integers, row: int = row, value: int = value) -> None:
            column[row] = value

        with pytest.raises(UnsoundCircuit):
            require_hashing(with_column(program, name, change))


def test_the_check_of_a_circuit_reads_its_hash_rows(program: Program) -> None:
    def change(column: Integers) -> None:
        column[7] += 1

    with pytest.raises(UnsoundCircuit, match="hash row 7"):
        check_program(with_column(program, "hash_round", change))


def test_every_changed_copy_is_refused(program: Program) -> None:
    ours = [
        i
        for i, copy in enumerate(program.copies.tolist())
        if {copy[0], copy[2]} & {PACKED_WORD, HASH_WORD}
    ]
    assert program.hashing is not None
    assert len(ours) == len(program.hashing.word_ends) + len(program.hashing.chunks)
    for place in ours:
        moved = program.copies.copy()
        moved[place, 3] += 1
        twice = np.concatenate([program.copies, program.copies[place : place + 1]])
        for copies in (moved, np.delete(program.copies, place, axis=0), twice):
            with pytest.raises(UnsoundCircuit):
                check_program(replace(program, copies=copies))
    first, second = ours[:2]
    swapped = program.copies.copy()
    swapped[[first, second], 3] = swapped[[second, first], 3]
    with pytest.raises(UnsoundCircuit, match="in order"):
        check_program(replace(program, copies=swapped))


@pytest.mark.parametrize("name", COLUMNS)
def test_no_hash_column_may_be_missing(name: str, program: Program) -> None:
    columns = {other: column for other, column in program.columns.items() if other != name}
    with pytest.raises(UnsoundCircuit, match=f"no column {name}"):
        check_program(replace(program, columns=columns))


def test_a_chunk_or_its_rounds_may_not_be_left_out(program: Program) -> None:
    shorter = {
        name: program.columns[name][: -(1 + ROUNDS)] for name in COLUMNS if name != "continues_word"
    }
    with pytest.raises(UnsoundCircuit):
        check_program(replace(program, columns={**program.columns, **shorter}))


class Uneven(Hashing):
    """As many chunks, but the first holds one word and the second what it lacks."""

    @property
    def chunks(self) -> list[list[int]]:
        first, second, *others = super().chunks
        return [first[:1], [*first[1:], *second], *others]


def test_other_chunks_are_refused(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    assert program.hashing is not None
    uneven = Uneven(program.hashing.image_rows, program.hashing.bits)
    others = [list(copy) for copy in uneven.copies(len(CONTEXT))]
    rest = [
        copy
        for copy in program.copies.tolist()
        if not {copy[0], copy[2]} & {PACKED_WORD, HASH_WORD}
    ]
    changed = replace(
        program,
        columns={**program.columns, **uneven.columns()},
        copies=np.array([*rest, *others]),
    )
    with pytest.raises(UnsoundCircuit, match="its chunks hash"):
        check_program(changed)
    monkeypatch.setattr("prover.systems.native.static_checks.hash_check.CHUNK", 4)
    with pytest.raises(UnsoundCircuit, match="its chunks hash"):
        check_program(changed)


@pytest.mark.parametrize(("modulus", "fits"), [((1 << 19) - 1, True), (1 << 17, False)])
def test_a_word_longer_than_the_field_is_refused(
    program: Program, monkeypatch: pytest.MonkeyPatch, modulus: int, fits: bool
) -> None:
    """Three rows of 6 bits are 18: a field of 18 bits holds numbers that two images would share."""
    monkeypatch.setattr("prover.systems.native.static_checks.hash_check.FIELD_MODULUS", modulus)
    if fits:
        require_hashing(program)
        return
    with pytest.raises(UnsoundCircuit, match="column ip does not cut the image into words"):
        require_hashing(program)


class Longer(Hashing):
    """The last chunk absorbs one word more, of no image row: a prover could choose it."""

    @property
    def chunks(self) -> list[list[int]]:
        *others, last = super().chunks
        return [*others, [*last, self.image_rows]]

    @property
    def rows(self) -> int:
        return super().rows + 1 + ROUNDS


def test_a_word_more_than_the_image_is_refused(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program.hashing is not None
    longer = Longer(program.hashing.image_rows, program.hashing.bits)
    monkeypatch.setattr(hashing, "CHUNK", 5)  # six words: the last chunk has room
    monkeypatch.setattr("prover.systems.native.static_checks.hash_check.CHUNK", 5)
    free = longer.image_rows
    others = [list(copy) for copy in longer.copies(len(CONTEXT)) if copy[3] != free]
    rest = [
        copy
        for copy in program.copies.tolist()
        if not {copy[0], copy[2]} & {PACKED_WORD, HASH_WORD}
    ]
    changed = replace(
        program,
        columns={**program.columns, **longer.columns()},
        copies=np.array([*rest, *others]),
    )
    with pytest.raises(UnsoundCircuit, match="words in 2 chunks are hashed: expected"):
        require_hashing(changed)


def test_a_circuit_without_digests_has_no_hash_rows(program: Program) -> None:
    outputs = [
        copy for copy in program.copies.tolist() if copy[0] == INSTANCE and copy[2] != HASH_WORD
    ]
    form = Form(context=len(CONTEXT) + program.digests)
    assert len(outputs) == 3
    with pytest.raises(UnsoundCircuit, match="not hashed"):
        check_program(replace(program, form=form))
    plain = compile_network(tiny_network(), 2, 2, Form(context=len(CONTEXT)))
    for extra in ([HASH_WORD, 1, PACKED_WORD, 1], [INSTANCE, 0, HASH_WORD, 3]):
        copies = np.concatenate([plain.copies, [extra]])
        with pytest.raises(UnsoundCircuit, match="not hashed"):
            check_program(replace(plain, copies=copies))


@settings(deadline=None)
@given(st.integers(1, 40), st.data())
def test_words_hold_every_image_row_once(rows: int, data: st.DataObject) -> None:
    found = Hashing(rows, 6)
    draw = st.lists(st.integers(0, 63), min_size=rows, max_size=rows)
    image, other = data.draw(draw), data.draw(draw)
    assert (found.words(image) == found.words(other)) == (image == other)
    assert sum(len(chunk) for chunk in found.chunks) == len(found.words(image))
    salts = list(range(len(found.chunks)))
    digests = found.digests(image, salts)
    words = found.words(image)
    assert digests == [
        poseidon.digest([*words[2 * i : 2 * i + 2], salt]) for i, salt in enumerate(salts)
    ]


def test_an_image_of_another_length_is_refused() -> None:
    for rows in (8, 10):
        with pytest.raises(StatementInvalid, match=f"of {rows} rows: .* exactly 9"):
            Hashing(9, 6).digests([0] * rows, [1, 2])


def test_another_number_of_salts_is_refused() -> None:
    with pytest.raises(StatementInvalid, match="1 salts: expected 2"):
        Hashing(9, 6).digests([0] * 9, [1])


def test_words_are_as_long_as_the_field_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert CHUNK == 1024
    photograph = Hashing(17_472, 9 * 8)
    assert photograph.group == 3
    assert len(photograph.words([(1 << 72) - 1] * 17_472)) == 5_824
    assert max(photograph.words([(1 << 72) - 1] * 17_472)) < FIELD_MODULUS
    assert [len(chunk) for chunk in photograph.chunks] == [1023] * 5 + [709]
    assert photograph.rows < 1 << 19


def hidden(program: Program) -> engine.Secrets:
    salts = tuple(1000 + i for i in range(program.digests))
    return engine.Secrets(tuple(range(1, 9)), bytes(32), salts)


@cache
def honest() -> tuple[Program, CircuitLayout, Execution]:
    program, layout = placed()
    return program, layout, execute(program, image_of(tiny_network(), 4), layout.usable_rows)


def said(
    tampers: tuple[tuple[str, int, int, int], ...] = (),
    salts: tuple[int, ...] = (),
    instances: Callable[[list[int]], None] = lambda words: None,
    columns: dict[str, Integers] | None = None,
) -> set[str]:
    program, layout, found = honest()
    secret = hidden(program)
    public = engine.instances_of(program, found, CONTEXT, secret.chunks)
    instances(public)
    if salts:
        secret = replace(secret, chunks=salts)
    cells = engine.load_witness(program, found, secret, public)
    if columns:
        program = replace(program, columns={**program.columns, **columns})
    return set(engine.engine().check(engine.load_program(program, layout), cells, list(tampers)))


def failures(*args: Any, **changes: Any) -> set[str]:
    """The gates that object, on whatever rows."""
    return {text.split()[0] for text in said(*args, **changes)}


@needs_engine
def test_the_honest_witness_is_accepted() -> None:
    assert failures() == set()


def rows_of(name: str) -> list[int]:
    return [int(row) for row in np.flatnonzero(honest()[0].columns[name])]


@needs_engine
@pytest.mark.parametrize(
    "flag", ["hash_start", "hash_absorb", "hash_full_round", "hash_partial_round"]
)
@pytest.mark.parametrize("lane", [0, 1])
def test_every_state_is_checked(flag: str, lane: int) -> None:
    """By the row's own gate: the round after it objects to another state as well."""
    gate = flag if flag in ("hash_start", "hash_absorb") else "hash_round"
    for row in (rows_of(flag)[0], rows_of(flag)[-1]):
        assert f"{gate} on row {row}" in said((("hash_state", lane, row, 1),))


@needs_engine
@pytest.mark.parametrize(
    ("flag", "lane"), [("hash_full_round", 0), ("hash_full_round", 1), ("hash_partial_round", 0)]
)
def test_every_square_is_checked(flag: str, lane: int) -> None:
    for row in (rows_of(flag)[0], rows_of(flag)[-1]):
        assert failures((("hash_square", lane, row, 1),)) == {"hash_square", "hash_round"}


@needs_engine
def test_words_are_the_images() -> None:
    start, absorb = rows_of("hash_start")[0], rows_of("hash_absorb")[0]
    assert failures((("hash_word", 0, start, 1),)) == {"hash_start", "copy"}
    assert failures((("hash_word", 0, absorb, 1),)) == {"hash_absorb", "copy"}
    for row in range(len(honest()[0].columns["continues_word"])):
        assert f"packed_word on row {row}" in said((("packed_word", 0, row, 1),))


@needs_engine
def test_a_digest_is_the_state_after_the_salt() -> None:
    assert failures((("hash_word", 0, rows_of("hash_digest")[0], 1),)) == {"hash_digest", "copy"}


@needs_engine
@pytest.mark.parametrize("chunk", [0, 1])
def test_public_digests_are_those_of_the_rows(chunk: int) -> None:
    def change(words: list[int]) -> None:
        words[len(CONTEXT) + chunk] += 1

    assert failures(instances=change) == {"copy"}
    salts = list(hidden(honest()[0]).chunks)
    salts[chunk] += 1
    assert failures(salts=tuple(salts)) == {"copy"}


@needs_engine
def test_other_constants_are_another_hash() -> None:
    rounds = honest()[0].columns["hash_round"].copy()
    row = rows_of("hash_full_round")[1]
    rounds[row] += 1
    assert failures(columns={"hash_round": rounds}) == {"copy"}


@needs_engine
@pytest.mark.parametrize(
    "name",
    ["continues_word", "hash_absorb", "hash_full_round", "hash_partial_round", "hash_digest"],
)
def test_no_hash_flag_looks_back_from_the_first_row(name: str) -> None:
    def change(column: Integers) -> None:
        column[0] = 1

    program, layout = placed()
    with pytest.raises(engine.engine().Refused, match="row 0"):
        engine.load_program(with_column(program, name, change), layout)


@needs_engine
def test_a_proof_shows_the_digests_to_both_verifiers() -> None:
    program, layout, found = honest()
    native, secret = engine.engine(), hidden(program)
    srs = native.Srs.development(layout.k, bytes(range(32)), layout.packing)
    loaded = engine.load_program(program, layout)
    keys = native.keygen(loaded, srs)
    assert program.hashing is not None
    digests = program.hashing.digests(packed(program, found.cells), secret.chunks)
    instances = engine.instances_of(program, found, CONTEXT, secret.chunks)
    assert instances[: 2 + len(digests)] == [*CONTEXT, *digests]
    proof = engine.prove(
        loaded, keys, srs, engine.load_witness(program, found, secret, instances), secret
    )
    vk = keys.verifying_key()
    engine.verify(vk, proof, instances)
    description = parse_description(vk.description().encode())
    verify(description, proof, instances)
    wrong = list(instances)
    wrong[2] += 1
    for check in (
        lambda: engine.verify(vk, proof, wrong),
        lambda: verify(description, proof, wrong),
    ):
        with pytest.raises(ProofRejected):
            check()
