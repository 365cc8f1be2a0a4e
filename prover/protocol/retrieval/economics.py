"""Default amounts of a retrieval bounty, in wei of ETH. docs/ECONOMICS.md derives them."""

from dataclasses import dataclass

from prover.protocol.costs import Prices, Proving, rounded_up
from prover.protocol.gas import END, POST, TAKE, WITHDRAW


@dataclass(frozen=True)
class RetrievalMoney:
    """Amounts of a retrieval bounty."""

    price_per_record: int
    stake: int


def retrieval_money(count: int, proving: Proving, prices: Prices) -> RetrievalMoney:
    """Amounts for a dataset of `count` records: every record is paid for, match or not.

    The price covers proving, not what the data is worth: it is the least to offer.
    """
    work = proving.cost(count, prices) + (TAKE + WITHDRAW) * prices.gas_wei
    price = prices.with_margin(-(-work // count))
    return RetrievalMoney(price, retrieval_stake(count, price, prices))


def retrieval_stake(count: int, price: int, prices: Prices) -> int:
    """As much as the whole job and the requester's gas: who hides one record works for nothing."""
    return rounded_up(count * price + (POST + END) * prices.gas_wei)


def retrieval_break_even(money: RetrievalMoney, hidden: int) -> int:
    """What hiding that many records must earn the owner, work saved included, so that it pays."""
    return money.stake + hidden * money.price_per_record
