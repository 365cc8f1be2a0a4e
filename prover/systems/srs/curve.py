"""Points of BN254's first group in plain integers, many at a time.

Adding affine points costs one division each; a batch shares a single inversion (Montgomery's
trick), which makes plain Python fast enough: some 3 microseconds an addition. A point is (x, y)
with both below p; None is infinity.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from prover.base.errors import ArtifactMismatch
from prover.statement.field import FIELD_MODULUS as R
from prover.verify.algebra.group import P

Affine = tuple[int, int]
Point = Affine | None
GENERATOR: Affine = (1, 2)
SCALAR_BITS = R.bit_length()
WINDOW_BITS = 8
# Points worked on together: enough to hide the inversion, few enough to stay in the cache.
BATCH = 1 << 12
ROOT_OF_UNITY = pow(7, (R - 1) >> 28, R)
TWO_ADICITY = 28


def on_curve(point: Affine) -> bool:
    """Whether a point with coordinates below p is on the curve; infinity, here (0, 0), is not."""
    x, y = point
    return (y * y - x * x * x - 3) % P == 0


def add_all(left: Sequence[Point], right: Sequence[Point]) -> list[Point]:
    """left + right, place by place."""
    sums: list[Point] = [a if b is None else b for a, b in zip(left, right, strict=True)]
    slopes = []
    for place, (a, b) in enumerate(zip(left, right, strict=True)):
        if a is None or b is None:
            continue
        if a[0] != b[0]:
            slopes.append((place, a, b[0], b[1] - a[1], b[0] - a[0]))
        elif a[1] == b[1]:
            slopes.append((place, a, b[0], 3 * a[0] * a[0], 2 * a[1]))
        else:
            sums[place] = None
    below = inverses([divisor for *_, divisor in slopes], P)
    for (place, a, other, rise, _), inverse in zip(slopes, below, strict=True):
        slope = rise * inverse % P
        x = (slope * slope - a[0] - other) % P
        sums[place] = x, (slope * (a[0] - x) - a[1]) % P
    return sums


def inverses(values: Sequence[int], modulus: int) -> list[int]:
    """1 / value of values that are not 0, with one inversion for all."""
    products = [1]
    for value in values:
        products.append(products[-1] * value % modulus)
    running = pow(products[-1], -1, modulus)
    found = [0] * len(values)
    for place in range(len(values) - 1, -1, -1):
        found[place] = running * products[place] % modulus
        running = running * values[place] % modulus
    return found


def multiples(scalars: Iterable[int]) -> Iterator[Affine]:
    """scalar * generator for scalars in [1, r), by windows of a byte over one table."""
    table = _table()
    batch: list[int] = []
    for scalar in scalars:
        batch.append(scalar)
        if len(batch) == BATCH:
            yield from _multiples(table, batch)
            batch = []
    yield from _multiples(table, batch)


def _table() -> list[list[Point]]:
    """By window i and digit d: d * 256^i * generator."""
    bases: list[Point] = [GENERATOR]
    for _ in range(SCALAR_BITS - 1):
        bases += add_all(bases[-1:], bases[-1:])
    bases = bases[::WINDOW_BITS]
    columns: list[list[Point]] = [[None] * len(bases)]
    for _ in range((1 << WINDOW_BITS) - 1):
        columns.append(add_all(columns[-1], bases))
    return [list(window) for window in zip(*columns, strict=True)]


def _multiples(table: list[list[Point]], scalars: Sequence[int]) -> Iterator[Affine]:
    sums: list[Point] = [None] * len(scalars)
    for window, digits in enumerate(table):
        shift = window * WINDOW_BITS
        sums = add_all(sums, [digits[scalar >> shift & 0xFF] for scalar in scalars])
    yield from cast(list[Affine], sums)  # a scalar in [1, r) gives a finite point


def combine(points: Sequence[Point], coefficients: Sequence[int]) -> Point:
    """The sum of coefficient * point (Pippenger's buckets); coefficients are in [0, r)."""
    total: list[Point] = [None]
    windows = -(-max(coefficients, default=0).bit_length() // WINDOW_BITS)
    for window in reversed(range(windows)):
        for _ in range(WINDOW_BITS):
            total = add_all(total, total)
        digits = [value >> window * WINDOW_BITS & 0xFF for value in coefficients]
        total = add_all(total, [_bucket_sum(points, digits)])
    return total[0]


def _bucket_sum(points: Sequence[Point], digits: Sequence[int]) -> Point:
    """The sum of digit * point."""
    buckets: list[list[Point]] = [[] for _ in range(1 << WINDOW_BITS)]
    for point, digit in zip(points, digits, strict=True):
        buckets[digit].append(point)
    sums = _sum_each(buckets)
    running: list[Point] = [None]
    total: list[Point] = [None]
    for bucket in reversed(sums[1:]):
        running = add_all(running, [bucket])
        total = add_all(total, running)
    return total[0]


def _sum_each(buckets: list[list[Point]]) -> list[Point]:
    """The sum of each bucket: halves added in pairs, those of all buckets in one batch."""
    while any(len(bucket) > 1 for bucket in buckets):
        left = [point for bucket in buckets for point in bucket[: len(bucket) // 2]]
        right = [p for bucket in buckets for p in bucket[len(bucket) // 2 :][: len(bucket) // 2]]
        sums = iter(add_all(left, right))
        buckets = [
            [next(sums) for _ in range(len(bucket) // 2)] + bucket[len(bucket) // 2 * 2 :]
            for bucket in buckets
        ]
    return [bucket[0] if bucket else None for bucket in buckets]


def root_of_unity(logrows: int) -> int:
    """halo2's primitive 2^logrows-th root of unity of the scalar field."""
    return pow(ROOT_OF_UNITY, 1 << (TWO_ADICITY - logrows), R)


def inverse_transform(values: Sequence[int]) -> list[int]:
    """Coefficients of the polynomial with these values on the 2^k-th roots of unity."""
    count = len(values)
    coefficients = _transform(list(values), pow(root_of_unity(count.bit_length() - 1), -1, R))
    share = pow(count, -1, R)
    return [value * share % R for value in coefficients]


def _transform(values: list[int], root: int) -> list[int]:
    if len(values) == 1:
        return values
    even, odd = (_transform(values[part::2], root * root % R) for part in (0, 1))
    power, turned = 1, []
    for value in odd:
        turned.append(value * power % R)
        power = power * root % R
    pairs = list(zip(even, turned, strict=True))
    return [(a + b) % R for a, b in pairs] + [(a - b) % R for a, b in pairs]


def lagrange_form(powers: Sequence[Affine]) -> list[Affine]:
    """The Lagrange basis of 2^k powers of a secret: an inverse transform of points.

    Some 0.5 k milliseconds a point. Raises ArtifactMismatch if a point comes out infinite, which no
    set-up gives.
    """
    count = len(powers)
    root = pow(root_of_unity(count.bit_length() - 1), -1, R)
    found = multiply_all(_point_transform(list(powers), root), [pow(count, -1, R)] * count)
    if None in found:
        raise ArtifactMismatch("the powers of the set-up are not one secret's: get the file again")
    return cast(list[Affine], found)


def _point_transform(points: list[Point], root: int) -> list[Point]:
    """By halves, all transforms of one size in one batch: bit-reversed order first."""
    count = len(points)
    bits = count.bit_length() - 1
    order = [int(f"{place:0{bits}b}"[::-1], 2) if bits else 0 for place in range(count)]
    points = [points[place] for place in order]
    half = 1
    while half < count:
        turns = _cyclic(pow(root, count // (2 * half), R), half, count // 2)
        lower = [p for start in range(0, count, 2 * half) for p in points[start : start + half]]
        upper = [p for start in range(half, count, 2 * half) for p in points[start : start + half]]
        turned = multiply_all(upper, turns)
        sums = add_all(lower, turned)
        differences = add_all(lower, [None if p is None else (p[0], -p[1] % P) for p in turned])
        points = []
        for start in range(0, count // 2, half):
            points += sums[start : start + half] + differences[start : start + half]
        half *= 2
    return points


def _cyclic(base: int, period: int, count: int) -> list[int]:
    """base^0 .. base^(period-1), again and again."""
    powers = [1]
    for _ in range(period - 1):
        powers.append(powers[-1] * base % R)
    return powers * (count // period)


def multiply_all(points: Sequence[Point], scalars: Sequence[int]) -> list[Point]:
    """scalar * point, place by place, by windows of four bits from the top."""
    tables: list[Sequence[Point]] = [[None] * len(points), points]
    for _ in range(14):
        tables.append(add_all(tables[-1], points))
    sums: list[Point] = [None] * len(points)
    for shift in reversed(range(0, max(scalars, default=0).bit_length(), 4)):
        for _ in range(4):
            sums = add_all(sums, sums)
        chosen = [tables[s >> shift & 15][place] for place, s in enumerate(scalars)]
        sums = add_all(sums, chosen)
    return sums
