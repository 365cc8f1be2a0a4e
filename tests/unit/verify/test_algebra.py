"""Scalars, Lagrange polynomials and the transcript against plain definitions."""

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import ProofRejected
from prover.verify.algebra.domain import Domain
from prover.verify.algebra.field import R, fold, interpolate, inverse, powers, product
from prover.verify.transcript import Transcript
from tests.unit.verify.vector import description

SCALARS = st.integers(0, R - 1)
SMALL = Domain(3, pow(description().omega, 1 << (description().k - 3), R))


def horner(coefficients: list[int], x: int) -> int:
    return sum(value * pow(x, i, R) for i, value in enumerate(coefficients)) % R


@given(st.lists(SCALARS, min_size=1, max_size=6), SCALARS)
def test_interpolation_finds_the_polynomial(coefficients: list[int], at: int) -> None:
    values = {point: horner(coefficients, point) for point in range(10, 10 + len(coefficients))}
    assert interpolate(values, at) == horner(coefficients, at)


@given(st.lists(SCALARS, max_size=8), st.integers(2, R - 1))
def test_a_column_is_the_polynomial_through_its_cells(cells: list[int], x: int) -> None:
    padded = [*cells, *[0] * (8 - len(cells))]
    roots = powers(SMALL.omega, 8)
    if SMALL.vanishing(x):
        assert SMALL.column(cells, x) == interpolate(dict(zip(roots, padded, strict=True)), x)


def test_a_rotation_is_a_row_further() -> None:
    x = 12345
    assert SMALL.rotate(x, 1) == x * SMALL.omega % R
    assert SMALL.rotate(SMALL.rotate(x, -3), 3) == x
    assert SMALL.rotate(x, 8) == x
    assert SMALL.lagrange(-1, x) == SMALL.lagrange(7, x)


def test_a_challenge_on_a_row_is_rejected() -> None:
    with pytest.raises(ProofRejected, match=r"^challenge"):
        SMALL.lagrange(2, pow(SMALL.omega, 2, R))
    with pytest.raises(ProofRejected, match=r"^challenge"):
        inverse(R)


def test_folds_powers_and_products() -> None:
    assert fold([1, 2, 3], 10) == 123
    assert powers(10, 3) == [1, 10, 100]
    assert powers(10, 0) == []
    assert product([]) == 1
    assert product([2, 3, R + 4]) == 24


def test_a_challenge_hashes_the_state_and_all_that_was_absorbed() -> None:
    transcript = Transcript((7).to_bytes(32, "big") + (1).to_bytes(32, "big") + bytes(31) + b"\2")
    transcript.absorb(5)
    assert transcript.read_scalar("a") == 7
    words = b"".join(value.to_bytes(32, "big") for value in (0, 5, 7))
    state = keccak(words)
    assert transcript.squeeze() == int.from_bytes(state, "big") % R
    assert transcript.read_point("b") == (1, 2)
    state = keccak(state + (1).to_bytes(32, "big") + (2).to_bytes(32, "big"))
    assert transcript.squeeze() == int.from_bytes(state, "big") % R
    assert transcript.squeeze() == int.from_bytes(keccak(state), "big") % R
    transcript.finish()


def test_a_transcript_is_read_to_its_end_and_no_further() -> None:
    transcript = Transcript(bytes(33))
    transcript.read_scalar("a")
    with pytest.raises(ProofRejected, match="1 bytes are left"):
        transcript.finish()
    with pytest.raises(ProofRejected, match="ends within evaluation b"):
        transcript.read_scalar("b")
