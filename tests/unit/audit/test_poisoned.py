"""Strings on the chain that are no text stop nobody: every command goes on beside them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prover.audit.replay import Auditor
from prover.chain.abi.contract import Call
from prover.chain.contracts.accuracy import AccuracyBounty
from prover.chain.contracts.registry import Registry
from prover.chain.contracts.retrieval import RetrievalBounty
from prover.chain.contracts.serving import ServingRound
from prover.chain.sending.transactions import Sender
from prover.chain.state.replay import load_world
from prover.cli.app import run
from prover.clients.accuracy.test_items import key_of
from prover.clients.common.seeds import make_seed, read_seed
from prover.clients.prediction.store import Stage
from prover.protocol.accuracy.state import State
from prover.protocol.accuracy.terms import AccuracyTerms
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.prediction.terms import PredictionTerms
from prover.protocol.serving.terms import ServingTerms
from prover.protocol.terms import Job
from prover.statement.documents.sealed import key_hash
from prover.systems.ezkl.system import Ezkl
from tests.conftest import Proven
from tests.localchain import CONSUMER, PROVIDER, STRANGER, Chain, address_of, with_scene
from tests.unit.clients.prediction.test_provider import Scene

MARK, POISON = "POISONED", b"\xff\xfe\x00\x1b[2J\x07"
REWARD = STAKE = 10**16  # pay for the gas: money is looked at before strings are
SHOWN = "\\xff\\xfe\\x00\\x1b[2J\\x07"
STATUS = (
    ("prediction", "status", "--all"),
    ("serving", "status", "--all"),
    ("accuracy", "status", "--all"),
    ("retrieval", "status", "--all"),
    ("retrieval", "datasets"),
    ("model", "list"),
)


def poisoned(call: Call) -> Call:
    """The call with bytes that are no UTF-8, and control characters, in the place of its mark."""
    assert call.data.count(MARK.encode()) == 1
    return Call(call.says, call.to, call.data.replace(MARK.encode(), POISON), call.value)


class Poisoned(Scene):
    """A chain on which a stranger has put such strings everywhere, and an honest job."""

    def __init__(self, chain: Chain, proven: Proven, directory: Path) -> None:
        super().__init__(chain, proven)
        self.now = chain.client.now()
        self.seed = directory / "seed.json"
        make_seed(self.seed)
        self.rounds = ServingRound(chain.client, chain.deployment.serving)
        self.bounties = AccuracyBounty(chain.client, chain.deployment.accuracy)
        self.requests = RetrievalBounty(chain.client, chain.deployment.retrieval)
        self.send(self.chain.prediction.post(self.prediction(), bytes(32), MARK))
        self.send(self.rounds.post(self.round(), bytes(32), MARK))
        self.send(self.bounties.post(self.bounty(), MARK))
        self.send(self.requests.commit_dataset(b"\5" * 32, 4, bytes(32), MARK))
        self.honest = self.post()

    @property
    def stranger(self) -> Sender:
        """With the journal of the present home."""
        return self.chain.sender(STRANGER)

    def send(self, call: Call) -> None:
        self.stranger.send(f"poison:{call.says}", poisoned(call))

    def by_stranger(self, wanted: Any) -> Job[Any]:
        return Job(address_of(STRANGER), 1, wanted)

    def prediction(self) -> Job[Any]:
        until = self.now + 500
        fields = (self.model.model_id, bytes(32), ETH, REWARD, STAKE, ETH, until, 60)
        return self.by_stranger(PredictionTerms(*fields))

    def round(self) -> Job[Any]:
        money = (REWARD, REWARD, 2, STAKE)
        fields = (self.model.model_id, ETH, ETH, b"\1" * 32, 4, 4, *money, self.now + 500)
        return self.by_stranger(ServingTerms(*fields, 60, 60, 60))

    def bounty(self) -> Job[Any]:
        key = key_hash(key_of(read_seed(self.seed), 1))
        money = (REWARD, REWARD, STAKE, STAKE)
        fields = (self.model.circuit_id, ETH, ETH, *money, b"\1" * 32, 4, key, bytes(32), 1, 2)
        return self.by_stranger(AccuracyTerms(*fields, self.now + 500, 600, 600))


def begun(chain: Chain, proven: Callable[[str], Proven], folder: Path) -> Poisoned:
    return Poisoned(chain, proven("salted"), folder)


made_once, scene = with_scene(begun)


@pytest.mark.parametrize("command", STATUS, ids=" ".join)
def test_a_list_shows_what_is_odd_without_control_characters(
    scene: Poisoned, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    for options in ((), ("--json",)):
        assert run([*command, *options]) == 0
        out, err = capsys.readouterr()
        assert all(one.isprintable() or one == "\n" for one in out + err)
    if command == ("retrieval", "datasets"):
        assert json.loads(out)["datasets"][0]["uri"] == SHOWN


def test_one_round_shows_its_uri(scene: Poisoned, capsys: pytest.CaptureFixture[str]) -> None:
    round_id = scene.rounds.job_id(scene.round())
    assert run(["serving", "status", round_id.hex(), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["uri"] == SHOWN


def test_a_provider_skips_the_job_and_serves_the_next(scene: Poisoned) -> None:
    outcomes = {one.job_id: one for one in scene.provider().run_once()}
    odd = outcomes[scene.chain.prediction.job_id(scene.prediction())]
    assert odd.result == "skipped"
    assert SHOWN in odd.message
    assert outcomes[scene.honest].result == Stage.DELIVERED


def test_an_audit_of_it_has_no_mismatch(scene: Poisoned) -> None:
    scene.provider().run_once()
    report = Auditor(scene.chain.client, scene.chain.deployment, Ezkl()).run()
    assert report.findings.mismatches == []
    assert report.findings.deliveries == 1


def test_a_round_and_a_bounty_are_refused_in_words(
    scene: Poisoned, capsys: pytest.CaptureFixture[str]
) -> None:
    model = scene.model.model_id.hex()
    round_id = scene.rounds.job_id(scene.round()).hex()
    bounty_id = scene.bounties.job_id(scene.bounty()).hex()
    for command in (
        ("serving", "join", round_id),
        ("accuracy", "accept", bounty_id, "--model", model),
    ):
        assert run([*command, "--proof-time", "1s", "--account", str(PROVIDER)]) == 1
        assert SHOWN in capsys.readouterr().err


def test_a_key_is_revealed_beside_it(scene: Poisoned, capsys: pytest.CaptureFixture[str]) -> None:
    bounty, chain = scene.bounty(), scene.chain
    accept = scene.bounties.accept(bounty, scene.model.model_id, address_of(PROVIDER))
    chain.sender(PROVIDER).send("accept", accept)
    job_id = scene.bounties.job_id(bounty)
    arguments = (job_id.hex(), "--seed", str(scene.seed), "--account", str(STRANGER))
    assert run(["accuracy", "reveal-key", *arguments]) == 0, capsys.readouterr().err
    assert scene.bounties.status(job_id).state is State.PROVING


def test_the_world_has_no_finding(scene: Poisoned) -> None:
    world = load_world(scene.chain.client, scene.chain.deployment)
    assert world.findings == ()
    assert Registry(scene.chain.client, scene.chain.deployment.registry).model(scene.model.model_id)
    assert world.prediction.jobs[scene.honest].job.consumer == address_of(CONSUMER)
