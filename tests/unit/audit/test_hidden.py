"""A node that hides all events of one job is found by the money that nothing explains."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prover.audit.findings import AuditReport
from prover.audit.replay import Auditor
from prover.chain.client import connect
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.proving.ezkl.system import Ezkl
from tests.conftest import Proven
from tests.localchain import Chain
from tests.middleman import Lie, honest, proxied
from tests.unit.audit.test_poisoned import Poisoned

JOBS: dict[str, Callable[[Poisoned], bytes]] = {
    "an open job": lambda scene: scene.chain.market.job_id(scene.prediction()),
    "a paid job": lambda scene: scene.honest,
    "a round": lambda scene: scene.rounds.job_id(scene.round()),
    "a bounty": lambda scene: scene.bounties.job_id(scene.bounty()),
}


@pytest.fixture
def scene(chain: Chain, proven: Callable[[str], Proven], tmp_path: Path) -> Poisoned:
    """An open job, round and bounty, and a job that was paid."""
    scene = Poisoned(chain, proven("salted"), tmp_path)
    scene.provider().run_once()
    return scene


def hiding(job_id: bytes) -> Lie:
    """No log that names the job is told."""

    def lie(method: str, _parameters: list[Any], result: Any) -> Any:
        if method != "eth_getLogs":
            return result
        return [one for one in result if "0x" + job_id.hex() not in one["topics"]]

    return lie


def audited(scene: Poisoned, lie: Lie) -> AuditReport:
    with proxied(scene.chain.url, lie) as proxy:
        return Auditor(connect(proxy.url), scene.chain.deployment, Ezkl()).run()


def test_an_honest_node_tells_all(scene: Poisoned) -> None:
    assert audited(scene, honest).findings.mismatches == []


@pytest.mark.parametrize("job", JOBS)
def test_a_job_whose_events_are_all_hidden_is_found(scene: Poisoned, job: str) -> None:
    job_id = JOBS[job](scene)
    report = audited(scene, hiding(job_id))
    assert all(job_id not in one.jobs for one in report.world.protocols)
    found = [one.what for one in report.findings.mismatches]
    assert any("more than they explain" in what for what in found), found


def test_a_hidden_credit_of_a_known_account_is_found(scene: Poisoned) -> None:
    """The provider's only paid job is hidden; its account is known from another one."""
    scene.post()
    provider, job_id = scene.provider(), scene.honest
    (locked,) = (one.job_id for one in provider.run_once() if one.result == "delivered")
    report = audited(scene, hiding(job_id))
    payee = report.world.prediction.jobs[locked].payee
    found = [one for one in report.findings.mismatches if payee in one.where]
    assert found
    assert found[0].where == f"credit of {payee} in {ETH} at PredictionMarket"
