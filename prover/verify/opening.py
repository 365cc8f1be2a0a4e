"""SHPLONK: many commitments, opened at several points each, by two points and one pairing check.

For every set S_i of points, the commitments C_ij opened at S_i are folded with powers of Y, the
sets with powers of V. With r_ij the polynomial of least degree through C_ij's claimed values and
Z_i the product of (X - p) over p in S_i, the prover shows that Z_i divides C_ij - r_ij, for all at
once:

    F = sum_i V^i * Z_0 / Z_i * sum_j Y^j * (C_ij - r_ij * g1)  -  Z_0 * W  +  U * W'
    e(W', s_g2) = e(F, g2)

all Z and r taken at U. Source: SHPLONK (eprint 2020/081), section 4.

Packed polynomials are a set of their own, the last. P(X) = sum_j X^j f_j(X^t) stands for t
polynomials f_j. Where X^t = x, it is sum_j X^j f_j(x): so Z is X^t - x, and r this sum of the
claimed values. Source: fflonk (eprint 2021/1167).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from prover.base.errors import ProofRejected
from prover.verify.algebra.field import R, fold, interpolate, inverse, powers, product
from prover.verify.algebra.group import (
    GENERATOR,
    Affine,
    Term,
    negate,
    pairings_cancel,
    sum_of_multiples,
)
from prover.verify.description import Description
from prover.verify.expressions import Query
from prover.verify.proof import Proof

Source = tuple[str, int]


@dataclass(frozen=True)
class Opened:
    """A commitment, as a sum of multiples, and the values claimed for it by point."""

    commitment: tuple[Term, ...]
    values: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """That the polynomial of `source`, committed to by `commitment`, has a value at a point."""

    source: Source
    commitment: tuple[Term, ...]
    point: int
    value: int


@dataclass(frozen=True)
class Group:
    """Z of a set of points at U, and of each commitment opened there the polynomial r at U."""

    zeros: int
    terms: tuple[tuple[tuple[Term, ...], int], ...]


def check(description: Description, proof: Proof, quotient: int) -> None:
    """Check all claimed evaluations, and that of H. Raises ProofRejected."""
    combined = sum_of_multiples(terms(description, proof, quotient))
    srs = description.srs
    if not pairings_cancel((proof.opening.w_prime, srs.s_g2), (negate(combined), srs.g2)):
        raise ProofRejected(
            "opening: the pairing check fails: some commitment, evaluation or instance is not the "
            "one that was proven, or the proof belongs to another circuit or set-up"
        )


def terms(description: Description, proof: Proof, quotient: int) -> list[Term]:
    """F as a sum of multiples; the last is that of W'."""
    opening = proof.opening
    sets = point_sets(claims(description, proof, quotient))
    groups = [*(_group(opened, opening.u) for opened in sets), _packed(description, proof)]
    first = groups[0].zeros
    found: list[Term] = []
    constant = 0
    for group, v_power in zip(groups, powers(opening.v, len(groups)), strict=True):
        of_group = v_power * first * inverse(group.zeros) % R
        y_powers = powers(opening.y, len(group.terms))
        for (commitment, value), y_power in zip(group.terms, y_powers, strict=True):
            scale = of_group * y_power % R
            found += [(scale * scalar % R, point) for scalar, point in commitment]
            constant += scale * value
    return [*found, (-constant, GENERATOR), (-first, opening.w), (opening.u, opening.w_prime)]


def claims(description: Description, proof: Proof, quotient: int) -> Iterator[Claim]:
    """Every claim of what is not packed, in the order that fixes the powers of Y and V."""
    commitments, evaluations, x = proof.commitments, proof.evaluations, proof.challenges.x
    advice = dict(enumerate(commitments.advice))
    yield from _cells(description, proof, description.queried("advice"), advice)
    yield from _grand_products(description, proof)
    secret = dict(zip(description.secret_columns, commitments.secret, strict=True))
    yield from _cells(description, proof, description.secret_queries, secret)
    x_to_n = pow(x, description.domain.rows, R)
    pieces = tuple(
        zip(powers(x_to_n, len(commitments.quotient)), commitments.quotient, strict=True)
    )
    yield Claim(("quotient", 0), pieces, x, quotient)
    yield Claim(("random", 0), _one(commitments.random), x, evaluations.random)


def point_sets(found: Iterator[Claim]) -> list[list[Opened]]:
    """The commitments by set of points, everything in order of its first claim.

    Commitments are told apart by their source: two columns may have equal commitments.
    """
    opened: dict[Source, Opened] = {}
    for claim in found:
        opened.setdefault(claim.source, Opened(claim.commitment)).values[claim.point] = claim.value
    sets: dict[frozenset[int], list[Opened]] = {}
    for one in opened.values():
        sets.setdefault(frozenset(one.values), []).append(one)
    return list(sets.values())


def _group(opened: list[Opened], u: int) -> Group:
    zeros = product(u - point for point in opened[0].values)
    return Group(zeros, tuple((one.commitment, interpolate(one.values, u)) for one in opened))


def _packed(description: Description, proof: Proof) -> Group:
    """The packed polynomials; the last may have fewer parts."""
    u, t, evaluations = proof.opening.u, description.shape.packing, proof.evaluations
    cells = [evaluations.cells[query] for query in description.packed_queries]
    values = [*cells, *evaluations.sigma]
    parts = [values[start : start + t] for start in range(0, len(values), t)]
    remainders = [fold(reversed(part), u) for part in parts]
    commitments = [_one(point) for point in description.packed_commitments]
    zeros = (pow(u, t, R) - proof.challenges.x) % R
    return Group(zeros, tuple(zip(commitments, remainders, strict=True)))


def _cells(
    description: Description,
    proof: Proof,
    queries: Iterable[Query],
    commitments: dict[int, Affine],
) -> Iterator[Claim]:
    x, domain = proof.challenges.x, description.domain
    for query in queries:
        commitment = _one(commitments[query.column])
        point = domain.rotate(x, query.rotation)
        yield Claim((query.kind, query.column), commitment, point, proof.evaluations.cells[query])


def _grand_products(description: Description, proof: Proof) -> Iterator[Claim]:
    """Each grand product at x and omega x; then, from the last but one down, at the ends."""
    x, domain = proof.challenges.x, description.domain
    pairs = zip(proof.commitments.grand_products, proof.evaluations.grand_products, strict=True)
    for index, (point, values) in enumerate(pairs):
        yield Claim(("grand product", index), _one(point), x, values.now)
        yield Claim(("grand product", index), _one(point), domain.rotate(x, 1), values.following)
    end = domain.rotate(x, description.chaining_rotation)
    for index, value in reversed(list(enumerate(proof.evaluations.chained))):
        commitment = _one(proof.commitments.grand_products[index])
        yield Claim(("grand product", index), commitment, end, value)


def _one(point: Affine) -> tuple[Term, ...]:
    return ((1, point),)
