"""Public labels: they are those of the greatest scores, and a prover can say no others."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import ModelRefused, ProofRejected, UnsoundCircuit
from prover.systems.native import engine
from prover.systems.native.circuit.fold import FACTOR, INSTANCE
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import CircuitLayout, choose_layout
from prover.systems.native.circuit.program import Program, compile_network
from prover.systems.native.circuit.ranking import MAX_LABELS, Ranking
from prover.systems.native.network.network import Integers, Layer, Network, Tensor, Term
from prover.systems.native.static_checks.replay import check_program
from prover.systems.native.witness import Execution, execute, multiplicities
from prover.verify import parse_description, verify
from tests.unit.systems.native.needs import needs_engine

CONTEXT = (11, 12)
LABELS = 3
HIDDEN = engine.Secrets(tuple(range(1, 9)), bytes(32))
# Scores 9 0 9 -7 5 9 5 1: three classes share the greatest, two the next.
SCORES = (9, 0, 9, -7, 5, 9, 5, 1)
BEST = (0, 2, 5, 4, 6, 7, 1, 3)


def network() -> Network:
    """Its scores are SCORES times the input."""
    tensor = Tensor("x", 1, 1, 1, -2, 2)
    weight = np.array(SCORES, dtype=np.int64).reshape(-1, 1, 1, 1) << 6
    term = Term(("x",), weight, 1, (0, 0, 0, 0), 1, pooled=False)
    bias = np.zeros(len(SCORES), dtype=np.int64)
    layer = Layer("out", (term,), bias, -20, 20, -40, 40, len(SCORES), 1, 1)
    return Network("scores", tensor, (layer,), 6, "out")


def ranked(scores: Sequence[int]) -> list[int]:
    return sorted(range(len(scores)), key=lambda label: (-scores[label], label))


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=40), st.data())
def test_labels_are_those_of_the_greatest_scores(scores: list[int], data: st.DataObject) -> None:
    count = data.draw(st.integers(1, min(len(scores), MAX_LABELS)))
    ranking = Ranking(count, len(scores), -9, 9)
    found = ranking.cells(np.array(scores))
    assert list(found.labels) == ranked(scores)[:count]
    keys = ranking.break_ties(np.array(scores))
    assert len(set(keys.tolist())) == len(scores)
    assert keys.min() >= 0
    assert (found.gaps >= 0).all()
    assert found.gaps.max(initial=0) < ranking.limbs(4) << 4
    assert found.membership[count:].sum() == count


@pytest.mark.parametrize("labels", [-1, len(SCORES) + 1])
def test_another_number_of_labels_is_refused(labels: int) -> None:
    with pytest.raises(ModelRefused, match="expected 1 to 8"):
        compile_network(network(), 2, 2, Form(labels=labels))


def test_more_labels_than_a_circuit_may_have_are_refused() -> None:
    """However many classes there are."""
    output = replace(network().layer("out"), channels=MAX_LABELS + 1)
    assert Ranking.of(output, MAX_LABELS) == Ranking(MAX_LABELS, MAX_LABELS + 1, -20, 20)
    with pytest.raises(ModelRefused, match="9 labels: expected 1 to 8"):
        Ranking.of(output, MAX_LABELS + 1)


@cache
def placed() -> tuple[Program, CircuitLayout]:
    form = Form(context=len(CONTEXT), labels=LABELS)
    layout = replace(choose_layout(network(), form), lanes=2, weight_lanes=2, k=9)
    return compile_network(network(), 2, 2, form), layout


def test_the_circuit_passes_its_static_checks() -> None:
    check_program(placed()[0])


def with_column(name: str, change: Callable[[Integers], None]) -> Program:
    program = placed()[0]
    column = program.columns[name].copy()
    change(column)
    return replace(program, columns={**program.columns, name: column})


@given(data=st.data())
@pytest.mark.parametrize("name", ["is_label", "is_lower_label", "is_class", "class"])
def test_every_changed_rank_row_is_refused(name: str, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(placed()[0].columns[name]) - 1))
    with pytest.raises(UnsoundCircuit):
        check_program(with_column(name, lambda column: column.__setitem__(row, 1 - column[row])))


@given(data=st.data())
def test_every_changed_tag_below_the_tensors_is_refused(data: st.DataObject) -> None:
    program = placed()[0]
    tags = program.columns["tag"]
    row = data.draw(st.integers(len(program.columns["continues_segment"]), tags.shape[1] - 1))
    lane = data.draw(st.integers(0, len(tags) - 1))
    tag = data.draw(st.integers(0, program.table.rank_tag).filter(lambda t: t != tags[lane, row]))
    with pytest.raises(UnsoundCircuit, match="row of no tensor"):
        check_program(with_column("tag", lambda column: column.__setitem__((lane, row), tag)))


def test_a_difference_tag_inside_a_tensor_is_refused() -> None:
    program = placed()[0]
    first = program.stored["out"].start
    with pytest.raises(UnsoundCircuit, match="another tensor's tag"):
        check_program(
            with_column("tag", lambda tags: tags.__setitem__((0, first), program.table.rank_tag))
        )


def copies_of(program: Program) -> list[int]:
    """The copies of labels and scores, by place."""
    return [
        i for i, (c, row, *_) in enumerate(program.copies) if c == FACTOR and row >= program.ranked
    ]


def test_every_changed_copy_is_refused() -> None:
    program = placed()[0]
    public = copies_of(program)
    assert len(public) == LABELS + len(SCORES)
    for place in public:
        moved = program.copies.copy()
        moved[place, 3] += 1 if moved[place, 3] == 0 else -1
        with pytest.raises(UnsoundCircuit):
            check_program(replace(program, copies=moved))
        with pytest.raises(UnsoundCircuit):
            check_program(replace(program, copies=np.delete(program.copies, place, axis=0)))
        twice = np.concatenate([program.copies, program.copies[place : place + 1]])
        with pytest.raises(UnsoundCircuit):
            check_program(replace(program, copies=twice))
    score = np.array([[INSTANCE, 0, *program.copies[public[-1], 2:]]])
    with pytest.raises(UnsoundCircuit):
        check_program(replace(program, copies=np.concatenate([program.copies, score])))


@cache
def honest(value: int = 1) -> tuple[Program, CircuitLayout, Execution]:
    program, layout = placed()
    return program, layout, execute(program, np.full((1, 1, 1), value), layout.usable_rows)


def failures(
    change: Callable[[Execution], Execution] = lambda found: found,
    instances: list[int] | None = None,
    tampers: tuple[tuple[str, int, int, int], ...] = (),
) -> set[str]:
    program, layout, found = honest()
    wrong = change(found)
    counts = multiplicities(program, wrong.cells, layout.usable_rows)
    wrong = replace(wrong, multiplicities=counts)
    public = instances or engine.instances_of(program, wrong, CONTEXT)
    loaded = engine.load_witness(program, wrong, HIDDEN, public)
    said = engine.engine().check(engine.load_program(program, layout), loaded, list(tampers))
    return {text.split()[0] for text in said}


def claimed(labels: Sequence[int], bar: int | None = None) -> Callable[[Execution], Execution]:
    """A prover that says these labels, and completes the rank rows as well as it can."""

    def change(found: Execution) -> Execution:
        program = honest()[0]
        ranking, first = program.ranking, program.ranked
        assert ranking is not None
        scores, keys = np.array(SCORES), ranking.break_ties(np.array(SCORES))
        chosen = np.array(labels)
        known = chosen[chosen < len(SCORES)]
        ranks = np.zeros_like(found.ranks)
        top = slice(first, first + LABELS)
        ranks[0, top] = [scores[label] if label < len(SCORES) else 9 for label in labels]
        ranks[1, top] = ((ranks[0, top] - ranking.low + 1) << ranking.bits) - 1 - chosen
        below = slice(first + LABELS, first + ranking.rows)
        picked = np.bincount(known, minlength=len(SCORES))
        ranks[0, below] = picked
        ranks[1, below] = last = int(ranks[1, first + LABELS - 1]) if bar is None else bar
        gaps = [-np.diff(ranks[1, top]) - 1, (1 - picked) * (last - keys - 1)]
        return replace(found, labels=tuple(labels), ranks=ranks, cells=with_gaps(found, gaps))

    return change


def with_gaps(found: Execution, gaps: list[Integers]) -> Any:
    """Differences that are negative stand as they are: no entry of the table has them."""
    program = honest()[0]
    assert program.ranking is not None
    q, r = found.cells.quotient.copy(), found.cells.remainder.copy()
    rows = program.ranking.compared(program.ranked)
    values = np.concatenate(gaps)
    positive = np.maximum(values, 0)
    q[0, rows], r[0, rows] = positive >> 6, positive & 63
    return replace(found.cells, quotient=q, remainder=r)


@needs_engine
def test_honest_labels_are_accepted() -> None:
    assert honest()[2].labels == BEST[:LABELS]
    assert failures() == set()
    assert failures(claimed(BEST[:LABELS])) == set()


@needs_engine
@pytest.mark.parametrize(
    ("labels", "objection"),
    [
        ((0, 2, 4), {"other_classes"}),  # class 5 is above the last
        ((0, 5, 2), {"label_order"}),  # a tie settled the wrong way
        ((2, 0, 5), {"label_order"}),
        ((0, 2, 2), {"label_order"}),  # one twice
        ((0, 2, 5 + 8), {"boundary", "other_classes"}),  # no class of that number
        ((3, 1, 7), {"label_order", "other_classes"}),
    ],
)
def test_other_labels_are_rejected(labels: tuple[int, ...], objection: set[str]) -> None:
    assert failures(claimed(labels)) == objection


@needs_engine
def test_a_label_with_another_score_is_no_class() -> None:
    def change(found: Execution) -> Execution:
        wrong = claimed(BEST[:LABELS])(found)
        program = honest()[0]
        wrong.ranks[0, program.ranked + 2] += 1  # its score, and the key that goes with it
        return wrong

    assert failures(change) == {"label_key", "boundary"}


@needs_engine
@pytest.mark.parametrize("at", [0, 1, 2, 3, LABELS + len(SCORES) - 1])
def test_the_bar_is_the_last_labels_key(at: int) -> None:
    def change(found: Execution) -> Execution:
        wrong = claimed(BEST[:LABELS])(found)
        wrong.ranks[1, honest()[0].ranked + at] += 1
        return wrong

    said = failures(change)
    assert said & {"label_key", "threshold"}


@needs_engine
@pytest.mark.parametrize("label", range(LABELS))
def test_public_labels_are_those_of_the_rank_rows(label: int) -> None:
    """x follows the public word: another word makes another key and another tuple."""
    program, _, found = honest()
    instances = engine.instances_of(program, found, CONTEXT)
    instances[len(CONTEXT) + label] += 1
    assert failures(instances=instances) == {"label_key", "boundary"}


@needs_engine
def test_the_picked_classes_are_counted() -> None:
    def change(found: Execution) -> Execution:
        wrong = claimed(BEST[:LABELS])(found)
        program = honest()[0]
        wrong.ranks[0, program.ranked + LABELS + 3] = 1  # the worst class
        cells = wrong.cells
        row = program.ranked + LABELS + 3
        cells.quotient[0, row] = cells.remainder[0, row] = 0
        return wrong

    assert failures(change) == {"boundary"}


@needs_engine
@pytest.mark.parametrize("row", [0, LABELS, LABELS + 1])
def test_the_partial_sum_of_a_rank_row_is_checked(row: int) -> None:
    at = honest()[0].ranked + row
    assert "membership_partial" in failures(tampers=(("membership_partial", 0, at, 1),))


@needs_engine
def test_a_difference_out_of_range_is_not_in_the_table() -> None:
    def change(found: Execution) -> Execution:
        program = honest()[0]
        q = found.cells.quotient.copy()
        q[0, program.ranked + 1] += program.table.limbs
        return replace(found, cells=replace(found.cells, quotient=q))

    assert failures(change) == {"label_order", "boundary"}


@needs_engine
@pytest.mark.parametrize("value", [-2, -1, 0, 1, 2])
def test_a_proof_says_the_labels_to_both_verifiers(value: int) -> None:
    program, layout, found = honest(value)
    native = engine.engine()
    srs = native.Srs.development(layout.k, bytes(range(32)), layout.packing)
    loaded = engine.load_program(program, layout)
    keys = native.keygen(loaded, srs)
    instances = engine.instances_of(program, found, CONTEXT)
    assert instances == [*CONTEXT, *ranked([value * score for score in SCORES])[:LABELS]]
    cells = engine.load_witness(program, found, HIDDEN, instances)
    proof = engine.prove(loaded, keys, srs, cells, HIDDEN)
    vk = keys.verifying_key()
    engine.verify(vk, proof, instances)
    description = parse_description(vk.description().encode())
    verify(description, proof, instances)
    for place in range(len(CONTEXT), len(instances)):
        wrong = list(instances)
        wrong[place] += 1
        with pytest.raises(ProofRejected):
            engine.verify(vk, proof, wrong)
        with pytest.raises(ProofRejected):
            verify(description, proof, wrong)
    with pytest.raises(ProofRejected):
        engine.verify(vk, proof, [*instances, 0])
