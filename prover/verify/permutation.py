"""The permutation argument: cells that are copies of each other are equal.

Each cell has an identity: delta^j * omega^i for row i of the permutation's column j; sigma_j gives
the identity of the next cell of its cycle of copies. The products over all cells of
(value + beta * identity + gamma) and of (value + beta * sigma + gamma) are equal if and, but for a
negligible chance over beta and gamma, only if all copies hold. Grand products z_i, over
`columns_per_grand_product` columns each, are chained: z_i starts where z_(i-1) ended.
Source: PLONK (eprint 2019/953), section 5; halo2 book, "Permutation argument".
"""

from collections.abc import Iterator
from dataclasses import dataclass

from prover.verify.algebra.field import R, product
from prover.verify.description import Description
from prover.verify.expressions import Query
from prover.verify.proof import GrandProductValues, Proof


@dataclass(frozen=True)
class RowSelectors:
    """l_0, l_last (the row after the usable ones) and the sum of l over the blinding rows, at x."""

    l_0: int
    l_last: int
    l_blinding: int


def row_selectors(description: Description, x: int) -> RowSelectors:
    """The selectors of the protocol's special rows, counted back from the end."""
    domain = description.domain
    blinding = range(-description.blinding_rows, 0)
    return RowSelectors(
        domain.lagrange(0, x),
        domain.lagrange(description.chaining_rotation, x),
        sum(domain.lagrange(row, x) for row in blinding) % R,
    )


def identities(
    description: Description, proof: Proof, cells: dict[Query, int], rows: RowSelectors
) -> Iterator[int]:
    """The argument's polynomials at x, each of which is zero on all rows of an honest proof."""
    grand_products = proof.evaluations.grand_products
    if not grand_products:
        return
    yield rows.l_0 * (1 - grand_products[0].now) % R
    yield rows.l_last * (grand_products[-1].now ** 2 - grand_products[-1].now) % R
    for end, z in zip(proof.evaluations.chained, grand_products[1:], strict=True):
        yield rows.l_0 * (z.now - end) % R
    l_active = (1 - rows.l_last - rows.l_blinding) % R
    start = 0
    for chunk, z in zip(description.chunks(), grand_products, strict=True):
        values = [cells[query] for query in chunk]
        yield l_active * _step(description, proof, start, values, z) % R
        start += len(chunk)


def _step(
    description: Description, proof: Proof, start: int, values: list[int], z: GrandProductValues
) -> int:
    """z(omega x) * prod (v + beta sigma + gamma) - z(x) * prod (v + beta identity + gamma)."""
    challenges, sigma = proof.challenges, proof.evaluations.sigma
    with_sigma, with_identity = [], []
    for column, value in enumerate(values, start):
        identity = pow(description.delta, column, R) * challenges.x
        with_sigma.append(value + challenges.beta * sigma[column] + challenges.gamma)
        with_identity.append(value + challenges.beta * identity + challenges.gamma)
    return (z.following * product(with_sigma) - z.now * product(with_identity)) % R
