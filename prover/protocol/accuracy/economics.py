"""Default amounts of an accuracy bounty, in wei of ETH. docs/ECONOMICS.md derives them."""

from dataclasses import dataclass
from math import ceil

from prover.base.errors import StatementInvalid
from prover.protocol.accuracy.gas import dispute_gas
from prover.protocol.costs import Prices, Proving, rounded_up
from prover.protocol.gas import END, POST, TAKE, WITHDRAW

LUCK = 0.05  # the chance that a model which does not deserve it passes


@dataclass(frozen=True)
class AccuracyMoney:
    """Amounts of an accuracy bounty."""

    reward: int
    bond: int
    stake: int
    miss_penalty: int


def accuracy_money(
    needed: int,
    elements: int,
    proving: Proving,
    prices: Prices,
    luck: float = LUCK,
    test_set: int = 0,
) -> AccuracyMoney:
    """Amounts of a bounty whose target is `needed` right items of `elements` hashed elements each.

    `luck` is the chance that a model which does not deserve it passes, `test_set` what the labels
    cost, which a try uses up. The reward covers proving, not training: it is the least to offer.
    """
    work = proving.cost(needed, prices) + (TAKE + WITHDRAW) * prices.gas_wei
    reward = prices.with_margin(work)
    penalty = accuracy_penalty(reward, prices, luck, test_set)
    return AccuracyMoney(reward, accuracy_bond(reward, elements, prices), penalty, penalty)


def accuracy_penalty(reward: int, prices: Prices, luck: float = LUCK, test_set: int = 0) -> int:
    """What a miss must cost so that trying one's luck does not pay, and the test set is paid for.

    The stake is the same: more than the penalty is never lost.
    """
    if not 0 <= luck < 1:
        raise StatementInvalid(f"a chance of {luck} to pass by luck: expected 0 <= luck < 1")
    spent = accuracy_spent(prices, test_set)
    return rounded_up(max(ceil(reward * luck / (1 - luck)), spent))


def accuracy_spent(prices: Prices, test_set: int = 0) -> int:
    """What a try costs the consumer: the test set, and its gas. An open bounty asks for no less.

    What whoever accepts risks is the penalty, not the stake: for less than this anybody could take
    the bond hostage, and the consumer would pay for the key that it must reveal.
    """
    return test_set + (POST + TAKE + END) * prices.gas_wei


def accuracy_bond(reward: int, elements: int, prices: Prices) -> int:
    """So much that keeping the key is no cheaper than paying, and a dispute's gas is covered."""
    return rounded_up(reward + (TAKE + dispute_gas(elements)) * prices.gas_wei)
