"""The native verifier on a real node, and circuits of every form for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from eth_abi.abi import encode
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
        code = verifier_creation(compile_native_verifier(), key)
        if code not in self.verifiers:
            self.verifiers[code] = self.node.deploy(code)
        return self.verifiers[code]

    def key(self, key: bytes) -> str:
        if key not in self.keys:
            self.keys[key] = self.node.deploy(key_creation(key))
        return self.keys[key]

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


def called(key: str, proof: bytes, instances: Sequence[int]) -> bytes:
    """The calldata of a call."""
    return VERIFY + encode(["address", "bytes", "uint256[]"], [key, proof, list(instances)])


@pytest.fixture(scope="session")
def on_chain(node: Node) -> OnChain:
    return OnChain(node)
