"""What a consumer keeps of its test sets: which rows they held, and whether the key is out.

A test set is worth something only once: whoever has the key can train on it. Kept are hashes of
the rows, so that a new test set with one of them is refused.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from eth_utils.crypto import keccak
from pydantic import TypeAdapter

from prover.base.errors import UsageError
from prover.base.files import write_atomically
from prover.base.log import logger
from prover.base.settings import get_settings
from prover.base.strict_json import as_text
from prover.chain.node.client import LOCAL_CHAIN
from prover.chain.state.deeds import signed_here

LOG = logger(__name__)


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


_FORM = TypeAdapter(PostedSet)


def row_hash(row: npt.NDArray[np.float32]) -> str:
    """What identifies a row of data, whatever circuit it was quantised for."""
    return keccak(np.ascontiguousarray(row, dtype="<f4").tobytes()).hex()


def posted_set(job_id: bytes) -> PostedSet | None:
    """The test set of a bounty, if it was posted from here. Raises UsageError if it is damaged."""
    path = _directory() / f"{job_id.hex()}.json"
    return _read(path) if path.is_file() else None


def mark_revealed(job_id: bytes) -> None:
    """Write down that a key is out: see `key_is_out`."""
    found = posted_set(job_id)
    if found is not None:
        replace(found, revealed=True).save()


def key_is_out(scope: str, job_id: bytes) -> bool:
    """Whether a bounty's key is known, or may be: a wallet has it, or it was signed from here.

    The journal has what is signed before it is sent, and so before the mark of the test set.
    """
    found = posted_set(job_id)
    return (found is not None and found.revealed) or signed_here(scope, "reveal", job_id)


def mark_handed(job_id: bytes, until: int) -> None:
    """Write down that a wallet has the posting, and may send it until then."""
    found = posted_set(job_id)
    if found is not None:
        replace(found, handed_until=until).save()


def check_unknown(rows: Sequence[str], scope: str, revealed_on_chain: Iterable[bytes]) -> None:
    """Raise UsageError if a row was in a test set whose key was revealed.

    `revealed_on_chain` are the bounties whose key the chain of `scope` shows, whoever sent it. What
    was revealed on a local chain that is gone counts for nothing. Of a damaged file is warned.
    """
    shown = {job_id.hex() for job_id in revealed_on_chain}
    for known in sharing(rows, scope):
        out = key_is_out(known.scope, bytes.fromhex(known.job_id))
        if out or known.job_id in shown:
            again = set(rows).intersection(known.rows)
            raise UsageError(
                f"{len(again)} of the {len(rows)} rows were in the test set of bounty "
                f"0x{known.job_id}, whose key was revealed: anybody may have trained on them; "
                "choose rows that nobody has seen"
            )


def sharing(rows: Iterable[str], scope: str) -> Iterator[PostedSet]:
    """The test sets that were posted from here with one of these rows; see `posted_sets`."""
    wanted = set(rows)
    return (known for known in posted_sets(scope) if wanted.intersection(known.rows))


def posted_sets(scope: str) -> Iterator[PostedSet]:
    """The test sets that were posted from here.

    Those of a local chain that is gone are left out, and damaged ones, of which is warned.
    """
    for path in sorted(_directory().glob("*.json")):
        try:
            known = _read(path)
        except UsageError as error:
            _set_aside(str(error))
            continue
        if known.scope == scope or not known.scope.startswith(f"{LOCAL_CHAIN}:"):
            yield known


def _directory() -> Path:
    return get_settings().home / "testsets"


@cache
def _set_aside(why: str) -> None:
    """Warn of a damaged file, once in a process: what its bounty does not need goes on."""
    LOG.warning(
        "a test set is set aside: whether new ones are among its rows is not known, choose others",
        why=why,
    )


def _read(path: Path) -> PostedSet:
    try:
        found = _FORM.validate_json(path.read_bytes(), strict=True)
    except ValueError as error:
        raise _damaged(path, as_text(error)) from None
    if found.job_id != path.stem:
        raise _damaged(path, f"it is of bounty 0x{found.job_id}, expected 0x{path.stem}")
    return found


def _damaged(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path} is damaged ({why}): put it back from a copy, or move it away and give the seed "
        "file of its bounty with --seed"
    )
