"""What the contract takes of a key: all of it is bound by the transcript, or refused."""

import pytest
from web3 import Web3

from prover.base.errors import UsageError
from prover.solidity.native import (
    compile_native_verifier,
    key_code,
    key_creation,
    verifier_creation,
)
from prover.verify.digest import circuit_digest, circuit_key
from tests.unit.solidity.conftest import Node
from tests.unit.solidity.native.conftest import OnChain, called
from tests.unit.solidity.native.real import Real, real
from tests.unit.systems.native.needs import needs_engine

pytestmark = needs_engine
FIRST_POINT = 31


def keys_accept(on_chain: OnChain, made: Real, keys: list[bytes]) -> list[bool]:
    """Whether the verifier of the circuit's set-up takes its proof under each of these keys."""
    verifier = on_chain.verifier(circuit_key(made.description))
    places = [on_chain.node.deploy(key_creation(key)) for key in keys]
    calls = [called(place, made.proof, made.instances) for place in places]
    return on_chain.node.accepts(verifier, calls)


def word(key: bytes, index: int) -> int:
    return int.from_bytes(key[32 * index : 32 * index + 32], "big")


def with_word(key: bytes, index: int, value: int) -> bytes:
    return key[: 32 * index] + value.to_bytes(32, "big") + key[32 * index + 32 :]


def test_each_word_of_a_key_counts(on_chain: OnChain) -> None:
    made = real("everything")
    key = circuit_key(made.description)
    others = [with_word(key, index, word(key, index) ^ 1) for index in range(len(key) // 32)]
    others += [with_word(key, index, (1 << 256) - 1) for index in range(FIRST_POINT)]
    others += [key[:-1], key[:-64], key + bytes(64), key[: 32 * FIRST_POINT], b"", bytes(len(key))]
    assert keys_accept(on_chain, made, [key]) == [True]
    assert keys_accept(on_chain, made, others) == [False] * len(others)


def test_no_word_of_a_key_is_outside_the_digest(on_chain: OnChain) -> None:
    """The first word of the transcript is the hash of the key as it lies in the code."""
    made = real("everything")
    key = circuit_key(made.description)
    assert Web3.keccak(key) == circuit_digest(made.description).to_bytes(32, "big")
    place = on_chain.key(key)
    code = bytes(on_chain.node.web3.eth.get_code(Web3.to_checksum_address(place)))
    assert code == key_code(key) == b"\0" + key


def test_only_an_account_with_a_key_is_one(on_chain: OnChain) -> None:
    made = real("scores")
    verifier = on_chain.verifier(circuit_key(made.description))
    stranger = "0x" + "5e" * 20
    calls = [called(place, made.proof, made.instances) for place in (stranger, verifier)]
    assert on_chain.node.accepts(verifier, calls) == [False, False]


def test_a_verifier_serves_one_set_up(on_chain: OnChain, node: Node) -> None:
    """A key over another set-up is refused, even with a proof that holds under it."""
    made = real("scores")
    key = circuit_key(made.description)
    other = node.deploy(verifier_creation(with_word(key, 30, 1)))
    calls = [called(on_chain.key(key), made.proof, made.instances)]
    assert node.accepts(other, calls) == [False]
    assert node.accepts(on_chain.verifier(key), calls) == [True]


def test_bent_calldata_is_not_read(on_chain: OnChain) -> None:
    """Offsets that point elsewhere, and lengths that say other than what is there."""
    made = real("scores")
    key = circuit_key(made.description)
    honest = called(on_chain.key(key), made.proof, made.instances)
    heads = [int.from_bytes(honest[4 + 32 * i : 36 + 32 * i], "big") for i in range(3)]

    def bent(index: int, value: int) -> bytes:
        at = 4 + 32 * index
        return honest[:at] + (value % 2**256).to_bytes(32, "big") + honest[at + 32 :]

    calls = [bent(0, heads[0] + 2**160)]  # an address of more than 20 bytes
    calls += [bent(index, heads[index] + by) for index in (1, 2) for by in (-32, 32, 2**64, 2**255)]
    proof_length, instances_length = heads[1] // 32, heads[2] // 32
    calls += [bent(proof_length, len(made.proof) + by) for by in (-32, -1, 1, 32, 2**64)]
    calls += [bent(instances_length, len(made.instances) + by) for by in (-1, 1, 2**64, 2**251)]
    calls += [honest[:-1], honest[:-32], honest[:4], b""]
    verifier = on_chain.verifier(key)
    assert on_chain.node.accepts(verifier, [honest]) == [True]
    assert on_chain.node.accepts(verifier, calls) == [False] * len(calls)


def test_a_key_that_no_code_can_hold_is_refused() -> None:
    assert len(key_code(bytes(24_575))) == 24_576
    with pytest.raises(UsageError, match="expected at most 24575"):
        key_creation(bytes(24_576))


def test_it_fits_a_contract() -> None:
    assert len(compile_native_verifier().runtime) <= 24_576
