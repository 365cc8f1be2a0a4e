"""Rounds and bounties: no stake without the key and a rehearsed proof, whatever is typed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import ProvingError, StatementInvalid, UsageError
from prover.clients.accuracy import provider as accuracy
from prover.clients.accuracy.provider import BountyProvider
from prover.clients.common.limits import ProviderLimits
from prover.clients.common.readiness import KeyMissing
from prover.clients.common.tools import Tools
from prover.clients.serving.provider import Round, RoundProvider
from prover.protocol.accuracy import state as bounties
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.systems.ezkl import evaluate as bulk
from prover.systems.ezkl.artifacts import PK, Artifacts
from tests.conftest import Proven
from tests.unit.clients.accuracy.test_provider import TERMS as BOUNTY
from tests.unit.clients.deciding import noted_in
from tests.unit.clients.serving.test_provider import ME, OTHER, record
from tests.unit.clients.serving.test_provider import TERMS as ROUND
from tests.unit.systems.ezkl.test_evaluate import items_for, off_by_one

JOB_ID, NOW = b"\x05" * 32, 100
Staker = Callable[[Artifacts], object]


class Desk:
    """What a provider works with; notes what is done, and refuses to rehearse."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.refused: list[str] = []
        self.currency = ETH
        self.condemned = False

    def tools(self) -> Any:
        fields: Any = {
            "client": SimpleNamespace(now=lambda: NOW, scope="x", chain_id=31337, local=True),
            "sender": SimpleNamespace(
                address=ME,
                send=lambda *_: self.done.append("staked"),
                deciding=noted_in(self.refused),
            ),
            "check_model": self.check_model,
            "readiness": self,
            "account": None,
            "progress": lambda _stage: None,
            "allow_files": True,
            "deployment": SimpleNamespace(registry=OTHER),
            "contract": SimpleNamespace(address=OTHER),
            "system": SimpleNamespace(
                require_weights=lambda *_: None,
                require_hiding=lambda *_: None,
                require_proofs=lambda *_: None,
            ),
        }
        return Tools(**fields)

    def check_model(self, *_: object) -> None:
        if self.condemned:
            raise StatementInvalid("the model is condemned")
        self.done.append("model checked")

    def run_verifier(self, *_: object) -> None:
        """What a proof costs is learned by running the model's verifier."""
        self.done.append("verifier run")

    def ready(self, *_: object) -> None:
        self.done.append("rehearsal")
        raise ProvingError("no new job of this model is taken")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def joining(desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch) -> Staker:
    """Joins a round, whose inputs and money are as they should be."""
    monkeypatch.setattr(RoundProvider, "_check_money", desk.run_verifier)
    monkeypatch.setattr(RoundProvider, "_commitments", lambda *_: [])
    items = lambda self: tuple(items_for(self._round.artifacts, 2))  # noqa: E731
    monkeypatch.setattr(RoundProvider, "_items", items)
    monkeypatch.setattr(RoundProvider, "_verification_gas", lambda _self: 0)
    tools = desk.tools()

    def join(artifacts: Artifacts) -> object:
        posted = record(replace(ROUND, currency=desk.currency))
        round_ = Round(JOB_ID, posted, SimpleNamespace(), artifacts)  # type: ignore[arg-type]
        return RoundProvider(tools, round_, ME).join(ProviderLimits(proof_seconds=1.0))

    return join


@pytest.fixture
def accepting(desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch) -> Staker:
    """Accepts a bounty, whose test set and money are as they should be."""
    monkeypatch.setattr(BountyProvider, "_check_money", desk.run_verifier)
    monkeypatch.setattr(BountyProvider, "_test_set", lambda *_: None)
    monkeypatch.setattr(accuracy, "evaluate", lambda *_: None)
    tools = desk.tools()

    def accept(artifacts: Artifacts) -> object:
        terms = replace(BOUNTY, open_until=10**6, currency=desk.currency)
        posted = bounties.Record(job=bounties.Job(ETH, 0, terms), posted_at=0, uri=b"")
        worker = BountyProvider(tools, JOB_ID, posted, artifacts, ME)
        limits = ProviderLimits(proof_seconds=1.0)
        return worker.accept(bytes(32), BOUNTY.circuit_id, limits)

    return accept


@pytest.fixture(params=["joining", "accepting"])
def stake(request: pytest.FixtureRequest) -> Staker:
    staker: Staker = request.getfixturevalue(request.param)
    return staker


@pytest.fixture
def artifacts(proven: Callable[[str], Proven]) -> Artifacts:
    return proven("batch").artifacts


def test_without_the_proving_key_nothing_is_staked(
    stake: Staker, desk: Desk, artifacts: Artifacts, tmp_path: Path
) -> None:
    there = tmp_path / "imported"
    there.mkdir()
    for path in artifacts.directory.iterdir():
        if path.name != PK:
            (there / path.name).symlink_to(path)
    with pytest.raises(KeyMissing):
        stake(replace(artifacts, directory=there))
    assert desk.done == []


def test_the_time_of_a_proof_does_not_replace_its_rehearsal(
    stake: Staker, desk: Desk, artifacts: Artifacts
) -> None:
    with pytest.raises(ProvingError, match="no new job of this model"):
        stake(artifacts)
    assert desk.done == ["model checked", "verifier run", "rehearsal"]


def test_a_model_that_is_evaluated_to_what_no_proof_shows_is_not_staked_on(
    stake: Staker, desk: Desk, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "evaluate", off_by_one(bulk.evaluate))
    with pytest.raises(ProvingError, match=", as evaluated"):
        stake(artifacts)
    assert "staked" not in desk.done


def test_a_verifier_is_not_run_before_its_model_was_checked(
    stake: Staker, desk: Desk, artifacts: Artifacts
) -> None:
    desk.condemned = True
    with pytest.raises(StatementInvalid, match="is condemned"):
        stake(artifacts)
    assert desk.done == []


def test_a_token_without_limits_is_not_asked_anything(
    stake: Staker, desk: Desk, artifacts: Artifacts
) -> None:
    """Nor is anything else looked at: not the key, not the model."""
    desk.currency = "0x" + "dd" * 20
    with pytest.raises(UsageError, match="limits are missing"):
        stake(artifacts)
    assert desk.done == []
