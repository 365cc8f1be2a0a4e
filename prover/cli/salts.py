"""Files of salts: JSON lists of field elements, for the owner's eyes only."""

import json
from collections.abc import Sequence
from pathlib import Path

from prover.errors import UsageError


def read_salts(path: Path) -> list[int]:
    """The salts of a file that `write_salts` wrote. Raises UsageError."""
    try:
        words = json.loads(path.read_bytes())
        return [int(word, 16) for word in words]
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; check the path") from None
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{path} is not a JSON list of hexadecimal words ({error}): `native digests` writes one"
        ) from None


def write_salts(path: Path, salts: Sequence[int]) -> None:
    """Make a file that only its owner can read."""
    content = json.dumps([f"0x{salt:064x}" for salt in salts], indent=1) + "\n"
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(content)
