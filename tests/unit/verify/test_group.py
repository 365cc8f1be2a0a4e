import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.verify.algebra.field import R
from prover.verify.algebra.group import (
    _SIXTH_ROOT,
    INFINITY,
    Affine,
    P,
    Twist,
    bn128,
    final_exponentiation,
    in_second_group,
    negate,
    on_curve,
    pairings_cancel,
    sum_of_multiples,
)

G1: Affine = (1, 2)


def coordinates(point: tuple[object, ...]) -> Twist:
    x, y = bn128.normalize(point)
    return tuple(map(int, x.coeffs)), tuple(map(int, y.coeffs))  # type: ignore[return-value]


G2 = coordinates(bn128.G2)


def plain_multiple(scalar: int) -> Affine:
    """scalar * G1 by py_ecc's own double-and-add."""
    point = bn128.multiply(bn128.G1, scalar % R)
    if bn128.is_inf(point):
        return INFINITY
    x, y = bn128.normalize(point)
    return int(x), int(y)


SCALARS = st.integers(0, R - 1) | st.sampled_from([0, 1, 2, 31, 32, R - 1])


@given(st.lists(st.tuples(SCALARS, SCALARS), max_size=6))
@settings(deadline=None, max_examples=20)
def test_a_sum_of_multiples_is_the_sum_of_each(terms: list[tuple[int, int]]) -> None:
    found = sum_of_multiples([(scalar, plain_multiple(secret)) for scalar, secret in terms])
    assert found == plain_multiple(sum(scalar * secret for scalar, secret in terms))


def test_infinity_adds_nothing() -> None:
    assert sum_of_multiples([]) == INFINITY
    assert sum_of_multiples([(5, INFINITY), (3, G1)]) == plain_multiple(3)
    assert sum_of_multiples([(3, G1), (-3, G1)]) == INFINITY


def test_pairings_cancel_exactly_if_exponents_do() -> None:
    twice = coordinates(bn128.double(bn128.G2))
    assert pairings_cancel((plain_multiple(6), G2), (negate(plain_multiple(3)), twice))
    assert not pairings_cancel((plain_multiple(6), G2), (plain_multiple(3), twice))
    assert not pairings_cancel((plain_multiple(6), G2), (INFINITY, twice))


@pytest.mark.parametrize("point", [INFINITY, (1, 3), (1 + P, 2), (1, 2 - P), (-1, 2)])
def test_what_is_no_finite_point_is_seen(point: Affine) -> None:
    assert on_curve(G1)
    assert not on_curve(point)


def test_a_point_of_the_twist_outside_the_group_is_seen() -> None:
    """The twist has points of other orders, at which a pairing check proves nothing."""
    assert in_second_group(G2)
    outside = twist_point_outside()
    assert bn128.is_on_curve(lifted(outside), bn128.b2)
    assert not in_second_group(outside)
    (x, y) = G2
    assert not in_second_group(((x[0] + P, x[1]), y))
    assert not in_second_group((x, (y[0], y[1] ^ 1)))


def lifted(point: Twist) -> tuple[object, ...]:
    return bn128.FQ2(point[0]), bn128.FQ2(point[1]), bn128.FQ2.one()


def twist_point_outside() -> Twist:
    """The first x = (n, 0) for which x^3 + b2 has a root: it is not of order r."""
    for n in range(1, 100):
        x = bn128.FQ2([n, 0])
        root = square_root(x * x * x + bn128.b2)
        if root is not None:
            return coordinates((x, root, bn128.FQ2.one()))
    raise AssertionError("no point among the first hundred")


def square_root(value: object) -> object | None:
    """In F_p[i], p = 3 modulo 4: from the norm and halves of the real part."""
    real, imaginary = (int(part) for part in value.coeffs)  # type: ignore[attr-defined]
    norm = pow(real * real + imaginary * imaginary, (P + 1) // 4, P)
    for sign in (norm, -norm):
        half = (real + sign) * pow(2, -1, P) % P
        first = pow(half, (P + 1) // 4, P)
        if first == 0:
            continue
        root = bn128.FQ2([first, imaginary * pow(2 * first, -1, P) % P])
        if root * root == value:
            found: object = root
            return found
    return None


@given(st.lists(st.integers(0, P - 1), min_size=12, max_size=12).filter(any))
@settings(max_examples=10)
def test_the_final_exponentiation_is_that_of_py_ecc(coefficients: list[int]) -> None:
    value = bn128.FQ12(coefficients)
    assert final_exponentiation(value) == bn128.final_exponentiate(value)


def test_the_powers_of_frobenius_are_powers() -> None:
    root = bn128.FQ12([0, 1, *[0] * 10])
    assert root ** (P**2 - 1) == bn128.FQ12([_SIXTH_ROOT, *[0] * 11])
    assert root ** (P**6 - 1) == bn128.FQ12([P - 1, *[0] * 11])


def test_nothing_is_one_that_is_not() -> None:
    """No pairing is 0; if one were, nothing would be proven by it."""
    assert final_exponentiation(bn128.FQ12.zero()) != bn128.FQ12.one()
