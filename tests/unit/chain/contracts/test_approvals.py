"""Approvals of tokens: exactly what is needed, once, whatever died before."""

from typing import Any

import pytest

from prover.base.errors import Postponed
from prover.chain.abi.contract import Call
from prover.chain.contracts.tokens import allow, balance_of
from prover.chain.node.client import checksum
from prover.chain.sending import waiting
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.solidity.compile import compile_contracts
from tests.localchain import CONSUMER, DEPLOYER, Chain, address_of

SPENDER = "0x" + "ab" * 20


@pytest.fixture
def token(chain: Chain) -> Any:
    made = compile_contracts(["PlainToken"])["PlainToken"]
    receipt = chain.sender(DEPLOYER).send("token", Call("a token", None, made.bytecode))
    found = chain.client.web3.eth.contract(address=receipt["contractAddress"], abi=made.abi)
    minting = found.encode_abi("mint", [address_of(CONSUMER), 100])
    chain.sender(DEPLOYER).send("mint", Call("minting", found.address, bytes.fromhex(minting[2:])))
    return found


def allowed(token: Any) -> int:
    return int(token.functions.allowance(address_of(CONSUMER), checksum(SPENDER)).call())


def sent(chain: Chain) -> int:
    return int(chain.client.web3.eth.get_transaction_count(address_of(CONSUMER)))  # type: ignore[arg-type]


def test_a_balance_is_that_of_a_block_if_one_is_named(chain: Chain, token: Any) -> None:
    client, who = chain.client, address_of(CONSUMER)
    block = client.block()["number"]
    assert balance_of(client, str(token.address), who) == 100
    assert balance_of(client, str(token.address), who, block - 1) == 0  # before the minting
    ether = balance_of(client, ETH, who)
    chain.rpc("evm_mine")
    chain.rpc("anvil_setBalance", who, hex(ether + 5))  # in the newest block
    assert balance_of(client, ETH, who, block) == ether
    assert balance_of(client, ETH, who) == ether + 5


def test_an_approval_that_is_not_mined_yet_is_waited_for(
    chain: Chain, token: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that sent it was killed: the next one sends no second."""
    before = sent(chain)
    with monkeypatch.context() as patch:
        patch.setattr(waiting, "GIVE_UP_SECONDS", 0.5)
        chain.rpc("evm_setAutomine", False)
        with pytest.raises(Postponed):
            allow(chain.sender(CONSUMER), str(token.address), SPENDER, 7)
        chain.rpc("anvil_dropAllTransactions")
        chain.rpc("evm_setAutomine", True)
    allow(chain.sender(CONSUMER), str(token.address), SPENDER, 7)
    assert (allowed(token), sent(chain)) == (7, before + 1)
    allow(chain.sender(CONSUMER), str(token.address), SPENDER, 7)
    assert sent(chain) == before + 1


@pytest.mark.parametrize("kept", [True, False], ids=["in the pool", "dropped"])
def test_a_taking_back_that_is_not_mined_yet_is_waited_for(
    chain: Chain, token: Any, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """The command that sent it was killed: it is sent once, before what comes next."""
    allow(chain.sender(CONSUMER), str(token.address), SPENDER, 7)
    before = sent(chain)
    with monkeypatch.context() as patch:
        patch.setattr(waiting, "GIVE_UP_SECONDS", 0.5)
        chain.rpc("evm_setAutomine", False)
        with pytest.raises(Postponed, match="taking back an earlier approval"):
            allow(chain.sender(CONSUMER), str(token.address), SPENDER, 9)
    if kept:
        chain.rpc("evm_setIntervalMining", 1)
    else:
        chain.rpc("anvil_dropAllTransactions")
        chain.rpc("evm_setAutomine", True)
    allow(chain.sender(CONSUMER), str(token.address), SPENDER, 9)
    assert (allowed(token), sent(chain)) == (9, before + 2)
    chain.rpc("evm_setIntervalMining", 0)
    chain.rpc("evm_setAutomine", True)


def test_eth_and_nothing_need_no_approval(chain: Chain, token: Any) -> None:
    before = sent(chain)
    allow(chain.sender(CONSUMER), ETH, SPENDER, 7)
    allow(chain.sender(CONSUMER), str(token.address), SPENDER, 0)
    assert sent(chain) == before


def test_another_amount_is_another_approval(chain: Chain, token: Any) -> None:
    for amount in (7, 9):
        allow(chain.sender(CONSUMER), str(token.address), SPENDER, amount)
        assert allowed(token) == amount


@pytest.mark.parametrize("left", [1, 7])
def test_what_is_left_of_an_approval_is_taken_back_before_a_greater_one(
    chain: Chain, token: Any, left: int
) -> None:
    """Tokens like USDT refuse to change an allowance that is not zero."""
    for amount in (left, 9):
        allow(chain.sender(CONSUMER), str(token.address), SPENDER, amount)
    approvals = token.events.Approval().get_logs(from_block=0)
    assert [one["args"]["value"] for one in approvals] == [left, 0, 9]
    assert allowed(token) == 9


def test_an_approval_that_was_used_up_is_given_again(chain: Chain, token: Any) -> None:
    """The same amount for the next job is another approval, although this one was sent before."""
    for _ in range(2):
        allow(chain.sender(CONSUMER), str(token.address), SPENDER, 7)
        assert allowed(token) == 7
        used = token.functions.approve(checksum(SPENDER), 0).transact(
            {"from": address_of(CONSUMER)}
        )
        chain.client.web3.eth.wait_for_transaction_receipt(used)
        assert allowed(token) == 0
