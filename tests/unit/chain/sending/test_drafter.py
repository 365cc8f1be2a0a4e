"""What a wallet is to sign: each transaction whole, in order, and nothing that is done already."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import ContractRefused, EnvironmentMissing, InsufficientFunds
from prover.chain.abi.contract import Call
from prover.chain.node.client import checksum
from prover.chain.sending import drafter
from prover.chain.sending.drafter import CREATOR, Drafter, created_at
from prover.chain.sending.wallet import Draft, Handed

ME, OTHER = str(checksum("0x" + "11" * 20)), "0x" + "22" * 20
MOVE = Call("moving", OTHER, b"\1\2", 5)
CREATION = Call("creating", None, b"\xfe\1", 3)
WHERE = created_at(CREATION.data)
HIGH = 7  # number of the latest block


@pytest.fixture
def code() -> dict[str, bytes]:
    """Runtime code by address; the deterministic deployer is there."""
    return {CREATOR: b"creator"}


@pytest.fixture
def made(home: Path, code: dict[str, bytes]) -> Drafter:
    """A drafter whose dry runs pass, with 21000 gas."""
    client = SimpleNamespace(
        chain_id=1, code=lambda address: code.get(address, b""), block=lambda: {"number": HIGH}
    )
    one = Drafter(client, ME.lower())  # type: ignore[arg-type]
    one._trial = SimpleNamespace(gas=lambda _call: 21_000)  # type: ignore[assignment]
    return one


def refusing(made: Drafter, error: Exception) -> None:
    def gas(_call: Call) -> int:
        raise error

    made._trial = SimpleNamespace(gas=gas)  # type: ignore[assignment]


def test_a_call_is_handed_over_as_it_is(made: Drafter) -> None:
    with pytest.raises(Handed) as handed:
        made.send("move", MOVE)
    assert handed.value.drafts == (Draft("moving", OTHER, b"\1\2", 5, 21_000),)
    assert (handed.value.chain_id, handed.value.sender) == (1, ME)


def test_all_that_a_command_sends_is_handed_over_at_its_end(made: Drafter) -> None:
    receipts = [made.send("one", MOVE, more=True), made.send("two", MOVE, once=False)]
    assert [(one["status"], one["blockNumber"], one["logs"]) for one in receipts] == [
        (1, HIGH, []),
        (1, HIGH, []),
    ]
    with pytest.raises(Handed) as handed:
        made.send("three", MOVE)
    assert len(handed.value.drafts) == 3
    with pytest.raises(Handed):
        made.hand_over()


def test_nothing_is_handed_over_where_nothing_is_to_be_done(made: Drafter) -> None:
    assert not made.signs
    made.hand_over()
    assert made.retry_unseen("move") is None
    assert made.retry_lost("move") == []


def test_a_contract_is_created_by_the_deterministic_deployer(made: Drafter) -> None:
    receipt = made.send("create", CREATION, more=True)
    assert receipt["contractAddress"] == WHERE
    assert made._drafts == [Draft("creating", CREATOR, bytes(32) + b"\xfe\1", 3, 21_000)]


def test_a_contract_that_is_there_is_not_created_again(
    made: Drafter, code: dict[str, bytes]
) -> None:
    code[WHERE] = b"itself"
    del code[CREATOR]
    assert made.send("create", CREATION)["contractAddress"] == WHERE
    made.hand_over()


def test_a_chain_without_the_deterministic_deployer_is_said_to_be_one(
    made: Drafter, code: dict[str, bytes]
) -> None:
    code.clear()
    with pytest.raises(EnvironmentMissing, match="chain 1 has no deterministic deployer at 0x4e59"):
        made.send("create", CREATION)
    made.hand_over()


def test_the_first_that_would_be_refused_is_told_before_a_wallet_is_asked(made: Drafter) -> None:
    refusing(made, ContractRefused("no"))
    with pytest.raises(ContractRefused):
        made.send("move", MOVE)
    made.hand_over()


def test_a_later_one_may_depend_on_those_before_it_but_not_on_missing_money(made: Drafter) -> None:
    made.send("one", MOVE, more=True)
    refusing(made, ContractRefused("not yet"))
    made.send("two", MOVE, more=True)
    assert [draft.gas for draft in made._drafts] == [21_000, None]
    refusing(made, InsufficientFunds("no"))
    with pytest.raises(InsufficientFunds):
        made.send("three", MOVE)


@pytest.mark.parametrize(
    ("creator", "salt", "where"),
    [
        ("00" * 20, 0, "0x4D1A2e2bB4F88F0250f26Ffff098B0b30B26BF38"),
        ("deadbeef" + "00" * 16, 0, "0xB928f69Bb1D91Cd65274e3c79d8986362984fDA3"),
        (
            "00000000000000000000000000000000deadbeef",
            0xCAFEBABE,
            "0x60f3f640a8508fC6a86d45DF051962668E1e8AC7",
        ),
    ],
)
def test_a_contract_stands_where_the_standard_says(
    monkeypatch: pytest.MonkeyPatch, creator: str, salt: int, where: str
) -> None:
    """The examples of EIP-1014."""
    monkeypatch.setattr(drafter, "CREATOR", "0x" + creator)
    monkeypatch.setattr(drafter, "_SALT", salt.to_bytes(32, "big"))
    code = bytes.fromhex("deadbeef") if salt else b"\0"
    assert created_at(code) == where


# ---------------------------------------------------------------- in a wallet's words

ORDER = (Draft("moving", OTHER, b"\1\2", 500, 21_000), Draft("ending", ME, b"\xab", 0, None))


@pytest.fixture
def printed() -> dict[str, Any]:
    handed = Handed(31337, ME, ORDER)
    handed.about["job"] = "0x07"
    return handed.to_dict()


def test_a_wallet_is_told_every_field_in_hexadecimal(printed: dict[str, Any]) -> None:
    assert printed["transactions"] == [
        {
            **{"chainId": "0x7a69", "from": ME, "to": OTHER, "value": "0x1f4", "data": "0x0102"},
            "gas": "0x5208",
        },
        {"chainId": "0x7a69", "from": ME, "to": ME, "value": "0x0", "data": "0xab"},
    ]
    assert (printed["job"], printed["unsigned"], printed["chain_id"]) == ("0x07", True, 31337)
    assert (printed["from"], printed["says"]) == (ME, ["moving", "ending"])


def test_a_safe_is_told_every_field_in_decimals(printed: dict[str, Any]) -> None:
    assert printed["safe"] == {
        "version": "1.0",
        "chainId": "31337",
        "meta": {"name": "zkescrow", "createdFromSafeAddress": ME},
        "transactions": [
            {"to": OTHER, "value": "500", "data": "0x0102"},
            {"to": ME, "value": "0", "data": "0xab"},
        ],
    }


def test_a_person_is_told_what_to_sign_in_order() -> None:
    assert Handed(31337, ME, ORDER).lines()[:-1] == [
        f"nothing was sent: {ME} is to sign this on chain 31337",
        "1. moving",
        f"   to {OTHER}, value 500 wei, gas about 21000",
        "   data 0x0102",
        "2. ending",
        f"   to {ME}, value 0 wei, gas what the node says then",
        "   data 0xab",
    ]
