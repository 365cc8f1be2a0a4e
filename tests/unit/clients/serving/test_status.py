"""What is said of serving rounds: next step, who, until when, and who gets what."""

from dataclasses import replace
from typing import Any

import pytest

from prover.base.errors import UsageError
from prover.base.parsing import part, percent
from prover.base.text import in_ether
from prover.clients.serving.status import next_step, row
from prover.protocol.serving.state import Record, State
from tests.unit.clients.serving.test_consumer import TERMS, record

CONSUMER, PAYEE, PROVIDER = "0x" + "33" * 20, "0x" + "44" * 20, "0x" + "55" * 20
AT_500, AT_1000 = "1970-01-01 00:08:20 UTC", "1970-01-01 00:16:40 UTC"
ALL, PAID, REST = in_ether(188), in_ether(160), in_ether(28)


def at(state: State, **changes: Any) -> Record:
    joined = {"provider": PROVIDER, "payee": PAYEE, "deadline": 500}
    known = {} if state in (State.OPEN, State.CANCELLED, State.EXPIRED) else joined
    return record(TERMS, state=state, **(known | changes))


@pytest.mark.parametrize(
    ("state", "now", "message"),
    [
        (State.OPEN, 990, f"any provider may join within 10 s (until {AT_1000}) with a stake"),
        (
            State.OPEN,
            1001,
            f"nobody joined until {AT_1000}: anyone may settle it, and {CONSUMER} gets",
        ),
        (State.JOINED, 490, f"provider {PROVIDER} must post all 20 outputs within 10 s"),
        (State.JOINED, 501, f"were not posted until {AT_500}: anyone may settle it"),
        (State.SERVED, 500, f"{CONSUMER} may contest up to 4 of 20 outputs within 0 s"),
        (State.SERVED, 501, f"nothing was contested until {AT_500}: anyone may settle it"),
    ],
)
def test_each_state_says_who_must_act_until_when(state: State, now: int, message: str) -> None:
    assert message in next_step(at(state), now)


def test_a_contested_round_counts_what_is_left() -> None:
    four = at(State.CONTESTED, contested=(1, 2, 5, 7), answered=frozenset({1}))
    assert "must prove 3 more of 4 contested outputs" in next_step(four, 490)
    found = at(State.CONTESTED, contested=(1, 2, 5), answered=frozenset({1}))
    assert "must prove 2 more of 3 contested outputs within 10 s" in next_step(found, 490)
    assert f"2 of 3 contested outputs were not proven until {AT_500}" in next_step(found, 501)


@pytest.mark.parametrize("state", [State.JOINED, State.CONTESTED])
@pytest.mark.parametrize("now", [490, 501])
def test_a_default_that_costs_the_stake_names_the_whole_sum(state: State, now: int) -> None:
    found = at(state, contested=(1,) if state is State.CONTESTED else ())
    assert f"{CONSUMER} gets {ALL}, the stake included" in next_step(found, now)


@pytest.mark.parametrize("now", [490, 501])
def test_a_round_that_is_not_contested_pays_price_and_stake(now: int) -> None:
    message = next_step(at(State.SERVED), now)
    assert f"{PAYEE} gets {PAID} (price and stake)" in message
    assert f"{CONSUMER} gets {REST} back" in message


@pytest.mark.parametrize(
    ("state", "shares"),
    [
        (State.SETTLED, (PAYEE, CONSUMER)),
        (State.CANCELLED, (CONSUMER,)),
        (State.EXPIRED, (CONSUMER,)),
        (State.UNSERVED, (CONSUMER,)),
        (State.UNANSWERED, (CONSUMER,)),
        (State.VOIDED, (CONSUMER, PAYEE)),
    ],
)
def test_each_end_says_who_may_withdraw_what(state: State, shares: tuple[str, ...]) -> None:
    message = next_step(at(state), 10**6)
    assert message.startswith("nothing: ")
    due = message.partition("credited: ")[2].split(", ")
    assert tuple(one.split(" ")[0] for one in due) == shares


def test_a_round_whose_circuit_was_condemned_can_be_settled() -> None:
    message = next_step(at(State.CONTESTED, contested=(1,)), 490, 500)
    assert f"condemned at {AT_500}" in message
    assert "anyone may settle the round" in message


def test_amounts_of_a_token_name_it() -> None:
    token = "0x" + "77" * 20
    found = record(replace(TERMS, currency=token))
    assert f"88 of token {token}" in next_step(found, 0)
    assert row(b"\1" * 32, found)["currency"] == token
    assert row(b"\1" * 32, found)["stake"] == TERMS.stake


@pytest.mark.parametrize(
    ("text", "share"), [("95", 0.95), ("95%", 0.95), (" 2.5 % ", 0.025), ("0.1%", 0.001)]
)
def test_shares_are_percentages(text: str, share: float) -> None:
    assert percent(text, "--x") == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "0", "100", "101%", "-5", "5 %%", "nan", "1e1", "\u0665"])
def test_other_shares_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--x"):
        percent(text, "--x")


@pytest.mark.parametrize(
    ("text", "either"),
    [("0.2", "0.2% or 20%"), ("1", "1%, found a number"), ("0.95", "0.95% or 95%")],
)
def test_a_number_that_may_be_the_share_itself_needs_its_sign(text: str, either: str) -> None:
    with pytest.raises(UsageError, match=f"--x '{text}': expected {either}"):
        percent(text, "--x")
    assert percent(f"{text}%", "--x") == pytest.approx(float(text) / 100)


def test_parts_of_a_file_are_half_open() -> None:
    assert part(None) is None
    assert part("0:256") == range(256)
    for text in ("", "3", "5:5", "6:5", "-1:5", "a:b", "1:2:3"):
        with pytest.raises(UsageError, match="--rows"):
            part(text)
