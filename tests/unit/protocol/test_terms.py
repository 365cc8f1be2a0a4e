"""What the terms of each protocol say is paid in and earned: no more, no less, however much."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.protocol.plays import BOUNTY, REQUEST, ROUND

AMOUNTS = st.integers(0, 2**128 - 1)
COUNTS = st.integers(0, 64)


@given(COUNTS, AMOUNTS, AMOUNTS, AMOUNTS, st.data())
def test_a_round_earns_its_items_and_their_proofs_up_to_the_escrow(
    n: int, price: int, fee: int, stake: int, data: st.DataObject
) -> None:
    most = data.draw(st.integers(0, n))
    changes = {"n": n, "price": price, "proof_fee": fee, "max_contests": most, "stake": stake}
    terms = replace(ROUND.job.terms, **changes)
    assert terms.earned(0) == sum([price] * n)
    assert terms.escrow == sum([price] * n + [fee] * most) == terms.earned(most)
    if most:
        assert terms.escrow - terms.earned(most - 1) == fee


@given(COUNTS, AMOUNTS, AMOUNTS)
def test_records_cost_their_price_each(records: int, price: int, stake: int) -> None:
    terms = replace(REQUEST.job.terms, price_per_record=price, stake=stake)
    assert terms.price_of(records) == sum([price] * records)
    assert terms.price_of(records + 1) - terms.price_of(records) == price


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_a_bounty_takes_reward_and_bond_and_no_stake(reward: int, bond: int, stake: int) -> None:
    terms = replace(BOUNTY.job.terms, reward=reward, bond=bond, stake=stake)
    assert terms.escrow - bond == reward
    assert terms.escrow - reward == bond
