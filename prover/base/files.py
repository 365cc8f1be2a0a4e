"""Files that are whole or absent: written beside their place, then renamed.

What is made here is for this user's eyes only, unless it is said to be for others.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Collection, Iterator
from io import BufferedReader
from pathlib import Path

import psutil

from prover.base.errors import Busy, EnvironmentMissing, UsageError
from prover.base.units import HOUR, MIB

PARTIAL = ".partial-"
SCRATCH = "zkescrow-run-"
STALE_SECONDS = HOUR
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
_NEVER_SYNCED = frozenset({errno.EACCES, errno.EINVAL, errno.ENOTSUP})
_CHUNK_BYTES = MIB


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class NotPlain(Exception):
    """What is at a path is no plain file: a folder, link, pipe or device."""


class TooLarge(Exception):
    """A file has more bytes than its reader allows."""


def read_plain(path: Path, max_bytes: int, *, follow: bool = True) -> bytes:
    """The content of a file that a stranger may have put there.

    A pipe or device is never waited for; a link is followed only if `follow`. Raises NotPlain,
    TooLarge, OSError, or ValueError if `path` cannot be one.
    """
    with _plain(path, follow) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise TooLarge(path)
    return content


def read_file(path: Path) -> bytes:
    """The content of a file that the user named. Raises UsageError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; check the path") from None


def sha256_plain(path: Path, max_bytes: int) -> str:
    """SHA-256 of a stranger's file, not through a link; raises as `read_plain`."""
    with _plain(path, False) as file:
        if os.fstat(file.fileno()).st_size > max_bytes:
            raise TooLarge(path)
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_plain(source: Path, target: Path, max_bytes: int) -> None:
    """Copy a stranger's file, not through a link; raises as `read_plain`."""
    with _plain(source, False) as file, target.open("xb") as copy:
        while chunk := file.read(_CHUNK_BYTES):
            copy.write(chunk)
            if copy.tell() > max_bytes:
                raise TooLarge(source)


@contextlib.contextmanager
def _plain(path: Path, follow: bool) -> Iterator[BufferedReader]:
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | (0 if follow else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ELOOP and not follow:
            raise NotPlain(path) from error
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotPlain(path)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def write_atomically(path: Path, content: bytes, *, private: bool = True) -> None:
    """Make `path` hold `content`, or leave it as it was and raise EnvironmentMissing.

    A `private` file can be read by its owner only; of another, the user's umask decides. It
    outlives a power cut, with the folders that were made for it.
    """
    with new_directory(path.parent) as scratch:
        if private:
            (scratch / path.name).touch(mode=0o600)
        (scratch / path.name).write_bytes(content)
        publish(scratch / path.name, path)


def publish(made: Path, target: Path) -> None:
    """Rename a file, or a folder with all in it, so that a power cut leaves it whole or absent.

    It is on the disk at `target` when this returns. Raises OSError.
    """
    for path in (*made.rglob("*"), made):
        (_sync_folder if path.is_dir() else sync)(path)
    made.replace(target)
    _sync_folder(target.parent)


@contextlib.contextmanager
def new_directory(parent: Path) -> Iterator[Path]:
    """A private directory beside what is in `parent`, removed at the end with what it holds.

    Those of processes that were killed more than an hour ago are removed on the way.

    An OSError inside, such as a full disk, becomes EnvironmentMissing.
    """
    scratch: Path | None = None
    try:
        make_folder(parent)
        _sweep(parent)
        scratch = Path(tempfile.mkdtemp(prefix=f"{PARTIAL}{os.getpid()}-", dir=parent))
        yield scratch
    except OSError as error:
        raise EnvironmentMissing(
            f"cannot write under {parent}: {error.strerror or error}; make room or choose another "
            "directory with ZKESCROW_HOME or ZKESCROW_CACHE"
        ) from error
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path` against other processes; waits for it."""
    make_folder(path.parent)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def alone(path: Path, work: str) -> Iterator[None]:
    """Hold an exclusive lock on `path` for a long work; raises Busy if another process has it.

    The system frees it with the process, however that ends.
    """
    make_folder(path.parent)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                f"another run is at work on {work}: it goes on, and nothing was done here; run the "
                "command again when that one has ended"
            ) from None
        yield


@contextlib.contextmanager
def at_work(path: Path) -> Iterator[None]:
    """Show other processes, by a file that exists meanwhile, that work is under way: see below."""
    make_folder(path.parent)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def is_at_work(path: Path) -> bool:
    """Whether another process, or thread, is within `at_work`; a process that died is not."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def make_folder(path: Path) -> None:
    """Make a folder and those above it, where they are not, for their owner only."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(path.parent)


def keep_private(path: Path) -> None:
    """Take a folder or file of this user away from other users, if it is there."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        found = path.stat()
        if found.st_uid == os.getuid() and found.st_mode & 0o077:
            path.chmod(stat.S_IMODE(found.st_mode) & 0o700)


def keep_folder_private(path: Path, ours: Collection[str]) -> None:
    """Take a folder away from other users, if it is there and holds nothing but what is `ours`.

    Whoever names /tmp or /etc by mistake does not lose it to everybody else.
    """
    with contextlib.suppress(OSError):
        names = {one.name for one in path.iterdir() if not one.name.startswith(PARTIAL)}
        if names <= set(ours):
            keep_private(path)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A private folder under the system's temporary one, gone at the end with what it holds.

    It is locked meanwhile, so that what a killed process left is known, and swept by the next one.
    Raises EnvironmentMissing if it cannot be made.
    """
    try:
        sweep_scratch()
        folder, lock = _locked_folder()
    except OSError as error:
        raise EnvironmentMissing(
            f"cannot start a process with files under {tempfile.gettempdir()}: "
            f"{error.strerror or error}; make room or set TMPDIR to another directory"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep_scratch() -> None:
    """Remove the temporary folders of this user's processes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*"):
        with contextlib.suppress(OSError):  # another process sweeps too, or it is another user's
            if folder.lstat().st_uid != os.getuid():
                continue
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _locked_folder() -> tuple[Path, int]:
    """A new folder and its lock; one that was swept before it was locked is made again."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=SCRATCH))
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return folder, lock
        os.close(lock)


def _sweep(parent: Path) -> None:
    for path in parent.glob(f"{PARTIAL}*"):
        owner = path.name.removeprefix(PARTIAL).partition("-")[0]
        dead = owner.isdigit() and not psutil.pid_exists(int(owner))
        with contextlib.suppress(FileNotFoundError):  # another process sweeps too
            if dead and time.time() - path.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def _sync_folder(path: Path) -> None:
    """Force the names in a folder to the disk, if it may be read and its file system can."""
    try:
        sync(path)
    except OSError as error:
        if error.errno not in _NEVER_SYNCED:
            raise


def sync(path: Path) -> None:
    """Force a file or directory to the disk, where a delayed lack of space shows itself."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
