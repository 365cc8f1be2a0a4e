"""What a protocol's transactions will cost, before the first one is sent."""

from prover.chain.contracts import VERIFIER, Call, encode_call
from prover.chain.registry import Registry
from prover.chain.transactions import Sender
from prover.proving.artifacts import Artifacts


def verification_gas(sender: Sender, registry: str, circuit_id: bytes, artifacts: Artifacts) -> int:
    """Gas of verifying a proof of this circuit, measured on its sample, calldata included."""
    circuit = Registry(sender.client, registry).circuit(circuit_id)
    sample = artifacts.sample
    data = encode_call(VERIFIER, "verifyProof", sample.proof, list(sample.instances))
    return sender.estimate(Call("verifying a proof", circuit.verifier, data)).gas
