"""The file with the commitment to hidden weights, which is public."""

import json
from pathlib import Path

from prover.base import strict_json
from prover.base.errors import ArtifactMismatch
from prover.systems.proof import MAX_DEPTH, parse_word


def commitment_bytes(commitment: int) -> bytes:
    """The file's content."""
    return json.dumps({"commitment": f"0x{commitment:064x}"}).encode()


def read_commitment(path: Path) -> int:
    """The inverse. Raises ArtifactMismatch."""
    try:
        return parse_word(strict_json.parse(path.read_bytes(), MAX_DEPTH)["commitment"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactMismatch(
            f"{path.name} holds no commitment ({error}): set the model up again, or ask for its "
            "folder again"
        ) from error
