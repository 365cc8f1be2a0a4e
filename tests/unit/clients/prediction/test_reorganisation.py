"""What a node says may be old, and what a chain says may change: nothing is given up for that."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text

from prover.base.settings import get_settings
from prover.chain.contracts.prediction import Status
from prover.chain.events import finality
from prover.chain.events.finality import Block
from prover.chain.sending import waiting
from prover.clients.prediction import steps
from prover.clients.prediction.examine import Examiner
from prover.clients.prediction.steps import WAITING
from prover.clients.prediction.store import JobStore, Stage, TrackedJob
from prover.clients.prediction.views import View, end_of
from prover.protocol.prediction.state import State
from prover.systems.ezkl.system import Ezkl
from prover.systems.proof import Proof
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
from tests.unit.clients.scene import PROVE_SECONDS, STAKE, Scene

node_with_contracts = with_models("plain")

DEPTH = 3
NOWHERE = Block(1, b"\0" * 32)


@pytest.fixture
def scene(chain: Chain, proven: Callable[[str], Proven]) -> Scene:
    return Scene(chain, proven("plain"))


@pytest.fixture
def deep() -> Iterator[None]:
    """Blocks are final when three lie on them."""
    with settings_of(confirmations=str(DEPTH)):
        yield


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that was put back is waited for, for nothing."""
    monkeypatch.setattr(finality, "LOCAL_BEHIND_SECONDS", 0.3)


def results(scene: Scene) -> list[str]:
    return [str(one.result) for one in scene.provider().run_once()]


def forbidden(*_: object, **__: object) -> None:
    raise AssertionError("the proof was made before")


# ---------------------------------------------------------------- a node that is behind


@pytest.mark.parametrize("hides", [False, True])
def test_a_first_view_one_block_old_does_not_lose_the_stake(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, hides: bool
) -> None:
    """The node that answers after the lock has not got its block yet."""
    job_id = scene.post()
    monkeypatch.setattr(steps, "LOCAL_PATIENCE_SECONDS", 600.0)  # a busy machine takes its time
    monkeypatch.setattr(finality, "LOCAL_BEHIND_SECONDS", 600.0)
    with late_node(scene.chain.url) as (node, client):
        late_after_lock(node, monkeypatch, answers=4, hides=hides)
        (outcome,) = scene.provider(client=client).run_once()
        assert node.told
    assert outcome.result == Stage.DELIVERED
    assert scene.state(job_id) is State.PAID


def late_after_lock(
    node: LateNode, monkeypatch: pytest.MonkeyPatch, answers: int | None, hides: bool
) -> None:
    lock = steps.Steps.lock

    def locking(self: steps.Steps, job: TrackedJob) -> object:
        locked = lock(self, job)
        node.late, node.answers, node.hides = 1, answers, hides
        return locked

    monkeypatch.setattr(steps.Steps, "lock", locking)


def test_a_node_that_stays_behind_loses_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never learns of the lock; another node does, and the job is paid with the proof kept."""
    job_id = scene.post()
    monkeypatch.setattr(steps, "LOCAL_PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(waiting, "GIVE_UP_SECONDS", 0.3)
    monkeypatch.setattr(finality, "LOCAL_BEHIND_SECONDS", 0.3)
    with late_node(scene.chain.url) as (node, client):
        late_after_lock(node, monkeypatch, answers=None, hides=True)
        (outcome,) = scene.provider(client=client).run_once()
        assert outcome.result == WAITING
        assert "nothing is given up" in outcome.message
        (job,) = scene.taken()
        assert (job.stage, job.final) == (Stage.PROVEN, False)
        (again,) = scene.provider(client=client).run_once()
        assert again.result in (WAITING, "failed", "skipped")
        assert scene.taken()[0].stage is Stage.PROVEN
    monkeypatch.setattr(Ezkl, "prove", forbidden)
    assert results(scene) == [Stage.DELIVERED]
    assert scene.state(job_id) is State.PAID


def test_a_rival_is_not_believed_from_an_old_block() -> None:
    job = TrackedJob("scope", "me", b"\1" * 32, "payee", b"", Stage.LOCKED)
    theirs = Status(State.LOCKED, "other", 100)
    assert end_of(job, View(NOWHERE, False, theirs)) is Stage.LOST
    assert end_of(job, View(NOWHERE, True, theirs)) is None


@pytest.mark.parametrize(
    ("state", "payee", "time", "end"),
    [
        (State.OPEN, "none", 0, None),
        (State.NONE, "none", 0, None),
        (State.LOCKED, "payee", 100, None),
        (State.LOCKED, "payee", 101, Stage.LATE),
        (State.PAID, "payee", 0, Stage.DELIVERED),
        (State.SLASHED, "payee", 0, Stage.LATE),
        (State.VOIDED, "payee", 0, Stage.VOIDED),
        (State.LOCKED, "other", 0, Stage.LOST),
        (State.PAID, "other", 0, Stage.LOST),
        (State.CANCELLED, "none", 0, Stage.LOST),
        (State.EXPIRED, "none", 0, Stage.LOST),
    ],
)
def test_how_a_job_has_ended_is_read_from_one_block(
    state: State, payee: str, time: int, end: Stage | None
) -> None:
    job = TrackedJob("scope", "me", b"\1" * 32, "payee", b"")
    view = View(Block(9, b"\1" * 32, time), False, Status(state, payee, 100))
    assert end_of(job, view) is end


# ---------------------------------------------------------------- a chain that changes


def test_a_delivery_is_final_when_it_is_buried(scene: Scene, deep: None) -> None:
    scene.post()
    (outcome,) = scene.provider().run_once()
    assert "final when 3 blocks lie on it" in outcome.message
    (job,) = scene.taken()
    assert (job.stage, job.final) == (Stage.DELIVERED, False)
    for final in (False, True):
        scene.chain.rpc("anvil_mine", DEPTH - 1)
        assert results(scene) == []
        assert scene.taken()[0].final is final


@pytest.mark.parametrize("confirmations", ["0", str(DEPTH)])
def test_a_delivery_that_was_reorganised_away_is_delivered_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, confirmations: str
) -> None:
    """Whatever depth is configured: the proof is kept, and the block is looked at again."""
    job_id = scene.post()
    deliver = steps.Steps.deliver
    taken_back: list[str] = []

    def delivering(self: steps.Steps, *arguments: object) -> object:
        taken_back.append(scene.chain.rpc("evm_snapshot"))
        return deliver(self, *arguments)  # type: ignore[arg-type]

    with settings_of(confirmations=confirmations):
        monkeypatch.setattr(steps.Steps, "deliver", delivering)
        assert results(scene) == [Stage.DELIVERED]
        scene.chain.rpc("evm_revert", taken_back[0])
        assert scene.state(job_id) is State.LOCKED
        monkeypatch.setattr(Ezkl, "prove", forbidden)
        assert results(scene) == [Stage.DELIVERED]
    assert scene.state(job_id) is State.PAID


def test_a_lock_that_was_reorganised_away_is_made_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, deep: None
) -> None:
    job_id = scene.post()
    before = scene.chain.rpc("evm_snapshot")
    assert results(scene) == [Stage.DELIVERED]
    scene.chain.rpc("evm_revert", before)
    assert scene.state(job_id) is State.OPEN
    monkeypatch.setattr(Ezkl, "prove", forbidden)
    assert results(scene) == [Stage.DELIVERED]
    assert scene.state(job_id) is State.PAID
    paid = scene.chain.prediction.credit("0x" + "00" * 20, address_of(PROVIDER))
    assert paid == scene.job.terms.reward + STAKE


def test_blocks_that_are_replaced_are_noticed(scene: Scene, deep: None) -> None:
    """A reorganisation of the same height: other blocks, without the delivery."""
    job_id = scene.post()
    assert results(scene) == [Stage.DELIVERED]
    scene.chain.rpc("anvil_mine", 1)
    scene.chain.rpc("anvil_reorg", 2, [])
    assert scene.state(job_id) is State.LOCKED
    assert results(scene) == [Stage.DELIVERED]
    assert scene.state(job_id) is State.PAID


def test_a_job_lost_to_a_rival_is_taken_if_the_rival_is_reorganised_away(
    scene: Scene, deep: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = scene.post()
    before = scene.chain.rpc("evm_snapshot")
    lock = steps.Steps.lock
    with monkeypatch.context() as patch:

        def slow(self: steps.Steps, job: TrackedJob) -> object:
            rival = scene.chain.sender(STRANGER)
            rival.send("lock", scene.chain.prediction.lock(scene.job, rival.address))
            return lock(self, job)

        patch.setattr(steps.Steps, "lock", slow)
        assert results(scene) == [Stage.LOST]
    assert (scene.taken()[0].stage, scene.taken()[0].final) == (Stage.LOST, False)
    assert results(scene) == []
    scene.chain.rpc("evm_revert", before)
    assert results(scene) == [Stage.DELIVERED]
    assert scene.state(job_id) is State.PAID


def test_an_end_of_another_branch_is_doubted_although_a_later_one_stands(
    scene: Scene, deep: None
) -> None:
    """A loss that was seen before a reorganisation, and a delivery that was seen after it."""
    first = scene.post()
    scene.store.save(replace(taken(scene, first), stage=Stage.LOST, block=NOWHERE))
    second = scene.post()
    now = Block.of(scene.chain.client.block())
    scene.store.save(replace(taken(scene, second), stage=Stage.DELIVERED, block=now))
    assert results(scene) == [Stage.DELIVERED]
    assert scene.state(first) is State.PAID


def test_a_lost_job_that_is_final_is_left_alone(scene: Scene, deep: None) -> None:
    job_id = scene.post()
    scene.store.save(replace(taken(scene, job_id), stage=Stage.TAKEN))
    cancel = scene.chain.prediction.cancel(scene.job)
    scene.chain.sender(CONSUMER).send("cancel", cancel)
    assert results(scene) == [Stage.LOST]
    scene.chain.rpc("anvil_mine", DEPTH)
    assert results(scene) == []
    assert scene.taken()[0].final


def taken(scene: Scene, job_id: bytes) -> TrackedJob:
    scope = f"{scene.chain.client.scope}:{scene.chain.prediction.address}"
    account = address_of(PROVIDER)
    return TrackedJob(scope, account, job_id, account, b"")


def test_a_job_that_was_taken_but_not_locked_is_looked_at_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run was killed before the stake; what the job asks is weighed anew, then it is served."""
    job_id = scene.post()
    scene.store.save(taken(scene, job_id))
    looked: list[bytes] = []
    examined = Examiner.examined

    def noting(self: Examiner, *arguments: object) -> bytes:
        looked.append(job_id)
        return examined(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Examiner, "examined", noting)
    assert results(scene) == [Stage.DELIVERED]
    assert looked == [job_id]


def test_a_late_job_is_said_once_and_again_only_if_its_block_is_gone(
    scene: Scene, deep: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = scene.post()
    with monkeypatch.context() as patch:
        patch.setattr(steps.Steps, "deliver", forbidden)
        assert results(scene) == ["failed"]
    locked = scene.chain.rpc("evm_snapshot")
    scene.chain.pass_time(PROVE_SECONDS + 1)
    assert results(scene) == [Stage.LATE]
    assert results(scene) == []
    scene.chain.rpc("evm_revert", locked)
    assert scene.state(job_id) is State.LOCKED
    monkeypatch.setattr(Ezkl, "prove", forbidden)
    assert results(scene) == [Stage.DELIVERED]
    assert scene.state(job_id) is State.PAID


# ---------------------------------------------------------------- the store


def test_a_store_of_an_earlier_version_is_taken_on(home: object) -> None:
    path = get_settings().home / "provider.sqlite"
    proof = Proof(b"\1", (2,))
    job = TrackedJob("s", "a", b"\1" * 32, "p", b"r", Stage.DELIVERED, proof, 1.5)
    JobStore(path).save(job)
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("PRAGMA user_version=0"))
        for column in ("block_number", "block_hash", "final"):
            connection.execute(text(f"ALTER TABLE jobs DROP COLUMN {column}"))
    store = JobStore(path)
    assert list(store.all("s", "a")) == [job]
    seen = Block(7, b"\2" * 32)
    store.advance(job, Stage.DELIVERED, seen, final=True)
    assert list(JobStore(path).all("s", "a")) == [replace(job, block=seen, final=True)]
