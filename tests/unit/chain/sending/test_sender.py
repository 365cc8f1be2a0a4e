"""One account that sends, on a chain in memory: what is sent, what is owed, what was lost."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from eth_utils.crypto import keccak

from prover.base.errors import (
    ChainError,
    ContractRefused,
    InsufficientFunds,
    Postponed,
    StatementInvalid,
    UsageError,
    ZkescrowError,
)
from prover.base.files import at_work
from prover.chain.abi.contract import Call
from prover.chain.node.client import checksum
from prover.chain.sending import transactions, waiting
from prover.chain.sending.fees import (
    GWEI,
    TIP_FLOOR_WEI,
    Fees,
    fees_of,
    fields_of,
    makes,
    suggested_tip,
)
from prover.chain.sending.journal import Attempt, Fate
from prover.chain.sending.transactions import LOOKS, TRIES, Sender
from tests.localchain import settings_of
from tests.unit.chain.sending.memory import (
    ACCOUNT,
    ETHER,
    RECEIVER,
    Clock,
    Eth,
    client_of,
    journal_of,
)

GIFT = Call("giving", RECEIVER, b"\1", 5)
GAS, PRICE = 30_000, 3 * GWEI  # a fifth above the estimate; twice the base fee, and the tip


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock(200)
    for module in (transactions, waiting):
        monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def eth(home: Path, clock: Clock) -> Eth:
    return Eth()


@pytest.fixture
def sender(eth: Eth) -> Sender:
    return Sender(client_of(eth), ACCOUNT)


def stuck(eth: Eth, sender: Sender, action: str, call: Call = GIFT) -> Attempt:
    """Sent while no block is made, until that takes too long."""
    eth.mining = False
    with pytest.raises(Postponed):
        sender.send(action, call)
    eth.mining = True
    return attempts(action)[-1]


def attempts(action: str) -> list[Attempt]:
    return list(journal_of().attempts("31337:00", str(ACCOUNT.address), action))


def replaced(action: str) -> list[Attempt]:
    return list(journal_of().excluded("31337:00", str(ACCOUNT.address), action))


def mined(eth: Eth) -> list[bytes]:
    return [raw for block in eth.blocks for raw in block]


def nonces(raws: Iterable[bytes]) -> list[int]:
    return [int(fields_of(raw)["nonce"]) for raw in raws]


def test_what_is_sent_is_the_call_and_is_noted_with_its_block(eth: Eth, sender: Sender) -> None:
    assert sender.signs
    eth.blocks.append([])
    receipt = sender.send("gift", GIFT)
    (raw,) = mined(eth)
    fields = fields_of(raw)
    assert (fields["value"], fields["gas"], fees_of(raw)) == (5, GAS, Fees(PRICE, GWEI))
    assert (bytes(fields["to"]), bytes(fields["data"])) == (bytes.fromhex(RECEIVER[2:]), b"\1")
    (noted,) = attempts("gift")
    assert (noted.fate, noted.block, noted.hash) == (Fate.MINED, 2, keccak(raw))
    assert noted.block_hash == bytes(eth.get_block(2)["hash"])
    assert sender.send("gift", GIFT) == receipt
    assert eth.sent == [raw]


def test_what_may_happen_again_does_and_what_may_not_does_not(eth: Eth, sender: Sender) -> None:
    for _ in range(2):
        sender.send("gift", GIFT, once=False)
    assert nonces(mined(eth)) == [0, 1]
    sender.send("gift", GIFT)
    assert len(mined(eth)) == 2


def test_what_had_no_effect_may_be_sent_again(
    eth: Eth, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stuck(eth, sender, "gift")
    eth.reverting |= {attempt.hash for attempt in attempts("gift")}
    monkeypatch.setattr(transactions, "revert_of", lambda *_: ContractRefused("refused"))
    with pytest.raises(ContractRefused, match="refused"):
        sender.send("gift", GIFT)
    assert attempts("gift") == []
    sender.send("gift", GIFT)
    assert nonces(mined(eth)) == [first.nonce, first.nonce + 1]


def test_a_receipt_without_effect_whose_call_has_one_is_a_contradiction(
    eth: Eth, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck(eth, sender, "gift")
    eth.reverting |= {attempt.hash for attempt in attempts("gift")}
    monkeypatch.setattr(transactions, "revert_of", lambda *_: None)
    with pytest.raises(ChainError, match="contradicts its own receipt"):
        sender.send("gift", GIFT)


# ---------------------------------------------------------------- what an earlier command sent


def test_an_earlier_one_is_told_once_it_is_mined_and_only_once(eth: Eth, sender: Sender) -> None:
    assert sender.retry_unseen("gift") is None
    attempt = stuck(eth, sender, "gift")
    receipt = sender.retry_unseen("gift")
    assert receipt is not None
    assert bytes(receipt["transactionHash"]) == attempt.hash
    assert {one.fate for one in attempts("gift")} == {Fate.MINED}
    assert sender.retry_unseen("gift") is None
    assert len(mined(eth)) == 1


def test_an_earlier_one_without_effect_is_none(eth: Eth, sender: Sender) -> None:
    stuck(eth, sender, "gift")
    eth.reverting |= {attempt.hash for attempt in attempts("gift")}
    assert sender.retry_unseen("gift") is None
    assert attempts("gift") == []
    assert len(mined(eth)) == 1


def test_an_earlier_one_that_another_excluded_is_none(eth: Eth, sender: Sender) -> None:
    stuck(eth, sender, "gift")
    eth.pool.clear()
    eth.blocks.append([b"another"])
    assert sender.retry_unseen("gift") is None
    assert {one.fate for one in replaced("gift")} == {Fate.REPLACED}


def test_an_earlier_one_is_waited_for(eth: Eth, sender: Sender, clock: Clock) -> None:
    stuck(eth, sender, "gift")
    eth.mining = False
    with pytest.raises(Postponed):
        sender.retry_unseen("gift")
    clock.then = eth.mine
    assert sender.retry_unseen("gift") is not None


def test_only_the_end_of_its_own_nonce_is_noted(eth: Eth, sender: Sender) -> None:
    """The same action, twice on the chain: one is mined, the other can still be."""
    first = stuck(eth, sender, "gift")
    eth.says = lambda _raw: "txpool is full"
    later = sender._pool.sign(
        "gift", first.nonce + 1, {"data": b"", "value": 0, "gas": 1}, Fees(1, 1)
    )
    eth.mine()
    sender._end("gift", eth.get_transaction_receipt(first.hash))  # type: ignore[arg-type]
    fates = {one.hash: one.fate for one in attempts("gift")}
    assert fates.pop(later.hash) is Fate.PENDING
    assert set(fates.values()) == {Fate.MINED}
    blocks = {one.hash: one.block for one in attempts("gift")}
    assert (blocks[first.hash], blocks[later.hash]) == (1, None)


def test_what_was_ever_signed_stays_known(eth: Eth, sender: Sender) -> None:
    assert (sender.ever_signed("gift"), sender.unsent("gift")) == (False, True)
    stuck(eth, sender, "gift")
    assert (sender.ever_signed("gift"), sender.unsent("gift")) == (True, False)
    eth.pool.clear()
    eth.blocks.append([b"another"])
    sender.retry_unseen("gift")
    assert (sender.ever_signed("gift"), sender.unsent("gift")) == (True, True)


# ---------------------------------------------------------------- reorganisations


def test_what_a_reorganisation_took_away_is_lost_until_it_is_mined_again(
    eth: Eth, sender: Sender
) -> None:
    assert not sender.lost("gift")
    sender.send("gift", GIFT)
    assert not sender.lost("gift")
    eth.blocks[1:] = [[]]
    assert sender.lost("gift")
    receipts = sender.retry_lost("gift")
    assert [one["blockNumber"] for one in receipts] == [2]
    assert not sender.lost("gift")
    assert len(set(eth.sent)) == 1


def test_what_waits_is_not_lost(eth: Eth, sender: Sender) -> None:
    stuck(eth, sender, "gift")
    assert not sender.lost("gift")
    assert sender.retry_lost("gift") == []


def test_only_what_is_lost_and_begins_so_is_made_again_in_its_order(
    eth: Eth, sender: Sender
) -> None:
    for action in ("answer:2", "other", "answer:1", "answer:3"):
        sender.send(action, GIFT)
    second, other, first, _ = mined(eth)
    eth.blocks[1:] = [[second], []]
    eth.sent.clear()
    receipts = sender.retry_lost("answer:")
    assert len(receipts) == 2
    assert eth.sent[:2] == [other, first]  # the nonce before it must be mined as well
    assert nonces(mined(eth)) == [0, 1, 2, 3]


def test_what_has_no_effect_the_second_time_is_not_told(eth: Eth, sender: Sender) -> None:
    sender.send("gift", GIFT)
    eth.blocks[1:] = [[]]
    eth.reverting.add(attempts("gift")[0].hash)
    assert sender.retry_lost("gift") == []
    assert attempts("gift") == []


# ---------------------------------------------------------------- what is not wanted any more


def unheard(eth: Eth, sender: Sender, action: str, chain_id: int = 31337) -> Attempt:
    """Signed and written down; no node has heard of it."""
    eth.says = lambda _raw: requests.ConnectionError("the line is dead")
    with pytest.raises(ChainError, match="it may have it"):
        sender.send(action, GIFT)
    eth.says = lambda _raw: None
    return journal_of().attempts(f"{chain_id}:00", str(ACCOUNT.address), action)[-1]


def test_what_is_taken_back_never_goes_out(eth: Eth, sender: Sender) -> None:
    stake = unheard(eth, sender, "stake")
    sender.take_back("stake")
    assert attempts("stake") == []
    assert [one.hash for one in replaced("stake")] == [stake.hash]
    sender.send("other", GIFT)
    assert mined(eth) == [one.raw for one in attempts("other")]
    assert nonces(mined(eth)) == [stake.nonce]


def test_what_no_node_has_goes_out_with_no_other(eth: Eth, sender: Sender) -> None:
    """A stake is to be weighed again, a late key is not shown: their own commands send them."""
    stake = unheard(eth, sender, "stake")
    sender.send("other", GIFT)
    assert mined(eth) == [attempts("other")[-1].raw]
    assert nonces(mined(eth)) == [stake.nonce]
    sender.send("stake", GIFT)
    assert len(mined(eth)) == 2


def hidden(eth: Eth, sender: Sender, action: str, monkeypatch: pytest.MonkeyPatch) -> Attempt:
    """A transaction that waits at a node, of which another one that answers too shows nothing."""
    eth.mining = False

    def took(raw: bytes) -> Exception:
        eth.pool[nonces([raw])[0]] = raw
        return requests.ConnectionError("the answer is lost")

    eth.says = took
    with pytest.raises(ChainError, match="it may have it"):
        sender.send(action, GIFT)
    eth.says, eth.mining = lambda _raw: None, True

    def mined_alone(name: bytes) -> dict[str, Any]:
        return eth.get_transaction_receipt(name)

    monkeypatch.setattr(eth, "get_transaction", mined_alone)
    return attempts(action)[-1]


def test_what_was_given_up_is_excluded_by_the_next(
    eth: Eth, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node may have it all the same, and counts it: its nonce is used, for more."""
    first = hidden(eth, sender, "post:0a", monkeypatch)
    assert not sender.may_come("post:0a")
    sender._give_up_others()
    assert sender.unsent("post:0a")
    assert sender.may_come("post:0a")
    assert not sender.may_come("post:0b")
    sender.send("post:0b", OTHER)
    (raw,) = mined(eth)
    assert nonces([raw]) == [first.nonce]
    assert makes(raw, OTHER)
    assert fees_of(raw).priority * 100 >= fees_of(first.raw).priority * 115
    assert not sender.may_come("post:0a")
    sender.send("post:0c", GIFT)
    assert nonces(mined(eth)) == [first.nonce, first.nonce + 1]


def test_a_free_nonce_below_what_was_given_up_comes_first(eth: Eth, sender: Sender) -> None:
    one, two = stuck(eth, sender, "one"), stuck(eth, sender, "two")
    eth.pool.clear()
    eth.mining = True
    sender._give_up_others()
    sender.send("three", GIFT)
    sender.send("four", GIFT)
    assert nonces(mined(eth)) == [one.nonce, two.nonce]


def test_fees_at_the_limit_stop_nothing_where_no_node_has_what_paid_them(
    eth: Eth, sender: Sender
) -> None:
    with settings_of(max_fee_gwei=str(PRICE // GWEI)):
        first = unheard(eth, sender, "stake")
        assert fees_of(first.raw).maximum == PRICE
        sender.send("other", GIFT)
    assert nonces(mined(eth)) == [first.nonce]


def test_what_another_process_waits_for_is_not_given_up(eth: Eth, sender: Sender) -> None:
    """Nor told of as interrupted. Else both would take the other's place, for ever higher fees."""
    first = unheard(eth, sender, "one")
    with at_work(sender._work("one")):
        assert sender.is_sending("one")
        sender.send("two", OTHER)
    assert mined(eth) == [first.raw, attempts("two")[-1].raw]
    assert not sender.is_sending("one")


def test_a_sender_tells_others_that_it_waits(eth: Eth, sender: Sender, clock: Clock) -> None:
    seen: list[bool] = []
    eth.mining = False

    def look() -> None:
        seen.append(Sender(client_of(eth), ACCOUNT).is_sending("gift"))
        eth.mine()

    clock.then = look
    sender.send("gift", GIFT)
    assert seen == [True]
    assert not sender.is_sending("gift")
    eth.blocks[1:], clock.then = [[]], look
    sender.retry_lost("gift")
    assert seen == [True, True]


def test_fees_do_not_add_up_while_no_node_takes_anything(eth: Eth, sender: Sender) -> None:
    for _ in range(5):
        for action in ("one", "two"):
            unheard(eth, sender, action)
    eth.mining = True
    sender.send("three", GIFT)
    (raw,) = mined(eth)
    assert fees_of(raw) == Fees(PRICE, GWEI).raised(Fees(0, 0))


@pytest.mark.parametrize("said", [None, "already known"])
def test_what_a_node_had_is_outbid(eth: Eth, sender: Sender, said: str | None) -> None:
    """Its peers may still have it, with the fees that it was raised to."""
    eth.tip *= 5
    eth.mining, eth.says = False, lambda _raw: said
    with pytest.raises(Postponed):
        sender.send("posting", GIFT)
    posting = attempts("posting")[-1]
    assert posting.taken
    eth.pool.clear()
    eth.tip, eth.mining, eth.says = GWEI, True, lambda _raw: None
    sender.send("other", OTHER)
    (raw,) = mined(eth)
    assert nonces([raw]) == [posting.nonce]
    assert fees_of(raw) == fees_of(posting.raw).raised(Fees(0, 0))


def test_what_a_node_had_at_the_limit_stops_nothing(eth: Eth, sender: Sender) -> None:
    with settings_of(max_fee_gwei=str(PRICE // GWEI)):
        first = stuck(eth, sender, "posting")
        eth.pool.clear()
        sender.send("other", GIFT)
    assert nonces(mined(eth)) == [first.nonce]
    assert fees_of(mined(eth)[0]) == Fees(PRICE, GWEI)


@pytest.mark.parametrize("enough", [True, False])
def test_no_more_is_paid_to_replace_than_there_is_or_it_is_worth(
    eth: Eth, sender: Sender, enough: bool
) -> None:
    unheard(eth, sender, "one")
    higher = Fees(PRICE, GWEI).raised(Fees(0, 0))
    eth.balance = GIFT.value + GAS * higher.maximum - (not enough)
    sender.send("two", GIFT)
    assert fees_of(mined(eth)[0]) == (higher if enough else Fees(PRICE, GWEI))
    eth.balance = 10 * ETHER
    unheard(eth, sender, "three")
    worth = GAS * (eth.base + higher.priority) - (not enough)
    sender.send("four", GIFT, worth=worth)
    assert fees_of(mined(eth)[1]) == (higher if enough else Fees(PRICE, GWEI))


@pytest.mark.parametrize("short", [0, 1])
def test_what_replaces_another_costs_no_more_than_it_is_worth(
    eth: Eth, sender: Sender, short: int
) -> None:
    posting = stuck(eth, sender, "posting")
    eth.says = lambda raw: "insufficient funds" if raw == posting.raw else None
    worth = GAS * (eth.base + fees_of(posting.raw).raised(Fees(0, 0)).priority) - short
    if short:
        with pytest.raises(Postponed, match="is won or lost by it: nothing was sent"):
            sender.send("deliver", GIFT, worth=worth)
        assert not sender.ever_signed("deliver")
    else:
        sender.send("deliver", GIFT, worth=worth)
        assert len(mined(eth)) == 1


def test_a_given_up_attempt_of_the_same_action_is_seen_when_it_is_mined(
    eth: Eth, sender: Sender, clock: Clock
) -> None:
    first = unheard(eth, sender, "gift")
    sender.take_back("gift")
    eth.base *= 2  # other fees: another transaction
    eth.mining = False

    def mined_elsewhere() -> None:
        eth.blocks.append([first.raw])
        eth.pool.clear()

    clock.then = mined_elsewhere
    assert bytes(sender.send("gift", GIFT)["transactionHash"]) == first.hash
    (kept,) = [one for one in attempts("gift") if one.hash == first.hash]
    assert kept.fate is Fate.MINED


def test_and_long_before_it_is_final(eth: Eth, clock: Clock) -> None:
    """On a public chain: another attempt is not waited for in vain."""
    public = Sender(client_of(eth, 1), ACCOUNT)
    first = unheard(eth, public, "gift", chain_id=1)
    public.take_back("gift")
    eth.base *= 2
    eth.mining = False

    def mined_elsewhere() -> None:
        if not mined(eth):
            eth.blocks.append([first.raw])
            eth.pool.clear()

    clock.then = mined_elsewhere
    assert bytes(public.send("gift", GIFT)["transactionHash"]) == first.hash


def test_what_loses_its_place_again_and_again_ends(eth: Eth, sender: Sender, clock: Clock) -> None:
    eth.mining = False

    def taken() -> None:
        eth.blocks.append([b"another"])
        eth.pool.clear()
        eth.final = len(eth.blocks) - 1

    clock.then = taken
    with pytest.raises(Postponed, match="took its place 5 times"):
        sender.send("gift", GIFT)
    assert len(replaced("gift")) == 5


@pytest.mark.parametrize("same", [True, False])
def test_what_was_given_up_and_takes_its_nonce_meanwhile_is_seen(
    eth: Eth, sender: Sender, clock: Clock, same: bool
) -> None:
    """Of another action the user may not want both; of the same one it is what is waited for."""
    first = unheard(eth, sender, "post:0a")
    sender.take_back("post:0a")

    def raced(raw: bytes) -> str | None:
        if first.raw not in mined(eth):
            eth.blocks.append([first.raw])
            return "nonce too low"
        return None

    eth.says = raced
    if same:
        assert bytes(sender.send("post:0a", GIFT)["transactionHash"]) == first.hash
    else:
        with pytest.raises(Postponed, match="job 0x0a, which an earlier command had signed"):
            sender.send("post:0b", OTHER)
        assert sender.unsent("post:0b")
        assert not sender.unsent("post:0a")
    assert mined(eth) == [first.raw]
    if not same:
        sender.send("post:0b", OTHER)
        assert [makes(raw, OTHER) for raw in mined(eth)] == [False, True]


def test_what_is_no_posting_and_takes_its_nonce_meanwhile_stops_nothing(
    eth: Eth, sender: Sender, clock: Clock
) -> None:
    first = unheard(eth, sender, "settle")

    def raced(_raw: bytes) -> str | None:
        if mined(eth):
            return None
        eth.blocks.append([first.raw])
        return "nonce too low"

    eth.says = raced
    sender.send("reveal", OTHER)
    assert [makes(raw, OTHER) for raw in mined(eth)] == [False, True]
    assert not sender.unsent("settle")


@pytest.mark.parametrize("works", [True, False])
def test_the_receipt_of_another_choice_is_none_of_this_one(
    eth: Eth, sender: Sender, clock: Clock, works: bool
) -> None:
    """A peer of a node that forgot it mines what was given up, in place of what was chosen now."""
    first = unheard(eth, sender, "join")
    eth.mining = False

    def mined_elsewhere() -> None:
        if not mined(eth):
            eth.reverting |= set() if works else {first.hash}
            eth.blocks.append([first.raw])
            eth.pool.clear()
            eth.final, eth.mining = len(eth.blocks) - 1, True

    clock.then = mined_elsewhere
    if works:
        with pytest.raises(UsageError, match="did this with other options"):
            sender.send("join", OTHER, exact=True)
        assert mined(eth) == [first.raw]
    else:
        sender.send("join", OTHER, exact=True)
        assert [makes(raw, OTHER) for raw in mined(eth)] == [False, True]


def test_all_that_was_chosen_otherwise_is_handed_out_and_waited_for(
    eth: Eth, sender: Sender, clock: Clock
) -> None:
    """One of two attempts is with the node: both may be mined, and the last one decides."""
    first = stuck(eth, sender, "join")
    fields = {**fields_of(first.raw), "gas": first.gas}
    second = sender._pool.sign("join", first.nonce + 1, fields, fees_of(first.raw))
    eth.sent.clear()
    eth.mining = True
    with pytest.raises(UsageError, match="did this with other options"):
        sender.forgo("join", OTHER)
    assert second.raw in eth.sent


def test_stakes_on_their_way_are_waited_for_before_another(
    eth: Eth, sender: Sender, clock: Clock
) -> None:
    """Nobody counts them: the limit over all would be passed."""
    for action in ("lock:0a", "withdraw", "accept:0b", "join:0c"):
        stuck(eth, sender, action)
    eth.mining = False
    clock.then = eth.mine
    sender.settle_stakes(but="join:0c")
    fates = {one: attempts(one)[-1].fate for one in ("lock:0a", "withdraw", "accept:0b", "join:0c")}
    assert fates == {
        "lock:0a": Fate.MINED,
        "withdraw": Fate.PENDING,
        "accept:0b": Fate.MINED,
        "join:0c": Fate.PENDING,
    }


def test_a_stake_that_no_node_has_is_not_waited_for(eth: Eth, sender: Sender) -> None:
    unheard(eth, sender, "lock:0a")
    eth.sent.clear()
    sender.settle_stakes()
    assert eth.sent == []


@pytest.mark.parametrize("short", [0, 1])
def test_all_that_a_move_sends_is_weighed(eth: Eth, sender: Sender, short: int) -> None:
    cost = 7 * (eth.base + TIP_FLOOR_WEI)
    sender.require_worth("proving", 7, None)
    if short:
        with pytest.raises(Postponed, match=r"proving would cost .* nothing was sent"):
            sender.require_worth("proving", 7, cost - 1)
    else:
        sender.require_worth("proving", 7, cost)


@pytest.mark.parametrize("how", ["send", "retry_unseen"])
def test_the_last_of_several_attempts_is_handed_out_and_waited_for(
    eth: Eth, sender: Sender, clock: Clock, how: str
) -> None:
    """They stand on different nonces: each must be mined before the next."""
    first = stuck(eth, sender, "gift")
    fields = {**fields_of(first.raw), "gas": first.gas}
    second = sender._pool.sign("gift", first.nonce + 1, fields, fees_of(first.raw))
    eth.sent.clear()
    eth.mining = True
    receipt = sender.send("gift", GIFT) if how == "send" else sender.retry_unseen("gift")
    assert second.raw in eth.sent
    assert receipt is not None
    assert bytes(receipt["transactionHash"]) == second.hash


def test_whether_a_call_was_ever_made_is_known(eth: Eth, sender: Sender) -> None:
    unheard(eth, sender, "lock")
    sender.take_back("lock")
    assert sender.ever_made("lock", GIFT)
    assert not sender.ever_made("lock", OTHER)
    assert not sender.ever_made("other", GIFT)


def test_what_the_node_has_is_not_taken_back(eth: Eth, sender: Sender) -> None:
    waits = stuck(eth, sender, "stake")
    sender.take_back("stake")
    assert attempts("stake")[-1] == waits
    eth.mine()
    sender.send("stake", GIFT)
    sender.take_back("stake")
    assert {one.fate for one in attempts("stake")} == {Fate.MINED}
    assert replaced("stake") == []


def test_what_a_reorganisation_took_away_is_taken_back(eth: Eth, sender: Sender) -> None:
    sender.send("stake", GIFT)
    eth.blocks.pop()
    sender.take_back("stake")
    sender.send("other", GIFT)
    assert mined(eth) == [one.raw for one in attempts("other")]


def test_what_is_taken_back_and_mined_all_the_same_is_not_sent_again(
    eth: Eth, sender: Sender
) -> None:
    """A node that hid it, or another one, had it."""
    stake = unheard(eth, sender, "stake")
    sender.take_back("stake")
    eth.blocks.append([stake.raw])
    assert bytes(sender.send("stake", GIFT)["transactionHash"]) == stake.hash
    assert mined(eth) == [stake.raw]
    assert attempts("stake")[-1].fate is Fate.MINED


def test_one_attempt_that_the_node_has_keeps_the_others(eth: Eth, sender: Sender) -> None:
    """A raised one that no node has beside the first, which one has: they exclude each other."""
    waits = stuck(eth, sender, "stake")
    raised = sender._pool.raise_fees(waits)
    assert isinstance(raised, Attempt)
    sender.take_back("stake")
    assert attempts("stake")[-2:] == [waits, raised]


@pytest.mark.parametrize(
    ("error", "taken_back"),
    [
        (UsageError("no"), True),
        (StatementInvalid("no"), True),
        (ContractRefused("no"), True),
        (ChainError("the node is down"), False),
        (Postponed("later"), False),
        (InsufficientFunds("poor"), False),
    ],
)
def test_a_no_takes_back_and_a_failing_node_decides_nothing(
    eth: Eth, sender: Sender, error: ZkescrowError, taken_back: bool
) -> None:
    unheard(eth, sender, "stake")
    with pytest.raises(type(error)), sender.deciding("stake"):
        raise error
    assert (attempts("stake") == []) is taken_back


def test_a_yes_takes_nothing_back(eth: Eth, sender: Sender) -> None:
    stake = unheard(eth, sender, "stake")
    with sender.deciding("stake"):
        pass
    assert attempts("stake") == [stake]


OTHER = replace(GIFT, value=6)
OTHERS = (OTHER, replace(GIFT, data=b"\2"), replace(GIFT, to=str(checksum("0x" + "cd" * 20))))


@pytest.mark.parametrize("other", OTHERS)
def test_what_was_chosen_otherwise_before_and_no_node_has_is_given_up(
    eth: Eth, sender: Sender, other: Call
) -> None:
    """A stake for another payee, of a command that did not reach the node."""
    first = unheard(eth, sender, "join")
    sender.send("join", other, exact=True)
    (raw,) = mined(eth)
    assert makes(raw, other)
    assert nonces([raw]) == [first.nonce]


@pytest.mark.parametrize("waits", [True, False])
def test_what_was_chosen_otherwise_and_is_mined_is_told_and_nothing_is_sent(
    eth: Eth, sender: Sender, waits: bool
) -> None:
    if waits:
        stuck(eth, sender, "join")
    else:
        sender.send("join", GIFT)
    with pytest.raises(UsageError, match="an earlier command did this with other options"):
        sender.send("join", OTHER, exact=True)
    assert [makes(raw, GIFT) for raw in mined(eth)] == [True]
    assert attempts("join")[-1].fate is Fate.MINED


def test_what_was_chosen_otherwise_and_had_no_effect_binds_nobody(eth: Eth, sender: Sender) -> None:
    stuck(eth, sender, "join")
    eth.reverting |= {attempt.hash for attempt in attempts("join")}
    sender.send("join", OTHER, exact=True)
    assert [makes(raw, OTHER) for raw in mined(eth)] == [False, True]


def test_the_same_choice_is_the_same_transaction(eth: Eth, sender: Sender) -> None:
    first = unheard(eth, sender, "join")
    for _ in range(2):
        sender.send("join", GIFT, exact=True)
    assert mined(eth) == [first.raw]


def test_without_a_choice_to_bind_the_first_call_is_the_one(eth: Eth, sender: Sender) -> None:
    """A proof is made with other randomness each time."""
    first = unheard(eth, sender, "deliver")
    sender.send("deliver", OTHER)
    assert mined(eth) == [first.raw]


def test_a_posting_that_no_node_has_is_not_paid_by_another_command(
    eth: Eth, sender: Sender
) -> None:
    lost = unheard(eth, sender, "post:0a")
    sender.send("withdraw", OTHER, once=False)
    assert [makes(raw, OTHER) for raw in mined(eth)] == [True]
    assert nonces(mined(eth)) == [lost.nonce]
    assert [one.action for one in replaced("post:0a")] == ["post:0a"]
    assert sender.unsent("post:0a")


@pytest.mark.parametrize("how", ["retry_unseen", "retry_lost"])
def test_nor_by_what_is_looked_at_again(eth: Eth, sender: Sender, how: str) -> None:
    """The node has forgotten another one, or a reorganisation took it away."""
    if how == "retry_lost":
        sender.send("gift", GIFT)
    else:
        stuck(eth, sender, "gift")
        eth.mining = False
    dead = requests.ConnectionError("the line is dead")
    eth.says = lambda raw: dead if nonces([raw]) == [1] else None
    with pytest.raises(ChainError, match="it may have it"):
        sender.send("post:0a", GIFT)
    (lost,) = attempts("post:0a")
    eth.blocks, eth.pool, eth.mining, eth.says = [[]], {}, True, lambda _raw: None
    sender.retry_unseen("gift") if how == "retry_unseen" else sender.retry_lost("gift")
    assert len(mined(eth)) == 1
    assert eth.sent.count(lost.raw) == 1  # in vain
    assert replaced("post:0a")


def test_its_own_command_pays_a_posting(eth: Eth, sender: Sender) -> None:
    lost = unheard(eth, sender, "post:0a")
    sender.send("post:0a", GIFT)
    assert mined(eth) == [lost.raw]


def test_a_posting_that_a_node_has_is_not_given_up(eth: Eth, sender: Sender) -> None:
    held = stuck(eth, sender, "post:0a")
    sender.send("gift", OTHER)
    assert held.raw in mined(eth)


def test_a_posting_that_a_reorganisation_took_away_is_not_given_up(
    eth: Eth, sender: Sender
) -> None:
    """Its user was told that it is there."""
    sender.send("post:0a", GIFT)
    (raw,) = mined(eth)
    eth.blocks = [[]]
    sender.send("gift", OTHER)
    assert raw in mined(eth)


@pytest.mark.parametrize("short", [0, 1])
def test_no_more_gas_is_paid_than_a_move_is_worth(eth: Eth, sender: Sender, short: int) -> None:
    cost = GAS * (eth.base + TIP_FLOOR_WEI)
    if short:
        with pytest.raises(Postponed, match="is won or lost by it: nothing was sent"):
            sender.send("deliver", GIFT, worth=cost - 1)
        assert attempts("deliver") == []
        assert eth.sent == []
    else:
        sender.send("deliver", GIFT, worth=cost)
        assert [fees_of(raw).priority for raw in mined(eth)] == [TIP_FLOOR_WEI]


def test_the_tip_is_what_the_worth_of_a_move_allows(eth: Eth, sender: Sender) -> None:
    """A node that asks for an absurd tip withholds nothing that can be sent for less."""
    eth.tip = 10**6 * GWEI
    sender.send("first", GIFT, worth=GAS * (eth.base + 7 * TIP_FLOOR_WEI))
    sender.send("second", GIFT, worth=10 * ETHER)
    tips = [fees_of(raw).priority for raw in mined(eth)]
    assert tips == [7 * TIP_FLOOR_WEI, suggested_tip(sender.client)]
    assert fees_of(mined(eth)[0]).maximum > 2 * eth.base


def test_a_tip_that_a_node_asks_for_can_be_raised(eth: Eth, sender: Sender, clock: Clock) -> None:
    eth.tip, eth.mining = 10**6 * GWEI, False
    with pytest.raises(Postponed, match="not mined after"):
        sender.send("gift", GIFT)
    made = attempts("gift")
    first, *_, last = (fees_of(one.raw).priority for one in made)
    assert last * 100 >= first * 115


def test_a_receipt_that_lied_of_a_revert_is_not_the_last_word(
    eth: Eth, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked again, the node says that it had its effect: it is not sent again."""
    monkeypatch.setattr(transactions, "revert_of", lambda *_: ContractRefused("refused"))
    first = stuck(eth, sender, "gift")
    eth.reverting |= {first.hash}
    with pytest.raises(ContractRefused):
        sender.send("gift", GIFT)
    assert sender.unsent("gift")
    eth.reverting.clear()
    assert not sender.unsent("gift")
    assert sender.send("gift", GIFT)["status"] == 1
    assert mined(eth) == [first.raw]


# ---------------------------------------------------------------- nonces that somebody takes


def test_a_nonce_that_is_used_again_and_again_is_given_up_in_the_end(
    eth: Eth, sender: Sender, clock: Clock
) -> None:
    eth.says = lambda _raw: "nonce too low"
    with pytest.raises(Postponed, match=r"\(0 was the last\): it lags behind"):
        sender.send("gift", GIFT)
    assert len(eth.sent) == TRIES == 5
    assert clock.slept == [0.1] * 25
    assert len(replaced("gift")) == 1  # the same transaction each time


@pytest.mark.parametrize(("looks", "sent"), [(0, 1), (LOOKS - 1, 1), (LOOKS, 2)])
def test_a_nonce_that_this_very_transaction_used_is_looked_for(
    eth: Eth, sender: Sender, clock: Clock, looks: int, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was mined, the answer got lost, and the nodes behind the address lag."""
    serve, vain = eth.get_transaction, []

    def lagging(name: bytes) -> Any:
        vain.append(name)
        return serve(name if len(vain) > looks else b"")

    def mines(raw: bytes) -> str | None:
        if len(eth.sent) > 1:
            return None
        eth.pool[0] = raw
        eth.mine()
        return "nonce too low"

    monkeypatch.setattr(eth, "get_transaction", lagging)
    eth.says = mines
    sender.send("gift", GIFT)
    assert len(mined(eth)) == sent
    assert len(clock.slept) == min(looks, LOOKS - 1) + (sent - 1)


def test_a_public_chain_is_looked_at_less_often(home: Path, eth: Eth, clock: Clock) -> None:
    eth.says = lambda _raw: "nonce too low"
    with pytest.raises(Postponed):
        Sender(client_of(eth, 1), ACCOUNT).send("gift", GIFT)
    assert clock.slept.count(2.0) == 20


# ---------------------------------------------------------------- money


@pytest.mark.parametrize("short", [0, 1])
def test_the_last_wei_is_enough_for_value_and_gas(eth: Eth, sender: Sender, short: int) -> None:
    eth.balance = 5 + GAS * PRICE - short
    if not short:
        sender.send("gift", GIFT)
        return
    with pytest.raises(InsufficientFunds, match="are needed for giving, gas included; send it"):
        sender.send("gift", GIFT)
    assert (eth.sent, sender.ever_signed("gift")) == ([], False)


@pytest.mark.parametrize("short", [0, 1])
def test_the_last_wei_is_enough_beside_what_waits(eth: Eth, sender: Sender, short: int) -> None:
    first = stuck(eth, sender, "first", Call("first", RECEIVER, b"", 7))
    eth.mining = False
    bound = 7 + first.gas * first.fee
    eth.balance = bound + 5 + GAS * PRICE - short
    with pytest.raises(InsufficientFunds if short else Postponed) as told:
        sender.send("gift", GIFT)
    assert ("for what is not mined yet" in str(told.value)) is bool(short)
    assert sender.ever_signed("gift") is not bool(short)


def test_money_that_is_bound_is_missed_before_anything_is_tried(
    eth: Eth, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stuck(eth, sender, "first")
    eth.mining = False
    eth.balance = 5 + first.gas * first.fee + 4
    monkeypatch.setattr(eth, "call", None)
    with pytest.raises(InsufficientFunds, match="for what is not mined yet"):
        sender.send("gift", GIFT)


def test_a_node_that_finds_too_little_money_is_told_of_with_the_price(
    eth: Eth, sender: Sender
) -> None:
    eth.says = lambda _raw: "insufficient funds"
    words = rf"does not cover giving \(transaction 0x.*: {GAS} gas at 3 gwei at most\): send it ETH"
    with pytest.raises(InsufficientFunds, match=f"has 10.* ETH, which {words}"):
        sender.send("gift", GIFT)
    assert len(eth.sent) == 1
    with pytest.raises(InsufficientFunds, match=words):
        sender.send("gift", GIFT)
    assert len(attempts("gift")) == 1


def test_what_must_be_mined_before_and_can_not_be_paid_is_named(eth: Eth, sender: Sender) -> None:
    for action in ("one", "two", "three"):
        stuck(eth, sender, action)
    first, second, third = (attempts(action)[-1] for action in ("one", "two", "three"))
    eth.says = lambda raw: "insufficient funds" if raw == first.raw else None
    with pytest.raises(InsufficientFunds, match="does not cover one"):
        sender.send("two", GIFT)
    eth.pool.clear()
    eth.says = lambda raw: "insufficient funds" if raw == third.raw else None
    sender.send("two", GIFT)
    assert [one.fate for one in attempts("two")][-1] is Fate.MINED
    assert second.raw in mined(eth)


@pytest.mark.parametrize(("fee", "tip"), [(PRICE // GWEI, 20), (500, 1)])
def test_what_pays_as_much_as_is_allowed_is_not_replaced(
    eth: Eth, sender: Sender, fee: int, tip: int
) -> None:
    stuck(eth, sender, "posting")
    eth.says = lambda _raw: "insufficient funds"
    allowed = settings_of(max_fee_gwei=str(fee), max_tip_gwei=str(tip))
    words = f"giving has to replace .* the most already .{fee} gwei.: raise"
    with allowed, pytest.raises(Postponed, match=words):
        sender.send("gift", GIFT)
    assert not sender.ever_signed("gift")


def test_what_replaces_another_pays_more_than_both(eth: Eth, sender: Sender) -> None:
    posting = stuck(eth, sender, "posting")
    eth.says = lambda raw: "insufficient funds" if raw == posting.raw else None
    sender.send("gift", GIFT)
    (raw,) = mined(eth)
    assert nonces([raw]) == [posting.nonce]
    assert fees_of(raw) == fees_of(posting.raw).raised(Fees(PRICE, GWEI))
    assert eth.balance == 10 * ETHER
