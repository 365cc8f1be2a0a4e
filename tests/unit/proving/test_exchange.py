"""The public part of artifacts: enough to check a circuit, and nothing of hidden weights."""

from collections.abc import Callable
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from prover.errors import ArtifactMismatch, UsageError
from prover.proving.artifacts import CIRCUIT, MODEL, PK, VK
from prover.proving.evaluate import evaluate
from prover.proving.exchange import bring_in, export
from prover.proving.ezkl.system import Ezkl
from tests.conftest import Proven


@pytest.mark.parametrize("name", ["hidden", "plain"])
def test_what_was_exported_proves_the_verifier(
    proven: Callable[[str], Proven], home: Path, tmp_path: Path, name: str
) -> None:
    made = proven(name).artifacts
    export(made, tmp_path / "given")
    taken = bring_in(tmp_path / "given")
    assert taken.directory.parent == home / "artifacts"
    assert (taken.digest, taken.weights_commitment) == (made.digest, made.weights_commitment)
    Ezkl().verify(taken, [proven(name).proof])
    assert keccak(Ezkl().rebuild(taken)) == made.manifest.code_hash


def test_hidden_weights_are_not_given_away(
    proven: Callable[[str], Proven], home: Path, tmp_path: Path
) -> None:
    made = proven("hidden").artifacts
    export(made, tmp_path / "given")
    given = {path.name for path in (tmp_path / "given").iterdir()}
    assert not given & {MODEL, "private.onnx", CIRCUIT, PK}
    secret = {(made.directory / name).read_bytes() for name in (MODEL, "private.onnx", CIRCUIT)}
    assert not secret & {path.read_bytes() for path in (tmp_path / "given").iterdir()}
    with pytest.raises(ArtifactMismatch, match="weights are not on this machine"):
        evaluate(bring_in(tmp_path / "given"), [])


def test_own_artifacts_are_kept_when_their_public_part_comes_in(
    proven: Callable[[str], Proven], home: Path, tmp_path: Path
) -> None:
    made = proven("hidden").artifacts
    export(made, tmp_path / "given")
    (home / "artifacts").mkdir(parents=True)
    (home / "artifacts" / made.directory.name).symlink_to(made.directory)
    assert (bring_in(tmp_path / "given").directory / MODEL).is_file()


def test_a_changed_file_is_refused(
    proven: Callable[[str], Proven], home: Path, tmp_path: Path
) -> None:
    export(proven("hidden").artifacts, tmp_path / "given")
    with pytest.raises(UsageError, match="is there already"):
        export(proven("hidden").artifacts, tmp_path / "given")
    with (tmp_path / "given" / VK).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ArtifactMismatch, match=VK):
        bring_in(tmp_path / "given")
    assert not (home / "artifacts").exists()
