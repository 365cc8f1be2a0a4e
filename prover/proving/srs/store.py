"""The set-ups that are on this machine."""

from pathlib import Path

from prover.errors import ArtifactMismatch, EnvironmentMissing
from prover.files import locked, new_directory, sha256_file, sync
from prover.proving import worker
from prover.proving.srs import check, raw
from prover.proving.srs.known import DEVELOPMENT, named
from prover.proving.srs.record import SetUp
from prover.settings import get_settings


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
    named(claimed.name)
    check.require_published(claimed, logrows)
    if claimed.name == DEVELOPMENT:
        return development_srs(logrows)
    raise EnvironmentMissing(
        f"the set-up of {claimed.name} for 2^{logrows} rows is not on this machine"
    )


def check_logrows(logrows: int) -> None:
    """Raise EnvironmentMissing unless set-ups of 2^logrows rows are allowed."""
    if not 1 <= logrows <= raw.MAX_LOGROWS:
        raise EnvironmentMissing(
            f"a set-up for 2^{logrows} rows: 2^1 to 2^{raw.MAX_LOGROWS} are allowed; use a smaller "
            "circuit"
        )


def _make(path: Path, logrows: int, expected: str) -> None:
    with new_directory(path.parent) as scratch:
        made = scratch / path.name
        arguments = {"path": str(made), "logrows": logrows}
        task = "prover.proving.srs.development:write"
        worker.run(task, arguments, worker.Limits(seconds=3600))
        found = sha256_file(made)
        if found != expected:
            raise ArtifactMismatch(
                f"the development set-up for 2^{logrows} rows came out with SHA-256 {found}: "
                f"{expected} is allowed; the engine is another version's: run scripts/setup"
            )
        sync(made)
        made.replace(path)
