"""Fees to the wei: what is suggested, what replaces, and what the settings allow."""

from types import SimpleNamespace
from typing import Any

import pytest
import requests

from prover.base.errors import ChainError, Postponed
from prover.chain.node.client import Client
from prover.chain.sending.fees import (
    GWEI,
    Fees,
    base_fee,
    gas_price,
    in_gwei,
    limit,
    market,
    suggested,
    suggested_tip,
    within,
)
from tests.localchain import settings_of


def node(base: int | None, tip: int) -> Client:
    """A node with this base fee (None: of a chain without one) that suggests this tip."""
    block: dict[str, Any] = {"number": 1, "hash": bytes(32), "timestamp": 1}
    block |= {} if base is None else {"baseFeePerGas": base}
    eth = SimpleNamespace(get_block=lambda _number: block, max_priority_fee=tip)
    return Client(SimpleNamespace(eth=eth), 1, "1:00")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "other", "new"),
    [
        (Fees(100, 10), Fees(0, 0), Fees(116, 12)),
        (Fees(0, 0), Fees(0, 0), Fees(1, 1)),
        (Fees(100, 10), Fees(117, 13), Fees(117, 13)),
        (Fees(100, 10), Fees(115, 11), Fees(116, 12)),
        (Fees(100, 10), Fees(500, 0), Fees(500, 12)),
        (Fees(100, 10), Fees(0, 500), Fees(116, 116)),  # the tip is part of the maximum
        (Fees(100, 100), Fees(0, 0), Fees(116, 116)),
    ],
)
def test_a_replacement_pays_fifteen_percent_more_and_no_less_than_the_market(
    old: Fees, other: Fees, new: Fees
) -> None:
    assert old.raised(other) == new
    assert new.maximum * 10 >= old.maximum * 11
    assert new.priority * 10 >= old.priority * 11


def test_a_new_transaction_pays_twice_the_base_fee_and_the_tip() -> None:
    client = node(10 * GWEI, 2 * GWEI)
    assert suggested(client) == market(client) == Fees(22 * GWEI, 2 * GWEI)
    assert gas_price(client) == 12 * GWEI
    assert (base_fee(client), suggested_tip(client)) == (10 * GWEI, 2 * GWEI)


def test_a_chain_without_base_fees_has_none() -> None:
    client = node(None, 2 * GWEI)
    assert base_fee(client) == 0
    assert suggested(client) == Fees(2 * GWEI, 2 * GWEI)


def test_the_last_wei_below_the_limit_is_still_paid() -> None:
    with settings_of(max_fee_gwei="7", max_tip_gwei="3"):
        assert limit() == Fees(7 * GWEI, 3 * GWEI)
        assert suggested(node(5 * GWEI, 2 * GWEI)) == Fees(7 * GWEI, 2 * GWEI)
        dear = node(5 * GWEI + 1, 2 * GWEI)
        with pytest.raises(Postponed, match="costs 7 gwei now: expected at most 7 gwei"):
            suggested(dear)
        assert market(dear) == Fees(7 * GWEI, 2 * GWEI)


@pytest.mark.parametrize(
    ("said", "tip"),
    [
        (0, GWEI // 1000),
        (GWEI // 1000 - 1, GWEI // 1000),
        (GWEI // 1000 + 1, GWEI // 1000 + 1),
        (6 * GWEI, 6 * GWEI),
        (7 * GWEI, 6_049_149_336),
        (-1, GWEI // 1000),
    ],
)
def test_a_tip_is_brought_between_what_is_taken_and_what_is_allowed(said: int, tip: int) -> None:
    with settings_of(max_tip_gwei="8"):
        assert suggested_tip(node(GWEI, said)) == tip


def test_the_highest_tip_can_be_raised_twice() -> None:
    highest = suggested_tip(node(GWEI, 10**9 * GWEI))
    assert highest > 15 * GWEI  # of 20: what a busy chain asks for is paid at once
    twice = Fees(100 * GWEI, highest).raised(Fees(0, 0)).raised(Fees(0, 0))
    assert within(twice)
    assert not within(twice.raised(Fees(0, 0)))


def test_a_node_that_falls_silent_is_an_error_in_words() -> None:
    class Silent:
        @property
        def max_priority_fee(self) -> int:
            raise requests.ConnectionError

    with pytest.raises(ChainError, match="does not answer"):
        suggested_tip(Client(SimpleNamespace(eth=Silent()), 1, "1:00"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("maximum", "priority", "allowed"),
    [(7, 2, True), (8, 2, False), (7, 3, False), (8, 3, False), (0, 0, True)],
)
def test_both_fees_have_their_limit(maximum: int, priority: int, allowed: bool) -> None:
    with settings_of(max_fee_gwei="7", max_tip_gwei="2"):
        assert within(Fees(maximum * GWEI, priority * GWEI)) is allowed
        over = Fees(7 * GWEI + (not allowed), 2 * GWEI)
        assert within(over) is allowed


@pytest.mark.parametrize(
    ("wei", "words"), [(1_500_000_000, "1.5 gwei"), (1, "1e-09 gwei"), (502 * GWEI, "502 gwei")]
)
def test_fees_are_said_in_gwei(wei: int, words: str) -> None:
    assert in_gwei(wei) == words
