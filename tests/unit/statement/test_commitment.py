"""What a proof commits to besides its instances: inputs and hidden weights by points.

tests/contracts/libraries/test_statement.py compares the contract with the vectors of this code.
"""

import dataclasses

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.statement.commitment import input_commitment, input_point, proven_input, weights_of
from prover.statement.layout import Layout, OutputKind

POINTED = Layout(10, 1, 0, 8, 17, 0, 0, 0, 0, 0, 0, 0, 8, 2, OutputKind.LABEL, 10)
DIGESTS = Layout(21, 2, 0, 8, 17, 8, 8, 16, 1, 18, 1, 0, 19, 1, OutputKind.LABEL, 10)
WORDS = tuple(range(100, 121))
counts = st.integers(0, 5)


def hidden(points: int) -> Layout:
    return dataclasses.replace(POINTED, weight_points=points)


def head(points: int) -> int:
    return 32 + 64 * points if points else 0


@given(counts, st.binary(min_size=0, max_size=70), st.data())
def test_an_input_is_the_point_behind_the_head(
    points: int, tail: bytes, data: st.DataObject
) -> None:
    start = head(points)
    proof = data.draw(st.binary(min_size=start + 64, max_size=start + 64)) + tail
    assert input_point(hidden(points)) == start
    found = proven_input(hidden(points), proof, WORDS[:10], 0)
    assert found == keccak(proof[start : start + 64])


@given(counts, st.data())
def test_hidden_weights_are_the_head(points: int, data: st.DataObject) -> None:
    proof = data.draw(st.binary(min_size=head(points), max_size=head(points) + 9))
    found = weights_of(hidden(points), proof, WORDS[:10])
    expected = int.from_bytes(keccak(proof[: head(points)]), "big") if points else 0
    assert found == expected


def test_words_and_digests_are_read_off_the_instances() -> None:
    assert proven_input(DIGESTS, b"", WORDS, 1) == input_commitment((117,))
    assert weights_of(DIGESTS, b"", WORDS) == 118


@pytest.mark.parametrize("points", [0, 1, 3])
def test_a_proof_that_ends_within_its_points_is_refused(points: int) -> None:
    layout, least = hidden(points), head(points) + 64
    for length in range(least):
        with pytest.raises(StatementInvalid, match=f"{length} bytes: expected at least {least}"):
            proven_input(layout, bytes(length), WORDS[:10], 0)
    for length in range(head(points)):
        with pytest.raises(StatementInvalid, match=f"expected at least {head(points)},"):
            weights_of(layout, bytes(length), WORDS[:10])
