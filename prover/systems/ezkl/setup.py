"""Set-up: a model and its plan become published artifacts, or are checked against them."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from prover.base.errors import ArtifactMismatch, UsageError
from prover.base.files import locked, new_directory, publish, sha256_file
from prover.base.settings import get_settings
from prover.systems.class_names import CLASSES, to_bytes
from prover.systems.commitments import commitment_bytes
from prover.systems.ezkl import artifacts as files
from prover.systems.ezkl.artifacts import Artifacts, check_file, directory_name, hash_files
from prover.systems.ezkl.circuit import Built, build, make_keys
from prover.systems.ezkl.evaluate import compare_corners
from prover.systems.ezkl.manifest import (
    FIXED,
    Manifest,
    check_manifest,
    current_versions,
    make_manifest,
    record_verifier,
)
from prover.systems.ezkl.planner.check import check_plan
from prover.systems.ezkl.planner.plan import Plan
from prover.systems.ezkl.planner.skeleton import serialise, skeleton
from prover.systems.ezkl.planner.wrap import wrap
from prover.systems.ezkl.prover import prove_sample, weights_digest
from prover.systems.onnx.onnx_file import ImportedModel, load
from prover.systems.srs import INSECURE, Reference, SetUp, SetUpChoice, check_named
from prover.systems.worker import Limits, Progress


def setup(
    model: ImportedModel,
    plan: Plan,
    limits: Limits,
    progress: Progress | None = None,
    srs: SetUpChoice = INSECURE,
    class_names: tuple[str, ...] | None = None,
) -> Artifacts:
    """Build, prove a sample, and publish under settings.home; an equal directory there is kept.

    Nothing is left behind on failure. Raises UnsoundCircuit, ModelRefused, WorkerFailed,
    EnvironmentMissing (no space).
    """
    check_plan(model, plan)
    home = get_settings().artifacts
    with new_directory(home) as scratch:
        made = _make(scratch, model, plan, limits, srs.at(plan.logrows), progress, class_names)
        target = home / directory_name(made.digest, made.weights_commitment)
        with locked(home / ".lock"):
            _publish(scratch, target)
    return files.load_own(target)


def rebuild(
    artifacts: Artifacts,
    limits: Limits,
    model: ImportedModel | None = None,
    progress: Progress | None = None,
) -> bytes:
    """Build everything again and compare with the artifacts; returns the verifier's runtime code.

    From the model's ONNX file: the one given, else the artifacts' own. A model with hidden weights
    that is not given is rebuilt from the skeleton network in the artifacts, which is all there is.
    Raises ArtifactMismatch naming the piece that differs.
    """
    with new_directory(get_settings().cache / "rebuild") as scratch:
        built = _rebuild(scratch, artifacts, limits, model, progress)
    return built.verifier.contract.runtime


def make_proving_key(
    artifacts: Artifacts, limits: Limits, progress: Progress | None = None
) -> None:
    """Put the proving key into artifacts that were imported without one, by rebuilding all of them.

    The compiled circuit is this machine's own already. A key that is there and has the manifest's
    hash stays. Raises UsageError where the weights are hidden, as
    then only their owner can compile the circuit; ArtifactMismatch naming the piece that differs.
    """
    if has_proving_key(artifacts):
        return
    if artifacts.manifest.plan.weights != FIXED:
        raise UsageError(
            "the model's weights are hidden, so only their owner can make its proving key; for "
            "weights of your own: zkescrow model add MODEL.onnx --like MODEL"
        )
    with new_directory(artifacts.directory) as scratch:
        _rebuild(scratch, artifacts, limits, None, progress)
        publish(scratch / files.PK, Path(artifacts.path(files.PK)))


def has_proving_key(artifacts: Artifacts) -> bool:
    """Whether the proving key is there and has the hash that the manifest states."""
    path = artifacts.directory / files.PK
    return path.is_file() and sha256_file(path) == artifacts.manifest.sha256[files.PK]


def _rebuild(
    scratch: Path,
    artifacts: Artifacts,
    limits: Limits,
    model: ImportedModel | None,
    progress: Progress | None,
) -> Built:
    """All files again in `scratch`, compared with the artifacts."""
    manifest = artifacts.manifest
    if model is None and manifest.plan.weights == FIXED:
        model = load(Path(artifacts.path(files.MODEL)))
    check_manifest(manifest)
    _same("versions", current_versions(), manifest.versions)
    _place_srs(scratch, Path(artifacts.path(files.SRS)))
    check_named(scratch / files.SRS, manifest.srs, manifest.plan.logrows)
    _place_network(scratch, artifacts, model)
    built = build(scratch, manifest.plan, files.PK, limits, progress)
    _compare(scratch, built, manifest)
    if model is not None and manifest.plan.weights == FIXED:
        compare_corners(Artifacts(scratch, manifest), model, limits)
    return built


def _publish(scratch: Path, target: Path) -> None:
    """Move all files to `target` in one step; an equal directory that is there already is kept."""
    whole = scratch / "whole"
    whole.mkdir()
    for path in [path for path in scratch.iterdir() if path.is_file()]:
        path.rename(whole / path.name)
    if not target.exists():
        publish(whole, target)


def _make(
    scratch: Path,
    model: ImportedModel,
    plan: Plan,
    limits: Limits,
    srs: Reference,
    progress: Progress | None,
    class_names: tuple[str, ...] | None,
) -> Artifacts:
    """All files in `scratch`, not yet published."""
    if class_names:
        (scratch / CLASSES).write_bytes(to_bytes(class_names))
    shutil.copyfile(model.path, scratch / files.MODEL)
    check_file(scratch / files.MODEL, model.sha256)
    network = wrap(model, plan)
    public = network if plan.weights == FIXED else skeleton(network)
    (scratch / files.NETWORK).write_bytes(serialise(public))
    _place_srs(scratch, srs.path)
    built = build(scratch, plan, files.PK, limits, progress)
    if plan.weights != FIXED:
        (scratch / files.PRIVATE).write_bytes(serialise(network))
        _use_hidden_weights(scratch, limits)
    manifest = _describe(scratch, plan, built, srs.named)
    (scratch / files.MANIFEST).write_bytes(manifest.canonical())
    made = Artifacts(scratch, manifest)
    if plan.weights != FIXED:
        content = commitment_bytes(weights_digest(made, limits))
        (scratch / files.WEIGHTS).write_bytes(content)
    compare_corners(made, model, limits)
    sample = prove_sample(made, limits, progress)
    (scratch / files.SAMPLE).write_text(json.dumps(sample.to_dict()))
    files.write_record(scratch)
    return made


def _use_hidden_weights(scratch: Path, limits: Limits) -> None:
    """Compile the true network in place of the skeleton; the key must not tell them apart."""
    expected = hash_files(scratch, (files.VK, files.PK))
    make_keys(scratch, files.PRIVATE, files.CIRCUIT, files.VK, files.PK, limits)
    for name, found in hash_files(scratch, (files.VK, files.PK)).items():
        _same(f"{name} of the hidden weights", found, expected[name])


def _describe(scratch: Path, plan: Plan, built: Built, srs: SetUp) -> Manifest:
    hashed = [files.NETWORK, files.SETTINGS, files.VK, files.PK, files.SRS]
    if plan.weights == FIXED:
        hashed.append(files.MODEL)
    if (scratch / CLASSES).exists():
        hashed.append(CLASSES)
    manifest = make_manifest(
        plan=plan,
        layout=built.layout,
        item_elements=built.item_elements,
        sha256=hash_files(scratch, hashed),
        srs=srs,
        verifier=built.verifier,
    )
    check_manifest(manifest)
    return manifest


def _place_srs(scratch: Path, srs: Path) -> None:
    """A hard link where the file system allows it: the file is large and never changes."""
    try:
        (scratch / files.SRS).hardlink_to(srs)
    except OSError:
        shutil.copyfile(srs, scratch / files.SRS)


def _place_network(scratch: Path, artifacts: Artifacts, model: ImportedModel | None) -> None:
    if model is None:
        shutil.copyfile(artifacts.path(files.NETWORK), scratch / files.NETWORK)
    else:
        plan = artifacts.manifest.plan
        if plan.weights == FIXED:
            _same("model file", model.sha256, artifacts.manifest.sha256[files.MODEL])
        check_plan(model, plan)
        network = wrap(model, plan)
        public = network if plan.weights == FIXED else skeleton(network)
        (scratch / files.NETWORK).write_bytes(serialise(public))


def _compare(scratch: Path, built: Built, manifest: Manifest) -> None:
    for name in (files.NETWORK, files.SRS, files.SETTINGS, files.VK, files.PK):
        _same(name, sha256_file(scratch / name), manifest.sha256[name])
    _same("layout", built.layout, manifest.layout)
    _same("item elements", built.item_elements, manifest.item_elements)
    found = record_verifier(built.verifier).model_dump()
    _same_fields("verifier", found, manifest.verifier.model_dump())
    _same("input scale", manifest.scales.input, built.settings["model_input_scales"][0])
    _same("output scale", manifest.scales.output, built.settings["model_output_scales"][0])


def _same_fields(name: str, found: Mapping[str, object], expected: Mapping[str, object]) -> None:
    for key, value in expected.items():
        _same(f"{name} {key}", found[key], value)


def _same(name: str, found: object, expected: object) -> None:
    if found != expected:
        raise ArtifactMismatch(
            f"{name} rebuilt is {found}: expected {expected}; the artifacts are not of this model"
        )
