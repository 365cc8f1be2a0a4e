"""Every file that a verifier reads is named in the manifest, and is the one that was published."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from prover import systems
from prover.base.errors import ArtifactMismatch
from prover.base.files import PARTIAL, sha256_file
from prover.systems.commitments import commitment_bytes
from prover.systems.native import artifacts
from prover.systems.native.about import read_about
from prover.systems.native.artifacts import Agreement
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import CircuitLayout, choose_layout
from prover.systems.native.folder import require_only
from prover.systems.native.secret import FILES, PROVING_KEY
from prover.systems.native.secret import FOLDER as SECRET
from prover.systems.srs import SetUp, development_record, development_srs
from prover.verify.description import Shape
from tests.unit.systems.native.networks import tiny_network

WRONG: list[dict[str, object]] = [
    *({"k": value} for value in (-1, 0, 23, 10**30, 1.5)),
    *({name: value} for name in ("lanes", "weight_lanes") for value in (-1, 0, 17, 10**30)),
    *({"packing": value} for value in (0, 3, 16, None)),
]


AGREEMENT = Agreement(1.0, 8)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    directory = tmp_path / "made"
    (directory / artifacts.KEYS).mkdir(parents=True)
    for name in artifacts.NAMED:
        (directory / name).write_text(name)
    network = tiny_network()
    layout = choose_layout(network)
    (directory / artifacts.SHAPE).write_text(json.dumps(about(layout)))
    (directory / artifacts.VERIFYING_SRS).write_bytes(verifying(development_srs(4)))
    stands = development_record(layout.k)
    artifacts.publish(directory, network, layout, AGREEMENT, Form(context=1), stands)
    return directory


def verifying(reference: Path) -> bytes:
    """A set-up's first power and its points of G2, as the engine writes them."""
    content = reference.read_bytes()
    return bytes(4) + content[4:68] * 2 + content[-256:]


def about(layout: CircuitLayout) -> dict[str, dict[str, Any]]:
    """What the key of a circuit with one limb of context and three scores says."""
    shape = dict.fromkeys(Shape.model_fields, 0) | {"hidden": False}
    shape |= asdict(layout)
    return {"shape": shape, "instances": {"context": 1, "digests": 0, "outputs": 3}}


@pytest.mark.parametrize(
    ("part", "name", "value", "said"),
    [
        ("shape", "k", 27, "k"),
        ("shape", "packing", 2, "packing"),
        ("shape", "lanes", 27, "lanes"),
        ("shape", "weight_lanes", 27, "weight_lanes"),
        ("shape", "labels", 3, "labels"),
        ("shape", "hidden", True, "weights"),
        ("instances", "context", 0, "context_limbs"),
        ("instances", "digests", 1, "inputs"),
    ],
)
def test_a_key_of_another_form_than_the_manifest_says_is_refused(
    part: str, name: str, value: object, said: str, made: Path
) -> None:
    """Its public words would be read as others: a limb as a score."""
    layout = artifacts.load(made).layout
    other = about(layout)
    other[part][name] = value
    (made / artifacts.SHAPE).write_text(json.dumps(other))
    manifest = json.loads((made / artifacts.MANIFEST).read_text())
    manifest["sha256"][artifacts.SHAPE] = sha256_file(made / artifacts.SHAPE)
    (made / artifacts.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ArtifactMismatch, match=f"the manifest says {said} = "):
        artifacts.load(made)


@pytest.mark.parametrize("text", ["", "{}", "[" * 9999, '{"shape": {}, "instances": {}}'])
def test_a_key_that_says_nothing_of_itself_is_refused(text: str, made: Path) -> None:
    (made / artifacts.SHAPE).write_text(text)
    with pytest.raises(ArtifactMismatch, match=r"shape\.json is not valid"):
        read_about(made / artifacts.SHAPE)


@pytest.mark.parametrize("name", artifacts.NAMED)
def test_a_changed_or_missing_file_is_refused(name: str, made: Path) -> None:
    """keys/shape.json too: it says how many instances a proof must have."""
    assert artifacts.load(made).directory == made
    (made / name).write_text("other")
    with pytest.raises(ArtifactMismatch, match=f"{name} has SHA-256"):
        artifacts.load(made)
    (made / name).unlink()
    with pytest.raises(ArtifactMismatch, match=f"{name} has SHA-256 nothing"):
        artifacts.load(made)


def linked(path: Path) -> None:
    """The same content, somewhere else."""
    elsewhere = path.rename(path.parents[1] / f"{path.parent.name}-{path.name}")
    path.symlink_to(elsewhere)


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def long(path: Path) -> None:
    """Without taking place on the disk."""
    os.truncate(path, 1 << 40)


@pytest.mark.parametrize("spoil", [linked, piped, folder, long])
@pytest.mark.parametrize("name", [artifacts.MANIFEST, *artifacts.NAMED])
def test_what_is_no_plain_bounded_file_is_refused_unread(
    spoil: Callable[[Path], None], name: str, made: Path
) -> None:
    spoil(made / name)
    words = "expected a plain file|too much|the most that is expected"
    with pytest.raises(ArtifactMismatch, match=words):
        artifacts.load(made)
    with pytest.raises(ArtifactMismatch, match=f"{words}|a plain file"):
        systems.load(made)


@pytest.mark.parametrize("name", ["model.onnx.data", ".hidden", "keys/other.key", "keys/sub/x"])
def test_a_file_too_much_is_refused(name: str, made: Path) -> None:
    (made / name).parent.mkdir(exist_ok=True)
    (made / name).touch()
    shown = "keys/sub/" if "sub" in name else name
    with pytest.raises(ArtifactMismatch, match=f"has {shown} too much"):
        artifacts.load(made)


def test_a_folder_of_keys_elsewhere_is_refused(made: Path) -> None:
    keys = made / artifacts.KEYS
    linked(keys)
    with pytest.raises(ArtifactMismatch, match=r"keys in .* is a link"):
        artifacts.load(made)


def test_a_proving_key_may_be_there_but_no_link_to_one(made: Path) -> None:
    key = made / PROVING_KEY
    key.touch()
    assert artifacts.load(made).directory == made
    linked(key)
    with pytest.raises(ArtifactMismatch, match=r"proving\.key in .* is a link"):
        artifacts.load(made)


def test_only_an_owner_of_hidden_weights_has_a_folder_of_secrets(made: Path) -> None:
    """Its files are allowed there, and what another process is just writing; nothing else."""
    (made / SECRET).mkdir()
    with pytest.raises(ArtifactMismatch, match="has secret/ too much"):
        artifacts.load(made)
    named = (*artifacts.NAMED, artifacts.MANIFEST)
    for name in FILES:
        (made / name).touch()
    (made / SECRET / f"{PARTIAL}1-x").mkdir()
    require_only(made, named, hidden=True)
    (made / SECRET / "more").touch()
    with pytest.raises(ArtifactMismatch, match="has secret/more too much"):
        require_only(made, named, hidden=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("layout", {"k": 10, "lanes": 1, "weight_lanes": 2, "packing": 4} | wrong)
            for wrong in WRONG
        ),
        *(("context_limbs", value) for value in (-1, 0, 2, 10**30)),
        *(("context_bits", value) for value in (-1, 0, 1, 119, 254, 10**30)),
        *(("labels", value) for value in (-1, 9, 10**30)),
        *(("input_scale", value) for value in (0, -1.0, True, "1")),
        *(("agreement", value) for value in (-0.1, 1.1, None)),
        *(("samples", value) for value in (0, -1, None, 1.5)),
    ],
)
def test_a_number_that_no_circuit_has_is_refused(field: str, value: object, made: Path) -> None:
    """Before anything is made of it: a context of one bit would be half of all jobs'."""
    path = made / artifacts.MANIFEST
    content = json.loads(path.read_text()) | {field: value}
    path.write_text(json.dumps(content))
    with pytest.raises(
        ArtifactMismatch, match=rf"manifest .* is not valid \({field}|of .* limbs|are public"
    ):
        artifacts.load(made)


def test_of_hidden_weights_the_manifest_tells_nothing(made: Path) -> None:
    path = made / artifacts.MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"weights": "hidden"}))
    with pytest.raises(ArtifactMismatch, match="stand where weights are public"):
        artifacts.load(made)


def test_hidden_weights_alone_have_a_commitment(made: Path) -> None:
    (made / artifacts.WEIGHTS).write_bytes(commitment_bytes(1))
    with pytest.raises(ArtifactMismatch, match=r"weights\.json stands where weights are hidden"):
        artifacts.load(made)


def test_what_the_verifier_reads_is_among_the_named() -> None:
    read = {"verifying.key", "verifying.srs", "shape.json"}
    assert {f"{artifacts.KEYS}/{name}" for name in read} < set(artifacts.VERIFYING)


@pytest.mark.parametrize("name", artifacts.NAMED)
def test_a_manifest_that_leaves_a_file_out_is_refused(name: str, made: Path) -> None:
    path = made / artifacts.MANIFEST
    content = json.loads(path.read_text())
    del content["sha256"][name]
    path.write_text(json.dumps(content))
    with pytest.raises(ArtifactMismatch, match="exactly"):
        artifacts.load(made)


def test_keys_on_another_set_up_than_the_named_are_refused(made: Path) -> None:
    """Whoever chose the secret could forge proofs that `verify` would take."""
    network = tiny_network()
    layout = choose_layout(network)
    path = made / artifacts.VERIFYING_SRS
    other = path.read_bytes()[:-128] + path.read_bytes()[-256:-128]  # the secret 1
    for name, content in (("development", other), ("hermez", path.read_bytes())):
        stands = development_record(layout.k).model_copy(update={"name": name})
        path.write_bytes(content)
        artifacts.publish(made, network, layout, AGREEMENT, Form(context=1), stands)
        with pytest.raises(ArtifactMismatch, match=r"the set-up differs: .* another secret"):
            artifacts.load(made)


def test_a_set_up_that_no_one_published_is_refused(made: Path) -> None:
    network = tiny_network()
    layout, old = choose_layout(network), SetUp(name="development", sha256="11" * 32)
    artifacts.publish(made, network, layout, AGREEMENT, Form(context=1), old)
    with pytest.raises(ArtifactMismatch, match=r"the set-up differs: .* older version"):
        artifacts.load(made)
