"""Every error of the contracts has words, with its values and what to do."""

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.abi import abi_to_signature
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st
from web3.exceptions import ContractLogicError

from prover.base.errors import ContractRefused
from prover.chain.abi.contract import NAMES, abi
from prover.chain.abi.reverts import ADVICE, decode_revert
from prover.chain.node.client import refused

NOON = 1_795_435_200
NOBODY = "0x" + "11" * 20
DECLARED = {
    entry["name"]: entry for name in NAMES for entry in abi(name) if entry["type"] == "error"
}


def selector(signature: str) -> bytes:
    return keccak(text=signature)[:4]


def test_every_declared_error_has_advice() -> None:
    assert set(DECLARED) <= set(ADVICE)


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_a_declared_error_is_known_by_its_selector(name: str) -> None:
    signature = abi_to_signature(DECLARED[name])  # type: ignore[arg-type]
    revert = decode_revert(selector(signature) + bytes(32 * 12))
    assert revert.name in (name, "malformed error")
    assert decode_revert(selector(signature) + bytes(32 * 12)).message()


def test_the_values_and_the_states_are_shown() -> None:
    data = selector("Jobs_Late(uint256,uint256)") + encode(["uint256"] * 2, [NOON + 1, NOON])
    revert = decode_revert(data)
    assert revert.arguments == {"now": NOON + 1, "deadline": NOON}
    told = revert.message()
    assert "now 2026-11-23 12:00:01 UTC, deadline 2026-11-23 12:00:00 UTC" in told
    window = selector("Jobs_BadWindow(uint256,uint256,uint256)")
    told = decode_revert(window + encode(["uint256"] * 3, [0, 1, 15_552_000])).message()
    assert "(actual 0 s, min 1 s, max 15552000 s)" in told
    told = decode_revert(window + encode(["uint256"] * 3, [NOON, NOON + 1, NOON + 2])).message()
    assert "actual 2026-11-23 12:00:00 UTC, min" in told


def test_addresses_are_shown_with_their_checksum() -> None:
    given = "0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc"
    data = selector("Jobs_NotConsumer(address,address)") + encode(["address"] * 2, [given] * 2)
    told = decode_revert(data).message()
    assert "actual 0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc" in told


@pytest.mark.parametrize(
    ("contract", "words"),
    [
        ("PredictionMarket", ("Expired", "Locked")),
        ("ServingRound", ("Settled", "Joined")),
        ("AccuracyBounty", ("Cancelled", "Accepted")),
        ("RetrievalBounty", ("Cancelled", "Proving")),
    ],
)
def test_the_states_of_each_contract_are_shown(contract: str, words: tuple[str, str]) -> None:
    data = selector(f"{contract}_WrongState(uint8,uint8)") + encode(["uint8"] * 2, [5, 2])
    actual, allowed = words
    assert decode_revert(data).arguments == {"actual": actual, "allowed": allowed}


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (0x01, "an assertion is false"),
        (0x11, "arithmetic overflows"),
        (0x12, "a division by zero"),
        (0x21, "a value outside its enum"),
        (0x32, "an index outside its array"),
        (0x41, "too much memory is asked for"),
    ],
)
def test_each_panic_of_the_compiler_is_told(code: int, why: str) -> None:
    """Source: the documentation of Solidity, "Panic via assert"."""
    panic = selector("Panic(uint256)") + encode(["uint256"], [code])
    assert why in decode_revert(panic).message()


def test_strings_panics_and_errors_of_the_libraries_are_known() -> None:
    text = selector("Error(string)") + encode(["string"], ["no such thing"])
    assert "no such thing" in decode_revert(text).message()
    panic = selector("Panic(uint256)") + encode(["uint256"], [0x11])
    assert "overflows" in decode_revert(panic).message()
    token = selector("SafeERC20FailedOperation(address)") + encode(["address"], ["0x" + "11" * 20])
    assert decode_revert(token).name == "SafeERC20FailedOperation"
    assert "no contract of this project" in decode_revert(b"\1\2\3\4").message()
    assert decode_revert(selector("FailedCall()")).name == "FailedCall"
    poor = selector("ERC20InsufficientBalance(address,uint256,uint256)")
    revert = decode_revert(poor + encode(["address", "uint256", "uint256"], [NOBODY, 7, 9]))
    assert revert.name == "ERC20InsufficientBalance"
    assert revert.arguments == {"sender": NOBODY, "balance": 7, "needed": 9}


@given(st.binary(max_size=200))
def test_any_data_gets_words(data: bytes) -> None:
    assert decode_revert(data).message()


@pytest.mark.parametrize("data", ["0xno hex", "Reverted 0x", {"data": "0x"}])
def test_a_revert_whose_data_are_odd_is_told_in_the_nodes_words(data: Any) -> None:
    told = refused(ContractLogicError("execution reverted: too late", data=data))
    assert isinstance(told, ContractRefused)
    if isinstance(data, str):
        assert "too late" in str(told)
