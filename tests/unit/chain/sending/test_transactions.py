"""A transaction is sent once, whatever dies between its steps."""

import os
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from prover.base.errors import ChainError, ContractRefused, InsufficientFunds
from prover.base.settings import get_settings
from prover.chain.abi.contract import Call
from prover.chain.sending import transactions, trial, waiting
from prover.chain.sending.journal import Attempt, Fate, Journal
from prover.chain.sending.receipts import revert_of
from tests import warm
from tests.localchain import CONSUMER, STRANGER, Chain, address_of

ETHER = 10**18
RECEIVER = "0x" + "ab" * 20
GIFT = Call("giving", RECEIVER, b"", ETHER)

CRASHING = """
import os, sys
from prover.chain.abi.contract import Call
from prover.chain.accounts import anvil_account
from prover.chain.node.client import connect
from prover.chain.sending import journal, pool, transactions

step, url, receiver = sys.argv[1:4]
client = connect(url)
die = lambda *_: os._exit(9)
record, offer = journal.Journal.record, pool.Pool.offer
if step == "signed":
    journal.Journal.record = die
if step == "recorded":
    pool.Pool.offer = die
if step == "sent":
    pool.Pool.offer = lambda self, attempt: (offer(self, attempt), die())
if step == "mined":
    transactions.Sender._judge = die
transactions.Sender(client, anvil_account(2)).send("gift", Call("giving", receiver, b"", 10**18))
"""


def balance(chain: Chain) -> int:
    return chain.client.balance(RECEIVER)


@pytest.mark.parametrize("step", ["signed", "recorded", "sent", "mined"])
def test_a_crash_between_steps_never_sends_twice(chain: Chain, step: str) -> None:
    before = balance(chain)
    died = warm.server().run([step, chain.url, RECEIVER], os.environ, CRASHING)
    assert died.returncode == 9
    chain.sender(CONSUMER).send("gift", GIFT)
    chain.sender(CONSUMER).send("gift", GIFT)
    assert balance(chain) == before + ETHER


def test_a_journal_that_forgets_would_send_twice(chain: Chain) -> None:
    """The same without the journal: the test above can fail."""
    before = balance(chain)
    chain.sender(CONSUMER).send("gift", GIFT)
    journal = get_settings().home / "journal.sqlite"
    with create_engine(f"sqlite:///{journal}").begin() as connection:
        connection.execute(text("DELETE FROM attempts"))
    chain.sender(CONSUMER).send("gift", GIFT)
    assert balance(chain) == before + 2 * ETHER


def test_other_actions_and_repeatable_ones_are_sent_again(chain: Chain) -> None:
    before = balance(chain)
    sender = chain.sender(CONSUMER)
    for action in ("one", "two"):
        sender.send(action, GIFT)
    for _ in range(2):
        sender.send("again", GIFT, once=False)
    assert balance(chain) == before + 4 * ETHER


def test_two_threads_of_one_account_use_different_nonces(chain: Chain) -> None:
    before = balance(chain)
    threads = [
        threading.Thread(target=lambda n=n: chain.sender(CONSUMER).send(f"gift {n}", GIFT))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert balance(chain) == before + 4 * ETHER


def test_an_attempt_whose_nonce_was_taken_is_made_anew(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "patience_of", lambda _: 0.1)
    before, sender = balance(chain), chain.sender(CONSUMER)
    nonce = chain.client.web3.eth.get_transaction_count(sender.address)  # type: ignore[arg-type]
    lost = Attempt(chain.client.scope, sender.address, "gift", nonce, b"\1" * 32, b"\2", 21000, 1)
    Journal(get_settings().home / "journal.sqlite").record(lost)
    chain.rpc("anvil_setNonce", sender.address, hex(nonce + 1))
    sender.send("gift", GIFT)
    assert balance(chain) == before + ETHER


def test_a_refusal_is_told_before_anything_is_sent(chain: Chain) -> None:
    sender = chain.sender(STRANGER)
    count = chain.client.web3.eth.get_transaction_count(sender.address)  # type: ignore[arg-type]
    call = chain.prediction.withdraw("0x" + "0" * 40, sender.address)
    with pytest.raises(ContractRefused, match="Escrow_NothingToWithdraw") as caught:
        sender.send("withdraw", call)
    assert caught.value.error_name == "Escrow_NothingToWithdraw"
    assert chain.client.web3.eth.get_transaction_count(sender.address) == count  # type: ignore[arg-type]


def test_time_that_passes_without_a_block_counts(chain: Chain) -> None:
    """A development node mines no empty blocks: a deadline passes all the same."""
    due = chain.client.now() + 300
    waiting = Call("waiting", None, bytes.fromhex(f"63{due:08x}4210600c5700005b60006000fd"), 0)
    with pytest.raises(ContractRefused):
        chain.sender(STRANGER).send("waiting", waiting)
    chain.rpc("evm_increaseTime", 301)
    assert chain.client.block()["timestamp"] < due
    assert chain.sender(STRANGER).send("waiting", waiting)["status"] == 1


@pytest.mark.parametrize(
    ("wei", "gas"),
    [(0, "and gas besides"), (ETHER, "gas included"), (ETHER + 1000, "gas included")],
)
def test_an_account_without_the_money_is_told_so(chain: Chain, wei: int, gas: str) -> None:
    """Nothing at all, the value but no gas, the value and too little gas."""
    chain.rpc("anvil_setBalance", address_of(CONSUMER), hex(wei))
    with pytest.raises(InsufficientFunds, match=f"ETH: .* ETH are needed for giving, {gas}"):
        chain.sender(CONSUMER).send("gift", GIFT)


def test_a_transaction_above_the_gas_cap_is_refused(chain: Chain) -> None:
    loop = bytes.fromhex("5b600056")  # jumps to itself until the gas is gone
    with pytest.raises(ChainError, match="expected at most 16777216"):
        chain.sender(CONSUMER).send("loop", Call("looping", None, loop))


def test_a_mined_revert_is_explained_and_may_be_sent_again(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = chain.sender(CONSUMER)
    call = chain.prediction.withdraw("0x" + "0" * 40, sender.address)
    with monkeypatch.context() as patch:  # as if the state had changed after the dry run
        patch.setattr(trial.Trial, "gas", lambda *_: 100_000)
        patch.setattr(transactions, "revert_of", lambda *_: ContractRefused("refused"))
        with pytest.raises(ContractRefused):
            sender.send("withdraw", call)
    journal = Journal(get_settings().home / "journal.sqlite")
    assert not journal.attempts(chain.client.scope, sender.address, "withdraw")
    block = chain.client.block()
    with pytest.raises(ContractRefused, match="NothingToWithdraw"):
        raise revert_of(chain.client, bytes(block["transactions"][0]))  # type: ignore[arg-type, misc]


def test_the_journal_is_private_to_a_chain(chain: Chain, tmp_path: Path) -> None:
    """A chain that was started anew has another genesis block, and knows none of the attempts."""
    journal = Journal(tmp_path / "journal.sqlite")
    attempt = Attempt(chain.client.scope, "0x1", "a", 0, b"\1" * 32, b"\2", 1, 1)
    journal.record(attempt)
    assert journal.attempts(chain.client.scope, "0x1", "a") == [attempt]
    assert not journal.attempts("31337:other", "0x1", "a")
    journal.set_fate([attempt], Fate.REPLACED)
    assert not journal.attempts(chain.client.scope, "0x1", "a")
