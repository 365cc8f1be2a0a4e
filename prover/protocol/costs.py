"""What proving and gas cost, and how a default amount is made of it. docs/ECONOMICS.md says why.

What to pay, ask and stake if nobody says otherwise is in `economics.py` of each protocol. Amounts
are in wei, of ETH: what a token is worth nobody here knows.
"""

from dataclasses import dataclass
from math import ceil
from typing import Self

from prover.base.units import GWEI, HOUR
from prover.protocol.gas import proofs_gas, verification_gas

# A proof on two cores takes this long for each row of its circuit (benchmarks/results).
ROW_SECONDS = 0.00035


@dataclass(frozen=True)
class Prices:
    """Wei a gas, wei an hour of one core, and the percentage that a seller adds to its cost.

    The defaults are 1 gwei, and 0.00002 ETH: 5 US cents at 2,500 dollars an ETH.
    """

    gas_wei: int = GWEI
    core_hour_wei: int = 2 * 10**13
    margin_percent: int = 50

    def with_margin(self, cost: int) -> int:
        """What a seller asks for something that costs it this."""
        return rounded_up(ceil(cost * (100 + self.margin_percent) / 100))


@dataclass(frozen=True)
class Proving:
    """One proof of a circuit: how long it takes on how many cores, its item slots, and the gas of
    its verification.
    """

    seconds: float
    items: int
    verification_gas: int
    cores: int = 2

    @classmethod
    def predicted(cls, logrows: int, items: int, instances: int) -> Self:
        """For a circuit of ezkl of 2**logrows rows that nobody timed."""
        return cls(ROW_SECONDS * (1 << logrows), items, verification_gas(instances))

    def proofs(self, items: int) -> int:
        """How many proofs that many items take."""
        return -(-items // self.items)

    def cost(self, items: int, prices: Prices) -> int:
        """Wei that it takes to prove that many items and to have the proofs verified on-chain."""
        hours = self.proofs(items) * self.seconds * self.cores / HOUR
        gas = proofs_gas(items, self.items, self.verification_gas)
        return ceil(hours * prices.core_hour_wei) + gas * prices.gas_wei


def rounded_up(amount: int) -> int:
    """To three digits, as every default is."""
    if amount < 1000:
        return amount
    unit = int(10 ** (len(str(amount)) - 3))
    return -(-amount // unit) * unit
