"""One account's transactions on a chain in memory: each nonce, each wei, each answer of a node."""

from pathlib import Path
from typing import Any

import pytest
import requests
from eth_utils.crypto import keccak
from web3.exceptions import (
    BadResponseFormat,
    Web3Exception,
)

from prover.base.errors import ChainError
from prover.chain.sending.answers import Answer
from prover.chain.sending.fees import GWEI, Fees, fees_of, fields_of
from prover.chain.sending.journal import Attempt, Fate
from prover.chain.sending.pool import Limited, NonceChoice, Pool, Refused
from tests.localchain import settings_of
from tests.unit.chain.sending.memory import (
    ACCOUNT,
    FEES,
    RECEIVER,
    Eth,
    client_of,
    journal_of,
    refused,
    signed,
)


@pytest.fixture
def eth(home: Path) -> Eth:
    made = Eth()
    made.mining = False
    return made


@pytest.fixture
def pool(eth: Eth) -> Pool:
    return Pool(client_of(eth), ACCOUNT, journal_of())


def test_what_is_signed_is_what_was_asked_for_and_is_written_down(pool: Pool) -> None:
    attempt = signed(pool, 7, "gift")
    fields = fields_of(attempt.raw)
    told = {name: fields[name] for name in ("nonce", "gas", "value", "chainId", "type")}
    assert told == {"nonce": 7, "gas": 30_000, "value": 5, "chainId": 31337, "type": 2}
    assert (bytes(fields["to"]), bytes(fields["data"])) == (bytes.fromhex(RECEIVER[2:]), b"\1")
    assert fees_of(attempt.raw) == FEES
    assert (attempt.nonce, attempt.gas, attempt.fee) == (7, 30_000, FEES.maximum)
    assert (attempt.scope, attempt.sender) == ("31337:00", ACCOUNT.address)
    assert attempt.hash == keccak(attempt.raw)
    assert journal_of().attempts("31337:00", str(ACCOUNT.address), "gift") == [attempt]


def test_a_creation_goes_to_nobody(pool: Pool) -> None:
    fields = {"data": b"\1", "value": 0, "gas": 30_000}
    assert not bytes(fields_of(pool.sign("a", 0, fields, FEES).raw)["to"])


# ---------------------------------------------------------------- what a node answers


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (None, Answer.TAKEN),
        ("already known", Answer.KNOWN),
        ("nonce too low", Answer.NONCE_USED),
        ("replacement transaction underpriced", Answer.NEAR),
        ("insufficient funds", Answer.NO_FUNDS),
    ],
)
def test_an_answer_that_is_understood_is_told(
    eth: Eth, pool: Pool, said: str | None, answer: Answer
) -> None:
    eth.says = lambda _raw: said
    attempt = signed(pool, 0)
    assert pool.offer(attempt) is pool.offer_new(attempt) is answer
    assert eth.sent == [attempt.raw] * 2
    assert pool.waiting() == [attempt]


def test_what_nobody_has_and_a_node_refuses_is_given_up_only_where_it_is_new(
    eth: Eth, pool: Pool
) -> None:
    eth.says = lambda _raw: "the node is on fire"
    attempt = signed(pool, 0)
    with pytest.raises(Refused, match=f"refuses transaction 0x{attempt.hash.hex()}: the node is"):
        pool.offer(attempt)
    assert pool.waiting() == [attempt]
    with pytest.raises(Refused):
        pool.offer_new(attempt)
    assert pool.waiting() == []


def test_what_a_node_that_limits_may_have_is_not_given_up(eth: Eth, pool: Pool) -> None:
    eth.says = lambda _raw: refused("too many requests", -32005)
    attempt = signed(pool, 0)
    with pytest.raises(Limited):
        pool.offer_new(attempt)
    assert pool.waiting() == [attempt]


@pytest.mark.parametrize("failure", [requests.ConnectionError(), BadResponseFormat("<html>")])
def test_what_a_node_that_fell_silent_may_have_is_not_given_up(
    eth: Eth, pool: Pool, failure: Exception
) -> None:
    eth.says = lambda _raw: failure
    attempt = signed(pool, 0)
    with pytest.raises(ChainError, match=r"it may have it\. It is written down: run the same"):
        pool.offer_new(attempt)
    assert pool.waiting() == [attempt]


def test_an_answer_that_makes_no_sense_is_an_error_in_words(eth: Eth, pool: Pool) -> None:
    eth.says = lambda _raw: Web3Exception("of another kind")
    attempt = signed(pool, 0)
    with pytest.raises(ChainError, match="makes no sense: of another kind"):
        pool.offer_new(attempt)
    assert pool.waiting() == [attempt]


@pytest.mark.parametrize("asked", ["get_transaction", "get_transaction_count"])
def test_a_node_that_falls_silent_is_an_error_in_words(
    eth: Eth, pool: Pool, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    def silent(*_: Any) -> Any:
        raise requests.ConnectionError

    attempt = signed(pool, 0)
    monkeypatch.setattr(eth, asked, silent)
    question = {"get_transaction": pool.holds, "get_transaction_count": lambda _: pool.waiting()}
    with pytest.raises(ChainError, match="does not answer"):
        question[asked](attempt)


def test_a_node_holds_what_waits_and_what_is_mined(eth: Eth, pool: Pool) -> None:
    attempt = signed(pool, 0)
    assert not pool.holds(attempt)
    pool.offer(attempt)
    assert pool.holds(attempt)
    eth.mine()
    assert pool.holds(attempt)


# ---------------------------------------------------------------- which nonce is next


def test_only_what_the_chain_has_not_used_waits(eth: Eth, pool: Pool) -> None:
    attempts = [signed(pool, nonce) for nonce in (0, 1, 2)]
    assert pool.waiting() == attempts
    assert pool.waiting(1) == attempts[1:]
    assert pool.waiting(3) == []
    pool.offer(attempts[0])
    eth.mine()
    assert pool.waiting() == attempts[1:]
    assert pool.waiting(0) == attempts


@pytest.mark.parametrize(
    ("mined", "elsewhere", "written", "nonce"),
    [
        (0, 0, [], 0),
        (2, 0, [], 2),
        (2, 2, [], 4),  # another wallet of the same key has two in the node's pool
        (0, 0, [0], 1),
        (0, 0, [0, 1, 2], 3),
        (0, 0, [1], 2),  # both 0 and 1 are in the pool once it was handed over
        (0, 0, [2], 0),  # a hole is filled
        (2, 0, [0, 1], 2),
        (1, 2, [3, 5], 4),
    ],
)
def test_a_new_transaction_takes_the_first_nonce_that_is_free(
    eth: Eth, pool: Pool, mined: int, elsewhere: int, written: list[int], nonce: int
) -> None:
    eth.blocks.append([bytes([one]) for one in range(mined)])
    eth.pool = {mined + one: b"another" for one in range(elsewhere)}
    if written == [1]:
        eth.pool[0] = b"another"
    attempts = [signed(pool, one) for one in written]
    assert pool.choose_nonce() == NonceChoice(nonce)
    assert eth.sent == [one.raw for one in attempts if one.nonce >= mined]


def test_what_a_node_forgot_but_names_as_next_is_not_signed_over(eth: Eth, pool: Pool) -> None:
    """Its pool takes nothing now: the nonces that are written down are taken all the same."""
    eth.says = lambda _raw: "txpool is full"
    for nonce in (0, 1, 2):
        signed(pool, nonce)
    assert pool.choose_nonce() == NonceChoice(3)


@pytest.mark.parametrize("said", ["insufficient funds", "the node is on fire"])
def test_the_nonce_of_what_can_not_be_mined_is_used_at_a_higher_price(
    eth: Eth, pool: Pool, said: str
) -> None:
    first, second = signed(pool, 0), signed(pool, 1, fees=Fees(5 * GWEI, 2 * GWEI))
    signed(pool, 2)
    eth.says = lambda raw: said if raw == second.raw else None
    assert pool.choose_nonce() == NonceChoice(1, Fees(5 * GWEI, 2 * GWEI))
    assert eth.sent == [first.raw, second.raw]


def test_what_the_node_holds_keeps_its_nonce_whatever_it_says(eth: Eth, pool: Pool) -> None:
    attempt = signed(pool, 0)
    pool.offer(attempt)
    eth.says = lambda _raw: "the node is on fire"
    assert pool.choose_nonce() == NonceChoice(1)


# ---------------------------------------------------------------- money


def test_what_waits_is_counted_with_its_gas_but_for_the_one_that_is_replaced(
    eth: Eth, pool: Pool
) -> None:
    signed(pool, 0, value=7)
    signed(pool, 1, value=11, fees=Fees(4 * GWEI, GWEI))
    signed(pool, 1, value=11, fees=Fees(5 * GWEI, GWEI))  # the newest alone counts
    first, second = 7 + 30_000 * 3 * GWEI, 11 + 30_000 * 5 * GWEI
    assert pool.outlay(2) == first + second
    assert (pool.outlay(0), pool.outlay(1)) == (second, first)


@pytest.mark.parametrize("short", [0, 1])
def test_a_fee_is_raised_with_the_last_wei_and_not_without(
    eth: Eth, pool: Pool, short: int
) -> None:
    other, attempt = signed(pool, 0, value=100), signed(pool, 1, "gift")
    maximum = FEES.maximum * 115 // 100 + 1
    needed = 100 + 30_000 * other.fee + 5 + 30_000 * maximum
    eth.balance = needed - short
    raised = pool.raise_fees(attempt)
    if short:
        assert isinstance(raised, str)
        assert "are needed to pay more for it" in raised
        assert pool.waiting() == [other, attempt]
        return
    assert isinstance(raised, Attempt)
    assert fees_of(raised.raw) == Fees(maximum, GWEI * 115 // 100 + 1)
    same = {"nonce", "to", "data", "value", "gas", "chainId"}
    before, after = fields_of(attempt.raw), fields_of(raised.raw)
    assert {one: before[one] for one in same} == {one: after[one] for one in same}
    assert (raised.action, raised.nonce, raised.gas) == ("gift", 1, 30_000)
    assert pool.waiting() == [other, raised]


def test_a_fee_is_raised_to_the_market(eth: Eth, pool: Pool) -> None:
    eth.base, eth.tip = 20 * GWEI, 3 * GWEI
    raised = pool.raise_fees(signed(pool, 0))
    assert isinstance(raised, Attempt)
    assert fees_of(raised.raw) == Fees(43 * GWEI, 3 * GWEI)


@pytest.mark.parametrize(
    ("fee", "tip", "allowed"), [("4", "2", True), ("3", "2", False), ("4", "1", False)]
)
def test_a_fee_is_not_raised_above_the_limits(
    pool: Pool, fee: str, tip: str, allowed: bool
) -> None:
    attempt = signed(pool, 0)
    with settings_of(max_fee_gwei=fee, max_tip_gwei=tip):
        raised = pool.raise_fees(attempt)
    assert isinstance(raised, Attempt) is allowed
    if not allowed:
        assert f"{fee} gwei (ZKESCROW_MAX_FEE_GWEI) and {tip} gwei" in str(raised)
        assert pool.waiting() == [attempt]


# ---------------------------------------------------------------- what is used for good


@pytest.mark.parametrize(("blocks", "count"), [(0, 0), (63, 0), (64, 0), (65, 1), (66, 2), (90, 2)])
def test_a_nonce_is_used_for_good_two_epochs_later(eth: Eth, blocks: int, count: int) -> None:
    eth.blocks = ([[], [b"one"], [b"two"]] + [[] for _ in range(blocks)])[: blocks + 1]
    eth.final = blocks
    public = Pool(client_of(eth, 1), ACCOUNT, journal_of())
    assert public.final_nonce() == count
    local = Pool(client_of(eth), ACCOUNT, journal_of())
    assert local.final_nonce() == min(blocks, 2)
    assert local.nonce("latest") == min(blocks, 2)


def test_replaced_ones_wait_no_more(pool: Pool) -> None:
    attempt = signed(pool, 0)
    journal_of().set_fate([attempt], Fate.REPLACED)
    assert pool.waiting() == []
    assert pool.outlay(9) == 0
