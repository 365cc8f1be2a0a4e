"""What verifying a proof takes on the chain."""

from collections.abc import Sequence

from prover.base.errors import ArtifactMismatch, ContractRefused
from prover.chain.abi.contract import Call
from prover.chain.contracts.registry import Circuit, verify_call
from prover.chain.sending.transactions import Sender


def verification_gas(
    sender: Sender, circuit: Circuit, proof: bytes, instances: Sequence[int]
) -> int:
    """Gas of a transaction that verifies a proof and nothing else, its calldata included.

    The proof is one that the model's verifier accepts: raises ArtifactMismatch if this one reverts.
    """
    verifier, data = circuit.verifier, verify_call(circuit, proof, list(instances))
    try:
        return sender.estimate(Call("verifying a proof", verifier, data)).gas
    except ContractRefused as error:
        raise ArtifactMismatch(
            f"verifier {verifier} refuses the proof that was made at the model's set-up ({error}): "
            "another one is on the chain; do not stake on this model"
        ) from error
