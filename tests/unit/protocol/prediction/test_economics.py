"""Default amounts of a prediction: the reward pays the work, and the stake the consumer."""

from prover.protocol.costs import Prices, Proving
from prover.protocol.gas import END, POST
from prover.protocol.prediction.economics import prediction_money

PRICES = Prices()
BATCH = Proving.predicted(16, 16, 181)


def test_a_prediction_pays_the_work_and_the_stake_the_consumer() -> None:
    money = prediction_money(1, BATCH, PRICES)
    assert money.reward > BATCH.cost(1, PRICES)
    gas = (POST + END) * PRICES.gas_wei
    assert money.stake >= money.reward + gas
