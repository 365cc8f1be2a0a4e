"""Amounts that nobody typed follow the price of gas, which is the word of a node."""

from collections.abc import Callable
from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import Postponed
from prover.cli.accuracy import post as accuracy_post
from prover.cli.retrieval import post as retrieval_post
from prover.cli.serving import open as serving_open
from prover.clients.common import gas
from prover.clients.common.models import KnownModel
from prover.clients.prediction import consumer
from tests.conftest import Proven
from tests.localchain import settings_of

GWEI, ALLOWED = 10**9, 20
CLIENT: Any = SimpleNamespace(now=lambda: 100, chain_id=31337)
POSTS = {
    "prediction": (consumer.PostOptions, {"reward": "0.01"}, ["stake"]),
    "serving": (serving_open.PostOptions, {}, ["price", "proof_fee", "stake"]),
    "accuracy": (accuracy_post.PostOptions, {}, ["reward", "bond", "stake", "miss_penalty"]),
    "retrieval": (retrieval_post.PostOptions, {}, ["price", "stake"]),
}


def money(protocol: str, known: KnownModel, given: dict[str, str]) -> object:
    """What would be paid, of amounts that were typed and others."""
    kind, always, _ = POSTS[protocol]
    raw: Any = kind(**dict.fromkeys(one.name for one in fields(kind)) | always | given)
    if protocol == "prediction":
        return consumer._stake(CLIENT, raw, 10**16, 18)
    if protocol == "serving":
        return serving_open._money(CLIENT, known, 4, 2, raw)
    if protocol == "retrieval":
        return retrieval_post._money(CLIENT, known, 4, raw)
    return accuracy_post._money(CLIENT, known, 4, SimpleNamespace(**vars(raw) | {"target": (1, 2)}))


@pytest.fixture
def known(proven: Callable[[str], Proven]) -> KnownModel:
    return KnownModel(bytes(32), bytes(32), proven("plain").artifacts)


def costs(monkeypatch: pytest.MonkeyPatch, gwei: float) -> None:
    monkeypatch.setattr(gas, "gas_price", lambda _client: round(gwei * GWEI))


@pytest.mark.parametrize("protocol", POSTS)
def test_what_was_left_out_is_not_chosen_by_an_absurd_price_of_gas(
    protocol: str, known: KnownModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs(monkeypatch, 479)
    names = POSTS[protocol][2]
    for left in names:
        given = {name: "0.01" for name in names if name != left}
        option = "--" + left.replace("_", "-")
        with pytest.raises(Postponed, match=f"479 gwei now, by which {option} would .* yourself"):
            money(protocol, known, given)


@pytest.mark.parametrize("protocol", POSTS)
def test_typed_amounts_need_no_price_of_gas(
    protocol: str, known: KnownModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs(monkeypatch, 479)
    assert money(protocol, known, dict.fromkeys(POSTS[protocol][2], "0.01"))


@pytest.mark.parametrize("protocol", POSTS)
def test_the_price_up_to_which_amounts_follow_is_a_setting(
    protocol: str, known: KnownModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for gwei in (1, ALLOWED):
        costs(monkeypatch, gwei)
        assert money(protocol, known, {})
    costs(monkeypatch, ALLOWED + 1e-9)
    with pytest.raises(Postponed, match="expected at most 20 gwei"):
        money(protocol, known, {})
    with settings_of(defaults_gas_gwei=str(ALLOWED + 1)):
        assert money(protocol, known, {})
