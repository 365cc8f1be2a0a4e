"""What a contract was deployed for: the chain's id of then, and the limits of its row."""

from dataclasses import dataclass, fields

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from prover.base.errors import ChainError
from prover.chain.node.client import Client, checksum
from prover.chain.node.rpc import Request, ask_all
from prover.protocol.limits import ChainLimits
from prover.statement.field import WORD_BYTES

_BYTES = WORD_BYTES * (1 + len(fields(ChainLimits)))  # the chain's id, then each limit
_CALL = "0x" + keccak(text="deployment()")[:4].hex()


@dataclass(frozen=True)
class DeployedFor:
    """`IDeployment.deployment`; after a fork the chain may have another id than then."""

    chain_id: int
    limits: ChainLimits


def deployed_for(client: Client, name: str, address: str) -> DeployedFor:
    """Asks a contract. Raises ChainError if it does not say."""
    (answer,) = ask_all(client, [question(str(checksum(address)))])
    return answered(name, address, answer)


def question(address: str) -> Request:
    """The same as a request among others; `answered` reads the result."""
    return ("eth_call", ({"to": address, "data": _CALL}, "latest"))


def answered(name: str, address: str, answer: object) -> DeployedFor:
    """Raises ChainError if it is not what a contract of this version answers."""
    try:
        chain_id, limits = decode(["uint256", ChainLimits.ABI], _exact(str(answer)))
    except (ValueError, DecodingError) as error:
        raise ChainError(
            f"{name} at {address} does not say what it was deployed for: there is none, or one of "
            "another version; run `zkescrow deploy` (with --account 0 on a local chain)"
        ) from error
    return DeployedFor(chain_id, ChainLimits.from_abi(limits))


def _exact(answer: str) -> bytes:
    """The bytes of a row; the decoder by itself takes longer ones. Raises ValueError."""
    content = bytes.fromhex(answer.removeprefix("0x"))
    if len(content) != _BYTES:
        raise ValueError(f"{len(content)} bytes: expected {_BYTES}")
    return content
