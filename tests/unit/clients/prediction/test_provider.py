"""One round of a provider against the real contracts, with real proofs of a tiny circuit."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.audit.circuit import CircuitAuditor
from prover.base.errors import ArtifactMismatch, Busy, ContractRefused, ProofRejected, WorkerFailed
from prover.base.settings import get_settings
from prover.base.text import in_ether
from prover.chain.abi.contract import Call
from prover.chain.accounts import anvil_account
from prover.chain.contracts.registry import Circuit, Registry
from prover.chain.sending.pool import Pool
from prover.chain.sending.wallet import Handed
from prover.clients.common.money import Bounds, Purse
from prover.clients.common.readiness import Readiness, Rehearsal
from prover.clients.prediction import provider as serve
from prover.clients.prediction.examine import Examiner
from prover.clients.prediction.steps import Steps
from prover.clients.prediction.store import Stage, TrackedJob
from prover.clients.register import register
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.prediction.state import Record, State
from prover.statement.documents.inputs_file import InputsFile, data_hash
from prover.systems.ezkl import evaluate as bulk
from prover.systems.ezkl.artifacts import PK, Artifacts
from prover.systems.ezkl.inputs import shape_of
from prover.systems.ezkl.system import Ezkl
from tests.conftest import Proven
from tests.localchain import PROVIDER, STRANGER, Chain, with_models
from tests.unit.clients.scene import POLICY, PROVE_SECONDS, REWARD, STAKE, Scene
from tests.unit.systems.ezkl.test_evaluate import off_by_one

node_with_contracts = with_models("plain")

RETURN_REST = bytes.fromhex("80600d6000396000f3")  # after a PUSH3 of the length: copy, return


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
    assert "inputs hash" in outcome.message
    assert scene.state(job_id) is State.OPEN


def test_files_are_wanted_of_open_jobs_and_of_those_locked_here(scene: Scene) -> None:
    """Not of what another has locked, nor of circuits that are on another machine only."""
    provider, policy = scene.provider(), replace(POLICY, allow_files=False)
    assert provider.wanted() == {}
    for number, first in ((PROVIDER, 0), (STRANGER, 10)):
        scene.post(first=first)
        sender = scene.chain.sender(number)
        sender.send(f"lock {first}", scene.chain.prediction.lock(scene.job, sender.address))
    scene.post(first=20)
    provider = scene.provider(policy)
    provider.run_once()
    most = shape_of(scene.artifacts.manifest).max_bytes
    paths = get_settings().home.glob("*.json")
    hashes = {InputsFile.from_bytes(one.read_bytes()).items[0].values[0]: one for one in paths}
    wanted = {data_hash(hashes[first].read_bytes()): most for first in (0, 20)}
    assert provider.wanted() == wanted
    shutil.rmtree(get_settings().artifacts)
    assert provider.wanted() == {}


def test_files_are_not_read_unless_allowed(scene: Scene) -> None:
    scene.post()
    outcome = scene.provider(replace(POLICY, allow_files=False)).run_once()[0]
    assert outcome.result == "skipped"
    assert "expected https" in outcome.message


def test_a_model_that_is_not_its_artifacts_is_never_locked(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = scene.post()
    provider = scene.provider()

    def refuse(*_: object) -> None:
        raise ArtifactMismatch("another code")

    provider._tools = replace(provider._tools, check_model=refuse)
    told = [(str(one.result), one.message) for one in provider.run_once()]
    assert told == [("skipped", "another code")]  # no failure of this run: a stranger posted it
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
    lock = Steps.lock

    def slow(self: Steps, job: TrackedJob) -> object:
        rival = scene.chain.sender(STRANGER)
        rival.send("lock", scene.chain.prediction.lock(scene.job, rival.address))
        return lock(self, job)

    monkeypatch.setattr(Steps, "lock", slow)
    assert [one.result for one in provider.run_once()] == [Stage.LOST]
    assert scene.state(job_id) is State.LOCKED


def test_two_runs_of_an_account_do_not_work_side_by_side(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under cron, when a proof takes longer than the time between two runs."""
    scene.post()
    prove, met = Steps.prove, list[str]()

    def slow(self: Steps, job: TrackedJob, artifacts: Artifacts) -> TrackedJob:
        monkeypatch.setattr(Steps, "prove", prove)
        with pytest.raises(Busy, match="another run is at work") as error:
            scene.provider().run_once()
        met.append(str(error.value))
        assert scene.provider(number=STRANGER).run_once() == []  # another account is not refused
        return prove(self, job, artifacts)

    monkeypatch.setattr(Steps, "prove", slow)
    assert [one.result for one in scene.provider().run_once()] == [Stage.DELIVERED]
    assert len(met) == 1
    assert scene.provider().run_once() == []


def test_a_locked_job_whose_record_was_lost_is_still_served(scene: Scene) -> None:
    job_id = scene.post()
    sender = scene.chain.sender(PROVIDER)
    sender.send("lock", scene.chain.prediction.lock(scene.job, sender.address))
    assert [one.result for one in scene.provider().run_once()] == [Stage.DELIVERED]
    assert scene.state(job_id) is State.PAID


def test_a_paid_job_whose_record_was_lost_is_not_told_again(scene: Scene) -> None:
    scene.post()
    assert [one.result for one in scene.provider().run_once()] == ["delivered"]
    (get_settings().home / "provider.sqlite").unlink()
    assert scene.provider().run_once() == []


def test_a_proof_is_made_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Delivery fails once; the next round has the proof already."""
    scene.post()
    with monkeypatch.context() as patch:
        patch.setattr(Steps, "deliver", _failing)
        assert [one.result for one in scene.provider().run_once()] == ["failed"]
    monkeypatch.setattr(Ezkl, "prove", _failing)
    assert [one.result for one in scene.provider().run_once()] == [Stage.DELIVERED]


def _failing(*_: object, **__: object) -> None:
    raise WorkerFailed("killed")


def test_a_late_provider_says_so_and_stops(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = scene.post()
    with monkeypatch.context() as patch:
        patch.setattr(Readiness, "prove", _failing)
        scene.provider().run_once()
    assert scene.state(job_id) is State.LOCKED
    scene.chain.pass_time(PROVE_SECONDS + 1)
    outcome = scene.provider().run_once()[0]
    assert outcome.result == Stage.LATE
    assert in_ether(STAKE) in outcome.message
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


def test_artifacts_are_rebuilt_once_however_many_circuits_strangers_register_for_them(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each of them, and a job on it, would cost every run of a provider a set-up."""
    chain, model = scene.chain, scene.model
    registry, rebuilt = Registry(chain.client, chain.deployment.registry), list[Artifacts]()
    rebuild = Ezkl.rebuild

    def counted(self: Ezkl, artifacts: Artifacts, *rest: object) -> bytes:
        rebuilt.append(artifacts)
        return rebuild(self, artifacts, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Ezkl, "rebuild", counted)
    auditor = CircuitAuditor(chain.client, registry, Ezkl())
    assert auditor.verify(model.model_id).rebuilt
    code = chain.client.code(model.verifier)
    creation = b"\x62" + len(code).to_bytes(3, "big") + RETURN_REST + code
    for number in range(2):
        action = f"verifier:{number}"
        receipt = chain.sender(STRANGER).send(action, Call("deploying", None, creation))
        theirs = str(receipt["contractAddress"])
        circuit = Circuit.from_abi(scene.artifacts.manifest.circuit(theirs))
        sample, weights = scene.artifacts.sample, scene.artifacts.weights_commitment
        call = registry.register_circuit(circuit, sample.proof, list(sample.instances))
        chain.sender(STRANGER).send(f"circuit:{number}", call)
        call = registry.register_model(circuit.id, weights)
        chain.sender(STRANGER).send(f"model:{number}", call)
        assert not auditor.verify(circuit.model_id(weights)).rebuilt
    assert not auditor.verify(model.model_id).rebuilt
    assert len(rebuilt) == 1


# ---------------------------------------------------------------- what cannot be proven


def imported(scene: Scene, key: bytes | None) -> None:
    """The model as `model import` leaves it: every file but the proving key, or another one."""
    (link,) = get_settings().artifacts.iterdir()
    source = link.resolve()
    link.unlink()
    link.mkdir()
    for path in source.iterdir():
        if path.name != PK:
            shutil.copyfile(path, link / path.name)
    if key is not None:
        (link / PK).write_bytes(key)


@pytest.mark.parametrize(
    ("key", "result", "message"),
    [(None, "skipped", "no proving key"), (b"not a key", "failed", " by the manifest")],
)
def test_nothing_is_staked_without_the_proving_key(
    scene: Scene, key: bytes | None, result: str, message: str
) -> None:
    job_ids = [scene.post(), scene.post()]
    imported(scene, key)
    outcomes = scene.provider().run_once()
    assert [one.result for one in outcomes] == [result] * 2
    assert all(message in one.message for one in outcomes)
    assert [scene.state(job_id) for job_id in job_ids] == [State.OPEN] * 2


def test_a_lock_that_nobody_was_handed_does_not_go_out_once_it_is_refused(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it went out with the account's next transaction: a stake on what is not provable."""
    job_id = scene.post()
    with monkeypatch.context() as dying:
        dying.setattr(Pool, "offer", _dying)
        (outcome,) = scene.provider().run_once()
        assert "killed" in outcome.message
    imported(scene, None)
    (outcome,) = scene.provider().run_once()
    assert outcome.result == "skipped"
    scene.chain.sender(PROVIDER).send(
        "other", Call("a gift", anvil_account(STRANGER).address, b"", 1)
    )
    assert scene.state(job_id) is State.OPEN


def _dying(*_: object) -> None:
    raise RuntimeError("killed")


def test_after_a_failed_proof_no_other_job_of_the_model_is_taken(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = scene.post(), scene.post()
    prove = Ezkl.prove
    monkeypatch.setattr(Ezkl, "prove", _failing)
    outcomes = {one.job_id: one for one in scene.provider().run_once()}
    assert outcomes[first].result == outcomes[second].result == "failed"
    assert "no new job of this model is taken" in outcomes[second].message
    assert [scene.state(first), scene.state(second)] == [State.LOCKED, State.OPEN]
    again = {one.job_id: one for one in scene.provider().run_once()}
    assert "no new job of this model is taken" in again[second].message
    assert scene.state(second) is State.OPEN
    monkeypatch.setattr(Ezkl, "prove", prove)
    scene.provider().run_once()
    assert [scene.state(first), scene.state(second)] == [State.PAID] * 2


@pytest.mark.parametrize("damage", ["a digit", "cut short"])
def test_a_kept_proof_that_was_damaged_is_made_again(
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    damage: str,
) -> None:
    """Else it was refused in each round until the deadline had passed, and the stake lost."""
    job_id = scene.post()
    with monkeypatch.context() as patched:
        patched.setattr(Steps, "deliver", _failing)
        scene.provider().run_once()
    (kept,) = scene.taken()
    assert kept.proof is not None
    text = json.dumps(kept.proof.to_dict())
    digit = "0" if text[100] != "0" else "1"
    stored = text[:100] + digit + text[101:] if damage == "a digit" else text[:1000]
    path = get_settings().home / "provider.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("UPDATE jobs SET proof = ?", (stored,))
    database.close()
    (outcome,) = scene.provider().run_once()
    assert outcome.result == Stage.DELIVERED
    assert scene.state(job_id) is State.PAID
    told = f"the proof of job 0x{job_id.hex()} in {path} is damaged"
    assert capsys.readouterr().err.count(told) == 1


def test_a_proof_is_rehearsed_before_the_first_stake(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = scene.post()
    shutil.rmtree(get_settings().home / "rehearsals")

    def refuse(*_: object) -> None:
        raise ProofRejected("the key is of another circuit")

    monkeypatch.setattr(Ezkl, "verify", refuse)
    (outcome,) = scene.provider().run_once()
    assert "the key is of another circuit" in outcome.message
    assert scene.state(job_id) is State.OPEN


def test_nothing_is_staked_on_inputs_whose_evaluation_no_proof_shows(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = scene.post()
    monkeypatch.setattr(bulk, "evaluate", off_by_one(bulk.evaluate))
    (outcome,) = scene.provider().run_once()
    assert outcome.result == "failed"
    assert ", as evaluated" in outcome.message
    assert scene.state(job_id) is State.OPEN


def test_the_time_that_a_job_must_leave_is_the_measured_one(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = replace(POLICY, proof_seconds=None)
    monkeypatch.setattr(Readiness, "ready", lambda *_: SLOW)
    job_id = scene.post(prove_seconds=59)
    (outcome,) = scene.provider(policy).run_once()
    assert outcome.result == "skipped"
    assert (
        "it gives 59 s to prove: expected 2 times the 30.0 s that a proof takes here"
        in outcome.message
    )
    assert scene.state(job_id) is State.OPEN


SLOW = Rehearsal("", "", 30.0, 0)


# ---------------------------------------------------------------- money


def test_one_wei_for_a_stake_of_fifty_ether_is_refused(scene: Scene) -> None:
    job_id = scene.post(reward=1, stake=50 * 10**18, prove_seconds=4)
    (outcome,) = scene.provider().run_once()
    assert outcome.result == "skipped"
    assert "it earns 0.000000000000000001 ETH: expected at least" in outcome.message
    assert scene.state(job_id) is State.OPEN


def test_stakes_of_this_run_count_towards_the_limit_of_all(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first job stays locked, as its delivery fails; the second would be too much."""
    purse = Purse({ETH: Bounds(max_stakes=STAKE * 3 // 2)})
    first, second = scene.post(), scene.post()
    monkeypatch.setattr(Steps, "deliver", _failing)
    outcomes = scene.provider(replace(POLICY, purse=purse)).run_once()
    assert [one.result for one in outcomes] == ["failed", "skipped"]
    assert "(--max-stakes)" in outcomes[1].message
    assert [scene.state(first), scene.state(second)] == [State.LOCKED, State.OPEN]


# ---------------------------------------------------------------- one job's trouble


def test_a_job_that_raises_does_not_stop_the_others(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, good = scene.post(), scene.post()
    inputs = Examiner.inputs

    def surprising(self: Examiner, record: Record, artifacts: Artifacts) -> bytes:
        if record.job.nonce == 1:
            raise ZeroDivisionError("odd \x1b[2J")
        return inputs(self, record, artifacts)

    monkeypatch.setattr(Examiner, "inputs", surprising)
    outcomes = {one.job_id: one for one in scene.provider().run_once()}
    assert outcomes[odd].result == "failed"
    assert "internal error, ZeroDivisionError: odd" in outcomes[odd].message
    assert "\x1b" not in outcomes[odd].message  # a stranger may have written it
    assert isinstance(outcomes[odd].mistake, ZeroDivisionError)
    assert outcomes[good].result == Stage.DELIVERED


def test_a_step_that_a_wallet_is_to_sign_is_handed_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.post()
    monkeypatch.setattr(Readiness, "ready", lambda *_: SLOW)

    def handing(*_: object) -> None:
        raise Handed(31337, "0x" + "11" * 20, ())

    monkeypatch.setattr(Steps, "lock", handing)
    with pytest.raises(Handed):
        scene.provider().run_once()


def test_inputs_that_vanish_after_the_lock_are_a_failure(scene: Scene) -> None:
    """The store was lost, and the file too: a stake is at risk, and that is not said quietly."""
    scene.post()
    sender = scene.chain.sender(PROVIDER)
    sender.send("lock", scene.chain.prediction.lock(scene.job, sender.address))
    for path in get_settings().home.glob("*.json"):
        path.unlink()
    assert [one.result for one in scene.provider().run_once()] == ["failed"]


# ---------------------------------------------------------------- fees that rise meanwhile


def gas_costs(scene: Scene, gwei: int) -> None:
    """From now on."""
    scene.chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(gwei * 10**9))
    scene.chain.rpc("evm_mine")


def while_fees_rise(scene: Scene, step: Callable[..., Any]) -> Callable[..., Any]:
    """The step, during which a gas comes to cost 100 gwei."""

    def slowly(*arguments: Any) -> Any:
        gas_costs(scene, 100)
        return step(*arguments)

    return slowly


@pytest.fixture
def cheap_again(scene: Scene) -> Iterator[None]:
    """The chain is that of other tests too."""
    yield
    gas_costs(scene, 1)


@pytest.mark.usefixtures("cheap_again")
def test_a_job_is_weighed_again_when_its_stake_is_sent(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = scene.post()
    monkeypatch.setattr(Readiness, "ready", while_fees_rise(scene, Readiness.ready))
    (outcome,) = scene.provider().run_once()
    assert "its gas costs" in outcome.message
    assert scene.state(job_id) is State.OPEN


@pytest.mark.usefixtures("cheap_again")
def test_a_delivery_that_costs_more_than_it_saves_waits_for_lower_fees(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = scene.post()
    with monkeypatch.context() as patched:
        patched.setattr(Steps, "prove", while_fees_rise(scene, Steps.prove))
        (outcome,) = scene.provider().run_once()
    assert "and 0.014 ETH is won or lost by it: nothing was sent" in outcome.message
    assert scene.state(job_id) is State.LOCKED
    gas_costs(scene, 1)
    (outcome,) = scene.provider().run_once()
    assert outcome.result == Stage.DELIVERED
    assert scene.state(job_id) is State.PAID


def test_a_credit_that_cannot_be_taken_out_keeps_no_other(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, other = "0x" + "ee" * 20, "0x" + "ff" * 20
    purse = Purse({token: Bounds(), other: Bounds()})
    left: list[str] = []

    def odd(_sender: object, _contract: object, currency: str, _to: str) -> list[Any]:
        if currency == token:
            raise ContractRefused("the token says no")
        return [SimpleNamespace(amount=5)]

    monkeypatch.setattr(serve, "withdraw_credit", odd)
    provider = scene.provider(replace(POLICY, purse=purse))
    assert provider.withdraw(left=left.append) == {ETH: 5, other: 5}
    assert left == [f"{token}: the token says no"]
    with pytest.raises(ContractRefused):
        provider.withdraw()
