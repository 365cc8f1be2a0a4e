"""A chain that forked and took another id: each proof is judged by the id of its own time."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from prover.audit.findings import AuditReport
from prover.audit.replay import Auditor
from prover.chain import deployments
from prover.chain.node.client import Client, connect
from prover.chain.state import replay
from prover.protocol.prediction.state import State
from prover.systems.ezkl.system import Ezkl
from tests.conftest import Proven
from tests.localchain import PROVIDER, address_of, settings_of, started
from tests.proxy import Lie, honest, proxied
from tests.unit.clients.scene import Scene

FORK = 10_001


@pytest.fixture
def forked(home: Path, tmp_path: Path, proven: Callable[[str], Proven]) -> Iterator[Scene]:
    """One job was paid before the fork; one was locked, and is paid after it."""
    with started(tmp_path) as chain, settings_of(deployments=str(tmp_path / "deployments")):
        scene = Scene(chain, proven("plain"))
        scene.post()
        scene.provider().run_once()
        second = scene.post()
        chain.sender(PROVIDER).send("lock", chain.prediction.lock(scene.job, address_of(PROVIDER)))
        chain.rpc("anvil_setChainId", FORK)
        content = deployments.path_of(31337).read_text()
        deployments.path_of(FORK).write_text(content)
        scene.provider(client=connect(chain.url)).run_once()
        assert scene.state(second) is State.PAID
        yield scene


def audited(scene: Scene, lie: Lie = honest) -> AuditReport:
    replay._loaded.clear()
    with proxied(scene.chain.url, lie) as proxy:
        client: Client = connect(proxy.url)
        assert client.chain_id == FORK
        return Auditor(client, deployments.load(client), Ezkl()).run()


def signed_for(chain_id: int | None) -> Lie:
    """The node says that every transaction was signed for a chain, or for any."""

    def lie(method: str, _parameters: list[Any], result: Any) -> Any:
        if method != "eth_getTransactionByHash":
            return result
        return {**result, "chainId": None if chain_id is None else hex(chain_id)}

    return lie


def test_proofs_of_both_sides_of_a_fork_are_what_they_were(forked: Scene) -> None:
    found = audited(forked).findings
    assert found.mismatches == []
    assert (found.proofs_accepted, found.proofs_reverified) == (2, 2)


def test_a_proof_counts_for_the_id_of_its_own_time_only(forked: Scene) -> None:
    for other in (FORK, 31337, 1):
        found = [one.what for one in audited(forked, signed_for(other)).findings.mismatches]
        wrong = 2 if other == 1 else 1
        assert found == ["the proof's context is not that of the job, payee and model"] * wrong


def test_a_transaction_for_any_chain_may_be_of_either(forked: Scene) -> None:
    assert audited(forked, signed_for(None)).findings.mismatches == []
