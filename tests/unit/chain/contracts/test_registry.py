"""Circuits as the registry has them, the code that verifies, and the call of a verifier."""

from dataclasses import replace

import pytest
from eth_abi.abi import decode
from eth_utils.crypto import keccak

from prover.base.text import ZERO_ADDRESS
from prover.chain.contracts.registry import Circuit, code_hash, verify_call, verify_on_chain
from prover.chain.node.client import checksum
from tests.unit.chain.fakenode import CIRCUIT, FakeNode

VERIFIER, KEY = (str(checksum("0x" + pair * 20)) for pair in ("b0", "e1"))
PLAIN = replace(Circuit.from_abi(CIRCUIT), verifier=VERIFIER)
KEYED = replace(PLAIN, key=KEY)
CODES = {VERIFIER: b"verifier", KEY: b"\0key"}
TRUE = (1).to_bytes(32, "big")


class Node(FakeNode):
    """It has these codes, and its verifiers answer with one word."""

    def __init__(self, codes: dict[str, bytes] | None = None, answer: bytes = TRUE) -> None:
        super().__init__(())
        self.codes, self.answer = CODES if codes is None else codes, answer
        self.calls: list[tuple[str, bytes]] = []

    def eth_getCode(self, address: str, _block: str) -> str:
        return "0x" + self.codes.get(address, b"").hex()

    def eth_call(self, call: dict[str, str], _block: str) -> str:
        self.calls.append((call["to"], bytes.fromhex(call["data"][2:])))
        return "0x" + self.answer.hex()


@pytest.mark.parametrize("circuit", [PLAIN, KEYED])
def test_a_circuit_survives_its_tuple(circuit: Circuit) -> None:
    assert Circuit.from_abi(circuit.to_abi()) == circuit
    assert circuit.to_abi()[:2] == (circuit.verifier, circuit.key)


def test_the_id_covers_the_key() -> None:
    assert len({PLAIN.id, KEYED.id, replace(KEYED, key=VERIFIER).id}) == 3


def test_the_hash_is_of_the_verifier_or_of_both() -> None:
    """contracts/libraries/VerifierCall.sol; an audit of a chain compares them (test_audit.py)."""
    hashes = [keccak(code) for code in CODES.values()]
    assert code_hash(Node().client, PLAIN) == hashes[0]
    assert code_hash(Node().client, KEYED) == keccak(hashes[0] + hashes[1])
    swapped = replace(KEYED, verifier=KEY, key=VERIFIER)
    assert code_hash(Node().client, swapped) == keccak(hashes[1] + hashes[0])


@pytest.mark.parametrize("part", [VERIFIER, KEY])
@pytest.mark.parametrize("code", [b"", b"other"])
def test_either_code_changes_the_hash(part: str, code: bytes) -> None:
    changed = Node(CODES | {part: code}).client
    assert code_hash(changed, KEYED) != code_hash(Node().client, KEYED)


def test_a_keyed_verifier_is_told_the_key() -> None:
    plain, keyed = verify_call(PLAIN, b"proof", [3, 4]), verify_call(KEYED, b"proof", [3, 4])
    assert plain[:4] == keccak(text="verifyProof(bytes,uint256[])")[:4]
    assert decode(["bytes", "uint256[]"], plain[4:]) == (b"proof", (3, 4))
    assert keyed[:4] == keccak(text="verifyProof(address,bytes,uint256[])")[:4]
    assert decode(["address", "bytes", "uint256[]"], keyed[4:]) == (KEY.lower(), b"proof", (3, 4))


@pytest.mark.parametrize("circuit", [PLAIN, KEYED])
def test_the_verifier_is_asked_as_the_contracts_do(circuit: Circuit) -> None:
    node = Node()
    assert verify_on_chain(node.client, circuit, b"proof", [3])
    assert node.calls == [(VERIFIER, verify_call(circuit, b"proof", [3]))]


@pytest.mark.parametrize("answer", [bytes(32), (2).to_bytes(32, "big"), b"", TRUE + TRUE, b"\1"])
def test_any_answer_but_true_is_no(answer: bytes) -> None:
    assert not verify_on_chain(Node(answer=answer).client, KEYED, b"proof", [3])


def test_no_key_is_the_zero_address() -> None:
    assert PLAIN.key == ZERO_ADDRESS
