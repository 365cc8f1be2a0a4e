"""A lock that an earlier run made for another payee counts: the stake is on it, whoever is paid."""

from collections.abc import Callable
from typing import Any

import pytest

from prover.base.errors import ChainError
from prover.base.settings import get_settings
from prover.chain.events import finality
from prover.chain.sending.journal import Journal
from prover.chain.sending.pool import Pool
from prover.chain.sending.waiting import Waiting
from prover.clients.prediction.steps import Steps
from prover.clients.prediction.store import Stage
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.prediction.state import State
from tests import latenode
from tests.conftest import Proven
from tests.latenode import LateNode, late_node
from tests.localchain import (
    CONSUMER,
    PROVIDER,
    STRANGER,
    Chain,
    address_of,
    settings_of,
    with_models,
)
from tests.unit.clients.scene import Scene

node_with_contracts = with_models("plain")

OTHER = address_of(STRANGER)


@pytest.fixture
def scene(chain: Chain, proven: Callable[[str], Proven]) -> Scene:
    return Scene(chain, proven("plain"))


def dead(*_arguments: object, **_options: object) -> None:
    raise ChainError("killed here")


def locked_for_another(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, *, mined: bool = True
) -> bytes:
    """A job whose lock for another payee was handed over; the run died before it saw its end."""
    job_id = scene.post()
    if not mined:
        scene.chain.rpc("evm_setAutomine", False)
    with monkeypatch.context() as patch:
        patch.setattr(Waiting, "until_mined", dead)
        scene.provider(payee=OTHER).run_once()
    return job_id


class Behind(LateNode):
    """A node that is behind in all that it says of an account, until it is handed something."""

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["method"] == "eth_sendRawTransaction":
            self.late = 0
        if self.late and request["method"] == "eth_getTransactionCount":
            older = hex(self._head() - self.late)
            return super().answer({**request, "params": [request["params"][0], older]})
        answer = super().answer(request)
        about = request["method"] in ("eth_getTransactionByHash", "eth_getTransactionReceipt")
        if self.late and about and answer["result"] and answer["result"]["blockNumber"]:
            newer = int(answer["result"]["blockNumber"], 16) > self._head() - self.late
            answer["result"] = None if newer else answer["result"]
        return answer


def served_by_one_behind(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round with a node that is one block behind, and one with another node."""
    monkeypatch.setattr(latenode, "LateNode", Behind)
    with late_node(scene.chain.url) as (node, client):
        node.late, node.hides = 1, True
        scene.provider(client=client).run_once()
    scene.provider().run_once()


def test_a_node_one_block_behind_does_not_lose_the_stake(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = locked_for_another(scene, monkeypatch)
    assert scene.state(job_id) is State.LOCKED
    served_by_one_behind(scene, monkeypatch)
    assert scene.state(job_id) is State.PAID
    assert [(one.stage, one.payee) for one in scene.taken()] == [(Stage.DELIVERED, OTHER)]


@pytest.mark.parametrize("instead", [True, False])
def test_a_lock_that_peers_mine_does_not_lose_the_stake(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, instead: bool
) -> None:
    """The node forgot it; its peers mine it before the new one is handed over, or in its place."""
    rpc, job_id = scene.chain.rpc, locked_for_another(scene, monkeypatch, mined=False)
    journal = Journal(get_settings().home / "journal.sqlite")
    about = (scene.chain.client.scope, address_of(PROVIDER), "lock:" + job_id.hex())
    (old,) = journal.attempts(*about)
    rpc("anvil_dropTransaction", "0x" + old.hash.hex())
    offer_new = Pool.offer_new

    def raced(pool: Pool, attempt: Any) -> Any:
        monkeypatch.setattr(Pool, "offer_new", offer_new)
        answer = offer_new(pool, attempt) if instead else None
        if instead:
            rpc("anvil_dropTransaction", "0x" + attempt.hash.hex())
        rpc("evm_setAutomine", True)
        rpc("eth_sendRawTransaction", "0x" + old.raw.hex())
        return answer if instead else offer_new(pool, attempt)

    monkeypatch.setattr(Pool, "offer_new", raced)
    provider = scene.provider()
    outcomes = provider.run_once()
    assert provider._examiner.staked == {ETH: 0}
    assert [one.result for one in outcomes] == [Stage.DELIVERED]
    assert OTHER in outcomes[0].message
    assert scene.chain.prediction.status(job_id).payee == OTHER
    assert scene.state(job_id) is State.PAID


def test_a_node_one_block_behind_does_not_cost_the_proof(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = scene.post()
    with monkeypatch.context() as patch:
        patch.setattr(Steps, "deliver", dead)
        scene.provider(payee=OTHER).run_once()
    (proven,) = scene.taken()
    monkeypatch.setattr(Steps, "prove", dead)
    served_by_one_behind(scene, monkeypatch)
    assert scene.state(job_id) is State.PAID
    (kept,) = scene.taken()
    assert kept.proof == proven.proof is not None


def test_a_job_that_was_taken_for_lost_and_is_ours_is_served(scene: Scene) -> None:
    job_id = scene.post()
    provider = scene.provider(payee=OTHER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Steps, "prove", dead)
        provider.run_once()
    (taken,) = scene.taken()
    head = scene.chain.client.block()
    block = finality.Block(int(head["number"]), bytes(head["hash"]))
    scene.store.advance(taken, Stage.LOST, block, final=True)
    assert [one.result for one in scene.provider().run_once()] == [Stage.DELIVERED]
    assert scene.state(job_id) is State.PAID


@pytest.mark.parametrize("account", [STRANGER, CONSUMER])  # its address is above ours, or below
def test_a_delivery_for_another_payee_is_not_sent_for_a_new_lock(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, account: int
) -> None:
    """The reorganisation took the lock away before the delivery was handed over."""
    monkeypatch.setattr(finality, "LOCAL_BEHIND_SECONDS", 0.3)
    job_id, offer_new = scene.post(), Pool.offer_new

    def dying(pool: Pool, attempt: Any) -> Any:
        return dead() if attempt.action.startswith("deliver") else offer_new(pool, attempt)

    with settings_of(confirmations="3"):
        with monkeypatch.context() as patch:
            patch.setattr(Pool, "offer_new", dying)
            scene.provider(payee=address_of(account)).run_once()
        scene.chain.rpc("anvil_reorg", 1, [])
        assert scene.state(job_id) is State.OPEN
        first = scene.chain.client.block()["number"] + 1
        assert [one.result for one in scene.provider().run_once()] == [Stage.DELIVERED]
    last = scene.chain.client.block()["number"]
    made = [
        scene.chain.client.receipt(bytes(name))["status"]
        for number in range(first, last + 1)
        for name in scene.chain.client.block(number)["transactions"]
    ]
    assert made == [1, 1]  # lock and delivery, none in vain
    assert scene.chain.prediction.status(job_id).payee == address_of(PROVIDER)
