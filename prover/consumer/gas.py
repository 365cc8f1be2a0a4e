"""What a protocol's transactions will cost, before the first one is sent."""

from prover.chain.client import Client
from prover.chain.fees import gas_price
from prover.chain.registry import Registry
from prover.chain.transactions import Sender
from prover.chain.verification import verification_gas as measured
from prover.protocol.economics import Prices
from prover.proving.artifacts import Artifacts


def verification_gas(sender: Sender, registry: str, circuit_id: bytes, artifacts: Artifacts) -> int:
    """Gas of verifying a proof of this circuit, measured on its sample, calldata included."""
    circuit = Registry(sender.client, registry).circuit(circuit_id)
    sample = artifacts.sample
    return measured(sender, circuit.verifier, sample.proof, sample.instances)


def present_prices(client: Client) -> Prices:
    """Prices for default amounts: a gas at what it costs now, 1 gwei at least."""
    return Prices(gas_wei=max(gas_price(client), Prices().gas_wei))
