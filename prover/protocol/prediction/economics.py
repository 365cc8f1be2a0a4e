"""Usual amounts of a prediction, in wei of ETH: docs/ECONOMICS.md derives them, and has a table."""

from dataclasses import dataclass

from prover.protocol.costs import Prices, Proving, rounded_up
from prover.protocol.gas import END, POST, TAKE, WITHDRAW


@dataclass(frozen=True)
class PredictionMoney:
    """Amounts of a prediction job."""

    reward: int
    stake: int


def prediction_money(items: int, proving: Proving, prices: Prices) -> PredictionMoney:
    """The reward covers the provider's work; the stake, what a broken promise costs the consumer.

    That is its gas, and the answer, which was worth the reward to it.
    """
    work = proving.cost(items, prices) + (TAKE + WITHDRAW) * prices.gas_wei
    reward = prices.with_margin(work)
    return PredictionMoney(reward, prediction_stake(reward, prices))


def prediction_stake(reward: int, prices: Prices) -> int:
    """What a broken promise costs the consumer: the answer, and its gas."""
    return rounded_up(reward + (POST + END) * prices.gas_wei)
