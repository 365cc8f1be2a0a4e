"""What `accuracy post` asks of a penalty, before anything is sealed or sent."""

from dataclasses import fields as fields_of
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import UsageError
from prover.cli.accuracy import job as accuracy_job
from prover.cli.accuracy import post as accuracy_post
from prover.cli.accuracy.post import (
    PostOptions,
    check_cost_known,
    check_penalty,
    spec_of,
    target_of,
)
from prover.protocol.accuracy.economics import AccuracyMoney, accuracy_penalty, accuracy_spent
from prover.protocol.costs import Prices
from prover.protocol.events import ZERO_ADDRESS

LEAST = 10**15
TOKEN = "0x" + "dd" * 20


def test_a_penalty_of_what_a_try_costs_is_enough() -> None:
    check_penalty(ZERO_ADDRESS, LEAST, LEAST, False)
    check_penalty(ZERO_ADDRESS, LEAST - 1, LEAST, True)


@pytest.mark.parametrize(
    ("penalty", "low", "said"),
    [
        (LEAST - 1, False, r"needs 0\.001 ETH at least.*--low-penalty"),
        (0, False, "needs a penalty"),
        (0, True, "needs a penalty"),
    ],
)
def test_a_bond_is_not_posted_as_a_hostage(penalty: int, low: bool, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_penalty(ZERO_ADDRESS, penalty, LEAST, low)


@pytest.mark.parametrize("test_set", [0, 10**18])
def test_the_default_penalty_is_always_enough(test_set: int) -> None:
    for reward in (1, 10**15, 10**19):
        penalty = accuracy_penalty(reward, Prices(), test_set=test_set)
        check_penalty(ZERO_ADDRESS, penalty, accuracy_spent(Prices(), test_set), False)


def raw(**options: Any) -> PostOptions:
    """An open bounty in a token whose amounts are all given, with changes."""
    fields: dict[str, Any] = dict.fromkeys(one.name for one in fields_of(PostOptions))
    amounts = dict.fromkeys(("reward", "bond", "stake", "miss_penalty"), "1")
    times = dict.fromkeys(("open_seconds", "reveal_seconds", "prove_seconds"), 3600)
    usual = {"target": (1, 2), "low_penalty": False, "currency": TOKEN}
    return PostOptions(**(fields | amounts | times | usual | options))


def test_what_a_try_costs_in_a_token_must_be_said() -> None:
    """Before the token is asked anything: there is no client."""
    nobody: Any = None
    with pytest.raises(UsageError, match=r"^--test-set-cost missing: .*in a token is not known"):
        spec_of(nobody, nobody, 4, raw())


@pytest.mark.parametrize(
    "options",
    [
        {"test_set_cost": "0"},
        {"low_penalty": True},
        {"provider": TOKEN},
        {"currency": None},
    ],
    ids=str,
)
def test_what_a_try_costs_is_known_or_does_not_matter(options: dict[str, Any]) -> None:
    check_cost_known(raw(**options))


def test_a_penalty_in_tokens_is_compared_with_what_was_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(accuracy_job, "decimals_of", lambda *_: 6)
    money = dict.fromkeys(("reward", "bond", "stake", "miss_penalty"), "3")
    known: Any = SimpleNamespace(circuit_id=bytes(32), artifacts=None)
    client: Any = None
    monkeypatch.setattr(
        accuracy_post, "_usual", lambda *_: AccuracyMoney(9, 9, 2_500_000, 2_499_999)
    )
    with pytest.raises(UsageError, match=r"is 2499999 of token .* needs 2500000 of token"):
        spec_of(client, known, 4, raw(**money, test_set_cost="2.5"))


@pytest.mark.parametrize("text", ["110%", "100.1%", "0%", "7/6", "0/5"])
def test_a_target_is_a_part_of_the_items(text: str) -> None:
    with pytest.raises(UsageError, match=f"{text}'.*expected above 0% and at most 100%"):
        target_of(text)


@pytest.mark.parametrize(
    ("text", "part"), [("100%", (100, 100)), ("97.5%", (975, 1000)), ("5/5", (5, 5))]
)
def test_a_target_may_be_all_of_them(text: str, part: tuple[int, int]) -> None:
    assert target_of(text) == part
