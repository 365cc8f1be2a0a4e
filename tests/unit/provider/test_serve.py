"""One round of a provider against the real contracts, with real proofs of a tiny circuit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from prover.audit.circuit import CircuitAuditor
from prover.chain.registry import Registry
from prover.errors import ArtifactMismatch, WorkerFailed
from prover.files import write_atomically
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.prediction import Job, State, Terms
from prover.protocol.words import in_ether
from prover.provider.policy import Policy
from prover.provider.register import register
from prover.provider.serve import Provider, Tools
from prover.provider.store import JobStore, Stage
from prover.proving.ezkl.system import Ezkl
from prover.proving.inputs import shape_of
from prover.settings import get_settings
from prover.statement.request import Request, data_hash, salted
from tests.conftest import Proven
from tests.localchain import CONSUMER, PROVIDER, STRANGER, Chain, address_of, install

REWARD, STAKE = 1000, 400
POLICY = Policy(proof_seconds=1.0, allow_files=True)


class Scene:
    """A registered model, a consumer who posts, a provider who serves."""

    def __init__(self, chain: Chain, proven: Proven) -> None:
        self.chain, self.artifacts = chain, proven.artifacts
        install(proven.artifacts)
        self.model = register(chain.sender(PROVIDER), chain.deployment, proven.artifacts)
        self.checked: list[bytes] = []
        self.nonce = 0

    def provider(self, policy: Policy = POLICY, number: int = PROVIDER) -> Provider:
        tools = Tools(
            client=self.chain.client,
            deployment=self.chain.deployment,
            sender=self.chain.sender(number),
            store=JobStore(get_settings().home / "provider.sqlite"),
            system=Ezkl(),
            check_model=lambda model_id, _: self.checked.append(model_id),
        )
        return Provider(tools, policy)

    def post(self, items: int = 1, tamper: bytes = b"", **changes: object) -> bytes:
        shape = shape_of(self.artifacts.manifest)
        rows = [salted(range(n, n + shape.values), shape) for n in range(items)]
        request = Request(self.model.circuit_id, tuple(rows))
        content = request.to_bytes()
        path = get_settings().home / f"{data_hash(content).hex()}.json"
        write_atomically(path, content + tamper)
        now, self.nonce = self.chain.client.now(), self.nonce + 1
        terms = Terms(
            self.model.model_id, request.inputs_hash(), ETH, REWARD, STAKE, ETH, now + 100, 60
        )
        job = Job(address_of(CONSUMER), self.nonce, replace(terms, **changes))  # type: ignore[arg-type]
        call = self.chain.market.post(job, data_hash(content), path.as_uri())
        self.chain.sender(CONSUMER).send(f"post:{self.nonce}", call)
        self.job = job
        return self.chain.market.job_id(job)

    def state(self, job_id: bytes) -> State:
        return self.chain.market.standing(job_id).state


@pytest.fixture
def scene(chain: Chain, proven: Callable[[str], Proven]) -> Scene:
    return Scene(chain, proven("plain"))


def test_an_open_job_is_proven_and_paid(scene: Scene) -> None:
    job_id = scene.post()
    outcomes = scene.provider().run_once()
    assert [one.result for one in outcomes] == [Stage.DELIVERED]
    assert scene.state(job_id) is State.PAID
    assert scene.checked == [scene.model.model_id]
    assert scene.provider().withdraw() == {ETH: REWARD + STAKE}
    assert scene.provider().withdraw() == {}
    assert scene.provider().run_once() == []


def test_a_batch_with_salt_is_proven(chain: Chain, proven: Callable[[str], Proven]) -> None:
    scene = Scene(chain, proven("batch"))
    job_ids = [scene.post(items) for items in (1, 2)]
    scene.provider().run_once()
    assert [scene.state(job_id) for job_id in job_ids] == [State.PAID] * 2


def test_a_registered_model_is_not_registered_again(scene: Scene) -> None:
    block = scene.chain.client.block()["number"]
    again = register(scene.chain.sender(STRANGER), scene.chain.deployment, scene.artifacts)
    assert (again.model_id, again.gas) == (scene.model.model_id, {})
    assert scene.chain.client.block()["number"] == block


@pytest.mark.parametrize("tamper", [b" ", b"\n"])
def test_inputs_that_are_not_those_of_the_job_are_never_locked(scene: Scene, tamper: bytes) -> None:
    job_id = scene.post(tamper=tamper)
    assert [one.result for one in scene.provider().run_once()] == ["skipped"]
    assert scene.state(job_id) is State.OPEN


def test_a_wrong_inputs_hash_is_never_locked(scene: Scene) -> None:
    job_id = scene.post(inputs_hash=b"\7" * 32)
    outcome = scene.provider().run_once()[0]
    assert outcome.result == "skipped"
    assert "inputs hash" in outcome.words
    assert scene.state(job_id) is State.OPEN


def test_files_are_not_read_unless_allowed(scene: Scene) -> None:
    scene.post()
    outcome = scene.provider(replace(POLICY, allow_files=False)).run_once()[0]
    assert outcome.result == "skipped"
    assert "https is allowed" in outcome.words


def test_a_model_that_is_not_its_artifacts_is_never_locked(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = scene.post()
    provider = scene.provider()

    def refuse(*_: object) -> None:
        raise ArtifactMismatch("another code")

    provider._tools = replace(provider._tools, check_model=refuse)
    assert [one.result for one in provider.run_once()] == ["failed"]
    assert scene.state(job_id) is State.OPEN


def test_a_model_of_somebody_else_is_left_alone(scene: Scene) -> None:
    scene.post()
    for path in get_settings().artifacts.iterdir():
        path.unlink()
    assert [one.result for one in scene.provider().run_once()] == ["skipped"]


def test_a_job_that_another_provider_took_is_given_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is locked by somebody else between the look and the lock."""
    job_id = scene.post()
    provider = scene.provider()
    witness = Provider._witness

    def slow(self: Provider, *arguments: object) -> object:
        rival = scene.chain.sender(STRANGER)
        rival.send("lock", scene.chain.market.lock(scene.job, rival.address))
        return witness(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Provider, "_witness", slow)
    assert [one.result for one in provider.run_once()] == [Stage.LOST]
    assert scene.state(job_id) is State.LOCKED


def test_a_locked_job_whose_record_was_lost_is_still_served(scene: Scene) -> None:
    job_id = scene.post()
    sender = scene.chain.sender(PROVIDER)
    sender.send("lock", scene.chain.market.lock(scene.job, sender.address))
    assert [one.result for one in scene.provider().run_once()] == [Stage.DELIVERED]
    assert scene.state(job_id) is State.PAID


def test_a_proof_is_made_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Delivery fails once; the next round has the proof already."""
    scene.post()
    with monkeypatch.context() as patch:
        patch.setattr(Provider, "_deliver", _failing)
        assert [one.result for one in scene.provider().run_once()] == ["failed"]
    monkeypatch.setattr(Ezkl, "prove", _failing)
    assert [one.result for one in scene.provider().run_once()] == [Stage.DELIVERED]


def _failing(*_: object, **__: object) -> None:
    raise WorkerFailed("killed")


def test_a_late_provider_says_so_and_stops(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = scene.post()
    with monkeypatch.context() as patch:
        patch.setattr(Ezkl, "prove", _failing)
        scene.provider().run_once()
    assert scene.state(job_id) is State.LOCKED
    scene.chain.pass_time(61)
    outcome = scene.provider().run_once()[0]
    assert outcome.result == Stage.LATE
    assert in_ether(STAKE) in outcome.words
    assert scene.provider().run_once() == []


def test_both_sides_check_what_is_registered(scene: Scene) -> None:
    """The verdict is kept, but the code on the chain is looked at every time."""
    chain = scene.chain
    registry = Registry(chain.client, chain.deployment.registry)
    auditor = CircuitAuditor(chain.client, registry, Ezkl())
    assert auditor.verify(scene.model.model_id).rebuilt
    assert not auditor.verify(scene.model.model_id).rebuilt
    elsewhere = CircuitAuditor(replace(chain.client, chain_id=1), registry, Ezkl())
    with pytest.raises(ArtifactMismatch, match="development SRS"):
        elsewhere.verify(scene.model.model_id)
    code = bytearray(chain.client.code(scene.model.verifier))
    code[100] ^= 1
    chain.rpc("anvil_setCode", scene.model.verifier, "0x" + code.hex())
    with pytest.raises(ArtifactMismatch, match="at byte 100"):
        auditor.verify(scene.model.model_id)


def test_a_kept_verdict_of_other_artifacts_is_not_used(scene: Scene) -> None:
    chain = scene.chain
    registry = Registry(chain.client, chain.deployment.registry)
    auditor = CircuitAuditor(chain.client, registry, Ezkl())
    auditor.verify(scene.model.model_id)
    for path in (Path(get_settings().home) / "verdicts").iterdir():
        path.write_text("{}")
    assert auditor.verify(scene.model.model_id).rebuilt
