"""Arithmetic of scalars: integers modulo r, the order of BN254, always in [0, r)."""

from collections.abc import Iterable, Mapping

from prover.base.errors import ProofRejected
from prover.statement.field import FIELD_MODULUS

R = FIELD_MODULUS


def inverse(value: int) -> int:
    """1 / value. Raises ProofRejected for 0: only a challenge that no honest proof meets gives it.

    Challenges are hashes: one of them falls on a point of the domain or on another opening point
    with a chance below 2^-220.
    """
    if value % R == 0:
        raise ProofRejected("challenge: it fell on a value that must be divided by; prove again")
    return pow(value, -1, R)


def product(scalars: Iterable[int]) -> int:
    """The product of scalars; 1 of none."""
    result = 1
    for scalar in scalars:
        result = result * scalar % R
    return result


def powers(base: int, count: int) -> list[int]:
    """1, base, base^2, .. : `count` of them."""
    found = [1]
    for _ in range(count - 1):
        found.append(found[-1] * base % R)
    return found[:count]


def fold(values: Iterable[int], base: int) -> int:
    """Horner's rule: the first value has the highest power of the base, the last has none."""
    result = 0
    for value in values:
        result = (result * base + value) % R
    return result


def interpolate(values: Mapping[int, int], at: int) -> int:
    """The polynomial of least degree through {point: value}, at another point (Lagrange)."""
    total = 0
    for point, value in values.items():
        others = [other for other in values if other != point]
        above = product(at - other for other in others)
        below = product(point - other for other in others)
        total += value * above * inverse(below)
    return total % R
