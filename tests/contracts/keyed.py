"""Keys of KeyedMockVerifier, what it takes for proofs, and layouts whose inputs are points."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_utils.crypto import keccak

from prover.statement.layout import Layout, OutputKind
from tests.contracts.scenario import Circuit, Proofs, circuit_of, point

STOP = b"\x00"


def pointed_layout(labels: int = 2, weight_points: int = 0) -> Layout:
    """The context, then the best labels of ten classes or more; the input is a point."""
    return Layout(
        instances=8 + labels,
        items=1,
        context=0,
        context_limbs=8,
        context_bits=17,
        context_echo=0,
        context_echo_words=0,
        inputs=0,
        input_words=0,
        weights=0,
        weight_words=0,
        weight_points=weight_points,
        outputs=8,
        output_words=labels,
        output_kind=OutputKind.LABEL,
        classes=max(10, labels),
    )


@dataclass(frozen=True)
class Key:
    """A contract that holds the key of circuits; `seed` chooses the hidden weights of its proofs.

    `data` is what differs between two keys of one shape.
    """

    address: str
    points: int = 0
    data: bytes = b"key"
    seed: int = 100

    @property
    def code(self) -> bytes:
        return STOP + bytes([self.points]) + self.data

    @property
    def head(self) -> bytes:
        """What commits to hidden weights: the key's digest and their points."""
        if not self.points:
            return b""
        return keccak(self.code) + b"".join(point(self.seed + at) for at in range(self.points))

    @property
    def weights(self) -> int:
        """The commitment, as the registry has it."""
        return int.from_bytes(keccak(self.head), "big") if self.points else 0

    def proves(self, instances: Sequence[int], input_: int = 0) -> bytes:
        """Of the instances, and of the input with this number."""
        return self.bound(self.head + point(input_), instances)

    def bound(self, points: bytes, instances: Sequence[int]) -> bytes:
        """What the verifier takes for a proof that begins with these points, if they are any."""
        words = b"".join(word.to_bytes(32, "big") for word in instances)
        return points + keccak(keccak(self.code) + points + words)

    def other(self, **changes: Any) -> "Key":
        return replace(self, **changes)


def creation(code: bytes) -> bytes:
    """What deploys this code: PUSH2 its size, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN."""
    return b"\x61" + len(code).to_bytes(2, "big") + bytes.fromhex("80600a5f395ff3") + code


def deployed(by: AccountAPI, code: bytes) -> str:
    """Address of a new contract with this code."""
    ecosystem = by.provider.network.ecosystem
    receipt = by.call(ecosystem.create_transaction(data=creation(code)))
    return str(receipt.contract_address)


def new_key(by: AccountAPI, points: int = 0, **fields: Any) -> Key:
    key = Key("", points, **fields)
    return key.other(address=deployed(by, key.code))


def code_hash(*codes: bytes) -> bytes:
    """Of a verifier, or of a verifier and a key."""
    hashes = [keccak(code) for code in codes]
    return hashes[0] if len(hashes) == 1 else keccak(b"".join(hashes))


def keyed_circuit(
    verifier: ContractInstance, key: Key, layout: Layout, /, **changes: Any
) -> Circuit:
    """The circuit of this verifier with this key."""
    code = bytes(verifier.provider.get_code(verifier.address))
    fields = {"key": key.address, "codeHash": code_hash(code, key.code)}
    return circuit_of(verifier, layout, **(fields | changes))


def proofs_of(key: Key, layout: Layout) -> Proofs:
    return Proofs(layout, key.weights, key.proves)
