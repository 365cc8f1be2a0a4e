"""ModelRegistry: its calls and views, typed."""

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode
from eth_utils.crypto import keccak

from prover.base.errors import ContractRefused
from prover.base.text import ZERO_ADDRESS
from prover.chain.abi.contract import (
    KEYED_VERIFIER,
    REGISTRY,
    VERIFIER,
    Call,
    contract,
    encode_call,
)
from prover.chain.node.client import Client, checksum, map_rpc_errors
from prover.protocol.registry.state import CIRCUIT_ABI, circuit_id_of, model_id_of
from prover.statement.layout import Layout
from prover.statement.sealing import SealedForm, Sealing


@dataclass(frozen=True)
class Circuit:
    """`Circuit` of types/Circuit.sol; see there for the meaning of the fields."""

    verifier: str
    key: str
    code_hash: bytes
    artifact_digest: bytes
    layout: Layout
    input_min: int
    input_max: int
    sealing: Sealing
    exact: bool
    tolerance: int

    def to_abi(self) -> tuple[Any, ...]:
        """The fields as the Solidity struct takes them."""
        return (
            checksum(self.verifier),
            checksum(self.key),
            self.code_hash,
            self.artifact_digest,
            self.layout.to_abi(),
            self.input_min,
            self.input_max,
            self.sealing.to_abi(),
            self.exact,
            self.tolerance,
        )

    @classmethod
    def from_abi(cls, fields: tuple[Any, ...]) -> "Circuit":
        """The inverse of `to_abi`. Raises StatementInvalid on a layout that does not tile."""
        verifier, key, code_hash, digest, layout, least, greatest, sealing, *rest = fields
        places = str(checksum(verifier)), str(checksum(key))
        hashes = bytes(code_hash), bytes(digest)
        domain = least, greatest
        return cls(*places, *hashes, Layout(*layout), *domain, Sealing.from_abi(sealing), *rest)

    @property
    def sealed_form(self) -> SealedForm:
        """What sealed items are, but for which digits are padding."""
        chunks = self.layout.input_words
        return SealedForm(self.sealing, chunks, self.input_min, self.input_max)

    @property
    def id(self) -> bytes:
        """keccak256(abi.encode(circuit))."""
        return circuit_id_of(self.to_abi())

    def model_id(self, weights_commitment: int = 0) -> bytes:
        """The id of a model under this circuit; 0 for weights in the verifying key."""
        return model_id_of(self.id, weights_commitment)


class Registry:
    """The registry at an address."""

    def __init__(self, client: Client, address: str) -> None:
        self.client = client
        self.address = str(checksum(address))
        self._contract: Any = contract(client.web3, REGISTRY, address)

    def register_circuit(self, circuit: Circuit, proof: bytes, instances: list[int]) -> Call:
        """Register after the self-test on a sample proof."""
        arguments = (circuit.to_abi(), proof, instances)
        data = encode_call(REGISTRY, "registerCircuit", *arguments)
        return Call("registering the circuit", self.address, data)

    def register_model(self, circuit_id: bytes, weights_commitment: int = 0) -> Call:
        """Register weights under a circuit."""
        data = encode_call(REGISTRY, "registerModel", circuit_id, weights_commitment)
        return Call("registering the model", self.address, data)

    @map_rpc_errors
    def circuit(self, circuit_id: bytes) -> Circuit:
        """A registered circuit; ContractRefused if it is unknown."""
        data = encode_call(REGISTRY, "circuits", circuit_id)
        answer = self.client.call({"to": checksum(self.address), "data": _hex(data)})
        return Circuit.from_abi(decode([CIRCUIT_ABI], answer)[0])

    @map_rpc_errors
    def model(self, model_id: bytes) -> tuple[bytes, int]:
        """Circuit id and weights commitment of a model; ContractRefused if it is unknown."""
        circuit_id, weights = self._contract.functions.models(model_id).call()
        return bytes(circuit_id), int(weights)

    @map_rpc_errors
    def condemned_at(self, circuit_id: bytes, block: int | None = None) -> int:
        """Unix time of the condemnation, or 0."""
        at = "latest" if block is None else block
        return int(self._contract.functions.condemnedAt(circuit_id).call(block_identifier=at))


def code_hash(client: Client, circuit: Circuit, block: int | None = None) -> bytes:
    """What `Circuit.code_hash` must be, by the code on the chain."""
    codes = [client.code(circuit.verifier, block)]
    if circuit.key == ZERO_ADDRESS:
        return keccak(codes[0])
    codes.append(client.code(circuit.key, block))
    return keccak(b"".join(keccak(code) for code in codes))


def verify_on_chain(
    client: Client, circuit: Circuit, proof: bytes, instances: list[int], block: int | None = None
) -> bool:
    """A typed call of a circuit's verifier, as the contracts make it; False also if it reverts."""
    data = verify_call(circuit, proof, instances)
    try:
        answer = client.call({"to": checksum(circuit.verifier), "data": _hex(data)}, block)
    except ContractRefused:
        return False
    return answer == (1).to_bytes(32, "big")


def verify_call(circuit: Circuit, proof: bytes, instances: list[int]) -> bytes:
    """Calldata of that call: a keyed verifier is told the circuit's key."""
    if circuit.key == ZERO_ADDRESS:
        return encode_call(VERIFIER, "verifyProof", proof, instances)
    return encode_call(KEYED_VERIFIER, "verifyProof", checksum(circuit.key), proof, instances)


def _hex(data: bytes) -> Any:
    return "0x" + data.hex()
