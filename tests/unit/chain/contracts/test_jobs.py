"""What a call that brings money in brings with it."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from web3 import Web3

from prover.chain.contracts.prediction import PredictionMarket
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.prediction.state import Job, Terms

ME, TOKEN = "0x" + "11" * 20, "0x" + "70" * 20
TERMS = Terms(bytes(32), bytes(32), ETH, 5, 3, ETH, 1_000, 60)


@pytest.fixture
def predictions(monkeypatch: pytest.MonkeyPatch) -> PredictionMarket:
    monkeypatch.setattr(PredictionMarket, "deployment_chain", 7)
    client = SimpleNamespace(chain_id=7, web3=Web3())
    return PredictionMarket(client, "0x" + "ab" * 20)  # type: ignore[arg-type]


@pytest.mark.parametrize(("currency", "reward", "stake"), [(ETH, 5, 3), (TOKEN, 0, 0)])
def test_ether_travels_with_the_call_and_a_token_is_pulled(
    predictions: PredictionMarket, currency: str, reward: int, stake: int
) -> None:
    job = Job(ME, 1, replace(TERMS, currency=currency))
    assert predictions.post(job, bytes(32), "").value == reward
    assert predictions.lock(job, ME).value == stake


def test_nothing_travels_with_what_ends_a_job(predictions: PredictionMarket) -> None:
    job = Job(ME, 1, TERMS)
    ends = (predictions.cancel(job), predictions.refund(job), predictions.deliver(job, 1, b"", []))
    assert [call.value for call in ends] == [0, 0, 0]
