"""Addresses of files, as events carry them: what is one, and what a provider can fetch."""

import contextlib
import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

MAX_URI_CHARACTERS = 2048
MAX_HOST_CHARACTERS = 253  # RFC 1035
_URI = re.compile(r"[!-~]+")  # RFC 3986: printable ASCII, anything else is percent-encoded
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*\.?", re.ASCII)


def parsed(uri: str | bytes) -> SplitResult:
    """The parts of a URI of printable ASCII; its host, if any, is one that DNS can hold.

    Raises ValueError.
    """
    text = uri.decode("ascii") if isinstance(uri, bytes) else uri
    if not _URI.fullmatch(text) or len(text) > MAX_URI_CHARACTERS:
        raise ValueError(f"expected up to {MAX_URI_CHARACTERS} printable ASCII characters")
    parts = urlsplit(text)
    if parts.username is not None:
        raise ValueError("expected no user in it")
    if parts.hostname is not None and not _is_host(parts.hostname):
        raise ValueError("its host is no name and no IP address")
    _ = parts.port  # raises where it is none
    return parts


def fetchable(uri: str, *, files: bool) -> bool:
    """Whether a provider can fetch it: https with a host, or a file of this machine if `files`."""
    try:
        parts = parsed(uri)
    except ValueError:
        return False
    if parts.scheme == "file":
        return files and parts.netloc in ("", "localhost") and parts.path.startswith("/")
    return parts.scheme == "https" and parts.hostname is not None


def _is_host(host: str) -> bool:
    """Whether a lower-case host is a name of labels of 1 to 63 characters, or an IP address."""
    with contextlib.suppress(ValueError):
        return "%" not in str(ipaddress.ip_address(host))  # a zone leads inside a network
    return bool(_HOST.fullmatch(host)) and len(host) <= MAX_HOST_CHARACTERS
