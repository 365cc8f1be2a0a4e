"""The folder of a native circuit, which may be a stranger's.

It holds exactly the files of a circuit, each plain and bounded: no link is followed, and nothing is
waited for. The proving key and what hides weights are an owner's, and may be there or not.
"""

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from prover.base.errors import ArtifactMismatch
from prover.base.files import PARTIAL, NotPlain, TooLarge, read_plain, sha256_plain
from prover.base.units import MIB
from prover.systems.native import secret
from prover.systems.onnx.onnx_file import MAX_BYTES
from prover.systems.places import MANIFEST

DESCRIPTION = "description.json"
KEYS = "keys"
SHAPE, VERIFYING_SRS = f"{KEYS}/shape.json", f"{KEYS}/verifying.srs"
VERIFYING_KEY = f"{KEYS}/verifying.key"
# The most that a file of any circuit needs; models, and integers of eight bytes for their floats.
_LIMITS = {
    **{MANIFEST: MIB, SHAPE: MIB, VERIFYING_SRS: MIB},
    **{VERIFYING_KEY: 16 * MIB, DESCRIPTION: 16 * MIB},
}
_LARGEST = 2 * MAX_BYTES
_NOT_PLAIN = "is a link, pipe, device or folder: expected a plain file"


def read(directory: Path, name: str) -> bytes:
    """The content of one file. Raises ArtifactMismatch."""
    try:
        return read_plain(directory / name, _most(name), follow=False)
    except (NotPlain, TooLarge, OSError) as error:
        raise _refusal(directory, name, error) from error


def check_hash(directory: Path, name: str, expected: str) -> None:
    """Raise ArtifactMismatch unless a file is there and has this SHA-256."""
    try:
        found = sha256_plain(directory / name, _most(name))
    except FileNotFoundError:
        found = "nothing"
    except (NotPlain, TooLarge, OSError) as error:
        raise _refusal(directory, name, error) from error
    if found != expected:
        raise ArtifactMismatch(
            f"{name} has SHA-256 {found}: expected {expected}; set the model up again"
        )


def require_only(directory: Path, named: Collection[str], hidden: bool) -> None:
    """Raise ArtifactMismatch if anything but the circuit's files is there, or one is not plain.

    `named` are those of the manifest, and itself; `hidden`: an owner of weights has others.
    """
    allowed = {*named, secret.PROVING_KEY, *(secret.FILES if hidden else ())}
    folders = {name.partition("/")[0] for name in allowed if "/" in name}
    found = set(_plain_files(directory, folders))
    if found - allowed:
        raise ArtifactMismatch(
            f"{directory} has {_listed(found - allowed)} too much: expected exactly the files that "
            "`zkescrow native add` made; take out what is yours, or ask for the folder "
            "again"
        )


def _plain_files(directory: Path, folders: Collection[str]) -> Iterator[str]:
    """Names of all files, those in `folders` too; what is not plain is refused."""
    for name, mode in _entries(directory):
        if name in folders and stat.S_ISDIR(mode):
            yield from (f"{name}/{one}" for one in _plain_files(directory / name, ()))
        elif directory.name == secret.FOLDER and name.startswith(PARTIAL):
            continue  # another process is counting its proof
        elif stat.S_ISDIR(mode):
            yield f"{name}/"
        elif not stat.S_ISREG(mode):
            raise ArtifactMismatch(
                f"{_shown(name)} in {directory} {_NOT_PLAIN}; ask for the folder again"
            )
        else:
            yield name


def _entries(directory: Path) -> list[tuple[str, int]]:
    """Names in a folder, and the kinds of what they name."""
    try:
        return [
            (one.name, one.stat(follow_symlinks=False).st_mode) for one in os.scandir(directory)
        ]
    except OSError as error:
        raise ArtifactMismatch(f"{directory} cannot be read: {error.strerror or error}") from error


def _most(name: str) -> int:
    return _LIMITS.get(name, _LARGEST)


def _refusal(directory: Path, name: str, error: Exception) -> ArtifactMismatch:
    reason = (
        _NOT_PLAIN
        if isinstance(error, NotPlain)
        else f"is larger than {_most(name)} bytes, the most that is expected"
        if isinstance(error, TooLarge)
        else f"cannot be read: {getattr(error, 'strerror', None) or error}"
    )
    return ArtifactMismatch(f"{name} in {directory} {reason}; ask for the folder again")


def _listed(names: Collection[str]) -> str:
    shown = ", ".join(_shown(name) for name in sorted(names)[:8])
    return shown + (", ..." if len(names) > 8 else "")


def _shown(name: str) -> str:
    return ascii(name)[1:-1][:60]
