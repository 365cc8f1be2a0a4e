"""Getting hold of a job's file: handed over by hand, else from where the consumer says.

Whichever way it came, it is opened if it is encrypted to this machine, and it is the job's only if
the hash of what it holds is the one in the job. What is handed over is kept under that hash, so
that later commands, and jobs of the same file, find it. Of folders see `inbox`.
"""

from collections.abc import Iterable
from pathlib import Path

from prover.base.errors import StatementInvalid, UsageError
from prover.base.files import NotPlain, TooLarge, read_plain, write_atomically
from prover.base.log import logger
from prover.base.settings import get_settings
from prover.base.text import shown
from prover.base.units import GIB
from prover.chain.readers import secret_key
from prover.clients.common.inputs.fetch import InputsUnavailable, fetch
from prover.statement.documents.envelope import OVERHEAD_BYTES, is_sealed, opened
from prover.statement.documents.inputs_file import data_hash

MAX_BYTES = GIB
LOG = logger(__name__)


def keep(files: Iterable[Path]) -> None:
    """Take files that were named by themselves, whichever job they are of.

    Raises UsageError, StatementInvalid, or EnvironmentMissing without room.
    """
    for path in files:
        content = content_of(path, MAX_BYTES)
        keep_as(data_hash(content), content)


def content_of(path: Path, most: int) -> bytes:
    """What a file of at most `most` bytes holds, in clear. Raises UsageError, StatementInvalid."""
    try:
        return _in_clear(read_plain(path, most))
    except FileNotFoundError:
        raise UsageError(
            f"--inputs {path}: nothing is there; expected a plain file or a folder: check the path"
        ) from None
    except (OSError, NotPlain, TooLarge):
        raise UsageError(
            f"--inputs {path}: expected a plain file that can be read, of at most {most} bytes; "
            "give such a one"
        ) from None


def keep_as(named: bytes, content: bytes) -> None:
    """Keep the content that has this hash. Raises EnvironmentMissing without room."""
    LOG.info("handed over", hash=named)
    write_atomically(_path_of(named), content)


def is_kept(expected: bytes) -> bool:
    """Whether the file of this hash was handed over."""
    return _path_of(expected).is_file()


def obtain(
    uri: str | bytes, expected: bytes, max_bytes: int, *, allow_files: bool = False
) -> bytes:
    """The file whose keccak256 is `expected`, in clear.

    Raises InputsUnavailable if it is not to be had, StatementInvalid if it is another one.
    """
    kept = _path_of(expected)
    content = (
        kept.read_bytes() if kept.is_file() else _fetched(uri, expected, max_bytes, allow_files)
    )
    if len(content) > max_bytes:
        raise InputsUnavailable(
            f"the file has {len(content)} bytes: expected at most {max_bytes} by the circuit; "
            "skip the job"
        )
    if data_hash(content) != expected:
        where = str(kept) if kept.is_file() else shown(uri)
        raise StatementInvalid(
            f"the file at '{where}' has keccak256 0x{data_hash(content).hex()}: expected "
            f"0x{expected.hex()}, as the job names it; do not stake on it; ask the consumer for "
            "the right one"
        )
    return content


def _fetched(uri: str | bytes, expected: bytes, max_bytes: int, allow_files: bool) -> bytes:
    if not uri:
        raise InputsUnavailable(
            "the consumer hands its file over by hand: ask for it, and give it with --inputs FILE "
            f"(no file given so far has its keccak256, 0x{expected.hex()})"
        )
    return _in_clear(fetch(uri, max_bytes + OVERHEAD_BYTES, allow_files=allow_files))


def _in_clear(content: bytes) -> bytes:
    if not is_sealed(content):
        return content
    return opened(content, secret_key() or bytes(32))


def _path_of(expected: bytes) -> Path:
    return get_settings().home / "handed" / f"{expected.hex()}.json"
