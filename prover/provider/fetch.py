"""Getting a job's inputs file from where the consumer says, without being led astray.

Only https, from public addresses, up to the size that the circuit's layout allows, within a time
limit; files of this machine only by option. A host's address is checked and then connected to, so
that a second look-up cannot lead elsewhere; redirects are refused.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from http import HTTPStatus
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from prover.errors import UsageError, ZkescrowError

TIMEOUT_SECONDS = 20.0
_CHUNK_BYTES = 1 << 14


class InputsUnavailable(ZkescrowError):
    """The inputs file is not to be had, or not in a way that this provider accepts."""


def fetch(uri: str, max_bytes: int, *, allow_files: bool = False) -> bytes:
    """The content at `uri`: https, or file by option. Raises InputsUnavailable."""
    try:
        parts = urlsplit(uri)
        port = parts.port or 443
    except ValueError:
        raise InputsUnavailable(f"inputs are at {uri!r}, which is no URI: skip the job") from None
    if parts.scheme == "file" and allow_files:
        return _read_file(parts, max_bytes)
    if parts.scheme != "https" or parts.hostname is None:
        allowed = "https or file" if allow_files else "https"
        raise InputsUnavailable(f"inputs are at {uri!r}: {allowed} is allowed; skip the job")
    try:
        return _download(parts, parts.hostname, port, max_bytes)
    except (OSError, http.client.HTTPException) as error:
        raise InputsUnavailable(
            f"inputs at {uri!r} cannot be had ({type(error).__name__}: {error}): try again later"
        ) from error


def public_address(host: str, port: int) -> str:
    """An address of the host, if all of them are public. Raises InputsUnavailable otherwise."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = sorted({str(entry[4][0]) for entry in found})
    for address in addresses:
        if not is_public(address):
            raise InputsUnavailable(
                f"inputs are on {host}, which is {address} inside a network: public addresses are "
                "allowed; skip the job"
            )
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an IP address is globally reachable, also behind an IPv4 mapping in IPv6."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None) or getattr(parsed, "sixtofour", None)
    inner = mapped or parsed
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


def file_uri(path: Path) -> str:
    """The file URI of an absolute path."""
    if not path.is_absolute():
        raise UsageError(f"{path} is relative: an absolute path is allowed")
    return path.as_uri()


def _read_file(parts: SplitResult, max_bytes: int) -> bytes:
    path = Path(unquote(parts.path))
    if parts.netloc not in ("", "localhost") or not path.is_file():
        raise InputsUnavailable(f"inputs are at {path}, where no file is: skip the job")
    with path.open("rb") as file:
        return _bounded(file.read(max_bytes + 1), max_bytes)


def _download(parts: SplitResult, host: str, port: int, max_bytes: int) -> bytes:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    address = public_address(host, port)
    connection = _PinnedConnection(host, port, address)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target, headers={"Accept": "application/json"})
        response = connection.getresponse()
        if response.status != HTTPStatus.OK:
            raise InputsUnavailable(
                f"the host {host} answers with status {response.status}: 200 is allowed (redirects "
                "are not followed); skip the job"
            )
        return _read_until(response, max_bytes, deadline)
    finally:
        connection.close()


def _read_until(response: http.client.HTTPResponse, max_bytes: int, deadline: float) -> bytes:
    content = b""
    while chunk := response.read1(_CHUNK_BYTES):
        content = _bounded(content + chunk, max_bytes)
        if time.monotonic() > deadline:
            raise InputsUnavailable(
                f"inputs took more than {TIMEOUT_SECONDS:.0f} s: skip the job, or try again later"
            )
    return content


def _bounded(content: bytes, max_bytes: int) -> bytes:
    if len(content) > max_bytes:
        raise InputsUnavailable(
            f"the inputs file has more than {max_bytes} bytes, which is all that this circuit's "
            "inputs can take: skip the job"
        )
    return content


class _PinnedConnection(http.client.HTTPSConnection):
    """TLS for `host`, over a connection to an address that was checked."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
        self._address = address

    def connect(self) -> None:
        raw = socket.create_connection((self._address, self.port), self.timeout)
        context: ssl.SSLContext = self._context  # type: ignore[attr-defined]
        self.sock = context.wrap_socket(raw, server_hostname=self.host)
