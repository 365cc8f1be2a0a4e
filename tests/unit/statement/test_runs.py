"""Serving rounds: outputs in a few bytes, trees over both sides, aligned runs of contests."""

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.statement.runs import (
    ContestedRun,
    decode_outputs,
    encode_outputs,
    input_leaf,
    inputs_tree,
    list_hash,
    output_leaf,
    outputs_tree,
    runs,
    word_bytes_for,
)
from prover.statement.tree import check_membership, fold

widths = st.integers(1, 16)


@st.composite
def posted(draw: st.DrawFn) -> tuple[list[list[int]], int]:
    """Output rows that fit, and the bytes of a word."""
    width, words = draw(widths), draw(st.integers(1, 4))
    word = st.integers(-(1 << 8 * width - 1), (1 << 8 * width - 1) - 1)
    return draw(st.lists(st.lists(word, min_size=words, max_size=words), min_size=1)), width


@given(posted())
def test_posted_outputs_are_read_back(case: tuple[list[list[int]], int]) -> None:
    rows, width = case
    content = encode_outputs(rows, width)
    assert len(content) == len(rows) * len(rows[0]) * width
    assert decode_outputs(content, len(rows), width) == tuple(map(tuple, rows))


def test_an_output_that_does_not_fit_names_its_item() -> None:
    assert encode_outputs([[-128], [127]], 1) == b"\x80\x7f"
    for word in (128, -129):
        with pytest.raises(StatementInvalid, match="item 1 has the outputs"):
            encode_outputs([[0], [word]], 1)


@pytest.mark.parametrize(("content", "count"), [(b"", 1), (b"abc", 2), (b"ab", 0), (b"abcd", 4)])
def test_outputs_of_another_length_are_refused(content: bytes, count: int) -> None:
    with pytest.raises(StatementInvalid, match="same number"):
        decode_outputs(content, count, 2)


@given(st.integers(1, 1 << 127))
def test_a_word_holds_all_below_the_limit_and_no_byte_more(limit: int) -> None:
    size = word_bytes_for(limit)
    encode_outputs([[limit - 1, 1 - limit]], size)
    if size > 1:
        with pytest.raises(StatementInvalid):
            encode_outputs([[limit - 1]], size - 1)


def test_a_word_of_more_than_16_bytes_is_refused() -> None:
    assert word_bytes_for(1 << 127) == 16
    with pytest.raises(StatementInvalid, match="at most 16"):
        word_bytes_for((1 << 127) + 1)


def test_leaves_are_those_of_the_contract() -> None:
    index = (7).to_bytes(32, "big")
    assert input_leaf(7, b"\x11" * 32) == keccak(b"\0" + index + b"\x11" * 32)
    assert output_leaf(7, b"abc") == keccak(b"\0" + index + b"abc")
    assert list_hash([1, 258]) == keccak(bytes.fromhex("0000000100000102"))


def test_an_aligned_run_is_opened_by_one_path_in_both_trees() -> None:
    commitments = [bytes([n]) * 32 for n in range(11)]
    rows = [[n, -n] for n in range(11)]
    content = encode_outputs(rows, 3)
    inputs, outputs = inputs_tree(commitments), outputs_tree(content, 11)
    run = runs([3, 4, 5, 6, 7, 9])[1]
    assert run == ContestedRun(1, 4, 4)
    where = range(run.first, run.first + run.size)
    leaves = fold([input_leaf(n, commitments[n]) for n in where])
    check_membership(inputs.root, 11, run.first, leaves, inputs.path(run.first, 2), 2)
    leaves = fold([output_leaf(n, content[6 * n : 6 * n + 6]) for n in where])
    check_membership(outputs.root, 11, run.first, leaves, outputs.path(run.first, 2), 2)


@given(st.sets(st.integers(0, 300), max_size=80), st.integers(0, 9))
def test_runs_cover_the_list_in_order_and_are_aligned(chosen: set[int], start: int) -> None:
    indices = sorted(chosen)
    found = runs(indices, start)
    assert [run.first + at for run in found for at in range(run.size)] == indices
    assert [run.position for run in found] == [
        start + sum(run.size for run in found[:at]) for at in range(len(found))
    ]
    assert all(run.first % run.size == 0 and run.size & (run.size - 1) == 0 for run in found)


@given(st.integers(0, 9), st.integers(0, 63))
def test_a_whole_subtree_is_one_run(levels: int, place: int) -> None:
    size = 1 << levels
    assert runs(range(place * size, (place + 1) * size)) == (ContestedRun(0, place * size, size),)
