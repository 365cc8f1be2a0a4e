"""A ceremony's set-up is checked when it is taken in, cut to size, and chosen by name or file."""

from pathlib import Path

import pytest

from prover.base.errors import ArtifactMismatch, EnvironmentMissing, UsageError
from prover.base.files import sha256_file
from prover.systems import srs
from prover.systems.srs import SetUp, source
from tests.unit.systems.srs.conftest import LOGROWS


def test_a_ceremonys_file_is_kept_under_its_name_and_hash(trial: Path, own: Path) -> None:
    kept = srs.import_file(trial)
    assert kept.path == own / f"trial-one-{LOGROWS}-{sha256_file(trial)}.srs"
    assert srs.stored_set_ups() == [kept]
    assert kept.path.read_bytes() == trial.read_bytes()


def test_a_larger_set_up_serves_fewer_rows(trial: Path) -> None:
    """The powers are the first ones; the Lagrange form is another."""
    srs.import_file(trial)
    smaller = srs.choose("trial-one", development=False).at(LOGROWS - 2)
    content = smaller.path.read_bytes()
    assert content[4:][: 64 << (LOGROWS - 2)] == trial.read_bytes()[4:][: 64 << (LOGROWS - 2)]
    srs.check_srs(smaller.path, LOGROWS - 2)
    assert srs.file_of(smaller.named, LOGROWS - 2) == smaller.path
    with pytest.raises(EnvironmentMissing, match=r"for 2\^7 rows is not on this machine"):
        srs.choose("trial-one", development=False).at(LOGROWS + 1)


@pytest.mark.parametrize(
    "name", ["notes", "trial-one", "trial-one-6-00", "trial-one-x-" + "0" * 64]
)
def test_other_files_in_the_folder_are_passed_over(trial: Path, own: Path, name: str) -> None:
    own.mkdir(parents=True)
    (own / f"{name}.srs").touch()
    assert srs.stored_set_ups() == []


def test_an_unknown_secrets_file_is_not_kept(ceremony_file: Path, own: Path) -> None:
    with pytest.raises(ArtifactMismatch, match="of no set-up that is known here"):
        srs.import_file(ceremony_file)
    assert not list(own.iterdir())


def test_a_spoilt_file_is_not_kept(trial: Path, own: Path, tmp_path: Path) -> None:
    content = bytearray(trial.read_bytes())
    content[4 + 64 * 9 : 4 + 64 * 10] = content[4 + 64 * 8 : 4 + 64 * 9]
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(ArtifactMismatch, match="not consecutive"):
        srs.import_file(tmp_path / "bad")
    assert not list(own.iterdir())


def test_the_development_set_up_is_not_imported(own: Path) -> None:
    with pytest.raises(ArtifactMismatch, match="INSECURE"):
        srs.import_file(srs.development_srs(4))


def test_a_kept_file_that_was_changed_is_refused(trial: Path) -> None:
    kept = srs.import_file(trial)
    kept.path.write_bytes(trial.read_bytes()[:-1] + b"\0")
    with pytest.raises(ArtifactMismatch, match="it was damaged"):
        srs.choose("trial-one", development=False).at(LOGROWS)


@pytest.mark.parametrize("logrows", [0, LOGROWS + 1])
def test_rows_that_a_file_does_not_have_are_refused(trial: Path, logrows: int) -> None:
    with pytest.raises(UsageError, match="expected 1 to 6"):
        srs.import_file(trial, logrows)


def test_without_the_engine_large_files_are_refused_before_hours_pass() -> None:
    with pytest.raises(EnvironmentMissing, match="needs the Rust engine"):
        source.complete_plainly("unread", source.PLAIN_LOGROWS + 1, 0, 0, "unwritten")


def test_outside_the_local_chain_a_ceremony_is_chosen(trial: Path) -> None:
    assert srs.choose(None, development=True).name == "development"
    with pytest.raises(EnvironmentMissing, match="none is on this machine"):
        srs.choose(None, development=False)
    srs.import_file(trial)
    assert srs.choose(None, development=False).name == "trial-one"
    with pytest.raises(UsageError, match="anybody could forge proofs"):
        srs.choose("development", development=False)


def test_a_file_may_be_named_instead_of_a_ceremony(trial: Path, tmp_path: Path) -> None:
    assert srs.choose(str(trial), development=False).name == "trial-one"
    with pytest.raises(UsageError, match=r"expected .*, or a file"):
        srs.choose(str(tmp_path / "missing"), development=False)


def test_a_manifests_ceremony_is_looked_up_by_hash(trial: Path) -> None:
    claimed = SetUp(name="trial-one", sha256=sha256_file(trial))
    with pytest.raises(EnvironmentMissing, match="srs import FILE"):
        srs.file_of(claimed, LOGROWS)
    kept = srs.import_file(trial)
    assert srs.file_of(claimed, LOGROWS) == kept.path
    with pytest.raises(ArtifactMismatch, match="the set-up differs"):
        srs.file_of(SetUp(name="trial-one", sha256="00" * 32), LOGROWS)


def test_a_manifest_cannot_pass_a_spoilt_file_off_as_a_ceremonys(
    trial: Path, tmp_path: Path
) -> None:
    """It has the ceremony's [s]G2, and the manifest's own hash; its powers are somebody's."""
    content = bytearray(trial.read_bytes())
    content[4 + 64 * 9 : 4 + 64 * 10] = content[4 + 64 * 8 : 4 + 64 * 9]
    (tmp_path / "spoilt").write_bytes(content)
    claimed = SetUp(name="trial-one", sha256=sha256_file(tmp_path / "spoilt"))
    with pytest.raises(ArtifactMismatch, match="not consecutive"):
        srs.check_named(tmp_path / "spoilt", claimed, LOGROWS)
    srs.check_named(trial, SetUp(name="trial-one", sha256=sha256_file(trial)), LOGROWS)


def test_a_file_can_be_inspected_without_keeping_it(trial: Path, own: Path) -> None:
    found = srs.inspect(trial)
    assert (found.format, found.logrows, found.named.name) == ("raw", LOGROWS, "trial-one")
    assert srs.stored_set_ups() == []


def test_powers_come_from_the_smallest_file_that_has_as_many(trial: Path) -> None:
    """Packed polynomials have more coefficients than a circuit has rows."""
    chosen = srs.Named("trial-one")
    assert chosen.most == 0
    with pytest.raises(EnvironmentMissing, match=r"needs 2\^6 powers of the set-up of trial-one"):
        chosen.powers(LOGROWS)
    kept = srs.import_file(trial)
    smaller = srs.import_file(trial, LOGROWS - 1)
    assert chosen.most == LOGROWS
    assert [chosen.powers(logrows) for logrows in (LOGROWS, LOGROWS - 1, 2)] == [
        kept.path,
        smaller.path,
        smaller.path,
    ]
    with pytest.raises(EnvironmentMissing, match="none as large is on this machine"):
        chosen.powers(LOGROWS + 1)
    smaller.path.write_bytes(smaller.path.read_bytes()[:-1] + b"\0")
    with pytest.raises(ArtifactMismatch, match="it was damaged"):
        chosen.powers(2)


def test_a_reference_has_its_own_powers(trial: Path) -> None:
    reference = srs.import_file(trial).reference()
    assert (reference.most, reference.powers(LOGROWS)) == (LOGROWS, reference.path)
    with pytest.raises(ArtifactMismatch, match="expected"):
        reference.powers(LOGROWS + 1)


def test_the_development_set_up_has_as_many_powers_as_circuits_may_need() -> None:
    assert srs.INSECURE.most == srs.MAX_LOGROWS
    assert srs.INSECURE.powers(5) == srs.development_srs(5)
