"""What `prediction status` says in each state: who must act, until when, and who gets what."""

from dataclasses import replace

import pytest

from prover.clients.prediction.status import next_step
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.prediction.state import TABLE, Job, Record, State, Terms

ETH = 10**18
CONSUMER, PROVIDER, PAYEE = "0x" + "33" * 20, "0x" + "44" * 20, "0x" + "55" * 20
TERMS = Terms(
    model_id=b"\1" * 32,
    inputs_hash=b"\2" * 32,
    currency=ZERO_ADDRESS,
    reward=3 * ETH,
    stake=2 * ETH,
    provider=ZERO_ADDRESS,
    open_until=1000,
    prove_seconds=60,
)
OPEN = Record(job=Job(CONSUMER, 0, TERMS), posted_at=0, data_hash=bytes(32), uri=b"")
LOCKED = replace(OPEN, state=State.LOCKED, provider=PROVIDER, payee=PAYEE, deadline=1000)
AT_1000 = "1970-01-01 00:16:40 UTC"


@pytest.mark.parametrize(
    ("record", "parts"),
    [
        (OPEN, ("any provider may lock it", "stake of 2 ETH", f"{CONSUMER} may cancel")),
        (OPEN, (f"{CONSUMER} gets 3 ETH back",)),
        (LOCKED, (f"provider {PROVIDER} must deliver", f"{PAYEE} gets 5 ETH (reward and stake)")),
        (LOCKED, (f"{CONSUMER} gets 5 ETH, the stake included",)),
    ],
)
def test_a_job_in_time_says_who_must_act_and_what_each_outcome_pays(
    record: Record, parts: tuple[str, ...]
) -> None:
    said = next_step(record, 990)
    assert f"within 10 s (until {AT_1000})" in said
    for expected in parts:
        assert expected in said


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (OPEN, f"{CONSUMER} gets 3 ETH"),
        (LOCKED, f"{CONSUMER} gets 5 ETH, the stake included"),
    ],
)
def test_a_missed_deadline_says_who_may_refund_for_whom(record: Record, message: str) -> None:
    said = next_step(record, 1001)
    assert f"until {AT_1000}: anyone may refund it" in said
    assert message in said


@pytest.mark.parametrize("state", sorted(set(State) - {State.NONE} - set(TABLE)))
def test_an_ended_job_says_why_and_who_was_credited_what(state: State) -> None:
    joined = state not in (State.CANCELLED, State.EXPIRED)
    record = replace(LOCKED if joined else OPEN, state=state)
    said = next_step(record, 5)
    assert said.startswith("nothing: ")
    assert record.payouts()
    for who, amount in record.payouts().items():
        assert f"{who} {amount // ETH} ETH" in said


def test_a_condemned_circuit_is_said() -> None:
    said = next_step(LOCKED, 990, 1000)
    assert f"condemned at {AT_1000}" in said
    assert "anyone may refund the job" in said


def test_the_named_provider_is_said() -> None:
    named = replace(OPEN, job=Job(CONSUMER, 0, replace(TERMS, provider=PROVIDER)))
    assert f"provider {PROVIDER} may lock it" in next_step(named, 1)
