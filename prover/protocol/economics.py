"""What to pay, ask and stake if nobody says otherwise. docs/ECONOMICS.md derives each formula.

Amounts are in wei, of ETH: what a token is worth nobody here knows. Costs are those of proving
(seconds, cores, price of a core's hour) and of gas. Every default is rounded up to three digits.
"""

from dataclasses import dataclass
from math import ceil, comb
from typing import Self

from prover.base.errors import StatementInvalid

# Gas of one transaction, the verifier's run and the calldata of its arguments left out: what
# snapshots/gas.json has for ETH in the dearest protocol, rounded up (a test compares).
POST, TAKE, PROVE, END, WITHDRAW = 99_000, 104_000, 173_000, 64_000, 33_000
ITEM = 41_000  # each further item of a proof
OUTPUT_BYTE = 25  # of a serving round's posted outputs: calldata, event, hash
OUTPUT_LEAF = 600  # an item's leaf and node in the tree of outputs
DIGEST_ELEMENT = 12_000  # of a disputed item: decryption and one permutation of Poseidon
# A transaction that calls a generated verifier and nothing else (benchmarks/results).
VERIFY, VERIFY_INSTANCE = 660_000, 1_250
# A proof on two cores takes this long for each row of its circuit (benchmarks/results).
ROW_SECONDS = 0.00035
SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Prices:
    """Wei a gas, wei an hour of one core, and the percentage that a seller adds to its cost.

    The defaults are 1 gwei, and 0.00002 ETH: 5 US cents at 2,500 dollars an ETH.
    """

    gas_wei: int = 10**9
    core_hour_wei: int = 2 * 10**13
    margin_percent: int = 50

    def with_margin(self, cost: int) -> int:
        """What a seller asks for something that costs it this."""
        return _rounded_up(ceil(cost * (100 + self.margin_percent) / 100))


@dataclass(frozen=True)
class Proving:
    """One proof of a circuit: how long it takes on how many cores, its item slots and instances."""

    seconds: float
    items: int
    instances: int
    cores: int = 2

    @classmethod
    def predicted(cls, logrows: int, items: int, instances: int) -> Self:
        """For a circuit of 2**logrows rows that nobody timed."""
        return cls(ROW_SECONDS * (1 << logrows), items, instances)

    def proofs(self, items: int) -> int:
        """How many proofs that many items take."""
        return -(-items // self.items)

    def cost(self, items: int, prices: Prices) -> int:
        """Wei that it takes to prove that many items and to have the proofs verified on-chain."""
        hours = self.proofs(items) * self.seconds * self.cores / SECONDS_PER_HOUR
        verify = PROVE + VERIFY + VERIFY_INSTANCE * self.instances
        gas = self.proofs(items) * verify + max(0, items - self.proofs(items)) * ITEM
        return ceil(hours * prices.core_hour_wei) + gas * prices.gas_wei


# ---------------------------------------------------------------- predictions


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
    return _rounded_up(reward + (POST + END) * prices.gas_wei)


# ---------------------------------------------------------------- serving rounds


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
    posted = PROVE + n * (OUTPUT_LEAF + output_bytes * OUTPUT_BYTE)
    serving = (TAKE + posted + END + WITHDRAW) * prices.gas_wei
    price = prices.with_margin(-(-(serving + proving.cost(1, prices)) // n))
    stake = serving_stake(n, price, contests, prices, gain)
    return ServingMoney(price, proof_fee, stake)


def serving_stake(n: int, price: int, contests: int, prices: Prices, gain: int = 0) -> int:
    """The consumer's loss if nothing is served, and no less than makes one wrong answer a loss."""
    left = n * price + (POST + TAKE + END) * prices.gas_wei
    deterrent = ceil(gain * n / contests) - n * price
    return _rounded_up(max(left, deterrent))


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


# ---------------------------------------------------------------- accuracy bounties


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
    luck: float = 0.05,
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


def accuracy_penalty(reward: int, prices: Prices, luck: float = 0.05, test_set: int = 0) -> int:
    """What a miss must cost so that trying one's luck does not pay, and the test set is paid for.

    The stake is the same: more than the penalty is never lost.
    """
    if not 0 <= luck < 1:
        raise StatementInvalid(f"a chance of {luck} to pass by luck: expected 0 <= luck < 1")
    spent = accuracy_spent(prices, test_set)
    return _rounded_up(max(ceil(reward * luck / (1 - luck)), spent))


def accuracy_spent(prices: Prices, test_set: int = 0) -> int:
    """What a try costs the consumer: the test set, and its gas. An open bounty asks for no less.

    What whoever accepts risks is the penalty, not the stake: for less than this anybody could take
    the bond hostage, and the consumer would pay for the key that it must reveal.
    """
    return test_set + (POST + TAKE + END) * prices.gas_wei


def accuracy_bond(reward: int, elements: int, prices: Prices) -> int:
    """So much that keeping the key is no cheaper than paying, and a dispute's gas is covered."""
    dispute = TAKE + PROVE + elements * DIGEST_ELEMENT
    return _rounded_up(reward + dispute * prices.gas_wei)


# ---------------------------------------------------------------- retrieval bounties


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
    return _rounded_up(count * price + (POST + END) * prices.gas_wei)


def retrieval_break_even(money: RetrievalMoney, hidden: int) -> int:
    """What hiding that many records must earn the owner, work saved included, so that it pays."""
    return money.stake + hidden * money.price_per_record


def _rounded_up(amount: int) -> int:
    """To three digits."""
    if amount < 1000:
        return amount
    unit = int(10 ** (len(str(amount)) - 3))
    return -(-amount // unit) * unit
