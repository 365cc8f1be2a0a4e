"""Set-up is deterministic, whole or absent, and can be checked by doing it again."""

import json
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prover.base.errors import (
    ArtifactMismatch,
    EnvironmentMissing,
    ModelRefused,
    UnsoundCircuit,
    WorkerFailed,
    ZkescrowError,
)
from prover.base.files import sha256_file
from prover.base.settings import get_settings
from prover.systems import worker
from prover.systems.circuits import find_artifacts
from prover.systems.ezkl import circuit, setup
from prover.systems.ezkl.artifacts import (
    Artifacts,
    list_artifacts,
    load_artifacts,
    write_record,
)
from prover.systems.ezkl.manifest import Manifest
from prover.systems.ezkl.planner.plan import Plan
from prover.systems.ezkl.planner.skeleton import skeleton
from prover.systems.ezkl.system import Ezkl, Planned
from prover.systems.onnx.onnx_file import ImportedModel
from tests.conftest import PLAIN, PLANS, Proven, tiny_model

Get = Callable[[str], Proven]
SYSTEM = Ezkl()


@pytest.fixture
def copied(proven: Get, tmp_path: Path) -> Path:
    """A copy of the plain circuit's artifacts that a test may spoil."""
    target = tmp_path / "artifacts"
    shutil.copytree(proven("plain").artifacts.directory, target)
    return target


def with_manifest(artifacts: Artifacts, **changes: object) -> Artifacts:
    return Artifacts(artifacts.directory, artifacts.manifest.model_copy(update=changes))


def test_a_second_setup_gives_the_same_circuit(
    proven: Get, tiny: ImportedModel, home: Path
) -> None:
    first = proven("plain").artifacts
    second = SYSTEM.setup(Planned(tiny, PLAIN))
    assert second.directory.parent == (home / "artifacts").resolve()
    assert second.digest == first.digest
    assert second.manifest.code_hash == first.manifest.code_hash
    for name in ("vk.key", "pk.key", "settings.json", "network.onnx", "verifier.sol"):
        assert sha256_file(Path(second.path(name))) == sha256_file(Path(first.path(name))), name


def test_published_artifacts_are_found_again(proven: Get, home: Path) -> None:
    for name in ("plain", "hidden"):
        source = proven(name).artifacts.directory
        shutil.copytree(source, home / "artifacts" / source.name)
    (home / "artifacts" / ".partial-left-by-a-crash").mkdir()
    assert {made.digest for made in list_artifacts()} == {
        proven(name).artifacts.digest for name in ("plain", "hidden")
    }
    hidden = proven("hidden").artifacts
    assert find_artifacts(hidden.digest, hidden.weights_commitment).sample == hidden.sample
    with pytest.raises(ArtifactMismatch, match="model add"):
        find_artifacts(hidden.digest, hidden.weights_commitment + (1 << 250))


@pytest.mark.parametrize("name", ["plain", "hidden"])
def test_a_rebuild_gives_the_verifier_of_the_manifest(
    proven: Get, tiny: ImportedModel, name: str
) -> None:
    artifacts = proven(name).artifacts
    code = SYSTEM.rebuild(artifacts, model=tiny if name == "plain" else None)
    assert len(code) == artifacts.manifest.verifier.code_bytes


def test_a_rebuild_needs_no_set_up_of_the_machine_that_made_it(
    proven: Get, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts = proven("plain").artifacts
    _build_from(artifacts, monkeypatch)
    monkeypatch.setenv("ZKESCROW_CACHE", str(tmp_path / "cache of somebody else"))
    get_settings.cache_clear()
    assert SYSTEM.rebuild(artifacts)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("development", "older version"), ("hermez", "another secret"), ("mine", "not known")],
)
def test_a_rebuild_names_a_set_up_that_differs(
    copied: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    """A random one of an older version; a development one that poses as a ceremony's."""
    artifacts = load_artifacts(copied)
    _build_from(artifacts, monkeypatch)
    shown = artifacts.manifest.model_dump()
    if name == "development":
        (copied / "kzg.srs").write_bytes(b"another")
        shown["srs"]["sha256"] = sha256_file(copied / "kzg.srs")
    shown["srs"]["name"] = name
    with pytest.raises(ArtifactMismatch, match=f"set-up .*{reason}"):
        SYSTEM.rebuild(Artifacts(copied, Manifest.model_validate(shown)))


@pytest.mark.parametrize("name", ["manifest.json", "files.json", "vk.key", "settings.json"])
@pytest.mark.parametrize("piped", [True, False])
def test_no_link_is_followed_and_no_pipe_waited_for(copied: Path, name: str, piped: bool) -> None:
    """The folder that `verify --artifacts` is given may be a stranger's."""
    path = copied / name
    content = path.rename(copied.parent / f"outside-{name}")
    if piped:
        os.mkfifo(path)
    else:
        path.symlink_to(content)
    with pytest.raises(
        ArtifactMismatch, match=f"{name}(: expected a plain file| has SHA-256 nothing)"
    ):
        load_artifacts(copied)


def test_other_hidden_weights_share_the_circuit(proven: Get, tmp_path: Path, home: Path) -> None:
    """One circuit, many models: only the weights commitment tells them apart."""
    first = proven("open").artifacts
    second = SYSTEM.setup(Planned(tiny_model(tmp_path / "other.onnx", seed=9), PLANS["open"]))
    assert second.digest == first.digest
    assert second.weights_commitment != first.weights_commitment
    assert second.manifest.accuracy is None


def test_a_key_that_depends_on_hidden_weights_is_refused(
    tiny: ImportedModel, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it would if the library fixed some weights in the key."""

    def other_key(scratch: Path, *_: object) -> None:
        (scratch / "vk.key").write_bytes(b"another key")

    monkeypatch.setattr(setup, "make_keys", other_key)
    with pytest.raises(ArtifactMismatch, match=r"vk\.key of the hidden weights"):
        SYSTEM.setup(Planned(tiny, PLANS["open"]))


def test_a_skeleton_holds_no_weight(tiny: ImportedModel) -> None:
    kept = {tensor.SerializeToString() for tensor in skeleton(tiny.proto).graph.initializer}
    weights = [tensor for tensor in tiny.proto.graph.initializer if tensor.data_type == 1]
    assert weights
    assert not kept & {tensor.SerializeToString() for tensor in weights}


def test_another_model_is_told_by_its_file(proven: Get, tmp_path: Path) -> None:
    other = tiny_model(tmp_path / "other.onnx", seed=1)
    with pytest.raises(ArtifactMismatch, match="model file"):
        SYSTEM.rebuild(proven("plain").artifacts, model=other)


def test_a_network_that_is_not_the_models_is_refused(
    tiny: ImportedModel, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider publishes one model's file and another's circuit; all hashes agree."""
    other, honest = tiny_model(tmp_path / "other.onnx", seed=1), setup.wrap
    with monkeypatch.context() as lying:
        lying.setattr(setup, "wrap", lambda _, plan: honest(other, plan))
        lying.setattr(setup, "compare_corners", lambda *_: None)
        artifacts = Ezkl().setup(Planned(tiny, PLAIN))
    with pytest.raises(ArtifactMismatch, match=r"network\.onnx"):
        Ezkl().rebuild(artifacts)


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("versions.solc", "0.8.36", "versions"),
        ("sha256.network.onnx", "00", "network.onnx"),
        ("sha256.settings.json", "00", "settings.json"),
        ("sha256.vk.key", "00", "vk.key"),
        ("sha256.kzg.srs", "00", "kzg.srs"),
        ("item_elements", 3, "item elements"),
        ("scales.output", 9, "output scale"),
        ("verifier.code_hash", "00", "verifier code_hash"),
        ("verifier.source_sha256", "00", "verifier source_sha256"),
        ("verifier.proof_bytes", 1, "verifier proof_bytes"),
    ],
)
def test_a_rebuild_names_the_piece_that_differs(
    proven: Get, monkeypatch: pytest.MonkeyPatch, path: str, value: object, named: str
) -> None:
    artifacts = proven("plain").artifacts
    _build_from(artifacts, monkeypatch)
    content = artifacts.manifest.model_dump()
    parent, _, key = path.partition(".")
    if key:
        content[parent][key] = value
    else:
        content[parent] = value
    with pytest.raises(ArtifactMismatch, match=rf"^{named} rebuilt is"):
        SYSTEM.rebuild(Artifacts(artifacts.directory, Manifest.model_validate(content)))


def _build_from(artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `build` copy what it would make, to save the seconds; the test above makes it truly."""
    settings = json.loads(Path(artifacts.path("settings.json")).read_text())
    manifest = artifacts.manifest
    verifier = circuit.compile_verifier(artifacts.verifier_source)
    built = circuit.Built(settings, manifest.layout, manifest.item_elements, verifier)

    def copy(directory: Path, *_: object) -> circuit.Built:
        for name in ("settings.json", "vk.key", "pk.key"):
            shutil.copyfile(artifacts.path(name), directory / name)
        return built

    monkeypatch.setattr(setup, "build", copy)


@pytest.mark.parametrize(
    "name", ["settings.json", "vk.key", "kzg.srs", "network.onnx", "model.onnx", "verifier.sol"]
)
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_a_spoilt_file_is_named_when_artifacts_are_read(copied: Path, name: str, how: str) -> None:
    load_artifacts(copied)
    content = bytearray((copied / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / name).unlink()
    if how == "changed":
        (copied / name).write_bytes(content)
    with pytest.raises(ArtifactMismatch, match=name):
        load_artifacts(copied)


def test_a_changed_proving_key_is_never_used(proven: Get, copied: Path) -> None:
    content = bytearray((copied / "pk.key").read_bytes())
    content[-1] ^= 1
    (copied / "pk.key").write_bytes(content)
    with pytest.raises(ArtifactMismatch, match="proving key"):
        SYSTEM.prove(load_artifacts(copied), proven("plain").witness)


# --- Freivalds and unbound weights are refused at every entrance ------------------------------


def run_args_with(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    honest = Plan.run_args

    def dishonest(plan: Plan) -> dict[str, Any]:
        return honest(plan) | changes

    monkeypatch.setattr(Plan, "run_args", dishonest)


UNSOUND = [
    ({"disable_freivalds": False}, "freivalds"),
    ({"param_visibility": "private"}, "param_visibility"),
    ({"param_visibility": "hashed/private/0"}, "param_visibility"),
    ({"input_visibility": "private"}, "input_visibility"),
]


@pytest.mark.parametrize(("changes", "named"), UNSOUND)
def test_setup_refuses_an_unsound_circuit_before_it_makes_keys(
    tiny: ImportedModel,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, object],
    named: str,
) -> None:
    run_args_with(monkeypatch, **changes)
    monkeypatch.setattr(circuit, "make_keys", lambda *_: pytest.fail("keys were made"))
    with pytest.raises(UnsoundCircuit, match=named):
        SYSTEM.setup(Planned(tiny, PLAIN))
    assert list((home / "artifacts").iterdir()) == []


@pytest.mark.parametrize(("changes", "named"), UNSOUND)
def test_a_rebuild_refuses_an_unsound_circuit(
    proven: Get, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], named: str
) -> None:
    run_args_with(monkeypatch, **changes)
    with pytest.raises(UnsoundCircuit, match=named):
        SYSTEM.rebuild(proven("plain").artifacts)


def rewrite(directory: Path, name: str, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads((directory / name).read_text())
    change(content)
    (directory / name).write_text(json.dumps(content))
    write_record(directory)


def test_settings_with_freivalds_are_refused_though_the_manifest_vouches_for_them(
    copied: Path,
) -> None:
    rewrite(
        copied, "settings.json", lambda content: content["run_args"].update(disable_freivalds=False)
    )
    digest = sha256_file(copied / "settings.json")
    rewrite(
        copied,
        "manifest.json",
        lambda content: content["sha256"].update({"settings.json": digest}),
    )
    with pytest.raises(UnsoundCircuit, match="freivalds"):
        load_artifacts(copied)


@pytest.mark.parametrize(
    ("change", "error", "named"),
    [
        ({"freivalds": True}, UnsoundCircuit, "freivalds"),
        ({"freivalds": None}, UnsoundCircuit, "freivalds"),
        ({"format": 2}, ArtifactMismatch, "format"),
        ({"extra": 1}, ArtifactMismatch, "extra"),
        ({"layout_fields": {}}, ZkescrowError, "layout"),
    ],
)
def test_a_manifest_that_breaks_a_rule_is_refused(
    copied: Path, change: dict[str, object], error: type[Exception], named: str
) -> None:
    rewrite(copied, "manifest.json", lambda content: content.update(change))
    with pytest.raises(error, match=named):
        load_artifacts(copied)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"weights": "private"}, "weights"),
        ({"input_mode": "private"}, "input mode"),
        ({"weights": "hashed"}, "weight words"),
        ({"tolerance": 1}, "tolerance"),
        ({"salt_elements": 8, "salt_bits": 15}, "salt"),
        ({"exact": False, "weights": "hashed"}, "weight"),
    ],
)
def test_a_plan_that_breaks_a_rule_is_refused(
    copied: Path, change: dict[str, object], named: str
) -> None:
    rewrite(copied, "manifest.json", lambda content: content["plan_fields"].update(change))
    with pytest.raises(UnsoundCircuit, match=named):
        load_artifacts(copied)


def test_hashed_inputs_without_enough_salt_are_refused(proven: Get, tmp_path: Path) -> None:
    shutil.copytree(proven("salted").artifacts.directory, tmp_path / "copy")
    rewrite(
        tmp_path / "copy",
        "manifest.json",
        lambda content: content["plan_fields"].update(salt_bits=14),
    )
    with pytest.raises(UnsoundCircuit, match="salt"):
        load_artifacts(tmp_path / "copy")


def test_a_plan_whose_values_outgrow_its_digits_is_refused(
    proven: Get, tiny: ImportedModel, home: Path
) -> None:
    """At set-up and at every rebuild from the model: some input of the domain has no witness."""
    wide = replace(PLAIN, input_max=100_000)
    with pytest.raises(ModelRefused, match="which its digits hold"):
        SYSTEM.setup(Planned(tiny, wide))
    artifacts = proven("plain").artifacts
    fields = artifacts.manifest.plan_fields | {"input_max": 100_000}
    with pytest.raises(ModelRefused, match="which its digits hold"):
        SYSTEM.rebuild(with_manifest(artifacts, plan_fields=fields), model=tiny)


def test_a_plan_that_calls_itself_exact_is_not_believed(
    tiny: ImportedModel, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With rescaling after each product the prover may round either way: the graph shows it."""
    monkeypatch.setattr(setup, "check_plan", lambda *_: None)
    rounding = replace(PLAIN, scale_rebase_multiplier=1, output_scale=4)
    with pytest.raises(UnsoundCircuit, match="prover can choose"):
        SYSTEM.setup(Planned(tiny, rounding))


# --- Whole or absent ---------------------------------------------------------------------------


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """As on a full disk, writing beyond `size` fails; children inherit it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [100, 20_000, 1_000_000])
def test_a_full_disk_leaves_nothing_half_written(
    tiny: ImportedModel, home: Path, proven: Get, size: int
) -> None:
    assert Path(proven("plain").artifacts.path("pk.key")).stat().st_size > 1_000_000
    with files_no_larger_than(size), pytest.raises((EnvironmentMissing, WorkerFailed)):
        SYSTEM.setup(Planned(tiny, PLAIN))
    assert [path for path in (home / "artifacts").iterdir() if path.name != ".lock"] == []


def test_a_worker_that_dies_leaves_nothing_half_written(tiny: ImportedModel, home: Path) -> None:
    with pytest.raises(WorkerFailed):
        Ezkl(worker.Limits(seconds=0.05)).setup(Planned(tiny, PLAIN))
    assert list((home / "artifacts").iterdir()) == []


def test_a_model_file_changed_after_its_check_is_refused(tmp_path: Path, home: Path) -> None:
    model = tiny_model(tmp_path / "model.onnx")
    model.path.write_bytes(model.path.read_bytes() + b"\x00")
    with pytest.raises(ArtifactMismatch, match=r"model\.onnx"):
        SYSTEM.setup(Planned(model, PLAIN))


def test_too_many_inner_columns_make_the_verifier_too_large(
    tiny: ImportedModel, home: Path
) -> None:
    with pytest.raises(ModelRefused, match="expected at most 24576"):
        SYSTEM.setup(Planned(tiny, replace(PLAIN, num_inner_cols=16)))
