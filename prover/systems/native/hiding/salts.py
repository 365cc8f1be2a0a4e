"""Files of salts: JSON lists of field elements, for the owner's eyes only."""

import json
from collections.abc import Sequence
from pathlib import Path

from prover.base.errors import UsageError


def read_salts(path: Path) -> list[int]:
    """The salts of a file that `write_salts` wrote. Raises UsageError."""
    try:
        words = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; check the path") from None
    except ValueError as error:
        raise _not_salts(path, str(error)) from None
    if not isinstance(words, list):
        raise _not_salts(path, f"found {type(words).__name__}")
    try:
        return [int(word, 16) for word in words]
    except (ValueError, TypeError) as error:
        raise _not_salts(path, str(error)) from None


def _not_salts(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path}: expected a JSON list of hexadecimal words ({why}); `native digests` writes one"
    )


def write_salts(path: Path, salts: Sequence[int]) -> None:
    """Make a file that only its owner can read."""
    content = json.dumps([f"0x{salt:064x}" for salt in salts], indent=1) + "\n"
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(content)
