"""A node that leaves out one event of a job: the job is told, and the others are served."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak

from prover.chain.node.client import connect
from prover.clients.common.readiness import Readiness
from prover.clients.prediction.provider import Provider
from prover.clients.prediction.steps import FAILED, SKIPPED, Outcome
from prover.clients.prediction.store import Stage, TrackedJob
from prover.protocol.prediction.state import State
from tests.conftest import Proven
from tests.localchain import Chain, with_models
from tests.proxy import Lie, proxied
from tests.unit.clients.scene import Scene

node_with_contracts = with_models("plain")

DEPOSITED = "0x" + keccak(text="Deposited(bytes32,address,address,uint256)").hex()


@pytest.fixture
def scene(chain: Chain, proven: Callable[[str], Proven]) -> Scene:
    return Scene(chain, proven("plain"))


def without_deposit(job_id: bytes) -> Lie:
    def lie(method: str, _parameters: list[Any], result: Any) -> Any:
        if method != "eth_getLogs":
            return result
        hidden = [DEPOSITED, "0x" + job_id.hex()]
        return [one for one in result if one["topics"][:2] != hidden]

    return lie


def served(scene: Scene, provider: Provider, odd: bytes) -> dict[bytes, Outcome]:
    with proxied(scene.chain.url, without_deposit(odd)) as proxy:
        provider._tools = replace(provider._tools, client=connect(proxy.url))
        return {one.job_id: one for one in provider.run_once()}


def test_a_job_whose_events_make_no_sense_is_skipped_and_the_next_served(scene: Scene) -> None:
    odd, honest = scene.post(), scene.post()
    outcomes = served(scene, scene.provider(), odd)
    assert outcomes[odd].result == SKIPPED
    assert "make no sense" in outcomes[odd].message
    assert outcomes[honest].result == Stage.DELIVERED
    assert scene.state(odd) is State.OPEN


def test_a_promised_job_whose_events_make_no_sense_is_told_as_failed(scene: Scene) -> None:
    odd, provider = scene.post(), scene.provider()
    taken = TrackedJob(provider._scope, provider._account, odd, provider._account, b"", Stage.TAKEN)
    provider._tools.store.save(taken)
    outcomes = served(scene, provider, odd)
    assert outcomes[odd].result == FAILED
    assert "another node" in outcomes[odd].message


def test_a_locked_job_whose_events_are_hidden_is_told_as_failed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that forgets all logs of a job does not let its stake be lost in silence."""
    hidden, honest = scene.post(), b""
    with monkeypatch.context() as patch:
        patch.setattr(Readiness, "prove", interrupted)
        with pytest.raises(KeyboardInterrupt):
            scene.provider().run_once()
    honest = scene.post()

    def lie(method: str, _parameters: list[Any], result: Any) -> Any:
        if method != "eth_getLogs":
            return result
        return [one for one in result if "0x" + hidden.hex() not in one["topics"]]

    with proxied(scene.chain.url, lie) as proxy:
        found = {one.job_id: one for one in scene.provider(client=proxy.client).run_once()}
    assert found[hidden].result == FAILED
    assert "use another node before" in found[hidden].message
    assert found[honest].result == Stage.DELIVERED
    (again,) = scene.provider().run_once()
    assert (again.job_id, again.result) == (hidden, Stage.DELIVERED)


def test_a_hidden_job_that_the_contract_is_said_to_know_oddly_stops_no_other(scene: Scene) -> None:
    hidden, honest = scene.post(), scene.post()

    def lie(method: str, parameters: list[Any], result: Any) -> Any:
        if method == "eth_getLogs":
            return [one for one in result if "0x" + hidden.hex() not in one["topics"]]
        if method == "eth_call" and hidden.hex() in str(parameters):
            return "0x" + (77).to_bytes(32).hex() + result[66:]
        return result

    with proxied(scene.chain.url, lie) as proxy:
        provider = scene.provider(client=proxy.client)
        me = provider._account
        provider._tools.store.save(TrackedJob(provider._scope, me, hidden, me, b"", Stage.TAKEN))
        found = {one.job_id: one for one in provider.run_once()}
    assert found[hidden].result == FAILED
    assert "in state 77: expected 0 to" in found[hidden].message
    assert found[honest].result == Stage.DELIVERED


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt
