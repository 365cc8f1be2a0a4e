"""Default amounts of a serving round, in wei of ETH. docs/ECONOMICS.md derives them."""

from dataclasses import dataclass
from math import ceil, comb

from prover.base.errors import StatementInvalid
from prover.protocol.costs import Prices, Proving, rounded_up
from prover.protocol.gas import END, POST, TAKE, WITHDRAW
from prover.protocol.serving.gas import outputs_gas


@dataclass(frozen=True)
class ServingMoney:
    """Amounts of a serving round; `price` is for one prediction."""

    price: int
    proof_fee: int
    stake: int


def serving_money(
    n: int, output_bytes: int, contests: int, proving: Proving, prices: Prices, gain: int = 0
) -> ServingMoney:
    """Amounts of n predictions of `output_bytes` each, of which `contests` may be contested.

    The fee is an item's share of a full proof; the price covers serving and one proof more, which
    is what a last, half empty proof can cost: so the provider loses nothing however few items are
    contested. `gain` is what one wrong answer may earn the provider elsewhere.
    """
    full = proving.cost(proving.items, prices) / proving.items
    proof_fee = prices.with_margin(ceil(full))
    serving = (TAKE + outputs_gas(n, output_bytes) + END + WITHDRAW) * prices.gas_wei
    price = prices.with_margin(-(-(serving + proving.cost(1, prices)) // n))
    stake = serving_stake(n, price, contests, prices, gain)
    return ServingMoney(price, proof_fee, stake)


def serving_stake(n: int, price: int, contests: int, prices: Prices, gain: int = 0) -> int:
    """The consumer's loss if nothing is served, and no less than makes one wrong answer a loss."""
    left = n * price + (POST + TAKE + END) * prices.gas_wei
    deterrent = ceil(gain * n / contests) - n * price
    return rounded_up(max(left, deterrent))


def chance_to_catch(n: int, wrong: int, contested: int) -> float:
    """That at least one of `wrong` wrong answers among n is in a random sample of `contested`."""
    for name, value in (("wrong", wrong), ("contested", contested)):
        if not 0 <= value <= n:
            raise StatementInvalid(f"{value} {name} answers of {n}: expected 0 to {n}")
    return 1 - comb(n - wrong, contested) / comb(n, contested)


def serving_break_even(money: ServingMoney, n: int, wrong: int, contested: int) -> int:
    """What `wrong` wrong answers must earn the provider, work saved included, so that they pay."""
    lost = n * money.price + money.stake
    return int(chance_to_catch(n, wrong, contested) * lost)
