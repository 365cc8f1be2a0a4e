"""A node that hides all events of one job is found by the money that nothing explains."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prover.audit.findings import AuditReport
from prover.audit.replay import Auditor
from prover.audit.report import lines
from prover.chain.abi.contract import Call
from prover.chain.contracts.tokens import allow
from prover.chain.node.client import connect
from prover.chain.state.replay import load_world
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.retrieval.terms import Predicate, PredicateKind, RetrievalTerms
from prover.solidity.compile import compile_contracts
from prover.systems.ezkl.system import Ezkl
from tests.conftest import Proven
from tests.localchain import CONSUMER, Chain, with_scene
from tests.proxy import Lie, honest, proxied
from tests.unit.audit.test_poisoned import Poisoned
from tests.unit.clients.scene import REWARD


def requested(scene: Poisoned) -> bytes:
    """A stranger's request to its own dataset."""
    world = load_world(scene.chain.client, scene.chain.deployment)
    (dataset_id,) = world.retrieval.datasets
    flag = Predicate(PredicateKind.LABEL, 0)
    fields = (dataset_id, scene.model.model_id, flag, ETH, 5, 5, scene.now + 500, 600, 600)
    request = scene.by_stranger(RetrievalTerms(*fields))
    scene.stranger.send("request", scene.requests.post(request, 4))
    return scene.requests.job_id(request)


JOBS: dict[str, Callable[[Poisoned], bytes]] = {
    "an open job": lambda scene: scene.chain.prediction.job_id(scene.prediction()),
    "a paid job": lambda scene: scene.honest,
    "a round": lambda scene: scene.rounds.job_id(scene.round()),
    "a bounty": lambda scene: scene.bounties.job_id(scene.bounty()),
    "a request": requested,
}


def begun(chain: Chain, proven: Callable[[str], Proven], folder: Path) -> Poisoned:
    """An open job, round and bounty, and a job that was paid."""
    scene = Poisoned(chain, proven("salted"), folder)
    scene.provider().run_once()
    return scene


made_once, scene = with_scene(begun)


def hiding(job_id: bytes) -> Lie:
    """No log that names the job is told."""

    def lie(method: str, _parameters: list[Any], result: Any) -> Any:
        if method != "eth_getLogs":
            return result
        return [one for one in result if "0x" + job_id.hex() not in one["topics"]]

    return lie


def audited(scene: Poisoned, lie: Lie, **options: Any) -> AuditReport:
    with proxied(scene.chain.url, lie) as proxy:
        return Auditor(connect(proxy.url), scene.chain.deployment, Ezkl()).run(**options)


def test_an_honest_node_tells_all(scene: Poisoned) -> None:
    assert audited(scene, honest).findings.mismatches == []


@pytest.mark.parametrize("job", JOBS)
def test_a_job_whose_events_are_all_hidden_is_found(scene: Poisoned, job: str) -> None:
    job_id = JOBS[job](scene)
    report = audited(scene, hiding(job_id))
    assert all(job_id not in one.jobs for one in report.world.protocols)
    found = [one.what for one in report.findings.mismatches]
    assert any("the node hides events" in what for what in found), found
    assert report.findings.gifts == []


@pytest.fixture
def token_job(scene: Poisoned) -> bytes:
    """An open job that is paid in a token that no other job uses."""
    made = compile_contracts(["PlainToken"])["PlainToken"]
    consumer, predictions = scene.chain.sender(CONSUMER), scene.chain.prediction
    receipt = consumer.send("token", Call("a token", None, made.bytecode))
    token = scene.chain.client.web3.eth.contract(address=receipt["contractAddress"], abi=made.abi)
    mint = token.encode_abi("mint", args=[consumer.address, REWARD])
    consumer.send("mint", Call("minting", str(token.address), bytes.fromhex(mint[2:])))
    allow(consumer, str(token.address), predictions.address, REWARD)
    return scene.post(currency=str(token.address))


def test_a_hidden_job_in_a_token_of_its_own_is_found(scene: Poisoned, token_job: bytes) -> None:
    assert audited(scene, honest).findings.mismatches == []
    found = [one.what for one in audited(scene, hiding(token_job)).findings.mismatches]
    assert any("the node hides events" in what for what in found), found


@pytest.mark.parametrize("lacking", ["transfers", "receipts"])
def test_a_node_that_gives_too_little_is_told(
    scene: Poisoned, token_job: bytes, lacking: str
) -> None:
    def lie(method: str, parameters: list[Any], result: Any) -> Any:
        if lacking == "receipts":
            return None if method == "eth_getTransactionReceipt" else result
        return "no" if method == "eth_getLogs" and "address" not in parameters[0] else result

    report = audited(scene, lie)
    assert token_job in report.world.prediction.jobs
    assert report.findings.mismatches == []
    assert any("would not show" in line for line in lines(report))


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
