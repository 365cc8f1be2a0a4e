"""What `provider run` leaves behind for the commands after it."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from prover.cli import provider
from prover.cli.app import run
from prover.consumer.jobs import last_used
from prover.errors import ContractRefused
from prover.provider.steps import SKIPPED, Outcome
from prover.provider.store import Stage
from tests.localchain import Chain

ONE, TWO, THREE = (bytes([number]) * 32 for number in (1, 2, 3))
Run = Callable[..., int]


@pytest.fixture
def after(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`provider run --once` by a provider whose jobs end as is said."""

    def made(*outcomes: Outcome, withdraw: Callable[[], Any] = dict) -> int:
        worker = SimpleNamespace(run_once=lambda: list(outcomes), withdraw=withdraw)
        monkeypatch.setattr(provider, "_provider", lambda *_: worker)
        return run(["provider", "run", "--once", "--account", "1"])

    return made


def last(chain: Chain) -> bytes | None:
    return last_used(chain.client, chain.deployment.market)


def test_commands_without_an_id_mean_the_last_job_that_was_worked_on(
    chain: Chain, after: Run
) -> None:
    assert after(Outcome(ONE, Stage.DELIVERED, ""), Outcome(TWO, Stage.DELIVERED, "")) == 0
    assert last(chain) == TWO


def test_a_job_that_failed_is_one_that_was_worked_on(chain: Chain, after: Run) -> None:
    assert after(Outcome(ONE, "failed", "")) == 1
    assert last(chain) == ONE


def test_a_job_that_was_skipped_is_not_meant(chain: Chain, after: Run) -> None:
    assert after(Outcome(ONE, SKIPPED, "")) == 0
    assert last(chain) is None
    after(Outcome(TWO, Stage.DELIVERED, ""), Outcome(THREE, SKIPPED, ""))
    after(Outcome(THREE, SKIPPED, ""))
    assert last(chain) == TWO


def test_what_was_done_is_told_although_nothing_can_be_withdrawn(
    chain: Chain, after: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise ContractRefused("the token pays nothing")

    assert after(Outcome(ONE, Stage.DELIVERED, "paid"), withdraw=refuse) == 1
    out = capsys.readouterr().out
    assert f"0x{ONE.hex()} delivered: paid" in out
    assert "not withdrawn: the token pays nothing" in out
    assert last(chain) == ONE
