"""A proving key is never imported: whoever wants to prove makes it from what was."""

from collections.abc import Callable
from pathlib import Path

import pytest

from prover.base.errors import ArtifactMismatch, UsageError
from prover.systems.ezkl.artifacts import PK, VK
from prover.systems.ezkl.exchange import export, import_artifacts
from prover.systems.ezkl.setup import has_proving_key
from prover.systems.ezkl.system import Ezkl
from tests.conftest import JOB, Proven, sample_items


@pytest.fixture
def imported(
    proven: Callable[[str], Proven], home: Path, tmp_path: Path
) -> Callable[[str], Proven]:
    def get(name: str) -> Proven:
        export(proven(name).artifacts, tmp_path / "given")
        taken = import_artifacts(tmp_path / "given")
        return Proven(taken, proven(name).witness, proven(name).proof)

    return get


def test_an_imported_circuit_is_proven_with_a_key_that_was_made_here(
    imported: Callable[[str], Proven],
) -> None:
    taken = imported("plain").artifacts
    assert not has_proving_key(taken)
    Ezkl().make_proving_key(taken)
    assert has_proving_key(taken)
    witness = Ezkl().witness(taken, sample_items(taken), JOB)
    Ezkl().verify(taken, [Ezkl().prove(taken, witness)])
    assert [path.name for path in taken.directory.iterdir() if "partial" in path.name] == []


def test_a_damaged_key_is_made_again_and_a_whole_one_stays(
    proven: Callable[[str], Proven], imported: Callable[[str], Proven]
) -> None:
    taken = imported("plain").artifacts
    whole = Path(proven("plain").artifacts.path(PK)).read_bytes()
    key = Path(taken.path(PK))
    key.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    Ezkl().make_proving_key(taken)
    assert key.read_bytes() == whole
    before = key.stat().st_mtime_ns
    Ezkl().make_proving_key(taken)
    assert key.stat().st_mtime_ns == before


def test_a_key_of_other_artifacts_is_refused_and_nothing_is_kept(
    imported: Callable[[str], Proven],
) -> None:
    taken = imported("plain").artifacts
    hashes = taken.manifest.sha256 | {VK: "00" * 32}
    wrong = type(taken)(taken.directory, taken.manifest.model_copy(update={"sha256": hashes}))
    with pytest.raises(ArtifactMismatch, match=VK):
        Ezkl().make_proving_key(wrong)
    assert not Path(taken.path(PK)).exists()


def test_hidden_weights_are_their_owners(imported: Callable[[str], Proven]) -> None:
    with pytest.raises(UsageError, match=r"only their owner .* --like"):
        Ezkl().make_proving_key(imported("hidden").artifacts)
