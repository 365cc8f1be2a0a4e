"""Default amounts of an accuracy bounty: neither side gains by what it should not do."""

from dataclasses import replace

import pytest

from benchmarks.economics import Accuracy
from prover.base.errors import StatementInvalid
from prover.protocol.accuracy.economics import AccuracyMoney, accuracy_penalty
from prover.protocol.costs import Prices, Proving

PRICES = Prices()
BATCH = Proving.predicted(16, 16, 181)
BOUNTY = Accuracy(n=64, proving=BATCH, prices=PRICES, needed=58, elements=68)


def worth_of_trying(money: AccuracyMoney, luck: float) -> float:
    """Wei, on average: proofs cost nothing, as whoever misses knows before the first of them."""
    return luck * money.reward - (1 - luck) * money.miss_penalty


def test_trying_ones_luck_does_not_pay() -> None:
    assert BOUNTY.tried(0.05).provider < 0
    assert worth_of_trying(BOUNTY.money, 0.05) <= 0


def test_a_model_that_passes_is_paid_its_proofs() -> None:
    assert BOUNTY.tried(1).provider > 0


def test_without_a_penalty_trying_ones_luck_pays() -> None:
    assert worth_of_trying(replace(BOUNTY.money, miss_penalty=0), 0.05) > 0


def test_keeping_the_key_costs_more_than_paying() -> None:
    assert BOUNTY.key_withheld().consumer < BOUNTY.tried(1).consumer
    assert BOUNTY.key_withheld().provider > 0


def test_a_planted_item_costs_the_consumer_most() -> None:
    assert BOUNTY.item_planted().consumer < BOUNTY.key_withheld().consumer
    assert BOUNTY.item_planted().provider > BOUNTY.tried(1).provider


def test_the_penalty_pays_the_test_set() -> None:
    assert accuracy_penalty(10**16, PRICES, test_set=10**18) >= 10**18
    assert accuracy_penalty(10**18, PRICES, luck=0.5) == 10**18
    assert BOUNTY.money.stake == BOUNTY.money.miss_penalty


@pytest.mark.parametrize("luck", [-0.1, 1.0])
def test_impossible_luck_is_refused(luck: float) -> None:
    with pytest.raises(StatementInvalid, match="expected 0 <= luck < 1"):
        accuracy_penalty(1, PRICES, luck)
