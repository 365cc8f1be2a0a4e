"""What verifying a proof takes on the chain."""

from collections.abc import Sequence

from prover.chain.contracts import VERIFIER, Call, encode_call
from prover.chain.transactions import Sender


def verification_gas(sender: Sender, verifier: str, proof: bytes, instances: Sequence[int]) -> int:
    """Gas of a transaction that verifies a proof and nothing else, its calldata included."""
    data = encode_call(VERIFIER, "verifyProof", proof, list(instances))
    return sender.estimate(Call("verifying a proof", verifier, data)).gas
