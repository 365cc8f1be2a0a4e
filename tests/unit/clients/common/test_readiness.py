"""Nothing is staked on what was never proven here, nor after a proof has failed."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import (
    ArtifactMismatch,
    ProofRejected,
    ProvingError,
    StatementInvalid,
    WorkerFailed,
)
from prover.base.settings import get_settings
from prover.clients.common import readiness as module
from prover.clients.common.readiness import KeyMissing, Readiness, check_key, strange_items
from prover.statement.context import NO_JOB, JobContext
from prover.statement.documents.inputs_file import Item, padding
from prover.systems.ezkl.artifacts import PK, Artifacts
from prover.systems.ezkl.prover import check_item
from prover.systems.proof import Proof
from tests.conftest import Proven

FIRST, SECOND, BROKEN = (Proof(bytes([number]), (1,)) for number in (1, 2, 9))


@dataclass
class FakeSystem:
    """A proof system that notes what it is asked, and fails if told so."""

    asked: list[tuple[Item, ...]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    failing: dict[str, Exception] = field(default_factory=dict)
    verified: list[list[bytes]] = field(default_factory=list)

    def _do(self, name: str) -> None:
        self.done.append(name)
        if name in self.failing:
            raise self.failing[name]

    def witness(self, _artifacts: Artifacts, items: Sequence[Item], _context: JobContext) -> Any:
        self.asked.append(tuple(items))
        self._do("witness")
        return SimpleNamespace()

    def prove(self, *_: object) -> Proof:
        self._do("prove")
        return Proof(b"\1", (1,))

    def verify(self, _artifacts: Artifacts, proofs: Sequence[Proof]) -> None:
        self.verified.append([one.proof for one in proofs])
        self._do("verify")
        if BROKEN in proofs:
            raise ProofRejected("it does not hold")


@pytest.fixture
def artifacts(proven: Callable[[str], Proven], home: Path) -> Artifacts:
    return proven("batch").artifacts


@pytest.fixture
def system() -> FakeSystem:
    return FakeSystem()


def readiness(system: FakeSystem) -> Readiness:
    return Readiness(system)  # type: ignore[arg-type]


def without_key(artifacts: Artifacts, tmp_path: Path, key: bytes | None) -> Artifacts:
    """The same artifacts in a folder with another proving key, or none."""
    there = tmp_path / "imported"
    there.mkdir()
    for path in artifacts.directory.iterdir():
        if path.name != PK:
            (there / path.name).symlink_to(path)
    if key is not None:
        (there / PK).write_bytes(key)
    return replace(artifacts, directory=there)


def test_an_imported_model_has_no_key_and_is_not_ready(
    artifacts: Artifacts, tmp_path: Path, system: FakeSystem
) -> None:
    with pytest.raises(
        KeyMissing, match=r"no proving key at .*: nothing is staked; `zkescrow model keys"
    ):
        readiness(system).ready(without_key(artifacts, tmp_path, None))
    assert system.done == []


@pytest.mark.parametrize("change", ["truncated", "flipped"])
def test_a_key_that_is_not_the_manifests_is_named(
    artifacts: Artifacts, tmp_path: Path, system: FakeSystem, change: str
) -> None:
    key = bytearray(Path(artifacts.path(PK)).read_bytes())
    key[100] ^= 1
    content = bytes(key) if change == "flipped" else bytes(key[:-1])
    with pytest.raises(ArtifactMismatch, match=r"SHA-256 .*: expected .* by the manifest"):
        readiness(system).ready(without_key(artifacts, tmp_path, content))
    assert system.done == []


def test_the_key_is_looked_at_each_time(artifacts: Artifacts, system: FakeSystem) -> None:
    assert check_key(artifacts) == artifacts.manifest.sha256[PK]
    ready = readiness(system)
    ready.ready(artifacts)
    other = replace(artifacts, directory=get_settings().home / "nowhere")
    with pytest.raises(KeyMissing):
        ready.ready(other)


def test_one_proof_is_rehearsed_once_for_a_model(
    artifacts: Artifacts, system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([10.0, 17.5])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    made = readiness(system).ready(artifacts)
    assert made.seconds == 7.5
    assert made.memory_bytes >= 0
    assert readiness(system).ready(artifacts) == made
    assert system.done == ["witness", "prove", "verify"]


def test_what_is_rehearsed_are_items_of_the_job(artifacts: Artifacts, system: FakeSystem) -> None:
    items = [padding(artifacts.facts.shape)] * 5
    readiness(system).ready(artifacts, items)
    assert system.asked == [tuple(items[: artifacts.manifest.layout.items])]


def test_another_machine_or_key_rehearses_again(
    artifacts: Artifacts, system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    readiness(system).ready(artifacts)
    monkeypatch.setattr(module.platform, "node", lambda: "another")
    readiness(system).ready(artifacts)
    assert system.done.count("prove") == 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": 1}', '{"seconds": "x"}'])
def test_a_damaged_record_is_as_good_as_none(
    artifacts: Artifacts, system: FakeSystem, content: str
) -> None:
    readiness(system).ready(artifacts)
    (path,) = (get_settings().home / "rehearsals").glob("*.json")
    path.write_text(content)
    readiness(system).ready(artifacts)
    assert system.done.count("prove") == 2


def test_a_record_of_no_time_is_as_good_as_none(artifacts: Artifacts, system: FakeSystem) -> None:
    readiness(system).ready(artifacts)
    (path,) = (get_settings().home / "rehearsals").glob("*.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"seconds": 0}))
    readiness(system).ready(artifacts)
    assert system.done.count("prove") == 2


@pytest.mark.parametrize("step", ["witness", "prove", "verify"])
def test_a_rehearsal_that_fails_bars_the_model_in_this_run(
    artifacts: Artifacts, system: FakeSystem, step: str
) -> None:
    system.failing[step] = WorkerFailed("out of memory")
    ready = readiness(system)
    for _ in range(2):
        with pytest.raises(ProvingError, match=r"no new job .* failed \(out of memory\)"):
            ready.ready(artifacts)
    assert system.done.count("witness") == 1


def test_a_failed_proof_bars_the_model_until_a_rehearsal_succeeds(
    artifacts: Artifacts, system: FakeSystem
) -> None:
    ready = readiness(system)
    ready.ready(artifacts)
    system.failing["prove"] = ProofRejected("no")
    with pytest.raises(ProofRejected):
        ready.prove(artifacts, [padding(artifacts.facts.shape)], NO_JOB)
    with pytest.raises(ProvingError, match="no new job of this model"):
        ready.ready(artifacts)
    with pytest.raises(ProvingError, match="no new job of this model"):
        readiness(system).ready(artifacts)  # the next run rehearses, and fails
    system.failing.clear()
    assert readiness(system).ready(artifacts).failure == ""
    assert ready_again(artifacts, system)


def ready_again(artifacts: Artifacts, system: FakeSystem) -> bool:
    before = system.done.count("prove")
    readiness(system).ready(artifacts)
    return system.done.count("prove") == before


def test_an_unexpected_error_bars_it_too(artifacts: Artifacts, system: FakeSystem) -> None:
    system.failing["verify"] = ZeroDivisionError("odd")
    ready = readiness(system)
    with pytest.raises(ZeroDivisionError):
        ready.prove(artifacts, [padding(artifacts.facts.shape)], NO_JOB)
    with pytest.raises(ProvingError, match="odd"):
        ready.ready(artifacts)


def test_a_job_gets_a_proof_that_was_verified(artifacts: Artifacts, system: FakeSystem) -> None:
    made = readiness(system).prove(artifacts, [padding(artifacts.facts.shape)], NO_JOB)
    assert made == Proof(b"\1", (1,))
    assert system.done == ["witness", "prove", "verify"]


# ---------------------------------------------------------------- kept proofs


def test_kept_proofs_are_verified_together_and_once(
    artifacts: Artifacts, system: FakeSystem
) -> None:
    ready = readiness(system)
    for _ in range(2):
        assert ready.faults(artifacts, [FIRST, SECOND]) == [None, None]
        assert ready.faults(artifacts, [SECOND]) == [None]
    assert system.verified == [[b"\1", b"\2"]]
    assert ready.faults(artifacts, []) == []


def test_a_proof_that_was_made_by_this_process_is_not_verified_again(
    artifacts: Artifacts, system: FakeSystem
) -> None:
    ready = readiness(system)
    made = ready.prove(artifacts, [padding(artifacts.facts.shape)], NO_JOB)
    assert ready.faults(artifacts, [made]) == [None]
    assert system.verified == [[made.proof]]


@pytest.mark.parametrize("kind", [ProofRejected, StatementInvalid])
def test_which_of_the_kept_proofs_do_not_hold_is_told(
    artifacts: Artifacts, system: FakeSystem, kind: type[Exception]
) -> None:
    """No new job is refused for that: it is the disk's fault."""
    ready = readiness(system)
    assert ready.faults(artifacts, [FIRST, BROKEN]) == [None, "it does not hold"]
    system.failing["verify"] = kind("odd")
    assert ready.faults(artifacts, [SECOND]) == ["odd"]
    system.failing.clear()
    ready.ready(artifacts)


def test_a_kept_proof_is_not_doubted_where_none_can_be_verified(
    artifacts: Artifacts, system: FakeSystem
) -> None:
    """It may be good, and the deadline near: the contract judges it."""
    system.failing["verify"] = WorkerFailed("out of memory")
    assert readiness(system).faults(artifacts, [FIRST, SECOND]) == [None, None]
    assert system.verified == [[b"\1", b"\2"]]


def test_the_record_is_for_its_owner_only(artifacts: Artifacts, system: FakeSystem) -> None:
    readiness(system).ready(artifacts)
    (path,) = (get_settings().home / "rehearsals").glob("*.json")
    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text())["key"] == artifacts.manifest.sha256[PK]


def test_strange_items_fit_the_circuit_and_reach_its_corners(artifacts: Artifacts) -> None:
    plan, items = artifacts.manifest.plan, strange_items(artifacts)
    assert len(items) == 8
    for item in (*items, padding(artifacts.facts.shape)):
        check_item(artifacts.manifest, item)
    assert set(items[0].values) == {plan.input_min}
    assert set(items[1].values) == {plan.input_max}


@pytest.mark.parametrize(("why", "told"), [("no memory", "no memory"), ("", "no reason given")])
def test_why_a_proof_failed_is_written_down(
    artifacts: Artifacts, system: FakeSystem, why: str, told: str
) -> None:
    """Whatever is written, the next run does not take the record for a rehearsal."""
    readiness(system).failed(artifacts, why)
    (path,) = (get_settings().home / "rehearsals").glob("*.json")
    assert json.loads(path.read_text())["failure"] == told
    assert not ready_again(artifacts, system)
