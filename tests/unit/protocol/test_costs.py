"""What proving costs, and how a default amount is made of it."""

from prover.protocol.costs import Prices, Proving
from prover.protocol.gas import ITEM, PROVE, VERIFY, VERIFY_INSTANCE, verification_gas


def test_proving_costs_time_and_gas() -> None:
    taken = verification_gas(100)
    proving = Proving(seconds=1800, items=4, verification_gas=taken, cores=2)
    prices = Prices(gas_wei=0, core_hour_wei=1000)
    assert proving.cost(4, prices) == 1000
    assert proving.cost(5, prices) == 2000
    gas = PROVE + VERIFY + 100 * VERIFY_INSTANCE
    free = Prices(gas_wei=1, core_hour_wei=0)
    assert proving.cost(4, free) == gas + 3 * ITEM
    assert proving.cost(5, free) == 2 * gas + 3 * ITEM
    assert proving.cost(0, free) == 0


def test_a_margin_is_added_and_rounded_up() -> None:
    assert Prices(margin_percent=50).with_margin(100) == 150
    assert Prices(margin_percent=0).with_margin(123_456) == 124_000
    assert Prices(margin_percent=0).with_margin(999_001) == 1_000_000
