"""Every file that a verifier reads is named in the manifest, and is the one that was published."""

import json
from pathlib import Path
from typing import Any

import pytest

from prover.errors import ArtifactMismatch
from prover.files import sha256_file
from prover.proving.native import artifacts
from prover.proving.native.about import read_about
from prover.proving.native.form import Form
from prover.proving.native.layout import Layout, choose_layout
from prover.proving.srs import SetUp, development_record, development_srs
from prover.verify.description import Shape
from tests.unit.proving.native.networks import tiny_network


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / artifacts.KEYS).mkdir()
    for name in artifacts.NAMED:
        (tmp_path / name).write_text(name)
    network = tiny_network()
    layout = choose_layout(network)
    (tmp_path / artifacts.SHAPE).write_text(json.dumps(about(layout)))
    (tmp_path / artifacts.VERIFYING_SRS).write_bytes(verifying(development_srs(4)))
    stands = development_record(layout.k)
    artifacts.publish(tmp_path, network, layout, 1.0, Form(context=1), stands)
    return tmp_path


def verifying(reference: Path) -> bytes:
    """A set-up's first power and its points of G2, as the engine writes them."""
    content = reference.read_bytes()
    return bytes(4) + content[4:68] * 2 + content[-256:]


def about(layout: Layout) -> dict[str, dict[str, Any]]:
    """What the key of a circuit with one limb of context and three scores says."""
    shape = dict.fromkeys(Shape.model_fields, 0) | {"hidden": False}
    shape |= {"k": layout.k, "lanes": layout.lanes, "weight_lanes": layout.weight_lanes}
    return {"shape": shape, "instances": {"context": 1, "digests": 0, "outputs": 3}}


@pytest.mark.parametrize(
    ("part", "name", "value", "said"),
    [
        ("shape", "k", 27, "k"),
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
        artifacts.publish(made, network, layout, 1.0, Form(context=1), stands)
        with pytest.raises(ArtifactMismatch, match=r"the set-up differs: .* another secret"):
            artifacts.load(made)


def test_a_set_up_that_no_one_published_is_refused(made: Path) -> None:
    network = tiny_network()
    layout, old = choose_layout(network), SetUp(name="development", sha256="11" * 32)
    artifacts.publish(made, network, layout, 1.0, Form(context=1), old)
    with pytest.raises(ArtifactMismatch, match=r"the set-up differs: .* older version"):
        artifacts.load(made)
