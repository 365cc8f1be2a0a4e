"""The set-ups that are on this machine."""

import re
from dataclasses import dataclass
from pathlib import Path

from prover.base.errors import ArtifactMismatch, EnvironmentMissing
from prover.base.files import locked, new_directory, publish, sha256_file
from prover.base.settings import get_settings
from prover.base.units import HOUR
from prover.systems import worker
from prover.systems.srs import check, raw, source
from prover.systems.srs.known import DEVELOPMENT, ceremonies, named
from prover.systems.srs.record import SetUp

_KEPT = re.compile(r"(?P<name>.+)-(?P<logrows>[0-9]{1,2})-[0-9a-f]{64}")


@dataclass(frozen=True)
class Reference:
    """A set-up to make a circuit on: what manifests say of it, and its file."""

    named: SetUp
    path: Path

    def at(self, logrows: int) -> "Reference":
        """Itself, as a choice that is made already. Raises ArtifactMismatch at another size."""
        raw.check_size(self.path, logrows)
        return self

    def powers(self, logrows: int) -> Path:
        """Its file. Raises ArtifactMismatch at another size."""
        return self.at(logrows).path

    @property
    def most(self) -> int:
        """log2 of its powers."""
        return raw.logrows_of(self.path)


@dataclass(frozen=True)
class StoredSetUp:
    """A ceremony's set-up on this machine, named by its hash."""

    name: str
    logrows: int
    path: Path

    @property
    def sha256(self) -> str:
        """Of the file when it was checked."""
        return self.path.stem.rpartition("-")[2]

    def reference(self) -> Reference:
        """Raises ArtifactMismatch if the file changed since it was checked."""
        found = sha256_file(self.path)
        if found != self.sha256:
            raise ArtifactMismatch(
                f"{self.path} has SHA-256 {found}: expected {self.sha256}, as its name says; it "
                "was damaged, remove it and import it again"
            )
        return Reference(SetUp(name=self.name, sha256=found), self.path)


@dataclass(frozen=True)
class Inspected:
    """What a file is."""

    format: str
    logrows: int
    named: SetUp


def development_srs(logrows: int) -> Path:
    """The development set-up for 2^logrows rows: INSECURE; made on first use, everywhere the same.

    Two processes that ask at once get the same file. Raises WorkerFailed, EnvironmentMissing or
    ArtifactMismatch.
    """
    check_logrows(logrows)
    expected = named(DEVELOPMENT).sha256[logrows]
    path = get_settings().cache / "srs" / f"{DEVELOPMENT}-{logrows}-{expected[:16]}.srs"
    if not path.exists():
        with locked(path.with_suffix(".lock")):
            if not path.exists():
                _make(path, logrows, expected)
    return path


def development_record(logrows: int) -> SetUp:
    """What a manifest says of the development set-up."""
    check_logrows(logrows)
    return SetUp(name=DEVELOPMENT, sha256=named(DEVELOPMENT).sha256[logrows])


def file_of(claimed: SetUp, logrows: int) -> Path:
    """The file of the set-up that a manifest names.

    Raises ArtifactMismatch if there can be no such file, EnvironmentMissing if it is not here.
    """
    check.require_published(claimed, logrows)
    if claimed.name == DEVELOPMENT:
        return development_srs(logrows)
    found = ceremony(claimed.name, logrows)
    if found.named.sha256 != claimed.sha256:
        raise ArtifactMismatch(
            f"the set-up differs: the circuit uses one of {claimed.name} with SHA-256 "
            f"{claimed.sha256}: expected {found.named.sha256} for 2^{logrows} rows; have the "
            "circuit made again"
        )
    return found.path


def powers_of(name: str, logrows: int) -> Path:
    """A file of the set-up with at least 2^logrows powers: packed polynomials have as many.

    Raises EnvironmentMissing if there is none, ArtifactMismatch if it changed since it was checked.
    """
    if name == DEVELOPMENT:
        return development_srs(logrows)
    here = [kept for kept in stored_set_ups() if kept.name == name and kept.logrows >= logrows]
    if not here:
        raise EnvironmentMissing(
            f"the circuit needs 2^{logrows} powers of the set-up of {name}, as it packs columns: "
            f"none as large is on this machine; `zkescrow srs fetch {name} --logrows {logrows}` "
            "downloads it where it is published, `zkescrow srs import FILE` takes a file"
        )
    return min(here, key=lambda kept: kept.logrows).reference().path


def ceremony(name: str, logrows: int) -> Reference:
    """A ceremony's set-up for 2^logrows rows; cut from the smallest larger one that is here.

    Raises EnvironmentMissing if there is none.
    """
    check_logrows(logrows)
    larger = [kept for kept in stored_set_ups() if kept.name == name and kept.logrows >= logrows]
    if not larger:
        raise EnvironmentMissing(
            f"the set-up of {name} for 2^{logrows} rows is not on this machine: `zkescrow srs "
            f"fetch {name} --logrows {logrows}` downloads it where it is published, `zkescrow srs "
            "import FILE` takes a file"
        )
    smallest = min(larger, key=lambda kept: kept.logrows)
    if smallest.logrows == logrows:
        return smallest.reference()
    return import_file(smallest.path, logrows).reference()


def import_file(path: Path, logrows: int | None = None) -> StoredSetUp:
    """Check a file, raw or .ptau, and keep its set-up, cut to 2^logrows rows if that is given.

    Raises ArtifactMismatch, UsageError or EnvironmentMissing.
    """
    described = source.describe(path)
    rows = source.rows_of(described, logrows)
    with new_directory(ceremonies_folder()) as scratch:
        made = scratch / "srs"
        source.write(described, rows, made)
        named = check.recognise(made, rows)
        if named.name == DEVELOPMENT:
            raise ArtifactMismatch(
                f"{path.name} is the development set-up, which is INSECURE and made where it is "
                "needed: expected a ceremony's"
            )
        kept = StoredSetUp(
            named.name, rows, ceremonies_folder() / f"{named.name}-{rows}-{named.sha256}.srs"
        )
        publish(made, kept.path)
    return kept


def inspect(path: Path, logrows: int | None = None) -> Inspected:
    """Check every point of a file, raw or .ptau, and say whose it is; keeps nothing.

    Raises ArtifactMismatch, UsageError or EnvironmentMissing.
    """
    described = source.describe(path)
    rows = source.rows_of(described, logrows)
    with new_directory(get_settings().cache / "srs") as scratch:
        made = scratch / path.name
        source.write(described, rows, made)
        check.check_srs(made, rows)
        return Inspected(described.format, rows, check.recognise(made, rows))


def stored_set_ups() -> list[StoredSetUp]:
    """The ceremonies' set-ups on this machine, by name and size."""
    found = []
    for path in ceremonies_folder().glob("*.srs"):
        match = _KEPT.fullmatch(path.stem)
        if match and match["name"] in ceremonies():
            found.append(StoredSetUp(match["name"], int(match["logrows"]), path))
    return sorted(found, key=lambda kept: (kept.name, kept.logrows))


def ceremonies_folder() -> Path:
    """Where ceremonies' set-ups are kept."""
    return get_settings().home / "srs"


def check_logrows(logrows: int) -> None:
    """Raise EnvironmentMissing unless set-ups of 2^logrows rows are allowed."""
    if not 1 <= logrows <= raw.MAX_LOGROWS:
        raise EnvironmentMissing(
            f"a set-up for 2^{logrows} rows: expected 2^1 to 2^{raw.MAX_LOGROWS}; use a smaller "
            "circuit"
        )


def _make(path: Path, logrows: int, expected: str) -> None:
    with new_directory(path.parent) as scratch:
        made = scratch / path.name
        arguments = {"path": str(made), "logrows": logrows}
        task = "prover.systems.srs.development:write"
        worker.run(task, arguments, worker.Limits(seconds=HOUR))
        found = sha256_file(made)
        if found != expected:
            raise ArtifactMismatch(
                f"the development set-up for 2^{logrows} rows came out with SHA-256 {found}: "
                f"expected {expected}; the engine is another version's: run scripts/setup, or "
                "install its wheel again (docs/INSTALL.md)"
            )
        publish(made, path)
