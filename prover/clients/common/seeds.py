"""Seed files: what a user must keep, and nobody else may see."""

from dataclasses import dataclass
from pathlib import Path

from prover.base.errors import UsageError
from prover.base.files import locked, write_atomically
from prover.base.settings import get_settings
from prover.statement.documents.seeds import Seed


@dataclass(frozen=True)
class SeedFile:
    """A seed, where it is kept, and whether it was made just now."""

    seed: Seed
    path: Path
    made: bool

    @property
    def warning(self) -> str:
        """What the user must know of it."""
        verb = "made" if self.made else "used"
        return (
            f"seed {verb}: {self.path}. KEEP IT, and keep it secret: all keys and salts come from "
            "it. Without it nothing that you committed can be proven or opened, and a stake is lost"
        )


def seed_at(path: Path | None) -> SeedFile:
    """The seed of a file, home/seed.json by default; made if there is none.

    Raises StatementInvalid if the file is no seed file.
    """
    chosen = path or get_settings().home / "seed.json"
    made = make_seed(chosen)
    return SeedFile(read_seed(chosen), chosen, made)


def read_seed(path: Path) -> Seed:
    """The seed of a file. Raises UsageError if there is none, StatementInvalid if it is damaged."""
    if not path.is_file():
        raise UsageError(f"there is no seed file at {path}: give the one that was kept")
    return Seed.from_bytes(path.read_bytes(), f"seed file {path}")


def make_seed(path: Path) -> bool:
    """Write a fresh seed, for this user's eyes only, unless one is there; whether it was made.

    Of two commands at once one makes it: what the other had sealed with its own would be lost.
    """
    with locked(get_settings().home / "locks" / "seed.lock"):
        if path.exists():
            return False
        write_atomically(path, Seed.fresh().to_bytes())
        return True
