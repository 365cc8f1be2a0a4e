"""Default amounts: they cover costs, and cheating does not pay; below the bounds it does."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.economics import Accuracy, Retrieval, Serving, simulated
from prover.base.errors import StatementInvalid
from prover.protocol import economics
from prover.protocol.economics import (
    AccuracyMoney,
    Prices,
    Proving,
    accuracy_penalty,
    chance_to_catch,
    prediction_money,
    retrieval_break_even,
    serving_break_even,
    serving_money,
    serving_stake,
)

ROOT = Path(__file__).parents[3]
RESULTS, SNAPSHOTS = ROOT / "benchmarks" / "results", ROOT / "snapshots"
PRICES = Prices()
BATCH = Proving.predicted(16, 16, 181)
ROUND = Serving(n=256, proving=BATCH, prices=PRICES, output_bytes=40, contests=59)
BOUNTY = Accuracy(n=64, proving=BATCH, prices=PRICES, needed=58, elements=68)
RECORDS = Retrieval(n=569, proving=BATCH, prices=PRICES)
ROUNDS = st.builds(
    lambda n, contests, items, gas: Serving(
        n, Proving(1.5, items, 11 * items), Prices(gas), 40, min(contests, n)
    ),
    st.integers(1, 1000),
    st.integers(1, 300),
    st.sampled_from([1, 8, 16, 32]),
    st.sampled_from([10**7, 10**9, 10**11]),
)


# ---------------------------------------------------------------- costs


def test_proving_costs_time_and_gas() -> None:
    proving = Proving(seconds=1800, items=4, instances=100, cores=2)
    prices = Prices(gas_wei=0, core_hour_wei=1000)
    assert proving.cost(4, prices) == 1000
    assert proving.cost(5, prices) == 2000
    gas = economics.PROVE + economics.VERIFY + 100 * economics.VERIFY_INSTANCE
    free = Prices(gas_wei=1, core_hour_wei=0)
    assert proving.cost(4, free) == gas + 3 * economics.ITEM
    assert proving.cost(5, free) == 2 * gas + 3 * economics.ITEM
    assert proving.cost(0, free) == 0


def test_a_margin_is_added_and_rounded_up() -> None:
    assert Prices(margin_percent=50).with_margin(100) == 150
    assert Prices(margin_percent=0).with_margin(123_456) == 124_000
    assert Prices(margin_percent=0).with_margin(999_001) == 1_000_000


def test_a_prediction_pays_the_work_and_the_stake_the_consumer() -> None:
    money = prediction_money(1, BATCH, PRICES)
    assert money.reward > BATCH.cost(1, PRICES)
    gas = (economics.POST + economics.END) * PRICES.gas_wei
    assert money.stake >= money.reward + gas


@pytest.mark.parametrize(
    ("constant", "moves"),
    [
        ("POST", ("post eth",)),
        ("TAKE", ("lock eth", "join eth", "accept eth")),
        ("PROVE", ("deliver eth", "answer first item", "submit first item", "submit first record")),
        ("END", ("refund expired eth", "settle")),
        ("WITHDRAW", ("withdraw eth",)),
        ("ITEM", ("deliver extra", "answer extra", "submit extra")),
        ("OUTPUT_BYTE", ("commitOutputs per byte",)),
        ("DIGEST_ELEMENT", ("dispute per element",)),
    ],
)
def test_gas_is_that_of_the_snapshots(constant: str, moves: tuple[str, ...]) -> None:
    measured = [
        gas
        for name, gas in json.loads((SNAPSHOTS / "gas.json").read_text()).items()
        if name.partition(" ")[2].startswith(moves) and not name.endswith("erc20")
    ]
    assert max(measured) <= getattr(economics, constant) <= 1.05 * max(measured)


def test_verification_gas_is_what_was_measured() -> None:
    for run in json.loads((RESULTS / "batching_runs.json").read_text())["runs"]:
        predicted = economics.VERIFY + economics.VERIFY_INSTANCE * run["instances"]
        assert run["verify_gas"] <= predicted <= 1.3 * run["verify_gas"]


# ---------------------------------------------------------------- serving rounds


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


# ---------------------------------------------------------------- accuracy bounties


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


# ---------------------------------------------------------------- retrieval bounties


@pytest.mark.parametrize("hidden", [1, 100, 569])
def test_hiding_records_does_not_pay(hidden: int) -> None:
    assert RECORDS.hidden(hidden).provider < 0 < RECORDS.hidden(0).provider


def test_hiding_pays_without_a_stake() -> None:
    gain = 2 * RECORDS.money.price_per_record
    complete = RECORDS.hidden(0, stake=0).provider
    assert RECORDS.hidden(10, gain, stake=0).provider > complete
    assert RECORDS.hidden(10, gain).provider < complete


@pytest.mark.parametrize("hidden", [1, 48])
def test_hiding_pays_above_the_break_even(hidden: int) -> None:
    pays = retrieval_break_even(RECORDS.money, hidden)
    complete = RECORDS.hidden(0).provider
    assert RECORDS.hidden(hidden, gain=pays * 11 // 10 // hidden).provider > complete
    assert RECORDS.hidden(hidden, gain=pays * 8 // 10 // hidden).provider < complete
