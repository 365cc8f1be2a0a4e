"""Downloading a ceremony's published file: resumed after a break, checked by size and hash.

The download runs in a child process, whose time limit no server can stretch; what it got stays and
the next attempt goes on behind it. Nothing is believed before the whole file has the pinned hash.
"""

import http.client
import ssl
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from prover.base.errors import EnvironmentMissing, UsageError, WorkerFailed
from prover.base.files import locked, sha256_file
from prover.base.hosts import is_loopback
from prover.base.settings import get_settings
from prover.base.units import MIB
from prover.systems import worker
from prover.systems.child import report
from prover.systems.srs import raw
from prover.systems.srs.known import named
from prover.systems.srs.store import StoredSetUp, ceremonies_folder, check_logrows, import_file
from prover.systems.worker import Progress

PERPETUAL = "perpetual-powers-of-tau"
ROWS = "{k}"  # stands for log2 rows in the address of a mirror
READ_SECONDS = 30.0
_CHUNK_BYTES = MIB
_PARTS = 20  # of a download that are reported


def fetch(
    name: str,
    logrows: int,
    seconds: float,
    mirrors: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> StoredSetUp:
    """Download, check and keep a ceremony's set-up for 2^logrows rows; at most `seconds` in all.

    Mirrors are tried in turn, by default those of the settings. Raises UsageError if there is no
    published hash, EnvironmentMissing if no mirror gave the file.
    """
    check_logrows(logrows)
    published = named(name).sha256.get(logrows)
    if published is None:
        known = ", ".join(map(str, named(name).sha256)) or "none"
        raise UsageError(
            f"no file of {name} for 2^{logrows} rows is published by hash (known: {known}): take "
            f"{PERPETUAL}, or get a file elsewhere and `zkescrow srs import` it"
        )
    addresses = [
        checked(mirror, logrows) for mirror in mirrors or get_settings().srs_mirrors.split()
    ]
    partial = ceremonies_folder() / f"{name}-{logrows}.download"
    with locked(partial.with_suffix(".lock")):
        _download(addresses, partial, published, raw.size(logrows), seconds, progress)
        kept = import_file(partial)
        partial.unlink()
    return kept


def checked(mirror: str, logrows: int) -> str:
    """The address of a file on a mirror, https or on this machine. Raises UsageError."""
    address = mirror.replace(ROWS, str(logrows))
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    plain = parts.scheme == "http" and host is not None and is_loopback(host)
    if host is None or not (parts.scheme == "https" or plain) or not address.isascii():
        raise UsageError(
            f"mirror {mirror!r}: expected an https address, with {ROWS} where log2 of the rows "
            "stands (http only for this machine itself)"
        )
    return address


def _download(
    addresses: list[str],
    partial: Path,
    published: str,
    size: int,
    seconds: float,
    progress: Progress | None,
) -> None:
    """Leave the whole file at `partial`, or raise EnvironmentMissing with every mirror's reason."""
    limits, reasons = worker.Limits(seconds=seconds), []
    for address in addresses:
        arguments = {"address": address, "target": str(partial), "size": size}
        try:
            worker.run("prover.systems.srs.fetch:get", arguments, limits, progress=progress)
        except EnvironmentMissing as error:
            reasons.append(f"{address}: {error}")
            continue
        except WorkerFailed:
            reasons.append(f"{address}: not done within {seconds:g} s, which --deadline allows")
            continue
        found = sha256_file(partial)
        if found == published:
            return
        partial.unlink()
        reasons.append(
            f"{address}: the file has SHA-256 {found}, expected {published}, as published"
        )
    raise EnvironmentMissing(
        f"the set-up could not be downloaded ({'; '.join(reasons)}); what arrived is kept: run the "
        "command again to go on, or name another --mirror"
    )


def get(address: str, target: str, size: int) -> dict[str, Any]:
    """The child's part: append to `target` what is missing of `size` bytes.

    Raises EnvironmentMissing, leaving what arrived.
    """
    path = Path(target)
    have = path.stat().st_size if path.exists() else 0
    if have > size:
        path.unlink()
        have = 0
    if have == size:
        return {}
    try:
        _append(urlsplit(address), path, have, size)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise EnvironmentMissing(f"{type(error).__name__}: {error}") from error
    return {}


def _append(parts: SplitResult, path: Path, have: int, size: int) -> None:
    connection = _connection(parts)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        connection.request("GET", target, headers=headers)
        response = connection.getresponse()
        begin = _begin(response, have, size)
        with path.open("r+b" if begin else "wb") as file:
            file.seek(begin)
            _receive(response, file, begin, size)
    finally:
        connection.close()


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    host = str(parts.hostname)
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=READ_SECONDS)
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(host, parts.port, timeout=READ_SECONDS, context=context)


def _begin(response: http.client.HTTPResponse, have: int, size: int) -> int:
    """Where the answer's bytes belong: behind what is there, or, if it is the whole, at 0."""
    if response.status == HTTPStatus.OK:
        return 0
    span = response.getheader("Content-Range", "")
    if response.status == HTTPStatus.PARTIAL_CONTENT and span == f"bytes {have}-{size - 1}/{size}":
        return have
    raise EnvironmentMissing(
        f"the server answers with status {response.status} {span}: expected 200, or 206 with the "
        "missing bytes (redirects are not followed)"
    )


def _receive(response: http.client.HTTPResponse, file: Any, begin: int, size: int) -> None:
    written, reported = begin, begin * _PARTS // size
    while chunk := response.read1(_CHUNK_BYTES):
        written += len(chunk)
        if written > size:
            file.truncate(begin)
            raise EnvironmentMissing(f"the server sends more than the {size} bytes of the file")
        file.write(chunk)
        if written * _PARTS // size > reported:
            reported = written * _PARTS // size
            report(f"downloaded {written * 100 // size} %")
    if written < size:
        raise EnvironmentMissing(f"the download broke off after {written} of {size} bytes")
