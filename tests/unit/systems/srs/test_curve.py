"""Points in batches, against py_ecc."""

from hypothesis import given, settings
from hypothesis import strategies as st

from prover.statement.field import FIELD_MODULUS as R
from prover.systems.srs.curve import (
    GENERATOR,
    Point,
    add_all,
    combine,
    inverse_transform,
    multiples,
    root_of_unity,
)
from prover.verify.algebra.group import INFINITY, negate, sum_of_multiples

SCALARS = st.integers(0, R - 1) | st.sampled_from([0, 1, 2, 255, 256, R - 1])


def multiple(scalar: int) -> Point:
    found = sum_of_multiples([(scalar, GENERATOR)])
    return None if found == INFINITY else found


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=1, max_size=6))
def test_a_batch_of_additions_is_each_addition(pairs: list[tuple[int, int]]) -> None:
    """Small multiples of one point meet: equal, opposite and infinite ones."""
    left, right = ([multiple(pair[side]) for pair in pairs] for side in (0, 1))
    assert add_all(left, right) == [multiple(sum(pair)) for pair in pairs]


@settings(max_examples=40)
@given(st.lists(SCALARS.filter(bool), max_size=4))
def test_multiples_of_the_generator(scalars: list[int]) -> None:
    assert list(multiples(scalars)) == [multiple(scalar) for scalar in scalars]


@settings(max_examples=40)
@given(st.lists(st.tuples(SCALARS, SCALARS), max_size=6))
def test_a_combination_is_the_sum_of_multiples(terms: list[tuple[int, int]]) -> None:
    points = [multiple(scalar) for scalar, _ in terms]
    expected = multiple(sum(scalar * factor for scalar, factor in terms))
    assert combine(points, [factor for _, factor in terms]) == expected


def test_a_combination_of_opposite_points_is_infinity() -> None:
    assert combine([GENERATOR, negate(GENERATOR)], [5, 5]) is None


def test_a_transform_interpolates_on_the_roots_of_unity() -> None:
    values, root = [3, 1, 4, 1, 5, 9, 2, 6], root_of_unity(3)
    coefficients = inverse_transform(values)
    for place, value in enumerate(values):
        x = pow(root, place, R)
        assert sum(c * pow(x, power, R) for power, c in enumerate(coefficients)) % R == value
