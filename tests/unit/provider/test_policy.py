"""Which jobs are taken, by their terms alone."""

from dataclasses import replace

import pytest

from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.prediction import Job, Record, State, Terms
from prover.provider.policy import LOCK_SECONDS, Policy, refusal

ACCOUNT, OTHER = "0x" + "aa" * 20, "0x" + "bb" * 20
NOW = 1000
TERMS = Terms(b"\1" * 32, b"\2" * 32, ZERO_ADDRESS, 100, 40, ZERO_ADDRESS, NOW + 50, 60)
POLICY = Policy(min_reward=100, max_stake=40, proof_seconds=30)


def judged(state: State = State.OPEN, now: int = NOW, **terms: object) -> str | None:
    job = Job(OTHER, 1, replace(TERMS, **terms))  # type: ignore[arg-type]
    record = Record(job=job, posted_at=NOW - 1, state=state, data_hash=bytes(32), uri=b"")
    return refusal(record, ACCOUNT, now, POLICY)


@pytest.mark.parametrize("provider", [ZERO_ADDRESS, ACCOUNT])
def test_a_job_within_all_limits_is_taken(provider: str) -> None:
    assert judged(provider=provider) is None
    assert judged(now=TERMS.open_until - LOCK_SECONDS) is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"state": State.LOCKED}, "locked"),
        ({"provider": OTHER}, "for provider"),
        ({"now": TERMS.open_until - LOCK_SECONDS + 1}, "open until"),
        ({"currency": OTHER}, "currencies"),
        ({"reward": 99}, "at least 0.0000000000000001 ETH"),
        ({"stake": 41}, "at most 0.00000000000000004 ETH"),
        ({"prove_seconds": 59}, "twice"),
    ],
)
def test_a_job_beyond_one_limit_is_not(change: dict[str, object], why: str) -> None:
    refused = judged(**change)  # type: ignore[arg-type]
    assert refused is not None
    assert why in refused
