"""Getting a job's inputs file from where the consumer says, without being led astray.

Only https, from public addresses, up to the size that the circuit's layout allows; files of this
machine only by option. A host's address is checked and then connected to, so that a second look-up
cannot lead elsewhere; redirects are refused. One deadline holds for all of a download: name
look-up, connection, TLS, headers and body. A URI is a stranger's: an odd one is InputsUnavailable.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from queue import Empty, SimpleQueue
from urllib.parse import SplitResult, unquote

from prover.base import text
from prover.base.errors import ZkescrowError
from prover.base.files import NotPlain, TooLarge, read_plain
from prover.base.log import logger
from prover.protocol import uris

TIMEOUT_SECONDS = 20.0
LOG = logger(__name__)
_CHUNK_BYTES = 1 << 14
_SHOWN_CHARACTERS = 120
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are of IPv4


class InputsUnavailable(ZkescrowError):
    """The inputs file is not to be had, or not in a way that this provider accepts."""


def fetch(uri: str | bytes, max_bytes: int, *, allow_files: bool = False) -> bytes:
    """The content at `uri`: https, or file by option. Raises InputsUnavailable."""
    parts = _parts(uri)
    if parts.scheme == "file" and allow_files:
        return _read_file(parts, max_bytes)
    if parts.scheme != "https" or parts.hostname is None:
        allowed = "https or file" if allow_files else "https"
        raise InputsUnavailable(f"inputs are at {shown(uri)}: expected {allowed}; skip the job")
    download = _Download(parts, parts.hostname, parts.port or 443, max_bytes)
    try:
        content = _within(TIMEOUT_SECONDS, download)
    except InputsUnavailable as error:
        LOG.warning("not fetched", host=parts.hostname, why=str(error))
        raise
    LOG.info("fetched", host=parts.hostname, bytes=len(content))
    return content


def shown(uri: str | bytes) -> str:
    """A stranger's URI as it may be printed: quoted, short, without control characters."""
    return f"'{text.shown(uri, _SHOWN_CHARACTERS)}'"


def public_addresses(host: str, port: int) -> tuple[str, ...]:
    """The addresses of the host, in the system's order of preference, if all of them are public.

    Raises InputsUnavailable otherwise.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not is_public(address):
            raise InputsUnavailable(
                f"inputs are on {host}, which is {address} inside a network: expected public "
                "addresses; skip the job"
            )
    return addresses


def is_public(address: str) -> bool:
    """Whether an IP address is globally reachable, also one of IPv4 within one of IPv6."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.is_site_local:
            return False
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if parsed in _NAT64:
            inner = ipaddress.IPv4Address(parsed.packed[-4:])
        if inner is not None:
            return is_public(str(inner))
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def _parts(uri: str | bytes) -> SplitResult:
    try:
        return uris.parsed(uri)
    except ValueError as error:
        raise InputsUnavailable(
            f"inputs are at {shown(uri)}, which is no address ({shown(str(error))}): skip the job"
        ) from None


def _read_file(parts: SplitResult, max_bytes: int) -> bytes:
    path = Path(unquote(parts.path))
    if parts.netloc not in ("", "localhost"):
        raise InputsUnavailable(
            f"inputs are a file on {parts.netloc}: expected one on this machine"
        )
    try:
        return read_plain(path, max_bytes)
    except TooLarge:
        raise _too_large(max_bytes) from None
    except (OSError, ValueError, NotPlain):
        where = shown(str(path))
        raise InputsUnavailable(
            f"inputs are at {where}: expected a file that can be read; skip the job"
        ) from None


def _too_large(max_bytes: int) -> InputsUnavailable:
    return InputsUnavailable(
        f"the inputs file has more than {max_bytes} bytes, which is all that this circuit's "
        "inputs can take: skip the job"
    )


@dataclass
class _Download:
    """One GET of a checked URI; `abort` ends it from another thread at any point."""

    parts: SplitResult
    host: str
    port: int
    max_bytes: int
    _open: list[socket.socket] = field(default_factory=list)
    _aborted: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> bytes:
        """The content. Raises InputsUnavailable."""
        try:
            return self._content()
        except TimeoutError as error:  # one wait took as long as all of it may
            raise _late(self.host, TIMEOUT_SECONDS) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = shown(str(error))
            raise InputsUnavailable(
                f"inputs at {shown(self.parts.geturl())} cannot be had ({type(error).__name__}: "
                f"{reason}): try again later"
            ) from error

    def abort(self) -> None:
        """Shut the connection: whatever waits for it fails at once."""
        self._aborted.set()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _content(self) -> bytes:
        addresses = public_addresses(self.host, self.port)
        connection = _PinnedConnection(self.host, self.port, addresses, self._watch)
        try:
            target = (self.parts.path or "/") + (f"?{self.parts.query}" if self.parts.query else "")
            connection.request("GET", target, headers={"Accept": "application/json"})
            response = connection.getresponse()
            if response.status != HTTPStatus.OK:
                raise InputsUnavailable(
                    f"the host {self.host} answers with status {response.status}: expected 200 "
                    "(redirects are not followed); skip the job"
                )
            return _body(response, self.max_bytes)
        finally:
            connection.close()
            for one in self._open:
                one.close()

    def _watch(self, connection: socket.socket) -> None:
        """Let `abort` shut this connection; TLS takes the socket itself over, not a copy of it."""
        self._open.append(connection.dup())
        if self._aborted.is_set():
            raise TimeoutError("the deadline is over")


def _within(seconds: float, download: _Download) -> bytes:
    """The download's content, or InputsUnavailable at the deadline, wherever it stands then.

    It runs in a thread of its own, as a name look-up cannot be interrupted.
    """
    done: SimpleQueue[bytes | Exception] = SimpleQueue()
    threading.Thread(target=_report, args=(download, done), daemon=True).start()
    try:
        found = done.get(timeout=seconds)
    except Empty:
        download.abort()
        raise _late(download.host, seconds) from None
    if isinstance(found, Exception):
        raise found
    return found


def _late(host: str, seconds: float) -> InputsUnavailable:
    return InputsUnavailable(
        f"inputs on {host} took more than {seconds:.0f} s: skip the job, or try again later"
    )


def _report(work: Callable[[], bytes], done: "SimpleQueue[bytes | Exception]") -> None:
    try:
        done.put(work())
    except Exception as error:  # noqa: BLE001 - the waiting thread raises it
        done.put(error)


def _body(response: http.client.HTTPResponse, max_bytes: int) -> bytes:
    content = bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        content += chunk
        if len(content) > max_bytes:
            raise _too_large(max_bytes)
    if response.length:  # what is missing of the length that was announced
        raise http.client.IncompleteRead(b"", response.length)
    return bytes(content)


class _PinnedConnection(http.client.HTTPSConnection):
    """TLS for `host`, over a connection to one of the addresses that were checked."""

    def __init__(
        self,
        host: str,
        port: int,
        addresses: Sequence[str],
        watch: Callable[[socket.socket], None],
    ) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
        self._addresses = addresses
        self._watch = watch

    def connect(self) -> None:
        raw = self._reached()
        self._watch(raw)
        context: ssl.SSLContext = self._context  # type: ignore[attr-defined]
        self.sock = context.wrap_socket(raw, server_hostname=self.host)

    def _reached(self) -> socket.socket:
        """The first that answers, as a host may have addresses of a kind that has no way here."""
        share = TIMEOUT_SECONDS / len(self._addresses)
        for address in self._addresses[:-1]:
            with contextlib.suppress(OSError):
                return self._opened(address, share)
        return self._opened(self._addresses[-1], share)

    def _opened(self, address: str, seconds: float) -> socket.socket:
        found = socket.create_connection((address, self.port), seconds)
        found.settimeout(TIMEOUT_SECONDS)
        return found
