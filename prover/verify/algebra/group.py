"""Points of BN254: decoding, sums of multiples, and the pairing, on py_ecc.

A point of the first group is a pair of integers below p; (0, 0) stands for infinity, as in the
precompiles of the EVM (EIP-196). G1 is the whole curve y^2 = x^3 + 3: whatever is on it is in G1.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from py_ecc import optimized_bn128

from prover.verify.algebra.field import R

bn128: Any = optimized_bn128
P: int = bn128.field_modulus
INFINITY = (0, 0)
GENERATOR = (1, 2)
WINDOW_BITS = 5
# w^(p^2 - 1), as w^6 = 9 + u has the norm 82 over the integers modulo p. And w^(p^6 - 1) is -1.
_SIXTH_ROOT: int = pow(82, (P - 1) // 6, P)

Affine = tuple[int, int]
Twist = tuple[tuple[int, int], tuple[int, int]]
Term = tuple[int, Affine]


def on_curve(point: Affine) -> bool:
    """Whether both coordinates are below p and the point is finite and on the curve."""
    x, y = point
    return 0 <= x < P and 0 <= y < P and (y * y - x * x * x - 3) % P == 0


@lru_cache(maxsize=64)  # a set-up has two such points, and every circuit and proof names them
def in_second_group(point: Twist) -> bool:
    """Whether a finite point is on the twist and of order r, not merely in a larger subgroup."""
    if any(not 0 <= part < P for coordinate in point for part in coordinate):
        return False
    lifted = _second(point)
    inside = bn128.is_on_curve(lifted, bn128.b2) and bn128.is_inf(bn128.multiply(lifted, R))
    return bool(inside)


def sum_of_multiples(terms: Sequence[Term]) -> Affine:
    """The sum of scalar * point, by windows of bits from the top (Pippenger's bucket method).

    Each window costs an addition a term, whose point goes to the bucket of its digit.
    """
    finite = [(scalar % R, _first(point)) for scalar, point in terms if point != INFINITY]
    total = bn128.Z1
    for shift in reversed(range(0, R.bit_length(), WINDOW_BITS)):
        for _ in range(WINDOW_BITS):
            total = bn128.double(total)
        total = bn128.add(total, _window(finite, shift))
    return _affine(total)


def _window(terms: Sequence[tuple[int, Any]], shift: int) -> Any:
    """The sum of digit * point, where digit is the scalar's bits from `shift` on."""
    buckets = [bn128.Z1] * (1 << WINDOW_BITS)
    for scalar, point in terms:
        digit = (scalar >> shift) % len(buckets)
        buckets[digit] = bn128.add(buckets[digit], point)
    running = total = bn128.Z1
    for bucket in reversed(buckets[1:]):
        running = bn128.add(running, bucket)
        total = bn128.add(total, running)
    return total


def negate(point: Affine) -> Affine:
    """Minus the point."""
    x, y = point
    return x, -y % P


def pairings_cancel(first: tuple[Affine, Twist], second: tuple[Affine, Twist]) -> bool:
    """Whether e(a, b) * e(c, d) = 1, with one final exponentiation for both."""
    product = bn128.FQ12.one()
    for point, twist in (first, second):
        lifted = bn128.Z1 if point == INFINITY else _first(point)
        product *= bn128.pairing(_second(twist), lifted, final_exponentiate=False)
    return bool(final_exponentiation(product) == bn128.FQ12.one())


def final_exponentiation(value: Any) -> Any:
    """value^((p^12 - 1) / r) of an element of the twelfth extension, not 0.

    The exponent is (p^6 - 1) (p^2 + 1) (p^4 - p^2 + 1) / r. Raising to p^6 and to p^2 only changes
    coefficients, which leaves a power of 762 bits instead of py_ecc's 2,790.
    """
    unitary = _frobenius(value, -1) / value
    easy = _frobenius(unitary, _SIXTH_ROOT) * unitary
    return easy ** ((P**4 - P**2 + 1) // R)


def _frobenius(value: Any, root: int) -> Any:
    """The power that maps w to root * w and each coefficient, which is below p, to itself."""
    factors = [pow(root, power, P) for power in range(12)]
    return bn128.FQ12([part * factor for part, factor in zip(value.coeffs, factors, strict=True)])


def _first(point: Affine) -> Any:
    return bn128.FQ(point[0]), bn128.FQ(point[1]), bn128.FQ.one()


def _second(point: Twist) -> Any:
    return bn128.FQ2(point[0]), bn128.FQ2(point[1]), bn128.FQ2.one()


def _affine(point: Any) -> Affine:
    if bn128.is_inf(point):
        return INFINITY
    x, y = bn128.normalize(point)
    return int(x), int(y)
