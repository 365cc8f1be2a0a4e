"""Default amounts of a retrieval bounty: hiding records does not pay; without a stake it does."""

import pytest

from benchmarks.economics import Retrieval
from prover.protocol.costs import Prices, Proving
from prover.protocol.retrieval.economics import retrieval_break_even

PRICES = Prices()
BATCH = Proving.predicted(16, 16, 181)
RECORDS = Retrieval(n=569, proving=BATCH, prices=PRICES)


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
