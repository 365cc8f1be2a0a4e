"""Paid predictions with real proofs, through the command line, and what can go wrong with them."""

import doctest
import os
from pathlib import Path

import numpy as np
import pytest

from prover.base.errors import ContractRefused
from prover.base.settings import get_settings
from prover.chain.state.replay import load_world
from prover.clients.prediction.store import JobStore, Stage, TrackedJob
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.prediction.state import State
from prover.systems.proof import Proof
from tests.e2e.conftest import EXAMPLES, ROOT, ZKESCROW, World
from tests.killing import crashed
from tests.localchain import CONSUMER, PROVIDER, STRANGER, address_of

REWARD, STAKE = 10**16, 5 * 10**15
PROVIDE = ("provider", "run", "--once", "--account", PROVIDER)


def crash(world: World, step: str) -> None:
    """Run the provider in a process that dies at a step."""
    crashed(step, world.cli.environment, *PROVIDE)


def taken(world: World, job: str) -> TrackedJob:
    """The provider's record of a job."""
    store = JobStore(get_settings().home / "provider.sqlite")
    scope = f"{world.chain.client.scope}:{world.chain.prediction.address}"
    jobs = store.all(scope, address_of(PROVIDER))
    return next(one for one in jobs if "0x" + one.job_id.hex() == job)


def proof_of(world: World, job: str) -> Proof:
    proof = taken(world, job).proof
    assert proof is not None
    return proof


def credit(world: World, number: int) -> int:
    return world.chain.prediction.credit(ETH, address_of(number))


def test_a_digit_is_proven_paid_and_audited(world: World, tmp_path: Path) -> None:
    cli = world.cli
    assert world.model["exact"]
    labels = np.load(EXAMPLES / "digits-test.npz")["labels"]
    posted = cli.post(3)
    assert posted["total_gas"] < 16_777_216
    assert cli.json("prediction", "status")["state"] == "open"
    served = cli.json(*PROVIDE)
    assert [job["result"] for job in served["jobs"]] == ["delivered"]
    assert served["withdrawn"] == {ETH: REWARD + STAKE}
    status = cli.json("prediction", "status", posted["job"])
    assert status["state"] == "paid"
    assert status["predictions"][0]["label"] == labels[3]
    assert not cli.json(*PROVIDE)["jobs"]
    page = tmp_path / "report.html"
    audit = cli.json("audit", "replay", "--report", page)
    assert (audit["proofs_reverified"], audit["mismatches"]) == (1, [])
    assert audit["jobs_by_state"] == {"paid": 1}
    assert "no mismatch" in page.read_text()


def test_the_model_is_verified_against_the_chain(world: World) -> None:
    cli, chain = world.cli, world.chain
    assert cli.json("model", "verify", "digits")["verified"]
    shown = cli.json("model", "show", "digits")
    assert shown["model_id"] == world.model["model_id"]
    assert f"artifacts: {shown['artifacts']}" in cli.run("model", "show", "digits").out
    assert "digits" in [model["name"] for model in cli.json("model", "list")["models"]]
    code = bytearray(chain.client.code(world.model["verifier"]))
    code[-1] ^= 1
    chain.rpc("anvil_setCode", world.model["verifier"], "0x" + code.hex())
    refused = cli.run("model", "verify", "digits", status=1).message()
    assert "differ from the rebuilt" in refused
    again = cli.run(
        *("prediction", "post", "--model", "digits", "--account", 2, "--index", 3),
        *("--inputs", EXAMPLES / "digits-test.npz", "--reward", 1, "--stake", 1),
        status=1,
    )
    assert "do not stake" in again.message()


def test_a_late_provider_loses_its_stake_to_the_consumer(world: World) -> None:
    cli, chain = world.cli, world.chain
    job = cli.post(3, "--prove-within", "1m")["job"]
    crash(world, "after lock")
    assert cli.json("prediction", "status")["state"] == "locked"
    early = cli.run("prediction", "refund", "--account", CONSUMER, status=1).message()
    assert "Jobs_Early" in early
    chain.pass_time(61)
    late = cli.json(*PROVIDE, status=1)["jobs"]
    assert [one["result"] for one in late] == ["late"]
    assert "was not delivered until" in cli.json("prediction", "status")["next"]
    ended = cli.json("prediction", "refund", job, "--account", STRANGER)
    assert ended["state"] == "slashed"
    assert (
        f"credited: {address_of(CONSUMER)} 0.015 ETH (withdraw it with `zkescrow" in ended["next"]
    )
    assert credit(world, STRANGER) == credit(world, PROVIDER) == 0
    taken_out = cli.json("withdraw", "--account", CONSUMER)
    assert taken_out["withdrawn"] == {ETH: REWARD + STAKE}
    audit = cli.json("audit", "replay")
    assert (audit["jobs_by_state"], audit["mismatches"]) == ({"slashed": 1}, [])


def test_a_stolen_proof_pays_the_payee_it_was_made_for(world: World) -> None:
    job = world.cli.post()["job"]
    crash(world, "before deliver")
    proof = proof_of(world, job)
    record = load_world(world.chain.client, world.chain.deployment).prediction.jobs[
        bytes.fromhex(job[2:])
    ]
    thief = world.chain.sender(STRANGER)
    call = world.chain.prediction.deliver(record.job, 1, proof.proof, list(proof.instances))
    thief.send(f"steal:{job}", call)
    assert credit(world, STRANGER) == 0
    assert credit(world, PROVIDER) == REWARD + STAKE
    assert world.cli.json(*PROVIDE)["jobs"][0]["result"] == "delivered"
    assert world.cli.json("audit", "replay")["mismatches"] == []


@pytest.mark.parametrize("other", ["job", "payee"])
def test_a_proof_for_another_job_or_payee_is_rejected(world: World, other: str) -> None:
    """A thief locks a job on the same inputs, and offers the proof it has seen."""
    chain, predictions = world.chain, world.chain.prediction
    job = world.cli.post()["job"]
    crash(world, "before deliver")
    proof = proof_of(world, job)
    if other == "payee":  # the same job, locked by the thief for itself
        chain.rpc("anvil_setStorageAt", predictions.address, *_payee_slot(world, job))
    second = job if other == "payee" else world.cli.post()["job"]
    job_id = bytes.fromhex(second[2:])
    record = load_world(chain.client, chain.deployment).prediction.jobs[job_id]
    thief = chain.sender(STRANGER)
    if other == "job":
        thief.send(f"lock:{second}", predictions.lock(record.job, address_of(PROVIDER)))
    call = predictions.deliver(record.job, 1, proof.proof, list(proof.instances))
    with pytest.raises(ContractRefused, match="ProofAcceptance_WrongContext"):
        thief.send(f"steal:{job}", call)


def _payee_slot(world: World, job: str) -> tuple[str, str]:
    """The storage word of a job, with the thief as payee."""
    from eth_utils.crypto import keccak

    chain = world.chain
    for slot in range(8):
        where = "0x" + keccak(bytes.fromhex(job[2:]) + slot.to_bytes(32, "big")).hex()
        word = chain.rpc("eth_getStorageAt", chain.prediction.address, where, "latest")
        payee, thief = (address_of(number)[2:].lower() for number in (PROVIDER, STRANGER))
        if payee in word:
            return where, word.replace(payee, thief)
    raise AssertionError("the job's slot was not found")


@pytest.mark.parametrize(
    ("step", "stage"),
    [
        ("after lock", Stage.TAKEN),
        pytest.param("before lock", Stage.TAKEN, marks=pytest.mark.deep),
        pytest.param("before deliver", Stage.PROVEN, marks=pytest.mark.deep),
        pytest.param("after deliver", Stage.PROVEN, marks=pytest.mark.deep),
    ],
)
def test_a_killed_provider_goes_on_where_it_was(world: World, step: str, stage: Stage) -> None:
    cli, chain = world.cli, world.chain
    job = cli.post()["job"]
    crash(world, step)
    before = taken(world, job)
    assert before.stage is stage
    assert cli.json(*PROVIDE)["jobs"][0]["result"] == "delivered"
    after = taken(world, job)
    assert before.proof in (None, after.proof)
    status = chain.prediction.status(bytes.fromhex(job[2:]))
    assert status.state is State.PAID
    assert cli.json("audit", "replay")["mismatches"] == []


def test_a_job_is_cancelled_before_it_is_locked_only(world: World) -> None:
    cli = world.cli
    cli.post()
    refused = cli.run("prediction", "cancel", "--account", STRANGER, status=1).message()
    assert "Jobs_NotConsumer" in refused
    cli.run("prediction", "cancel", "--account", CONSUMER)
    assert cli.json("prediction", "status")["state"] == "cancelled"
    assert cli.json("withdraw", "--account", CONSUMER)["withdrawn"] == {ETH: REWARD}
    assert not cli.json(*PROVIDE)["jobs"]


@pytest.mark.deep
def test_an_audit_finds_a_credit_that_nobody_earned(world: World) -> None:
    cli, chain = world.cli, world.chain
    cli.post()
    cli.run(*PROVIDE, "--no-withdraw")
    assert cli.json("audit", "replay")["mismatches"] == []
    chain.rpc("anvil_setStorageAt", chain.prediction.address, *_credit_slot(world))
    found = cli.json("audit", "replay", status=1)
    (mismatch,) = found["mismatches"]
    assert mismatch["where"].startswith(f"credit of {address_of(PROVIDER)}")


def test_an_audit_finds_money_that_is_missing(world: World, tmp_path: Path) -> None:
    world.cli.post()
    world.chain.rpc("anvil_setBalance", world.chain.prediction.address, hex(REWARD - 1))
    found = world.cli.json("audit", "replay", status=1)
    assert found["mismatches"][0]["what"] == f"{REWARD - 1} is held, {REWARD} is owed"
    page = tmp_path / "report.html"
    told = world.cli.run("audit", "replay", "--report", page, status=1)
    assert f"report written to {page}" in told.out
    assert "is owed" in page.read_text()


def _credit_slot(world: World) -> tuple[str, str]:
    """The storage word of the provider's credit, with one wei more."""
    from eth_utils.crypto import keccak

    chain = world.chain
    account = bytes.fromhex(address_of(PROVIDER)[2:]).rjust(32, b"\0")
    for slot in range(8):
        inner = keccak(bytes(32) + slot.to_bytes(32, "big"))
        where = "0x" + keccak(account + inner).hex()
        word = int(chain.rpc("eth_getStorageAt", chain.prediction.address, where, "latest"), 16)
        if word == REWARD + STAKE:
            return where, f"0x{word + 1:064x}"
    raise AssertionError("the credit's slot was not found")


def test_files_alone_prove_and_verify(world: World, tmp_path: Path) -> None:
    cli, predictions = world.cli, world.chain.prediction.address
    posted = cli.post()
    artifacts = ("--artifacts", world.model["artifacts"])
    model_id = ("--model", world.model["model_id"])
    job = ("--chain-id", 31337, "--market", predictions, "--job", posted["job"], *model_id)
    payee = ("--payee", address_of(PROVIDER))
    proof = tmp_path / "proof.json"
    inputs = ("--inputs", posted["inputs_file"])
    made = cli.json("prove", *inputs, *artifacts, *job, *payee, "--out", proof)
    held = cli.json("verify", proof, *artifacts, *inputs, *job, *payee)
    assert held["checked"] == ["proof", "inputs", "context"]
    assert held["predictions"] == made["predictions"]
    stranger = ("--payee", address_of(STRANGER))
    refused = cli.run("verify", proof, *artifacts, *job, *stranger, status=1).message()
    assert "it was made for another one" in refused
    proof.write_text(proof.read_text().replace('"proof": "0x', '"proof": "0x00', 1))
    assert "bytes" in cli.run("verify", proof, *artifacts, status=1).message()


def test_the_examples_of_the_api_run(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As docs/API.md shows them, but for the node's port."""
    (tmp_path / "examples").symlink_to(EXAMPLES)
    monkeypatch.chdir(tmp_path)
    for name, value in world.cli.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", str(Path(ZKESCROW).parent), prepend=os.pathsep)
    text = (ROOT / "docs/API.md").read_text()
    shown = '"http://127.0.0.1:8545"'
    assert shown in text
    text = text.replace(shown, repr(world.chain.url))
    examples = doctest.DocTestParser().get_doctest(text, {}, "API.md", "docs/API.md", 0)
    found = doctest.DocTestRunner().run(examples)
    assert (found.failed, found.attempted > 15) == (0, True)
