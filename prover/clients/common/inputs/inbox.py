"""Folders into which strangers put files: what a job waits for is kept, and nothing else.

One scan reads for a bounded time. It reads no file that no job can wait for: one that is larger
than their circuits take, or mostly a hole. A file that was read is known by time and size, and is
read again only when a job names what it held.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from prover.base.errors import UsageError, ZkescrowError
from prover.base.units import MIB
from prover.clients.common.inputs.handover import content_of, is_kept, keep_as
from prover.statement.documents.envelope import OVERHEAD_BYTES
from prover.statement.documents.inputs_file import data_hash

LOOK_SECONDS = 20.0
HOLES_BYTES = MIB  # in smaller files holes cost nobody anything
MAX_HOLES = 16  # bytes that are read for one on the disk; file systems that compress have some too
_BLOCK_BYTES = 512
Mark = tuple[int, int]


@dataclass
class Look:
    """What a scan found: files kept, files left out and why, files that there was no time for."""

    kept: int = 0
    left: list[tuple[Path, str]] = field(default_factory=list)
    unread: int = 0


@dataclass
class Inbox:
    """Folders, and what is known of their files: the mark that each had, and its hash if any."""

    folders: Sequence[Path]
    _known: dict[Path, tuple[Mark, bytes | None]] = field(default_factory=dict)

    def look(self, wanted: Mapping[bytes, int]) -> Look:
        """Keep the files of these hashes, each of at most so many bytes, that are not kept yet.

        Nothing is read where none is missing. Raises UsageError if a folder cannot be.
        """
        found, until = Look(), time.monotonic() + LOOK_SECONDS
        missing = {named: most for named, most in wanted.items() if not is_kept(named)}
        members = [one for folder in self.folders for one in _members(folder)] if missing else []
        self._known = {path: self._known[path] for path in members if path in self._known}
        for path in sorted(members, key=self._known.__contains__):  # what was never read is first
            if not missing:
                break
            try:
                self._look_at(path, missing, until, found)
            except ZkescrowError as error:
                found.left.append((path, str(error)))
        return found

    def _look_at(self, path: Path, missing: dict[bytes, int], until: float, found: Look) -> None:
        stat = _stat_of(path)
        mark = (stat.st_mtime_ns, stat.st_size)
        known = self._known.get(path)
        if known is not None and known[0] == mark and known[1] not in missing:
            return
        most = max(missing.values()) + OVERHEAD_BYTES
        _check(path, stat, most)
        if time.monotonic() > until:
            found.unread += 1
            return
        content, named = self._read(path, mark, most)
        if len(content) <= missing.get(named, -1):
            keep_as(named, content)
            del missing[named]
            found.kept += 1

    def _read(self, path: Path, mark: Mark, most: int) -> tuple[bytes, bytes]:
        """What a file holds in clear, and its hash; known from now on, or that there is none."""
        self._known[path] = (mark, None)
        content = content_of(path, most)
        named = data_hash(content)
        self._known[path] = (mark, named)
        return content, named


def _check(path: Path, stat: os.stat_result, most: int) -> None:
    """Raise UsageError for a file that is not read, as its size alone tells."""
    size, there = stat.st_size, stat.st_blocks * _BLOCK_BYTES
    if size > most:
        raise UsageError(
            f"it has {size} bytes: expected at most {most}, the most that a waiting job takes; it "
            "is not read; if it is a job's, give it by itself with --inputs FILE"
        )
    if size > HOLES_BYTES and size > there * MAX_HOLES:
        raise UsageError(
            f"it has {size} bytes, of which {there} are on the disk: expected a file that is not "
            "mostly holes; it is not read; if it is a job's, give it by itself with --inputs FILE "
            f"({path})"
        )


def _members(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(
            f"--inputs {folder}: the folder cannot be read ({error.strerror}); give one that can be"
        ) from None


def _stat_of(path: Path) -> os.stat_result:
    """Of a file, or of a link that leads nowhere. Raises UsageError if it has gone."""
    try:
        return path.stat() if path.exists() else path.lstat()
    except OSError as error:
        raise UsageError(f"it cannot be read ({error.strerror}); put it there again") from None
