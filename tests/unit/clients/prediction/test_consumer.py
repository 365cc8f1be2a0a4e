"""What `prediction post` asks for if nobody says otherwise."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import UsageError
from prover.clients.prediction import consumer
from prover.clients.prediction.consumer import PostOptions
from prover.protocol.costs import Prices
from prover.protocol.prediction.economics import prediction_stake

ME, TOKEN = "0x" + "11" * 20, "0x" + "aa" * 20
POST_OPTIONS = PostOptions(
    currency=None,
    reward="0.01",
    stake=None,
    provider=None,
    open_seconds=9,
    prove_seconds=9,
    uri=None,
)
PRICES = Prices()


def stake(chosen: PostOptions, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(consumer, "present_prices", lambda *_: PRICES)
    monkeypatch.setattr(consumer, "decimals_of", lambda *_: 6)
    client: Any = SimpleNamespace(now=lambda: 100)
    known: Any = SimpleNamespace(model_id=bytes(32), artifacts=None)
    monkeypatch.setattr(consumer, "commitments", lambda *_: [bytes(32)])
    request: Any = SimpleNamespace(items=())
    return consumer._terms(client, known, request, chosen).stake


def test_a_stake_that_nobody_gave_covers_a_broken_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stake(POST_OPTIONS, monkeypatch) == prediction_stake(10**16, PRICES) > 10**16


def test_a_stake_in_tokens_that_nobody_gave_is_the_reward(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stake(replace(POST_OPTIONS, currency=TOKEN, reward="2.5"), monkeypatch) == 2_500_000


def test_a_stake_is_as_it_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stake(replace(POST_OPTIONS, stake="0.005"), monkeypatch) == 5 * 10**15
    assert stake(replace(POST_OPTIONS, stake="0", provider=ME), monkeypatch) == 0


@pytest.mark.parametrize("currency", [None, TOKEN])
def test_no_stake_for_anybody_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, currency: str | None
) -> None:
    with pytest.raises(UsageError, match="leave --stake out, or name one with --provider"):
        stake(replace(POST_OPTIONS, stake="0", currency=currency), monkeypatch)
