"""Transactions that are not mined, behind a pool with geth's rules."""

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest

from prover.base.errors import ChainError, InsufficientFunds, Postponed
from prover.base.settings import get_settings
from prover.chain.abi.contract import Call
from prover.chain.accounts import anvil_account
from prover.chain.deployments import Deployment
from prover.chain.node import anvil as node
from prover.chain.node import patience
from prover.chain.sending import transactions, waiting
from prover.chain.sending.fees import (
    GWEI,
    Fees,
    fees_of,
    fields_of,
    market,
    suggested,
    suggested_tip,
)
from prover.chain.sending.journal import Attempt, Fate, Journal
from prover.chain.sending.receipts import canonical_receipt
from prover.chain.sending.transactions import Sender
from tests.localchain import CONSUMER, STRANGER, Chain, address_of
from tests.proxy import BUSY, SEND, Answer, Forward, GethPool, Proxy, honest, proxied, refusal

ETHER = 10**18
RECEIVER = "0x" + "ab" * 20
GIFT = Call("giving", RECEIVER, b"", ETHER)


@pytest.fixture
def chain(home: Path) -> Iterator[Chain]:
    """A node of the test's own, without contracts: fees outlive a snapshot."""
    with node.running() as client:
        yield Chain(client, cast("Deployment", None), str(client.web3.provider.endpoint_uri))  # type: ignore[attr-defined]


@pytest.fixture
def geth(chain: Chain) -> Iterator[Proxy]:
    with proxied(chain.url) as proxy:
        proxy.hooks[SEND] = GethPool()
        yield proxy


class Clock:
    """Time that passes by being waited for: a look every 20 s, however slow the machine is."""

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic(self) -> float:
        return self._now

    def sleep(self, _seconds: float) -> None:
        self._now += 20
        time.sleep(0.05)  # the node's own


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (transactions, waiting):
        monkeypatch.setattr(module, "time", Clock())
    monkeypatch.setattr(patience, "FIRST_SECONDS", 0.01)


def sender(proxy: Proxy, number: int = CONSUMER) -> Sender:
    return Sender(proxy.client, anvil_account(number))


def balance(chain: Chain) -> int:
    return chain.client.balance(RECEIVER)


def attempts(chain: Chain, action: str, number: int = CONSUMER) -> list[Attempt]:
    journal = Journal(get_settings().home / "journal.sqlite")
    return list(journal.attempts(chain.client.scope, address_of(number), action))


def unmined(chain: Chain, proxy: Proxy, action: str) -> list[Attempt]:
    """Send while no block is made, until the sender gives up; `mining` goes on."""
    chain.rpc("evm_setAutomine", False)
    with pytest.raises(Postponed, match=r"not mined after .* run the same command again") as told:
        sender(proxy).send(action, GIFT)
    made = attempts(chain, action)
    assert ("must be mined before" in str(told.value)) == (made[0].nonce > waiting_first(chain))
    return made


def waiting_first(chain: Chain) -> int:
    """The nonce that the chain wants next of the account."""
    return int(chain.client.web3.eth.get_transaction_count(address_of(CONSUMER)))  # type: ignore[arg-type]


def mining(chain: Chain) -> None:
    chain.rpc("evm_setAutomine", True)


def forgotten(chain: Chain, proxy: Proxy) -> None:
    """The node has lost its pool."""
    chain.rpc("anvil_dropAllTransactions")
    pool: Any = proxy.hooks[SEND]
    pool.pending.clear()
    proxy.calls.clear()


def rivalled(chain: Chain) -> object:
    """The same key signs elsewhere, and what it signs is mined."""
    other = {"from": address_of(CONSUMER), "to": RECEIVER, "value": "0x7"}
    sent = chain.rpc("eth_sendTransaction", other)
    return chain.client.web3.eth.wait_for_transaction_receipt(sent)


def set_base_fee(chain: Chain, wei: int) -> None:
    chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(wei))
    chain.rpc("evm_mine")


def test_both_fees_are_raised_by_a_tenth_at_least(chain: Chain, geth: Proxy) -> None:
    before, made = balance(chain), unmined(chain, geth, "gift")
    assert len(made) == 6
    assert len({attempt.nonce for attempt in made}) == 1
    for earlier, later in pairwise(fees_of(attempt.raw) for attempt in made):
        assert later.maximum * 10 >= earlier.maximum * 11
        assert later.priority * 10 >= earlier.priority * 11
        assert later.priority <= later.maximum
    pool: Any = geth.hooks[SEND]
    assert pool.pending[(address_of(CONSUMER), made[0].nonce)][0] == "0x" + made[-1].raw.hex()
    mining(chain)
    sender(geth).send("gift", GIFT)
    assert balance(chain) == before + ETHER


def test_a_given_up_transaction_does_not_stop_the_next(chain: Chain, geth: Proxy) -> None:
    """The stuck one is too cheap by now, and the node has dropped it: its nonce is used."""
    before, made = balance(chain), unmined(chain, geth, "withdrawal")
    set_base_fee(chain, 3 * fees_of(made[-1].raw).maximum)
    mining(chain)
    sender(geth).send("delivery", GIFT)
    assert balance(chain) == before + ETHER
    sender(geth).send("withdrawal", GIFT)
    assert balance(chain) == before + 2 * ETHER


def test_only_the_newest_attempt_is_handed_out_again(chain: Chain, geth: Proxy) -> None:
    made = unmined(chain, geth, "gift")
    forgotten(chain, geth)
    mining(chain)
    sender(geth).send("gift", GIFT)
    assert geth.sent()[0] == "0x" + made[-1].raw.hex()
    earlier = {"0x" + attempt.raw.hex() for attempt in made[:-1]}
    assert not earlier.intersection(geth.sent())


def test_an_equal_tip_is_no_replacement(chain: Chain, geth: Proxy) -> None:
    """The rule of the proxy that stands for geth: it can refuse."""
    made = unmined(chain, geth, "gift")
    fields, fees = fields_of(made[-1].raw), fees_of(made[-1].raw)
    pool: Any = geth.hooks[SEND]
    names = ("to", "data", "value", "gas", "nonce", "chainId", "type")
    cheap = {name: fields[name] for name in names} | {
        "maxFeePerGas": 2 * fees.maximum,
        "maxPriorityFeePerGas": fees.priority,
    }
    raw = anvil_account(CONSUMER).sign_transaction(cheap).raw_transaction
    answer = pool(["0x" + raw.hex()], lambda *asked: {"result": chain.rpc(asked[0], *asked[1])})
    assert answer == refusal("replacement transaction underpriced")


def test_fees_stay_below_the_limit(
    chain: Chain, geth: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bumps end there, and the sentence says why; nothing is lost."""
    before = balance(chain)
    price = market(chain.client).maximum
    monkeypatch.setenv("ZKESCROW_MAX_FEE_GWEI", str(price // GWEI))
    get_settings.cache_clear()
    chain.rpc("evm_setAutomine", False)
    try:
        with pytest.raises(Postponed, match=r"ZKESCROW_MAX_FEE_GWEI.*same command again"):
            sender(geth).send("gift", GIFT)
    finally:
        chain.rpc("evm_setAutomine", True)
    assert all(attempt.fee <= price for attempt in attempts(chain, "gift"))
    sender(geth).send("gift", GIFT)
    assert balance(chain) == before + ETHER


def test_nothing_is_sent_while_gas_is_too_dear(chain: Chain, geth: Proxy) -> None:
    before, nonce = balance(chain), chain.client.web3.eth.get_transaction_count
    count = nonce(address_of(CONSUMER))  # type: ignore[arg-type]
    set_base_fee(chain, 501 * GWEI)
    with pytest.raises(Postponed, match=r"502 gwei now: expected at most 500 .* nothing was sent"):
        sender(geth).send("gift", GIFT)
    assert not geth.sent()
    assert not attempts(chain, "gift")
    assert nonce(address_of(CONSUMER)) == count  # type: ignore[arg-type]
    set_base_fee(chain, GWEI)
    sender(geth).send("gift", GIFT)
    assert balance(chain) == before + ETHER


def test_headroom_gives_way_before_the_limit_refuses(chain: Chain) -> None:
    set_base_fee(chain, 400 * GWEI)
    assert suggested(chain.client) == Fees(500 * GWEI, GWEI)


def test_the_fee_is_not_raised_where_the_balance_is_missing(chain: Chain, geth: Proxy) -> None:
    chain.rpc("evm_setAutomine", False)
    held: list[int] = []

    def spend(parameters: list[Any], forward: Forward) -> Answer:
        if not held:
            fields = fields_of(bytes.fromhex(parameters[0][2:]))
            held.append(int(fields["value"]) + int(fields["gas"]) * int(fields["maxFeePerGas"]))
            chain.rpc("anvil_setBalance", address_of(CONSUMER), hex(held[0]))
        return forward(SEND, parameters)

    geth.hooks[SEND] = spend
    try:
        with pytest.raises(Postponed, match="ETH are needed to pay more"):
            sender(geth).send("gift", GIFT)
    finally:
        chain.rpc("evm_setAutomine", True)
    assert len(attempts(chain, "gift")) == 1


def test_a_transaction_that_cannot_be_paid_any_more_gives_its_nonce_to_the_next(
    chain: Chain, geth: Proxy
) -> None:
    """The money of a stuck posting was spent elsewhere: a delivery must go out all the same."""
    before, made = balance(chain), unmined(chain, geth, "posting")
    forgotten(chain, geth)
    mining(chain)
    chain.rpc("anvil_setBalance", address_of(CONSUMER), hex(ETHER // 2))
    with pytest.raises(InsufficientFunds, match=r"does not cover giving .* send it ETH"):
        sender(geth).send("posting", GIFT)
    sender(geth).send("delivery", Call("delivering", RECEIVER, b"", 1))
    assert balance(chain) == before + 1
    (delivery,) = attempts(chain, "delivery")
    assert delivery.nonce == made[0].nonce
    stuck, fees = fees_of(made[-1].raw), fees_of(delivery.raw)  # another pool may still have it
    assert fees.maximum * 10 >= stuck.maximum * 11
    assert fees.priority * 10 >= stuck.priority * 11
    chain.rpc("anvil_setBalance", address_of(CONSUMER), hex(10 * ETHER))
    sender(geth).send("posting", GIFT)
    assert balance(chain) == before + 1 + ETHER


def test_a_hole_in_the_nonces_is_filled_by_the_next(chain: Chain, geth: Proxy) -> None:
    """A transaction with nonce n + 1 was written down, and that of nonce n is nowhere."""
    before = balance(chain)
    unmined(chain, geth, "first")
    with pytest.raises(Postponed, match="must be mined before"):
        sender(geth).send("second", GIFT)
    forgotten(chain, geth)
    mining(chain)
    journal = Journal(get_settings().home / "journal.sqlite")
    journal.set_fate(attempts(chain, "first"), Fate.REPLACED)
    sender(geth).send("third", GIFT)
    sender(geth).send("second", GIFT)
    assert balance(chain) == before + 2 * ETHER


@pytest.mark.parametrize("again", ["send", "retry_unseen"])
def test_what_waits_behind_a_hole_that_nobody_fills_is_moved_into_it(
    chain: Chain, geth: Proxy, again: str
) -> None:
    """A node counted three transactions that it did not have: for ever, nothing would be mined."""

    def ahead(method: str, parameters: list[Any], result: Any) -> Any:
        counted = method == "eth_getTransactionCount" and parameters[1] == "pending"
        return hex(int(result, 16) + 3) if counted else result

    before, first = balance(chain), waiting_first(chain)
    geth.lie = ahead
    with pytest.raises(Postponed, match=rf"from nonce {first} to {first + 2} that were not signed"):
        sender(geth).send("posting", GIFT)
    geth.lie = honest
    if again == "retry_unseen":
        assert sender(geth).retry_unseen("posting") is None  # it was moved, and is waited for next
    sender(geth).send("posting", GIFT)
    assert balance(chain) == before + ETHER
    assert [one.nonce for one in attempts(chain, "posting")] == [first]
    sender(geth).send("posting", GIFT)
    assert balance(chain) == before + ETHER


def test_transactions_of_another_wallet_that_wait_are_no_hole(chain: Chain, geth: Proxy) -> None:
    before = balance(chain)
    chain.rpc("evm_setAutomine", False)
    other = {"from": address_of(CONSUMER), "to": RECEIVER, "value": "0x7"}
    chain.rpc("eth_sendTransaction", other)
    with pytest.raises(Postponed, match="that were not signed here"):
        sender(geth).send("posting", GIFT)
    mining(chain)
    chain.rpc("evm_mine")
    sender(geth).send("posting", GIFT)
    assert balance(chain) == before + ETHER + 7


def test_a_nonce_that_somebody_else_takes_costs_nothing(chain: Chain, geth: Proxy) -> None:
    """The same key signs elsewhere between the question for the nonce and the answer."""
    before, rival = balance(chain), []

    def overtaken(parameters: list[Any], forward: Forward) -> Answer:
        if not rival:
            rival.append(
                chain.rpc(
                    "eth_sendTransaction",
                    {"from": address_of(CONSUMER), "to": RECEIVER, "value": "0x7"},
                )
            )
        return forward(SEND, parameters)

    geth.hooks[SEND] = overtaken
    sender(geth).send("gift", GIFT)
    assert balance(chain) == before + ETHER + 7
    assert len(geth.sent()) == 2


def test_a_receipt_that_comes_late_is_waited_for(chain: Chain, geth: Proxy) -> None:
    """The nonce is used already where the receipt is still asked for in vain: not sent again."""
    before, vain = balance(chain), []

    def late(parameters: list[Any], forward: Forward) -> Answer:
        vain.append(parameters)
        return (
            {"result": None} if len(vain) == 1 else forward("eth_getTransactionReceipt", parameters)
        )

    geth.hooks["eth_getTransactionReceipt"] = late
    sender(geth).send("gift", GIFT)
    assert len(vain) >= 2
    assert balance(chain) == before + ETHER


def test_an_answer_that_gets_lost_costs_nothing(chain: Chain, geth: Proxy) -> None:
    before = balance(chain)

    def dropped(parameters: list[Any], forward: Forward) -> None:
        forward(SEND, parameters)

    geth.hooks[SEND] = dropped
    with pytest.raises(ChainError, match="written down: run the same command again"):
        sender(geth).send("gift", GIFT)
    geth.hooks.clear()
    sender(geth).send("gift", GIFT)
    assert balance(chain) == before + ETHER


def test_a_limit_told_of_a_transaction_does_not_say_that_nobody_has_it(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway may pass it on and limit the answer: it is waited for, whoever asks again."""
    before = balance(chain)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    chain.rpc("evm_setAutomine", False)

    def limits(parameters: list[Any], forward: Forward) -> Answer:
        forward(SEND, parameters)
        return refusal("too many requests", -32005)

    with proxied(chain.url) as proxy:
        proxy.hooks[SEND] = limits
        with pytest.raises(ChainError, match="too many requests"):
            sender(proxy).send("gift", GIFT)
        assert not sender(proxy).unsent("gift")
        proxy.hooks.clear()
        mining(chain)
        sender(proxy).send("gift", GIFT)
    assert balance(chain) == before + ETHER


@pytest.mark.parametrize("lost", ["limit", "busy", "connection"])
def test_a_nonce_that_our_own_transaction_used_is_not_given_up(
    chain: Chain, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node mines it, its answer gets lost, and the second copy hears "nonce too low"."""
    taken: list[Answer] = []
    before = balance(chain)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    answers = {"limit": refusal("too many requests", -32005), "busy": BUSY, "connection": None}

    def loses(parameters: list[Any], forward: Forward) -> Answer | None:
        taken.append(forward(SEND, parameters))
        return answers[lost] if len(taken) == 1 else taken[-1]

    with proxied(chain.url) as proxy:
        proxy.hooks[SEND] = loses
        if lost == "connection":
            with pytest.raises(ChainError, match="written down: run the same command again"):
                sender(proxy).send("gift", GIFT)
        sender(proxy).send("gift", GIFT)
        assert not sender(proxy).unsent("gift")
    (mine,) = attempts(chain, "gift")
    assert mine.fate is Fate.MINED
    assert balance(chain) == before + ETHER
    assert len(set(proxy.sent())) == 1


def test_what_was_taken_for_replaced_but_is_mined_is_not_sent_again(
    chain: Chain, geth: Proxy
) -> None:
    """A node that lagged behind the chain said of our own transaction that it had none such."""
    before = balance(chain)
    sender(geth).send("gift", GIFT)
    journal = Journal(get_settings().home / "journal.sqlite")
    journal.set_fate(attempts(chain, "gift"), Fate.REPLACED)
    assert not sender(geth).unsent("gift")
    journal.set_fate(attempts(chain, "gift"), Fate.REPLACED)
    sender(geth).send("gift", GIFT)
    assert balance(chain) == before + ETHER
    assert [attempt.fate for attempt in attempts(chain, "gift")] == [Fate.MINED]


def test_a_block_that_vanishes_is_noticed(chain: Chain, geth: Proxy) -> None:
    """What was mined in it is handed out again by whatever is sent next; no effect comes twice."""
    before, snapshot = balance(chain), chain.rpc("evm_snapshot")
    sender(geth).send("gift", GIFT)
    chain.rpc("evm_revert", snapshot)
    assert balance(chain) == before
    sender(geth).send("other", GIFT)
    assert balance(chain) == before + 2 * ETHER
    sender(geth).send("gift", GIFT)
    assert balance(chain) == before + 2 * ETHER


def test_the_same_command_settles_a_vanished_transaction_again(chain: Chain, geth: Proxy) -> None:
    before, snapshot = balance(chain), chain.rpc("evm_snapshot")
    sender(geth).send("gift", GIFT)
    chain.rpc("evm_revert", snapshot)
    sender(geth).send("gift", GIFT)
    assert balance(chain) == before + ETHER


def test_what_a_reorganisation_took_away_goes_out_before_the_next(
    chain: Chain, geth: Proxy
) -> None:
    before, snapshot = balance(chain), chain.rpc("evm_snapshot")
    sender(geth).send("gift", GIFT)
    chain.rpc("evm_revert", snapshot)
    forgotten(chain, geth)
    sender(geth).send("other", GIFT)
    assert balance(chain) == before + 2 * ETHER


def test_the_receipt_of_a_block_that_is_gone_does_not_count(chain: Chain, geth: Proxy) -> None:
    receipt = sender(geth).send("gift", GIFT)
    assert canonical_receipt(geth.client, bytes(receipt["transactionHash"])) is not None

    def stale(number: str) -> None:
        def answer(parameters: list[Any], forward: Forward) -> Answer:
            found = forward("eth_getTransactionReceipt", parameters)["result"]
            return {"result": found | {"blockHash": "0x" + "11" * 32, "blockNumber": number}}

        geth.hooks["eth_getTransactionReceipt"] = answer

    for number in (hex(receipt["blockNumber"]), "0xffffff"):
        stale(number)
        assert canonical_receipt(geth.client, bytes(receipt["transactionHash"])) is None


def test_a_repeatable_action_that_another_process_settles_is_not_repeated(
    chain: Chain, geth: Proxy
) -> None:
    """Another process finds the open attempt, and notes its end before this one does."""
    before = balance(chain)

    def settled(parameters: list[Any], forward: Forward) -> Answer:
        answer = forward(SEND, parameters)
        (mine,) = attempts(chain, "gift")
        Journal(get_settings().home / "journal.sqlite").set_fate([mine], Fate.MINED)
        return answer

    geth.hooks[SEND] = settled
    sender(geth).send("gift", GIFT, once=False)
    assert balance(chain) == before + ETHER


def test_a_node_with_a_higher_least_tip_is_paid_it(chain: Chain, geth: Proxy) -> None:
    before = balance(chain)
    geth.hooks[SEND] = GethPool(least_tip=3 * GWEI)
    sender(geth).send("gift", GIFT)
    assert balance(chain) == before + ETHER
    assert fees_of(attempts(chain, "gift")[-1].raw).priority >= 3 * GWEI


@pytest.mark.parametrize(
    ("said", "tip"),
    [
        ({"result": hex(2 * GWEI)}, 2 * GWEI),
        ({"result": hex(10**9 * GWEI)}, 15_122_873_343),
        ({"result": "0x0"}, GWEI // 1000),
        (refusal("the method eth_maxPriorityFeePerGas does not exist", -32601), None),
    ],
)
def test_the_tip_is_the_nodes_within_bounds(geth: Proxy, said: Answer, tip: int | None) -> None:
    geth.hooks["eth_maxPriorityFeePerGas"] = lambda *_: said
    found = suggested_tip(geth.client)
    assert found == tip or (tip is None and GWEI // 1000 <= found <= 20 * GWEI)
    methods = [method for method, _ in geth.calls]
    assert (tip is None) == ("eth_feeHistory" in methods)


def test_a_stranger_account_is_not_touched(chain: Chain, geth: Proxy) -> None:
    """What one account has stuck does not hold up another."""
    before = balance(chain)
    unmined(chain, geth, "gift")
    forgotten(chain, geth)
    mining(chain)
    sender(geth, STRANGER).send("gift", GIFT)
    assert balance(chain) == before + ETHER


@pytest.fixture
def public(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    """A node whose chain is not the local one."""
    monkeypatch.setattr(node, "LOCAL_CHAIN", 4242)
    monkeypatch.setattr(transactions, "POLL_SECONDS", 0.05)
    with node.running() as client:
        yield Chain(client, cast("Deployment", None), str(client.web3.provider.endpoint_uri))  # type: ignore[attr-defined]


def test_a_nonce_is_given_up_only_when_it_is_used_for_good(public: Chain) -> None:
    """A reorganisation may undo what took it: until then the action is not sent again."""
    assert not public.client.local
    before = balance(public)
    with proxied(public.url) as proxy:
        proxy.hooks[SEND] = GethPool()
        made = unmined(public, proxy, "gift")
        forgotten(public, proxy)
        mining(public)
        rivalled(public)
        with pytest.raises(Postponed, match="not mined after"):
            sender(proxy).send("gift", GIFT)
        assert balance(public) == before + 7
        public.rpc("anvil_mine", hex(63))
        with pytest.raises(Postponed, match="not mined after"):
            sender(proxy).send("gift", GIFT)
        public.rpc("anvil_mine", hex(1))
        sender(proxy).send("gift", GIFT)
    assert balance(public) == before + 7 + ETHER
    assert made[0].nonce == 0


def test_a_new_transaction_whose_nonce_is_taken_waits_for_nothing(public: Chain) -> None:
    """The node refused it, so that nobody has it: it is signed again with the next nonce."""
    before, rival = balance(public), []

    def overtaken(parameters: list[Any], forward: Forward) -> Answer:
        if not rival:
            rival.append(rivalled(public))
        return forward(SEND, parameters)

    with proxied(public.url) as proxy:
        proxy.hooks[SEND] = overtaken
        sender(proxy).send("gift", GIFT)
    assert balance(public) == before + ETHER + 7


def test_a_node_that_lags_for_ever_is_not_asked_for_ever(chain: Chain, geth: Proxy) -> None:
    geth.hooks[SEND] = lambda *_: refusal("nonce too low: next nonce 9, tx nonce 0")
    with pytest.raises(Postponed, match="lags behind the chain"):
        sender(geth).send("gift", GIFT)
    assert len(geth.sent()) == transactions.TRIES
    assert not attempts(chain, "gift")


CAPPED = "tx fee (1.25 ether) exceeds the configured cap (1.00 ether)"


def test_what_a_node_refuses_for_good_stops_nothing(chain: Chain, geth: Proxy) -> None:
    """A refusal that is not understood is told; the nonce is free for the next."""
    before = balance(chain)
    pool, geth.hooks[SEND] = geth.hooks[SEND], lambda *_: refusal(CAPPED)
    with pytest.raises(ChainError, match=r"refuses transaction 0x.*exceeds the configured"):
        sender(geth).send("gift", GIFT)
    geth.hooks[SEND] = pool
    sender(geth).send("other", GIFT)
    sender(geth).send("gift", GIFT)
    assert balance(chain) == before + 2 * ETHER


def test_a_waiting_transaction_that_a_node_will_not_have_gives_way(
    chain: Chain, geth: Proxy
) -> None:
    """The node has forgotten it, and refuses it now: what comes next is mined all the same."""
    before, made = balance(chain), unmined(chain, geth, "posting")
    forgotten(chain, geth)
    mining(chain)
    pool: Any = geth.hooks[SEND]

    def refuses_it(parameters: list[Any], forward: Forward) -> Answer:
        known = {"0x" + attempt.raw.hex() for attempt in made}
        return refusal(CAPPED) if parameters[0] in known else pool(parameters, forward)

    geth.hooks[SEND] = refuses_it
    sender(geth).send("delivery", GIFT)
    assert balance(chain) == before + ETHER
    assert attempts(chain, "delivery")[0].nonce == made[0].nonce
    sender(geth).send("posting", GIFT)
    assert balance(chain) == before + 2 * ETHER


def test_a_waiting_transaction_that_the_node_holds_does_not_give_way(
    chain: Chain, geth: Proxy
) -> None:
    """A node that is asked too much refuses everything: that is no reason to drop anything."""
    before, made = balance(chain), unmined(chain, geth, "posting")
    pool: Any = geth.hooks[SEND]

    def busy(parameters: list[Any], forward: Forward) -> Answer:
        known = {"0x" + attempt.raw.hex() for attempt in made}
        refused = refusal("too many requests", -32005)
        return refused if parameters[0] in known else pool(parameters, forward)

    geth.hooks[SEND] = busy
    with pytest.raises(Postponed):
        sender(geth).send("delivery", GIFT)
    assert attempts(chain, "delivery")[0].nonce == made[0].nonce + 1
    geth.hooks[SEND] = pool
    mining(chain)
    sender(geth).send("delivery", GIFT)
    sender(geth).send("posting", GIFT)
    assert balance(chain) == before + 2 * ETHER


def test_a_higher_fee_that_the_node_will_not_have_is_forgotten(chain: Chain, geth: Proxy) -> None:
    before = balance(chain)
    pool: Any = geth.hooks[SEND]

    def first_only(parameters: list[Any], forward: Forward) -> Answer:
        return refusal(CAPPED) if len(geth.sent()) > 1 else pool(parameters, forward)

    geth.hooks[SEND] = first_only
    chain.rpc("evm_setAutomine", False)
    with pytest.raises(Postponed, match="exceeds the configured cap"):
        sender(geth).send("gift", GIFT)
    (kept,) = attempts(chain, "gift")
    assert "0x" + kept.raw.hex() == geth.sent()[0]
    geth.hooks[SEND] = pool
    mining(chain)
    sender(geth).send("gift", GIFT)
    assert balance(chain) == before + ETHER


def test_a_later_transaction_without_money_does_not_stop_an_earlier_one(
    chain: Chain, geth: Proxy
) -> None:
    before = balance(chain)
    unmined(chain, geth, "first")
    with pytest.raises(Postponed):
        sender(geth).send("second", Call("giving much", RECEIVER, b"", 100 * ETHER))
    forgotten(chain, geth)
    mining(chain)
    chain.rpc("anvil_setBalance", address_of(CONSUMER), hex(2 * ETHER))
    sender(geth).send("first", GIFT)
    assert balance(chain) == before + ETHER
    with pytest.raises(InsufficientFunds):
        sender(geth).send("second", GIFT)


def test_money_that_waiting_transactions_may_take_is_not_spent_twice(
    chain: Chain, geth: Proxy
) -> None:
    """geth counts all that waits; so does the sentence, before anything is signed."""
    unmined(chain, geth, "posting")
    chain.rpc("anvil_setBalance", address_of(CONSUMER), hex(ETHER + ETHER // 2))
    with pytest.raises(InsufficientFunds, match=r"and 1\.\d+ ETH for what is not mined yet"):
        sender(geth).send("other", GIFT)
    assert not attempts(chain, "other")


def test_a_fee_is_not_raised_with_the_money_of_another(chain: Chain, geth: Proxy) -> None:
    unmined(chain, geth, "first")
    second = unmined(chain, geth, "second")[-1]
    first = attempts(chain, "first")[-1]
    bound = 2 * ETHER + first.gas * first.fee + second.gas * second.fee
    chain.rpc("anvil_setBalance", address_of(CONSUMER), hex(bound))
    with pytest.raises(Postponed, match="must be mined before: the account has"):
        sender(geth).send("second", GIFT)
    assert attempts(chain, "first")[-1] == first
    assert attempts(chain, "second")[-1] == second


def test_a_repeatable_action_is_repeated_after_one_whose_end_nobody_saw(
    chain: Chain, geth: Proxy
) -> None:
    """The receipt of the first is not taken for that of the second."""
    before = balance(chain)
    unmined(chain, geth, "gift")
    mining(chain)
    sender(geth).send("gift", GIFT, once=False)
    assert balance(chain) == before + 2 * ETHER
