"""Which jobs are taken, by who and when alone, and how long a proof may take."""

from dataclasses import replace
from unittest.mock import MagicMock

import pytest

from prover.base.errors import ContractRefused
from prover.clients.common.limits import LOCK_SECONDS
from prover.clients.common.money import Deal
from prover.clients.prediction import examine
from prover.clients.prediction.examine import Examiner, Unwanted
from prover.clients.prediction.policy import Policy, deal_of, refusal, time_refusal
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.gas import PROVE, TAKE
from prover.protocol.prediction.state import Job, Record, State, Terms

ACCOUNT, OTHER = "0x" + "aa" * 20, "0x" + "bb" * 20
NOW = 1000
TERMS = Terms(b"\1" * 32, b"\2" * 32, ZERO_ADDRESS, 100, 40, ZERO_ADDRESS, NOW + 50, 60)


def record(state: State = State.OPEN, **terms: object) -> Record:
    job = Job(OTHER, 1, replace(TERMS, **terms))  # type: ignore[arg-type]
    return Record(job=job, posted_at=NOW - 1, state=state, data_hash=bytes(32), uri=b"")


@pytest.mark.parametrize("provider", [ZERO_ADDRESS, ACCOUNT])
def test_a_job_for_anyone_or_for_us_is_taken_while_it_is_open(provider: str) -> None:
    assert refusal(record(provider=provider), ACCOUNT, NOW) is None
    assert refusal(record(provider=provider), ACCOUNT, TERMS.open_until - LOCK_SECONDS) is None


@pytest.mark.parametrize(
    ("found", "now", "why"),
    [
        (record(State.LOCKED), NOW, "locked"),
        (record(provider=OTHER), NOW, "for provider"),
        (record(), TERMS.open_until - LOCK_SECONDS + 1, "open until"),
    ],
)
def test_another_job_is_not(found: Record, now: int, why: str) -> None:
    refused = refusal(found, ACCOUNT, now)
    assert refused is not None
    assert why in refused


def test_twice_the_time_of_a_proof_is_wanted() -> None:
    assert time_refusal(60, 30.0) is None
    refused = time_refusal(60, 30.1)
    assert refused is not None
    assert "it gives 60 s to prove: expected 2 times the 30.1 s that a proof takes here" in refused


def test_a_job_as_money_has_the_gas_of_lock_and_delivery() -> None:
    gas = TAKE + PROVE + 700_000
    assert deal_of(record().job.terms, 700_000, 3) == Deal(ZERO_ADDRESS, 100, 40, 3 * gas)


def test_a_token_that_answers_nothing_is_unwanted_and_no_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Anybody can post in a token of his own: it is not asked before it is known to be accepted."""

    def reverts(*_: object) -> None:
        raise ContractRefused("balanceOf reverts")

    monkeypatch.setattr(examine, "account_of", reverts)
    monkeypatch.setattr(examine, "circuit_of", MagicMock())
    for name in ("verification_gas", "gas_price"):
        monkeypatch.setattr(examine, name, MagicMock(return_value=1))
    examiner = Examiner(MagicMock(), Policy())
    with pytest.raises(Unwanted, match="limits are missing"):
        examiner.examined(record(currency="0x" + "dd" * 20), MagicMock(), MagicMock())
