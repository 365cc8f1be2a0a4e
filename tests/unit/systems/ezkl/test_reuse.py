"""Keys of hidden weights are made once, and only whole ones are used again."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from prover.base.settings import get_settings
from prover.systems.ezkl.artifacts import CIRCUIT, MODEL, PK, SRS, VK, Artifacts
from prover.systems.ezkl.reuse import find_cached
from prover.systems.onnx.onnx_file import ImportedModel
from prover.systems.srs import Reference, SetUp
from tests.conftest import PLANS, Proven, tiny_model


@pytest.fixture
def own(proven: Callable[[str], Proven], home: Path) -> Artifacts:
    """A copy of the hidden model's artifacts that a test may damage."""
    made = proven("hidden").artifacts
    target = get_settings().artifacts / made.directory.name
    shutil.copytree(made.directory, target)
    return Artifacts(target, made.manifest)


def test_the_same_model_and_plan_are_found_again(own: Artifacts, tiny: ImportedModel) -> None:
    found = find_cached(tiny, PLANS["hidden"])
    assert found is not None
    assert found.directory == own.directory


def test_another_model_or_plan_is_not(own: Artifacts, tiny: ImportedModel, tmp_path: Path) -> None:
    assert own.directory.is_dir()
    assert find_cached(tiny_model(tmp_path / "other.onnx", seed=1), PLANS["hidden"]) is None
    assert find_cached(tiny, replace(PLANS["hidden"], input_max=127)) is None
    assert find_cached(tiny, PLANS["plain"]) is None


def test_another_set_up_is_not(own: Artifacts, tiny: ImportedModel) -> None:
    other = Reference(SetUp(name="hermez", sha256="11" * 32), own.directory / SRS)
    assert find_cached(tiny, PLANS["hidden"], other) is None


@pytest.mark.parametrize("name", [PK, CIRCUIT, MODEL, VK])
def test_a_lost_or_damaged_file_is_made_again(
    own: Artifacts, tiny: ImportedModel, name: str
) -> None:
    path = own.directory / name
    content = path.read_bytes()
    path.unlink()
    assert find_cached(tiny, PLANS["hidden"]) is None
    if name != CIRCUIT:
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert find_cached(tiny, PLANS["hidden"]) is None


def test_a_circuit_of_other_weights_is_made_again(
    own: Artifacts, tiny: ImportedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prover.systems.ezkl.reuse.weights_digest", lambda *_: 7)
    assert own.directory.is_dir()
    assert find_cached(tiny, PLANS["hidden"]) is None
