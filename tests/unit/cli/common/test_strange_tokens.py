"""Jobs in a stranger's token: it is asked nothing before it is accepted, and amounts have units."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prover.base import text
from prover.chain.abi.contract import Call
from prover.chain.contracts.jobs import JobContract
from prover.chain.contracts.tokens import allow
from prover.chain.state import replay
from prover.chain.state.replay import load_world
from prover.cli.app import run
from prover.protocol.terms import Job
from prover.solidity.compile import compile_contracts
from tests.conftest import Proven
from tests.localchain import PROVIDER, STRANGER, Chain
from tests.proxy import proxied
from tests.unit.audit.test_hidden import requested
from tests.unit.audit.test_poisoned import REWARD, Poisoned


class Tokens(Poisoned):
    """A stranger has posted a job of each protocol in a token of its own."""

    def __init__(self, chain: Chain, proven: Proven, directory: Path) -> None:
        super().__init__(chain, proven, directory)
        requested(self)
        made = compile_contracts(["PlainToken"])["PlainToken"]
        receipt = self.stranger.send("token", Call("a token", None, made.bytecode))
        self.token = str(receipt["contractAddress"])
        at = chain.client.web3.eth.contract(address=receipt["contractAddress"], abi=made.abi)
        mint = at.encode_abi("mint", args=[self.stranger.address, 100 * REWARD])
        self.stranger.send("mint", Call("minting", self.token, bytes.fromhex(mint[2:])))
        predictions, rounds, bounties = chain.prediction, self.rounds, self.bounties
        self.posted = {
            "prediction": self.pay(predictions, self.prediction(), predictions.post, bytes(32), ""),
            "serving": self.pay(rounds, self.round(), rounds.post, bytes(32), ""),
            "accuracy": self.pay(bounties, self.bounty(), bounties.post, ""),
            "retrieval": self.pay(self.requests, self.request(), self.requests.post, 4),
        }

    def request(self) -> Job[Any]:
        world = load_world(self.chain.client, self.chain.deployment)
        ((_, record),) = world.retrieval.jobs.items()
        return record.job

    def pay(
        self, contract: JobContract, job: Job[Any], post: Callable[..., Call], *more: Any
    ) -> str:
        """The id of the same job as another one, in the token."""
        job = Job(job.consumer, 2, replace(job.terms, currency=self.token))
        allow(self.stranger, self.token, contract.address, 10 * REWARD)
        self.stranger.send(f"post:{contract.NAME}", post(job, *more))
        return "0x" + contract.job_id(job).hex()


@pytest.fixture
def scene(chain: Chain, proven: Callable[[str], Proven], tmp_path: Path) -> Tokens:
    scene = Tokens(chain, proven("salted"), tmp_path)
    text._units.clear()  # as another process
    replay._loaded.clear()
    return scene


def accepting(scene: Tokens, protocol: str) -> tuple[object, ...]:
    """The command that takes the job, without limits in its token."""
    one = scene.posted[protocol]
    if protocol == "serving":
        return ("serving", "join", one, "--account", PROVIDER)
    if protocol == "accuracy":
        model = ("--model", scene.model.model_id.hex())
        return ("accuracy", "accept", one, *model, "--account", PROVIDER)
    return ("retrieval", "accept", one, "--account", STRANGER)


@pytest.mark.parametrize("protocol", ["serving", "accuracy", "retrieval"])
def test_a_token_without_limits_is_refused_before_it_is_asked_anything(
    scene: Tokens, protocol: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def noting(method: str, parameters: list[Any], result: Any) -> Any:
        if method in ("eth_call", "eth_getCode", "eth_estimateGas"):
            where = parameters[0]
            asked.append((where if isinstance(where, str) else where["to"]).lower())
        return result

    with proxied(scene.chain.url, noting) as proxy:
        for limits in ((), ("--max-stake", "1"), ("--min-reward", "1")):
            command = (*accepting(scene, protocol), *limits, "--rpc", proxy.url)
            assert run([str(word) for word in command]) == 2
            assert "limits are missing" in capsys.readouterr().err
    assert asked
    assert scene.token.lower() not in asked


def test_all_jobs_are_shown_in_the_units_of_their_tokens(
    scene: Tokens, capsys: pytest.CaptureFixture[str]
) -> None:
    for protocol, job in scene.posted.items():
        text._units.clear()
        assert run([protocol, "status", "--all", "--json"]) == 0
        ((_, rows),) = json.loads(capsys.readouterr().out).items()
        told = {row["job"]: row["next"] for row in rows}
        assert f"PLN (token {scene.token})" in told[job]
