"""Every file that a verifier reads is named in the manifest, and is the one that was published."""

import json
from pathlib import Path

import pytest

from prover.errors import ArtifactMismatch
from prover.proving.native import artifacts
from prover.proving.native.form import Form
from prover.proving.native.layout import choose_layout
from prover.proving.srs import SetUp
from tests.unit.proving.native.networks import tiny_network


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / artifacts.KEYS).mkdir()
    for name in artifacts.NAMED:
        (tmp_path / name).write_text(name)
    network = tiny_network()
    layout, named = choose_layout(network), SetUp(name="development", sha256="00" * 32)
    artifacts.publish(tmp_path, network, layout, 1.0, Form(context=1), named)
    return tmp_path


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
