"""The vanishing argument: all polynomials of gates and permutation are zero on all rows.

Folded with powers of y they are one polynomial E, which is zero on the rows if and only if
x^n - 1 divides it: E = H * (x^n - 1). H is committed in pieces h_i of degree below n,
H(x) = sum of x^(n i) h_i(x), before x is drawn; that H has the value E(x) / (x^n - 1) is then one
of the claims that are opened. Source: PLONK (eprint 2019/953), section 8; halo2 book, "Vanishing
argument".
"""

from prover.verify import permutation
from prover.verify.algebra.field import R, fold, inverse
from prover.verify.description import Description
from prover.verify.expressions import Query, evaluate
from prover.verify.proof import Proof


def quotient_value(description: Description, proof: Proof, instances: dict[Query, int]) -> int:
    """H(x), as the claimed evaluations and the instances demand it."""
    challenges = proof.challenges
    cells = proof.evaluations.cells | instances
    gates = [evaluate(one, cells, challenges.gates) for one in description.polynomials]
    rows = permutation.row_selectors(description, challenges.x)
    copies = permutation.identities(description, proof, cells, rows)
    divisor = description.domain.vanishing(challenges.x)
    return fold([*gates, *copies], challenges.y) * inverse(divisor) % R
