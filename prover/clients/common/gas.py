"""What a protocol's transactions will cost, before the first one is sent."""

from collections.abc import Collection

from prover.base.errors import Postponed
from prover.base.settings import get_settings
from prover.chain.contracts.registry import Registry
from prover.chain.contracts.verification import verification_gas as measured
from prover.chain.node.client import Client
from prover.chain.sending.fees import GWEI, gas_price, in_gwei
from prover.chain.sending.transactions import Sender
from prover.protocol.costs import Prices
from prover.systems.interface import Artifacts


def verification_gas(sender: Sender, registry: str, circuit_id: bytes, artifacts: Artifacts) -> int:
    """Gas of verifying a proof of this circuit, measured on its sample, calldata included."""
    circuit = Registry(sender.client, registry).circuit(circuit_id)
    sample = artifacts.sample
    return measured(sender, circuit, sample.proof, sample.instances)


def present_prices(client: Client, left_out: Collection[str] = ()) -> Prices:
    """Prices for default amounts: a gas at what it costs now, 1 gwei at least.

    `left_out` names the amounts that are chosen by them. What a gas costs is the word of the node,
    and these are paid: raises Postponed if it is more than the settings allow for that.
    """
    price, allowed = gas_price(client), get_settings().defaults_gas_gwei
    if left_out and price > allowed * GWEI:
        raise Postponed(
            f"gas costs {in_gwei(price)} now, by which {', '.join(sorted(left_out))} would be "
            f"chosen: expected at most {allowed} gwei for that by ZKESCROW_DEFAULTS_GAS_GWEI; "
            "give these amounts yourself, wait until gas is cheaper, or raise the limit"
        )
    return Prices(gas_wei=max(price, Prices().gas_wei))
