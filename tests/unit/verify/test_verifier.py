"""The committed proof is accepted; everything else is rejected, by the check that should."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from py_ecc.optimized_bn128 import G1, add, normalize

from prover.base.errors import ProofRejected
from prover.verify import opening, permutation, vanishing, verifier, verify
from prover.verify.algebra.field import R
from prover.verify.algebra.group import Affine, P, bn128, sum_of_multiples
from prover.verify.proof import read_proof
from tests.unit.verify.vector import (
    INSTANCES,
    PROOF,
    description,
    with_word,
    word,
)

LAYOUT = description().proof
POINTS = sum(LAYOUT.advice_points) + LAYOUT.grand_products + 1 + LAYOUT.quotient_pieces
FIRST_SCALAR = 2 * POINTS
FIRST_OPENING = FIRST_SCALAR + LAYOUT.evaluations
POINT_WORDS = [*range(0, FIRST_SCALAR, 2), FIRST_OPENING, FIRST_OPENING + 2]
SCALAR_WORDS = range(FIRST_SCALAR, FIRST_OPENING)
SOME_POINTS = [0, 2 * LAYOUT.advice_points[0], FIRST_SCALAR - 2, *POINT_WORDS[-2:]]
SOME_SCALARS = [SCALAR_WORDS[0], SCALAR_WORDS[len(SCALAR_WORDS) // 2], SCALAR_WORDS[-1]]
SLOW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def other_point(index: int) -> tuple[int, int]:
    """The point of a proof plus the generator: on the curve, and another one."""
    point = (bn128.FQ(word(index)), bn128.FQ(word(index + 1)), bn128.FQ.one())
    x, y = normalize(add(point, G1))
    return int(x), int(y)


@pytest.fixture
def accepted_sum(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compare the pairing's inputs with the honest ones: a hundred times faster.

    For given set-up and W', exactly one F satisfies e(W', s_g2) = e(F, g2). Tests of the pairing
    itself do without this fixture.
    """
    honest: list[Any] = []

    def remember(*inputs: Any) -> bool:
        honest.append(inputs)
        return True

    monkeypatch.setattr(opening, "pairings_cancel", remember)
    verify(description(), PROOF, INSTANCES)
    monkeypatch.setattr(opening, "pairings_cancel", lambda *inputs: inputs == honest[0])
    yield
    verify(description(), PROOF, INSTANCES)


def test_the_honest_proof_is_accepted() -> None:
    verify(description(), PROOF, INSTANCES)


@pytest.mark.parametrize("index", SOME_POINTS)
def test_another_point_is_rejected(index: int) -> None:
    with pytest.raises(ProofRejected, match=r"^opening: the pairing"):
        verify(description(), with_word(index, *other_point(index)), INSTANCES)


@pytest.mark.parametrize("index", SOME_SCALARS)
def test_another_evaluation_is_rejected(index: int) -> None:
    with pytest.raises(ProofRejected, match=r"^opening: the pairing"):
        verify(description(), with_word(index, (word(index) + 1) % R), INSTANCES)


@pytest.mark.usefixtures("accepted_sum")
def test_every_other_point_is_rejected() -> None:
    for index in POINT_WORDS:
        for point in (other_point(index), (word(index), P - word(index + 1))):
            with pytest.raises(ProofRejected, match=r"^opening: the pairing"):
                verify(description(), with_word(index, *point), INSTANCES)


@pytest.mark.usefixtures("accepted_sum")
def test_every_other_evaluation_is_rejected() -> None:
    for index in SCALAR_WORDS:
        with pytest.raises(ProofRejected, match=r"^opening: the pairing"):
            verify(description(), with_word(index, (word(index) + 1) % R), INSTANCES)


@pytest.mark.parametrize("index", POINT_WORDS)
def test_a_point_off_the_curve_is_rejected(index: int) -> None:
    with pytest.raises(ProofRejected, match=r"^commitment .* expected a point on the curve"):
        verify(description(), with_word(index + 1, (word(index + 1) + 1) % P), INSTANCES)


@pytest.mark.parametrize("index", POINT_WORDS)
def test_infinity_is_rejected(index: int) -> None:
    with pytest.raises(ProofRejected, match=r"^commitment .* expected a point on the curve"):
        verify(description(), with_word(index, 0, 0), INSTANCES)


@pytest.mark.parametrize("index", POINT_WORDS)
def test_a_coordinate_is_canonical(index: int) -> None:
    """x + p is the same point to a careless reader."""
    for place in (index, index + 1):
        with pytest.raises(
            ProofRejected, match=r"^commitment .* expected a word below the modulus"
        ):
            verify(description(), with_word(place, word(place) + P), INSTANCES)


@pytest.mark.parametrize("index", SCALAR_WORDS)
def test_an_evaluation_is_canonical(index: int) -> None:
    with pytest.raises(ProofRejected, match=r"^evaluation .* expected a word below the modulus"):
        verify(description(), with_word(index, word(index) + R), INSTANCES)


@pytest.mark.parametrize(("index", "modulus"), [(0, P), (1, P), (FIRST_SCALAR, R)])
def test_a_word_equal_to_its_modulus_is_rejected(index: int, modulus: int) -> None:
    """It would be another 0."""
    with pytest.raises(ProofRejected, match="expected a word below the modulus"):
        verify(description(), with_word(index, modulus), INSTANCES)


@pytest.mark.parametrize(
    "proof", [b"", PROOF[:-1], PROOF[:-32], PROOF + b"\0", PROOF + bytes(32), PROOF + PROOF]
)
def test_a_proof_of_another_length_is_rejected(proof: bytes) -> None:
    with pytest.raises(ProofRejected, match=r"^length: "):
        verify(description(), proof, INSTANCES)


@pytest.mark.parametrize("index", range(len(INSTANCES)))
@pytest.mark.usefixtures("accepted_sum")
def test_another_instance_is_rejected(index: int) -> None:
    """The first words are free in the circuit: only the transcript binds them."""
    other = list(INSTANCES)
    other[index] = (other[index] + 1) % R
    with pytest.raises(ProofRejected, match=r"^opening: the pairing"):
        verify(description(), PROOF, other)


@pytest.mark.usefixtures("accepted_sum")
def test_instances_in_another_order_are_rejected() -> None:
    with pytest.raises(ProofRejected, match=r"^opening: the pairing"):
        verify(description(), PROOF, (INSTANCES[1], INSTANCES[0], *INSTANCES[2:]))


@pytest.mark.parametrize("instances", [(), INSTANCES[:-1], (*INSTANCES, 0)])
def test_another_number_of_instances_is_rejected(instances: tuple[int, ...]) -> None:
    """A trailing zero changes no polynomial: the number itself is checked."""
    with pytest.raises(ProofRejected, match=r"^instances: \d words: expected"):
        verify(description(), PROOF, instances)


@pytest.mark.parametrize("index", range(len(INSTANCES)))
def test_an_instance_is_canonical(index: int) -> None:
    for residue in (INSTANCES[index] + R, INSTANCES[index] - R, R, -1):
        other = (*INSTANCES[:index], residue, *INSTANCES[index + 1 :])
        with pytest.raises(ProofRejected, match=rf"^instances: word {index} is"):
            verify(description(), PROOF, other)


@given(st.integers(0, len(PROOF) - 1), st.integers(1, 255))
@SLOW
@pytest.mark.usefixtures("accepted_sum")
def test_a_flipped_byte_is_rejected(place: int, flip: int) -> None:
    proof = bytearray(PROOF)
    proof[place] ^= flip
    with pytest.raises(ProofRejected):
        verify(description(), bytes(proof), INSTANCES)


@given(st.integers(0, len(PROOF) // 32 - 1), st.integers(0, len(PROOF) // 32 - 1))
@SLOW
@pytest.mark.usefixtures("accepted_sum")
def test_exchanged_words_are_rejected(first: int, second: int) -> None:
    if word(first) == word(second):
        return
    words = [word(index) for index in range(len(PROOF) // 32)]
    words[first], words[second] = words[second], words[first]
    with pytest.raises(ProofRejected):
        verify(description(), with_word(0, *words), INSTANCES)


@given(st.binary(min_size=len(PROOF), max_size=len(PROOF)))
@settings(deadline=None)
def test_random_bytes_are_rejected(proof: bytes) -> None:
    with pytest.raises(ProofRejected):
        verify(description(), proof, INSTANCES)


def test_both_opening_points_scaled_by_a_secret_are_rejected() -> None:
    """Doubling W and W' keeps their ratio; U, drawn after W, makes it useless."""
    read = read_proof(description(), PROOF, INSTANCES)

    def double(point: Affine) -> Affine:
        return sum_of_multiples([(2, point)])

    points = (*double(read.opening.w), *double(read.opening.w_prime))
    with pytest.raises(ProofRejected, match=r"^opening: the pairing"):
        verify(description(), with_word(FIRST_OPENING, *points), INSTANCES)


def test_what_is_folded_are_canonical_scalars() -> None:
    """Each identity of the permutation is below the modulus, as a contract would have it."""
    read = read_proof(description(), PROOF, INSTANCES)
    public = verifier._instance_cells(description(), INSTANCES, read.challenges.x)
    rows = permutation.row_selectors(description(), read.challenges.x)
    found = list(permutation.identities(description(), read, read.evaluations.cells | public, rows))
    assert len(found) == 1 + 1 + (LAYOUT.grand_products - 1) + LAYOUT.grand_products
    assert all(0 <= value < R for value in (*found, rows.l_0, rows.l_last, rows.l_blinding))
    assert 0 <= vanishing.quotient_value(description(), read, public) < R
