"""ABIs of the contracts, and calls to them as values."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from web3 import Web3
from web3.contract import Contract

REGISTRY = "ModelRegistry"
PREDICTION = "PredictionMarket"
SERVING = "ServingRound"
ACCURACY = "AccuracyBounty"
RETRIEVAL = "RetrievalBounty"
POSEIDON = "Poseidon"
VERIFIER = "IVerifier"
KEYED_VERIFIER = "IKeyedVerifier"
JOBS = (PREDICTION, SERVING, ACCURACY, RETRIEVAL)
NAMES = (REGISTRY, *JOBS, POSEIDON, VERIFIER, KEYED_VERIFIER)

Abi = list[dict[str, Any]]


@dataclass(frozen=True)
class Call:
    """A transaction to be; `to` is None for a creation, `value` in wei, `says` is for messages."""

    says: str
    to: str | None
    data: bytes
    value: int = 0


@cache
def abi(name: str) -> Abi:
    """The ABI of one of `NAMES`, as scripts/abi.py wrote it from the sources."""
    text = files("prover.chain").joinpath("abi", f"{name}.json").read_text()
    entries: Abi = json.loads(text)
    return entries


def contract(web3: Web3, name: str, address: str) -> Contract:
    """A web3 contract object at an address."""
    return web3.eth.contract(address=Web3.to_checksum_address(address), abi=abi(name))


def encode_call(name: str, function: str, *arguments: Any) -> bytes:
    """Calldata of a function of one of `NAMES`."""
    return bytes.fromhex(_codec(name).encode_abi(function, args=list(arguments))[2:])


@cache
def _codec(name: str) -> Any:
    return Web3().eth.contract(abi=abi(name))
