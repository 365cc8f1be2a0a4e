"""SHPLONK: many commitments, opened at several points each, by two points and one pairing check.

For every set S of points, the commitments C_j opened at S are folded with powers of Y, the sets
with powers of V. With r_j the polynomial of least degree through C_j's claimed values and Z_S the
product of (X - p) over p in S, the prover shows that Z_S divides C_j - r_j, for all at once:

    F = sum_S V^i * D_S * sum_j Y^j * (C_j - r_j(U) * g1)  -  Z_0 * W  +  U * W'
    e(W', s_g2) = e(F, g2)

where D_S is the product of (U - p) over the points that are not in S, and everything is divided by
the first set's D; Z_0 is Z of the first set, at U. Source: SHPLONK (eprint 2020/081), section 4.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from prover.base.errors import ProofRejected
from prover.verify.algebra.field import R, interpolate, inverse, powers, product
from prover.verify.algebra.group import (
    GENERATOR,
    Affine,
    Term,
    negate,
    pairings_cancel,
    sum_of_multiples,
)
from prover.verify.description import Description
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


def check(description: Description, proof: Proof, quotient: int) -> None:
    """Check all claimed evaluations, and that of H. Raises ProofRejected."""
    sets = point_sets(claims(description, proof, quotient))
    combined = sum_of_multiples(_terms(description, proof, sets))
    srs = description.srs
    if not pairings_cancel((proof.opening.w_prime, srs.s_g2), (negate(combined), srs.g2)):
        raise ProofRejected(
            "opening: the pairing check fails: some commitment, evaluation or instance is not the "
            "one that was proven, or the proof belongs to another circuit or set-up"
        )


def claims(description: Description, proof: Proof, quotient: int) -> Iterator[Claim]:
    """Every claim of a proof, in the order that fixes the powers of Y and V."""
    commitments, evaluations, x = proof.commitments, proof.evaluations, proof.challenges.x
    yield from _cells(description, proof, "advice", commitments.advice)
    yield from _grand_products(description, proof)
    yield from _cells(description, proof, "fixed", description.fixed_commitments)
    sigma = zip(description.permutation.commitments, evaluations.sigma, strict=True)
    for column, (point, value) in enumerate(sigma):
        yield Claim(("sigma", column), _one(point), x, value)
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


def _cells(
    description: Description, proof: Proof, kind: str, commitments: tuple[Affine, ...]
) -> Iterator[Claim]:
    x, domain = proof.challenges.x, description.domain
    for query, value in proof.evaluations.cells.items():
        if query.kind == kind:
            point = domain.rotate(x, query.rotation)
            yield Claim((kind, query.column), _one(commitments[query.column]), point, value)


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


def _terms(description: Description, proof: Proof, sets: list[list[Opened]]) -> list[Term]:
    """F as a sum of multiples."""
    opening = proof.opening
    everywhere = {point for group in sets for one in group for point in one.values}
    first = sets[0][0].values
    first_outside = product(opening.u - point for point in everywhere - set(first))
    terms: list[Term] = []
    constant = 0
    for group, v_power in zip(sets, powers(opening.v, len(sets)), strict=True):
        outside = product(opening.u - point for point in everywhere - set(group[0].values))
        of_group = v_power * outside * inverse(first_outside) % R
        for one, y_power in zip(group, powers(opening.y, len(group)), strict=True):
            scale = of_group * y_power % R
            terms += [(scale * scalar % R, point) for scalar, point in one.commitment]
            constant += scale * interpolate(one.values, opening.u)
    vanishing = product(opening.u - point for point in first)
    return [
        *terms,
        (-constant, GENERATOR),
        (-vanishing, opening.w),
        (opening.u, opening.w_prime),
    ]


def _one(point: Affine) -> tuple[Term, ...]:
    return ((1, point),)
