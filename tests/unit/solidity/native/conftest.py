"""The native verifier on a real node, and circuits of every form for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from web3 import Web3

from prover.solidity.native import compile_native_verifier, key_creation, verifier_creation
from prover.verify import Description
from prover.verify.digest import circuit_key
from tests.unit.solidity.conftest import Node

VERIFY = Web3.keccak(text="verifyProof(address,bytes,uint256[])")[:4]


@dataclass
class OnChain:
    """Deploys the verifier of each set-up and the key of each circuit once."""

    node: Node
    verifiers: dict[bytes, str] = field(default_factory=dict)
    keys: dict[bytes, str] = field(default_factory=dict)

    def verifier(self, key: bytes) -> str:
        """The verifier for the set-up of a key."""
        code = verifier_creation(key)
        if code not in self.verifiers:
            self.verifiers[code] = self.node.deploy(code)
        return self.verifiers[code]

    def key(self, key: bytes) -> str:
        if key not in self.keys:
            self.keys[key] = self.node.deploy(key_creation(key))
        return self.keys[key]

    def answers(self, verifier: str, calls: Sequence[bytes], gas: int | None = None) -> list[str]:
        """Of each call: true, false, or the error with its arguments."""
        return [_answer(reply) for reply in self.node.replies(verifier, calls, gas)]

    def accepts(
        self,
        description: Description,
        proofs: Sequence[tuple[bytes, Sequence[int]]],
        key: str | None = None,
    ) -> list[bool]:
        """Which of these proofs with their instances the contract accepts."""
        data = circuit_key(description)
        calls = [called(key or self.key(data), *proof) for proof in proofs]
        return self.node.accepts(self.verifier(data), calls)


def _answer(reply: dict[str, Any]) -> str:
    if "result" in reply:
        return {0: "false", 1: "true"}[int(reply["result"], 16)]
    data = bytes.fromhex(str(reply["error"].get("data") or "0x")[2:])
    entry = _errors().get(data[:4])
    if entry is None:
        return f"no error of ours: {reply['error']['message']}"
    values = decode([one["type"] for one in entry["inputs"]], data[4:])
    return f"{entry['name'].removeprefix('NativeVerifier_')}({', '.join(map(str, values))})"


@cache
def _errors() -> dict[bytes, Any]:
    errors = (one for one in compile_native_verifier().abi if one["type"] == "error")
    found: dict[bytes, Any] = {}
    for one in errors:
        types = ",".join(part["type"] for part in one["inputs"])
        found[bytes(Web3.keccak(text=f"{one['name']}({types})")[:4])] = one
    return found


def called(key: str, proof: bytes, instances: Sequence[int]) -> bytes:
    """The calldata of a call."""
    return VERIFY + encode(["address", "bytes", "uint256[]"], [key, proof, list(instances)])


@pytest.fixture(scope="session")
def on_chain(node: Node) -> OnChain:
    return OnChain(node)
