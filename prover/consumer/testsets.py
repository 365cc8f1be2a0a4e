"""What a consumer keeps of its test sets: which rows they held, and whether the key is out.

A test set is worth something only once: whoever has the key can train on it. Kept are hashes of
the rows, so that a new test set with one of them is refused.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from eth_utils.crypto import keccak

from prover.chain.client import LOCAL_CHAIN
from prover.errors import UsageError
from prover.files import write_atomically
from prover.settings import get_settings


@dataclass(frozen=True)
class PostedSet:
    """A test set that was posted from here, on the chain of `scope`: seed file, hashes of rows.

    Until `handed_until` (Unix seconds) a wallet that was given the posting may send it.
    """

    scope: str
    job_id: str
    seed: str
    rows: tuple[str, ...]
    revealed: bool = False
    handed_until: int = 0

    def save(self) -> Path:
        """Write it down, for this user's eyes only; the file."""
        path = _directory() / f"{self.job_id}.json"
        write_atomically(path, json.dumps(asdict(self)).encode() + b"\n")
        return path


def row_hash(row: npt.NDArray[np.float32]) -> str:
    """What tells a row of data from others, whatever circuit it was quantised for."""
    return keccak(np.ascontiguousarray(row, dtype="<f4").tobytes()).hex()


def posted_set(job_id: bytes) -> PostedSet | None:
    """The test set of a bounty, if it was posted from here."""
    path = _directory() / f"{job_id.hex()}.json"
    return _read(path) if path.is_file() else None


def mark_revealed(job_id: bytes, revealed: bool = True) -> None:
    """Write down that a key is about to be known, or was not given away after all."""
    found = posted_set(job_id)
    if found is not None:
        replace(found, revealed=revealed).save()


def mark_handed(job_id: bytes, until: int) -> None:
    """Write down that a wallet has the posting, and may send it until then."""
    found = posted_set(job_id)
    if found is not None:
        replace(found, handed_until=until).save()


def check_unknown(rows: Sequence[str], scope: str, revealed_on_chain: Iterable[bytes]) -> None:
    """Raise UsageError if a row was in a test set whose key was revealed.

    `revealed_on_chain` are the bounties whose key the chain of `scope` shows, whoever sent it. What
    was revealed on a local chain that is gone counts for nothing.
    """
    shown = {job_id.hex() for job_id in revealed_on_chain}
    for known in sharing(rows, scope):
        if known.revealed or known.job_id in shown:
            again = set(rows).intersection(known.rows)
            raise UsageError(
                f"{len(again)} of the {len(rows)} rows were in the test set of bounty "
                f"0x{known.job_id}, whose key was revealed: anybody may have trained on them; "
                "choose rows that nobody has seen"
            )


def sharing(rows: Iterable[str], scope: str) -> Iterator[PostedSet]:
    """The test sets that were posted from here with one of these rows.

    Those of a local chain that is gone are left out.
    """
    wanted = set(rows)
    for path in sorted(_directory().glob("*.json")):
        known = _read(path)
        gone = known.scope != scope and known.scope.startswith(f"{LOCAL_CHAIN}:")
        if not gone and wanted.intersection(known.rows):
            yield known


def _directory() -> Path:
    return get_settings().home / "testsets"


def _read(path: Path) -> PostedSet:
    try:
        fields = json.loads(path.read_bytes())
        return PostedSet(**{**fields, "rows": tuple(fields["rows"])})
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(f"{path} is damaged ({error}): put it back from a copy") from None
