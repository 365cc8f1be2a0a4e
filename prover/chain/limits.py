"""What a deployed contract says of the chain that it was made for."""

from prover.chain.client import Client, speaks
from prover.chain.contracts import contract, encode_call
from prover.chain.rpc import Request
from prover.errors import ChainError
from prover.protocol.words import shown


@speaks
def deployment_chain(client: Client, name: str, address: str) -> int:
    """Id of the chain when the contract was deployed there; after a fork it may have another."""
    return int(contract(client.web3, name, address).functions.DEPLOYMENT_CHAIN().call())


def chain_question(name: str, address: str) -> Request:
    """The same as a request among others; `chain_answer` reads the result."""
    data = "0x" + encode_call(name, "DEPLOYMENT_CHAIN").hex()
    return ("eth_call", ({"to": address, "data": data}, "latest"))


def chain_answer(result: object) -> int:
    """Raises ChainError if it is no number."""
    try:
        return int(str(result), 16)
    except ValueError as error:
        raise ChainError(
            f"the contract does not say its chain ({shown(str(result))}): deploy again"
        ) from error
