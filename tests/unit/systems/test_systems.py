"""Both proof systems stand behind one interface, and a folder's manifest says whose it is."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from prover import systems
from prover.base.errors import ArtifactMismatch
from tests.conftest import Proven


def test_a_name_gives_its_system() -> None:
    """That each has the interface, mypy says: beside its class it is assigned to it."""
    for name in systems.SYSTEMS:
        assert systems.named(name).name == name


def test_the_manifest_says_which_system_loads_a_folder(proven: Any) -> None:
    made: Proven = proven("plain")
    system, found = systems.load(made.artifacts.directory)
    assert system.name == "ezkl"
    assert found == made.artifacts
    system.verify(found, [made.proof])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"system": "groth16"}', r"names the proof system 'groth16': expected ezkl or native"),
        (b'{"system": ["native"]}', "expected ezkl or native"),
        (b"{}", "names the proof system 'None'"),
        (b"[1]", "names the proof system 'None'"),
        (b"{", "is not valid"),
        (b"\xff", "is not valid"),
        (b" " * (systems.MAX_BYTES + 1), "expected a plain file of at most"),
    ],
)
def test_a_strange_manifest_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / systems.MANIFEST).write_bytes(content)
    with pytest.raises(ArtifactMismatch, match=said):
        systems.load(tmp_path)


def test_a_folder_without_a_plain_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactMismatch, match="there is no manifest at"):
        systems.load(tmp_path)
    with pytest.raises(ArtifactMismatch, match="there is no manifest at"):
        systems.load(tmp_path / "none")
    os.mkfifo(tmp_path / systems.MANIFEST)
    with pytest.raises(ArtifactMismatch, match="a plain file"):
        systems.load(tmp_path)
    (tmp_path / systems.MANIFEST).unlink()
    (tmp_path / "elsewhere").write_text(json.dumps({"system": "native"}))
    (tmp_path / systems.MANIFEST).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArtifactMismatch, match="a plain file"):
        systems.load(tmp_path)
