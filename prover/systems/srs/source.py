"""A ceremony's file, in either format, made into a set-up for 2^k rows in halo2's raw format.

Points are read once, from where they stand in the file; a larger file is cut to its first powers.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prover.base.errors import ArtifactMismatch, EnvironmentMissing, UsageError
from prover.systems import worker
from prover.systems.srs import ptau, raw
from prover.systems.srs.curve import lagrange_form

PLAIN_LOGROWS = 15  # without the Rust engine: some five minutes
_KEEPS_ALL = "raw"


@dataclass(frozen=True)
class Source:
    """Where the points of a file stand; `logrows` is log2 of its powers."""

    path: Path
    format: str
    logrows: int
    powers_at: int
    twists_at: int


def describe(path: Path) -> Source:
    """Recognise a file's format and check its size, not its points.

    Raises UsageError if it cannot be read, ArtifactMismatch.
    """
    if not path.is_file():
        raise UsageError(f"{path} is no file: expected a set-up in halo2's raw format or a .ptau")
    with path.open("rb") as file:
        first = file.read(raw.HEADER_BYTES)
    if first == ptau.MAGIC:
        layout = ptau.read_layout(path)
        return Source(path, "ptau", layout.logrows, layout.powers_at, layout.twists_at)
    logrows = int.from_bytes(first, "little")
    if not 1 <= logrows <= ptau.MAX_POWER:
        raise ArtifactMismatch(
            f"{path.name} is neither a .ptau file nor a set-up in halo2's raw format: its k is "
            f"{logrows}, expected 1 to {ptau.MAX_POWER}; get the file again"
        )
    raw.check_size(path, logrows)
    return Source(path, _KEEPS_ALL, logrows, raw.HEADER_BYTES, raw.twists_at(logrows))


def rows_of(source: Source, wanted: int | None) -> int:
    """log2 rows to take: those wanted, else all, up to what circuits may have. UsageError."""
    most = min(source.logrows, raw.MAX_LOGROWS)
    found = most if wanted is None else wanted
    if not 1 <= found <= most:
        raise UsageError(
            f"--logrows {found}: expected 1 to {most}, which {source.path.name} serves; take "
            "another file for more"
        )
    return found


def write(source: Source, logrows: int, target: Path) -> None:
    """Write the set-up for 2^logrows rows. What is written is to be checked: `check.recognise`.

    Raises ArtifactMismatch at a point outside its group, EnvironmentMissing if the Rust engine is
    needed.
    """
    if source.format == _KEEPS_ALL and logrows == source.logrows:
        shutil.copyfile(source.path, target)
        return
    arguments = {
        "path": str(source.path.absolute()),
        "logrows": logrows,
        "powers_at": source.powers_at,
        "twists_at": source.twists_at,
        "target": str(target),
    }
    worker.run("prover.systems.srs.source:complete", arguments)


def complete(
    path: str, logrows: int, powers_at: int, twists_at: int, target: str
) -> dict[str, Any]:
    """The child's part of `write`: read the powers and compute their Lagrange form."""
    try:
        import zkescrow_native
    except ImportError:
        return complete_plainly(path, logrows, powers_at, twists_at, target)
    try:
        found = zkescrow_native.Srs.read_powers(path, logrows, powers_at, twists_at)
    except zkescrow_native.Refused as error:
        raise ArtifactMismatch(str(error)) from None
    found.write(target)
    return {}


def complete_plainly(
    path: str, logrows: int, powers_at: int, twists_at: int, target: str
) -> dict[str, Any]:
    """`complete` in plain Python."""
    if logrows > PLAIN_LOGROWS:
        raise EnvironmentMissing(
            f"the Lagrange form of 2^{logrows} rows needs the Rust engine: without it 2^"
            f"{PLAIN_LOGROWS} rows are the most; install cargo and run scripts/setup again, or "
            "install the engine's wheel (docs/INSTALL.md)"
        )
    with Path(path).open("rb") as file:
        file.seek(powers_at)
        powers = list(raw.read_first(file, 1 << logrows, "power"))
        file.seek(twists_at)
        g2, s_g2 = raw.read_second(file, "G2"), raw.read_second(file, "s G2")
    raw.write(Path(target), raw.Points(powers, lagrange_form(powers), g2, s_g2))
    return {}
