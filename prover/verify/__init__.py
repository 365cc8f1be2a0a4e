"""A reference verifier of native proofs: from a circuit description, in plain Python.

It shares no code with the prover. Formulas and their sources stand in the modules: transcript and
proof (what is read), permutation and vanishing (the identity), opening (SHPLONK).
The formats are defined in docs/native/FORMAT.md.
"""

from prover.verify.description import Description
from prover.verify.parsing import parse_description
from prover.verify.proof import weights_commitment
from prover.verify.verifier import verify

__all__ = ["Description", "parse_description", "verify", "weights_commitment"]
