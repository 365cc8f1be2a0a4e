"""Verifying a native proof."""

from collections.abc import Sequence

from prover.verify import opening
from prover.verify.description import Description
from prover.verify.expressions import Query
from prover.verify.proof import read_proof
from prover.verify.vanishing import quotient_value


def verify(description: Description, proof: bytes, instances: Sequence[int]) -> None:
    """Accept a proof that the circuit has a witness with these instances, canonical words.

    Raises ProofRejected; its message begins with the check that failed: instances, length,
    commitment, evaluation, challenge or opening. Returns nothing: there is no boolean to forget.
    """
    read = read_proof(description, proof, instances)
    public = _instance_cells(description, instances, read.challenges.x)
    opening.check(description, read, quotient_value(description, read, public))


def _instance_cells(description: Description, instances: Sequence[int], x: int) -> dict[Query, int]:
    """The instance column's values: the prover does not claim them, they are computed."""
    domain = description.domain
    return {
        query: domain.column(instances, domain.rotate(x, query.rotation))
        for query in description.queried("instance")
    }
