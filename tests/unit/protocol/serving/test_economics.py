"""Default amounts of a serving round: cheating does not pay; below the bounds it does."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.economics import Serving, simulated
from prover.base.errors import StatementInvalid
from prover.protocol.costs import Prices, Proving
from prover.protocol.gas import verification_gas
from prover.protocol.serving.economics import (
    chance_to_catch,
    serving_break_even,
    serving_money,
    serving_stake,
)

PRICES = Prices()
BATCH = Proving.predicted(16, 16, 181)
ROUND = Serving(n=256, proving=BATCH, prices=PRICES, output_bytes=40, contests=59)
ROUNDS = st.builds(
    lambda n, contests, items, gas: Serving(
        n, Proving(1.5, items, verification_gas(11 * items)), Prices(gas), 40, min(contests, n)
    ),
    st.integers(1, 1000),
    st.integers(1, 300),
    st.sampled_from([1, 8, 16, 32]),
    st.sampled_from([10**7, 10**9, 10**11]),
)


@given(ROUNDS, st.data())
def test_an_honest_provider_earns_however_many_are_contested(
    round_: Serving, data: st.DataObject
) -> None:
    contested = data.draw(st.integers(0, round_.contests))
    assert round_.expected(0, contested).provider > 0


@given(ROUNDS, st.data())
def test_leaving_work_out_does_not_pay_with_one_contested_item(
    round_: Serving, data: st.DataObject
) -> None:
    wrong = data.draw(st.integers(1, round_.n))
    honest = round_.expected(0, 1).provider
    assert round_.expected(wrong, 1, gain=round_.money.price).provider < honest


def test_without_contests_cheating_pays() -> None:
    assert ROUND.best_number_of_wrong_answers(0, gain=1) == ROUND.n


@pytest.mark.parametrize("contested", [1, 13, 59])
def test_a_stake_by_the_bound_makes_one_wrong_answer_a_loss(contested: int) -> None:
    gain = 10**17
    stake = serving_stake(ROUND.n, ROUND.money.price, contested, PRICES, gain)
    honest = ROUND.expected(0, contested, stake=stake).provider
    assert ROUND.expected(1, contested, gain, stake).provider < honest
    assert ROUND.expected(1, contested, gain, stake * 9 // 10).provider > honest


def test_the_stake_is_never_less_than_what_is_lost_if_nothing_is_served() -> None:
    assert ROUND.vanishing().consumer >= 0
    assert ROUND.vanishing().provider < 0


@pytest.mark.parametrize("wrong", [1, 5, 64, 256])
def test_break_even_is_where_the_simulation_turns(wrong: int) -> None:
    """But for the proof that a caught provider need not make."""
    pays = serving_break_even(ROUND.money, ROUND.n, wrong, 1)
    honest = ROUND.expected(0, 1).provider
    assert ROUND.expected(wrong, 1, gain=pays * 8 // 10 // wrong).provider < honest
    assert ROUND.expected(wrong, 1, gain=pays * 11 // 10 // wrong).provider > honest


def test_one_lucrative_wrong_answer_is_not_bounded_by_the_defaults() -> None:
    gain = 2 * serving_break_even(ROUND.money, ROUND.n, 1, 59)
    assert ROUND.expected(1, 59, gain).provider > ROUND.expected(0, 59).provider


def test_played_rounds_average_to_what_is_expected() -> None:
    played = simulated(ROUND, 5, 13, gain=0, trials=400)
    expected = ROUND.expected(5, 13)
    scale = ROUND.n * ROUND.money.price + ROUND.money.stake
    assert played.provider == pytest.approx(expected.provider, abs=0.08 * scale)
    assert played.consumer == pytest.approx(expected.consumer, abs=0.08 * scale)


def test_the_chance_to_catch_is_that_of_a_draw_without_replacement() -> None:
    assert chance_to_catch(10, 1, 3) == pytest.approx(0.3)
    assert chance_to_catch(10, 10, 1) == 1
    assert chance_to_catch(10, 0, 10) == chance_to_catch(10, 10, 0) == 0
    assert chance_to_catch(1000, 50, 59) > 0.95


@pytest.mark.parametrize(("wrong", "contested"), [(11, 1), (1, 11), (-1, 1), (1, -1)])
def test_more_than_all_answers_is_refused(wrong: int, contested: int) -> None:
    with pytest.raises(StatementInvalid, match="expected 0 to 10"):
        chance_to_catch(10, wrong, contested)


@given(ROUNDS)
def test_more_contests_catch_more(round_: Serving) -> None:
    chances = [chance_to_catch(round_.n, 1, c) for c in range(round_.contests + 1)]
    assert all(a < b for a, b in pairwise(chances))


def test_a_gain_raises_the_stake_alone() -> None:
    plain = serving_money(256, 40, 59, BATCH, PRICES)
    feared = serving_money(256, 40, 59, BATCH, PRICES, gain=10**18)
    assert feared.stake > plain.stake
    assert replace(feared, stake=plain.stake) == plain
