"""An audit agrees with an honest chain, and finds each thing that was changed."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prover.audit import replay
from prover.audit.findings import AuditReport
from prover.audit.protocols.common import ProtocolAudit
from prover.audit.replay import Auditor
from prover.audit.report import html, lines, to_dict
from prover.base.settings import get_settings
from prover.chain.abi.contract import JOBS, PREDICTION
from prover.chain.events.reading import Logged, fetch_events
from prover.protocol import events as e
from prover.systems.ezkl.artifacts import VK
from prover.systems.ezkl.system import Ezkl
from tests.conftest import Proven
from tests.localchain import Chain, with_scene
from tests.unit.clients.prediction.test_provider import Scene

REWARD, STAKE = 10**16, 4 * 10**15  # of the jobs of the scene


def begun(chain: Chain, proven: Callable[[str], Proven], _: Path) -> Scene:
    """One paid job, one open job."""
    scene = Scene(chain, proven("plain"))
    scene.post()
    scene.provider().run_once()
    scene.post()
    return scene


made_once, scene = with_scene(begun)


def audited(scene: Scene) -> AuditReport:
    return Auditor(scene.chain.client, scene.chain.deployment, Ezkl()).run()


def test_an_honest_chain_has_no_mismatch(scene: Scene) -> None:
    report = audited(scene)
    data = to_dict(report)
    assert data["mismatches"] == []
    assert (data["deliveries"], data["proofs_accepted"], data["proofs_reverified"]) == (1, 1, 1)
    assert (data["steps_compared"], data["steps_not_comparable"]) == (4, 0)
    assert data["jobs_by_state"] == {"paid": 1, "open": 1}
    assert data["jobs_by_protocol"] == {
        "prediction": {"paid": 1, "open": 1},
        "serving": {},
        "accuracy": {},
        "retrieval": {},
    }
    ledger = {"currency": e.ZERO_ADDRESS, "escrowed": 0, "credited": 0, "surplus": 0}
    money = {"escrowed": REWARD, "credited": REWARD + STAKE}
    assert data["ledgers"] == [
        {"contract": name} | ledger | (money if name == PREDICTION else {}) for name in JOBS
    ]
    assert "no mismatch" in html(report)
    assert lines(report)[-1] == "0 mismatches"


def test_proofs_without_artifacts_are_counted_apart(scene: Scene) -> None:
    for path in get_settings().artifacts.iterdir():
        path.unlink()
    data = to_dict(audited(scene))
    assert (data["proofs_reverified"], data["proofs_not_reverifiable"]) == (0, 1)


def test_damaged_artifacts_are_a_finding(scene: Scene) -> None:
    """They could have told whether the proofs hold; they are not called absent."""
    (installed,) = get_settings().artifacts.glob("[0-9a-f]*")
    honest = installed.resolve()
    installed.unlink()
    shutil.copytree(honest, installed)
    with (installed / VK).open("r+b") as file:
        file.write(b"\0\0")
    report = audited(scene)
    (found,) = report.findings.mismatches
    assert found.where == f"artifacts 0x{installed.name}"
    assert "are damaged" in found.what


def _outputs(event: e.Event) -> e.Event:
    assert isinstance(event, e.PredictionDelivered)
    return replace(event, outputs=(*event.outputs[:-1], event.outputs[-1] + 1))


LIES: dict[type[e.Event], Callable[[Any], e.Event | None]] = {
    e.PredictionDelivered: _outputs,
    e.Credited: lambda event: replace(event, amount=event.amount - 1),
    e.Deposited: lambda event: None,
    e.JobLocked: lambda event: replace(event, deadline=event.deadline + 1),
    e.JobPosted: lambda event: replace(event, nonce=event.nonce + 1),
    e.ModelRegistered: lambda event: replace(event, weights_commitment=1),
    e.CircuitRegistered: lambda event: None,
}


@pytest.mark.parametrize("kind", LIES)
def test_an_event_that_was_changed_is_found(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, kind: type[e.Event]
) -> None:
    """A node that lies about one event, or leaves it out."""

    def lying(*arguments: Any, **options: Any) -> Iterator[Logged]:
        for logged in fetch_events(*arguments, **options):
            told = LIES[kind](logged.event) if isinstance(logged.event, kind) else logged.event
            if told is not None:
                yield replace(logged, event=told)

    monkeypatch.setattr(replay, "fetch_events", lying)
    assert audited(scene).findings.mismatches


def test_a_verifier_that_was_changed_is_found(scene: Scene) -> None:
    scene.chain.rpc("anvil_setCode", scene.model.verifier, "0x600160005260206000f3")
    found = [one.what for one in audited(scene).findings.mismatches]
    assert any("hash of the code that verifies" in what for what in found)


def test_money_that_is_missing_or_given_is_told(scene: Scene) -> None:
    predictions = scene.chain.prediction.address
    scene.chain.rpc("anvil_setBalance", predictions, hex(2 * REWARD + STAKE + 1))
    given = audited(scene)
    assert to_dict(given)["ledgers"][0]["surplus"] == 1
    assert given.findings.mismatches == []
    assert [(one.amount, one.currency) for one in given.findings.gifts] == [(1, e.ZERO_ADDRESS)]
    accepted = Auditor(scene.chain.client, scene.chain.deployment, Ezkl()).run(accept_surplus=True)
    assert to_dict(accepted)["ledgers"][0]["surplus"] == 1
    assert accepted.findings.mismatches == []
    owed = 2 * REWARD + STAKE
    scene.chain.rpc("anvil_setBalance", predictions, hex(owed - 1))
    assert [one.what for one in audited(scene).findings.mismatches] == [
        f"{owed - 1} is held, {owed} is owed"
    ]


def test_a_proof_that_the_proof_system_refuses_is_found(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the contract's verifier had accepted what ezkl does not."""
    accepted = ProtocolAudit.accepted

    def other(*arguments: Any) -> Any:
        told = accepted(*arguments)
        broken = bytes([told.proof.proof[0] ^ 1]) + told.proof.proof[1:]
        return replace(told, proof=replace(told.proof, proof=broken))

    monkeypatch.setattr(ProtocolAudit, "accepted", other)
    report = audited(scene)
    found = [one.what for one in report.findings.mismatches]
    assert "the proof system refuses the proof" in found
    assert any("typed call" in what for what in found)
    assert report.findings.proofs_reverified == 0


def test_a_page_escapes_what_comes_from_the_chain(scene: Scene) -> None:
    report = audited(scene)
    report.findings.note("<script>", "&")
    page = html(report)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
