"""Receipts that count, and the reason of a transaction that reverted."""

from typing import Any

import pytest
import requests
from hexbytes import HexBytes
from web3.exceptions import BlockNotFound, ContractLogicError, TransactionNotFound

from prover.base.errors import ChainError, ContractRefused
from prover.chain.node.client import Client
from prover.chain.sending.receipts import canonical_receipt, revert_of

HASH, BLOCK = b"\7" * 32, b"\3" * 32
FROM, TO = "0x" + "11" * 20, "0x" + "22" * 20


class Eth:
    """A node with one transaction, in block 12, that reverted; `reverts`: where its call does."""

    def __init__(self, *reverts: int, to: str | None = TO, status: int = 0) -> None:
        self.receipt = {
            **{"blockNumber": 12, "blockHash": HexBytes(BLOCK), "status": status},
            **{"gasUsed": 60, "transactionHash": HexBytes(HASH), "logs": []},
        }
        self.sent = {"from": FROM, "input": HexBytes("0xab"), "value": 5, "gas": 70, "to": to}
        self.reverts, self.blocks = reverts, {12: BLOCK}
        self.tried: list[tuple[Any, int]] = []

    @property
    def client(self) -> Client:
        return Client(type("Web3", (), {"eth": self})(), 1, "1:00")

    def get_transaction_receipt(self, name: bytes) -> dict[str, Any]:
        if name != HASH:
            raise TransactionNotFound("none")
        return self.receipt

    def get_transaction(self, name: bytes) -> dict[str, Any]:
        assert name == HASH
        return self.sent

    def get_block(self, number: int) -> dict[str, Any]:
        if number not in self.blocks:
            raise BlockNotFound("none")
        return {"number": number, "hash": HexBytes(self.blocks[number]), "timestamp": 1}

    def call(self, transaction: Any, number: int) -> bytes:
        self.tried.append((transaction, number))
        if number in self.reverts:
            raise ContractLogicError(f"at {number}", "0x")
        return b""


def test_a_receipt_counts_as_long_as_its_block_stands() -> None:
    eth = Eth()
    assert canonical_receipt(eth.client, HASH) == eth.receipt
    assert canonical_receipt(eth.client, BLOCK) is None
    eth.blocks[12] = HASH
    assert canonical_receipt(eth.client, HASH) is None
    eth.blocks = {11: BLOCK, 13: BLOCK}
    assert canonical_receipt(eth.client, HASH) is None


def test_a_node_that_falls_silent_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: Any) -> Any:
        raise requests.ConnectionError

    eth = Eth()
    monkeypatch.setattr(eth, "get_block", silent)
    with pytest.raises(ChainError, match="does not answer"):
        canonical_receipt(eth.client, HASH)


def test_no_other_status_than_one_is_a_success() -> None:
    assert isinstance(revert_of(Eth(12, status=2).client, HASH), ContractRefused)


def test_what_had_its_effect_has_no_reason() -> None:
    eth = Eth(11, 12, status=1)
    assert revert_of(eth.client, HASH) is None
    assert not eth.tried


def test_what_is_not_mined_has_none_either_and_that_is_said() -> None:
    with pytest.raises(ChainError, match=f"0x{BLOCK.hex()} is not mined on this chain"):
        revert_of(Eth().client, BLOCK)


@pytest.mark.parametrize(("reverts", "tried"), [((11, 12), [12]), ((12,), [12]), ((11,), [12, 11])])
def test_the_same_call_is_tried_on_the_states_around_it(
    reverts: tuple[int, ...], tried: list[int]
) -> None:
    eth = Eth(*reverts)
    found = revert_of(eth.client, HASH)
    assert isinstance(found, ContractRefused)
    assert [number for _, number in eth.tried] == tried
    call = {"from": FROM, "to": TO, "data": HexBytes("0xab"), "value": 5, "gas": 70}
    assert all(transaction == call for transaction, _ in eth.tried)


def test_a_creation_is_tried_as_one() -> None:
    eth = Eth(12, to=None)
    revert_of(eth.client, HASH)
    assert "to" not in eth.tried[0][0]


def test_a_revert_that_came_of_another_transaction_of_the_block_is_said_to() -> None:
    found = revert_of(Eth(10, 13).client, HASH)
    assert found is not None
    assert "would not at the ends of blocks 11 and 12: another transaction" in str(found)
