"""What the classes of a model are called: a file of lines, one a class, beside its circuit."""

from pathlib import Path

from prover.base.errors import ArtifactMismatch, UsageError
from prover.base.files import read_file

CLASSES = "classes.txt"
MOST_CHARACTERS = 100


def read_names(path: Path, count: int) -> tuple[str, ...]:
    """The names in a user's file. Raises UsageError unless there are `count` of them."""
    try:
        return _names(read_file(path), count)
    except ValueError as error:
        raise UsageError(f"--classes {path}: {error}") from None


def kept_names(directory: Path, count: int) -> tuple[str, ...] | None:
    """Those beside a circuit, whose manifest has their hash; None if it names none.

    Raises ArtifactMismatch if they are no names of so many classes.
    """
    path = directory / CLASSES
    if not path.is_file():
        return None
    try:
        return _names(path.read_bytes(), count)
    except ValueError as error:
        raise ArtifactMismatch(
            f"{path}: {error}; set the model up again, or ask for its folder again"
        ) from None


def to_bytes(names: tuple[str, ...]) -> bytes:
    """The file."""
    return ("\n".join(names) + "\n").encode()


def _names(content: bytes, count: int) -> tuple[str, ...]:
    names = tuple(line.strip() for line in content.decode().splitlines())
    if len(names) != count:
        raise ValueError(f"{len(names)} lines: expected {count}, a class a line")
    for number, name in enumerate(names, 1):
        if not name.isprintable() or not 0 < len(name) <= MOST_CHARACTERS:
            raise ValueError(
                f"line {number}: expected 1 to {MOST_CHARACTERS} printable characters, found "
                f"{name[:MOST_CHARACTERS]!a}"
            )
    return names
