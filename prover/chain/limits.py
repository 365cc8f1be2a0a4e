"""What a deployed contract says of the chain that it was made for."""

from prover.chain.client import Client, speaks
from prover.chain.contracts import contract


@speaks
def deployment_chain(client: Client, name: str, address: str) -> int:
    """Id of the chain when the contract was deployed there; after a fork it may have another."""
    return int(contract(client.web3, name, address).functions.DEPLOYMENT_CHAIN().call())
