"""What `accuracy status` says in each state: who must act, until when, and who gets what."""

from dataclasses import replace

import pytest

from prover.clients.accuracy.plan import Evaluation
from prover.clients.accuracy.provider import Outcome
from prover.clients.accuracy.status import (
    consumers_past,
    describe,
    next_step,
    past_message,
    progress_of,
    row,
)
from prover.clients.accuracy.submit import MalformedItem
from prover.protocol.accuracy.state import Job, Record, State, Terms
from prover.protocol.events import ZERO_ADDRESS

CONSUMER, PROVIDER, PAYEE = ("0x" + digit * 40 for digit in "123")
ETH = 10**18
TERMS = Terms(
    circuit_id=b"\x01" * 32,
    provider=ZERO_ADDRESS,
    currency=ZERO_ADDRESS,
    reward=50 * ETH,
    bond=30 * ETH,
    stake=20 * ETH,
    miss_penalty=5 * ETH,
    test_root=bytes(32),
    n=64,
    key_hash=bytes(32),
    data_hash=bytes(32),
    num=9,
    den=10,
    open_until=1000,
    reveal_seconds=60,
    prove_seconds=60,
)
OPEN = Record(job=Job(CONSUMER, 0, TERMS), posted_at=0, uri=b"")
JOINED = replace(OPEN, provider=PROVIDER, payee=PAYEE, deadline=1000)


def status(state: State) -> Record:
    return replace(OPEN if state in (State.OPEN, State.EXPIRED) else JOINED, state=state)


@pytest.mark.parametrize(
    ("state", "parts"),
    [
        (State.OPEN, ("any provider may accept", "stake of 20 ETH", f"{CONSUMER} gets 80 ETH")),
        (State.ACCEPTED, (f"{CONSUMER} must reveal", f"{PAYEE} gets 50 ETH", "50 ETH back")),
        (State.PROVING, (f"{PROVIDER} must prove", f"{PAYEE} gets 70 ETH", "gets 85 ETH")),
    ],
)
def test_a_state_in_time_names_who_must_act_and_what_it_costs(
    state: State, parts: tuple[str, ...]
) -> None:
    said = next_step(status(state), 990)
    assert "within 10 s (until 1970-01-01 00:16:40 UTC)" in said
    for expected in parts:
        assert expected in said
    assert "within 0 s" in next_step(status(state), 1000)


@pytest.mark.parametrize(
    ("state", "parts"),
    [
        (State.OPEN, (f"{CONSUMER} gets 80 ETH back",)),
        (State.ACCEPTED, (f"{PAYEE} gets 50 ETH", f"{CONSUMER} its reward of 50 ETH")),
        (State.PROVING, (f"{CONSUMER} gets 85 ETH, 5 ETH of the stake", f"{PAYEE} keeps 15 ETH")),
    ],
)
def test_a_missed_deadline_says_who_may_settle_for_whom(
    state: State, parts: tuple[str, ...]
) -> None:
    said = next_step(status(state), 1001)
    assert "until 1970-01-01 00:16:40 UTC: anyone may settle it" in said
    for expected in parts:
        assert expected in said


@pytest.mark.parametrize("state", [state for state in State if state > State.PROVING])
def test_an_ended_bounty_says_why_and_what_is_due(state: State) -> None:
    record = status(state)
    said = next_step(record, 5)
    assert said.startswith("nothing: ")
    for who, amount in record.payouts().items():
        assert f"{who} {amount // ETH} ETH" in said


def test_a_condemned_circuit_is_said() -> None:
    said = next_step(status(State.PROVING), 990, 1000)
    assert "condemned at 1970-01-01 00:16:40 UTC" in said
    assert "anyone may settle the bounty" in said
    assert next_step(status(State.PAID), 990, 1).startswith("nothing")


def test_the_named_provider_and_token_are_said() -> None:
    terms = replace(TERMS, provider=PROVIDER, currency=PAYEE)
    said = next_step(replace(OPEN, job=Job(CONSUMER, 0, terms)), 1)
    assert f"provider {PROVIDER} may accept" in said
    assert f"{20 * ETH} of token {PAYEE}" in said


def test_progress_counts_what_is_needed() -> None:
    record = replace(status(State.PROVING), proven=frozenset({1, 2, 3}), correct=2)
    assert "58 of 64 items must be proven right; 3 are proven, 2 of them" in progress_of(record)
    facts = row(b"\x07" * 32, record)
    assert (facts["state"], facts["needed"], facts["proven"], facts["correct"]) == (
        "proving", 58, 3, 2,
    )  # fmt: skip


def test_a_consumers_past_counts_its_own_bounties() -> None:
    ends = (State.PAID, State.PAID, State.MISSED, State.KEY_WITHHELD, State.MALFORMED, State.OPEN)
    records = [status(state) for state in ends]
    stranger = replace(status(State.PAID), job=Job(PROVIDER, 0, TERMS))
    past = consumers_past([*records, stranger], CONSUMER)
    assert past == {
        "posted": 6, "accepted": 5, "paid": 2, "missed": 1, "key_withheld": 1, "malformed": 1,
    }  # fmt: skip
    assert "6 posted, 5 accepted; of these 2 paid, 1 missed, 1 key withheld" in past_message(past)


def test_what_proving_did_is_told() -> None:
    missed = Outcome(Evaluation((0,), 4, 3))
    assert missed.gave_up
    assert "nothing was proven" in describe(missed)[1][-1]
    forced = Outcome(Evaluation((0,), 4, 3), 1, 2.0, 1, 900)
    assert not forced.gave_up
    assert "1 proof made in 2.0 s, sent in 1 transaction for 900 gas" in describe(forced)[1][-1]
    data, lines = describe(Outcome(None, disputed=MalformedItem(2, 1, "no label")))
    assert data["disputed_item"] == {"item": 2, "why": "no label"}
    assert "test item 2 is malformed (no label)" in lines[0]
