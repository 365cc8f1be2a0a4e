"""Verifiers deployed on a real node, called with exact calldata."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from eth_abi.abi import encode
from web3 import HTTPProvider, Web3
from web3.types import TxParams

from prover.chain.node.anvil import free_port, running
from prover.solidity.compile import compile_source
from prover.solidity.verifier import GUARD, VERIFIER_CONTRACT, VERIFIER_UNIT, compile_verifier
from prover.systems.proof import Proof
from tests.conftest import Proven

VERIFY = Web3.keccak(text="verifyProof(bytes,uint256[])")[:4]
TRUE = "0x" + "0" * 63 + "1"
BATCH = 50


@dataclass(frozen=True)
class Node:
    """A node's provider and an account with funds."""

    provider: HTTPProvider
    web3: Web3

    def deploy(self, code: bytes) -> str:
        sender = self.web3.eth.accounts[0]
        transaction: TxParams = {"from": sender, "data": code, "gas": 16_000_000}
        receipt = self.web3.eth.wait_for_transaction_receipt(
            self.web3.eth.send_transaction(transaction)
        )
        assert receipt["status"] == 1, "not deployed"
        address = receipt["contractAddress"]
        assert address is not None
        return str(address)

    def accepts(self, verifier: str, calls: Sequence[bytes]) -> list[bool]:
        """Whether each call answers true; a revert and any other answer are no."""
        return [reply.get("result") == TRUE for reply in self.replies(verifier, calls)]

    def replies(
        self, verifier: str, calls: Sequence[bytes], gas: int | None = None
    ) -> list[dict[str, Any]]:
        """What the node says of each call, with so much gas."""
        answers: list[dict[str, Any]] = []
        limit = {} if gas is None else {"gas": hex(gas)}
        for at in range(0, len(calls), BATCH):
            requests = [
                ("eth_call", [{"to": verifier, "data": "0x" + call.hex(), **limit}, "latest"])
                for call in calls[at : at + BATCH]
            ]
            replies: Any = self.provider.make_batch_request(requests)  # type: ignore[arg-type]
            assert isinstance(replies, list)
            assert len(replies) == len(requests)
            answers += replies
        return answers


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    port = free_port()
    with running(port):
        provider = HTTPProvider(f"http://127.0.0.1:{port}", request_kwargs={"timeout": 60})
        yield Node(provider, Web3(provider))


@pytest.fixture(scope="session")
def hardened(node: Node) -> Callable[[Proven], str]:
    """The address of a circuit's verifier, its code as the manifest says."""

    def deploy(made: Proven) -> str:
        verifier = compile_verifier(made.artifacts.verifier_source)
        address = node.deploy(verifier.contract.bytecode)
        code = bytes(node.web3.eth.get_code(Web3.to_checksum_address(address)))
        assert Web3.keccak(code) == made.artifacts.manifest.code_hash
        return address

    return deploy


@pytest.fixture(scope="session")
def unhardened(node: Node) -> Callable[[Proven], str]:
    """The same verifier without our guard: what ezkl generated."""

    def deploy(made: Proven) -> str:
        source = made.artifacts.verifier_source.replace(GUARD, "")
        contract = compile_source(VERIFIER_UNIT, source, VERIFIER_CONTRACT)
        return node.deploy(contract.bytecode)

    return deploy


def typed(proof: bytes, instances: Sequence[int]) -> bytes:
    """Calldata as Solidity's typed call encodes it."""
    return VERIFY + encode(["bytes", "uint256[]"], [proof, list(instances)])


def typed_proof(proof: Proof) -> bytes:
    return typed(proof.proof, proof.instances)
