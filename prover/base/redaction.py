"""What nobody else may see: secrets as text, and in the environment of programs that we start."""

import contextlib
import os
import re
from collections.abc import Iterator
from urllib.parse import SplitResult, unquote, urlsplit

MASK = "***"
MIN_SEGMENT = 8  # shorter parts of an address are names of its service, such as v3
_ENVIRONMENT = ("ZKESCROW_PRIVATE_KEY", "ZKESCROW_KEYSTORE_PASSWORD")
_RPC_URL = "ZKESCROW_RPC_URL"
# A host that cannot be taken for a key, and a port: no scheme, user, path nor query.
_HOST_AND_PORT = re.compile(
    r"(localhost|[a-z0-9-]{1,30}(\.[a-z0-9-]{1,30})+):[0-9]{1,5}", re.I | re.A
)
_USER = re.compile(r"(?<=://)[^/\s@]+(?=@)")
# What a child may know: an allow-list, as anything else may hold somebody's key.
_PASSED_ON = frozenset(
    {
        *("PATH", "HOME", "TMPDIR", "TZ", "LANG", "LANGUAGE", "TERM", "USER", "LOGNAME", "SHELL"),
        *("LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "PYTHONUNBUFFERED", "PYTHONHASHSEED"),
        *("PYTHONDONTWRITEBYTECODE", "PYTHONWARNINGS", "VIRTUAL_ENV", "SOLCX_BINARY_PATH"),
        *("RAYON_NUM_THREADS", "OMP_NUM_THREADS", "MALLOC_ARENA_MAX", "RUST_BACKTRACE", "RUST_LOG"),
        *("ZKESCROW_HOME", "ZKESCROW_CACHE", "ZKESCROW_PROJECT", "ZKESCROW_DEPLOYMENTS"),
        *("XDG_DATA_HOME", "XDG_CACHE_HOME", "SYSTEMROOT"),
    }
)
_kept: set[str] = set()


def hide(secret: str) -> None:
    """Never show this text from now on."""
    if secret:
        _kept.add(secret)


def hide_url(url: str) -> None:
    """Never show what in this address may be a key: user, password, path and query."""
    for part in _secret_parts(url):
        hide(part)


def public_url(url: str) -> str:
    """An address as it may be shown: scheme, host and port, `/***` for what follows these.

    Without a scheme, only what is plainly a host and a port is shown.
    """
    if _HOST_AND_PORT.fullmatch(url):
        return url
    parts = _split(url)
    if parts is None or not parts.netloc:
        return MASK
    host = parts.netloc.rpartition("@")[2]
    rest = "/" + MASK if parts.path.strip("/") or parts.query or parts.fragment else ""
    return f"{parts.scheme}://{host}{rest}"


def redacted(text: str) -> str:
    """The text without any secret that this process was given, by settings, option or question."""
    secrets = {unquote(one) for one in _secrets()} | _secrets()
    for secret in sorted(secrets, key=len, reverse=True):
        text = re.sub(re.escape(secret), MASK, text, flags=re.IGNORECASE)
    return _USER.sub(MASK, text)


def child_environment() -> dict[str, str]:
    """The part of the environment that a child process gets: nothing that may hold a key."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or name.startswith("LC_")
    }


@contextlib.contextmanager
def bare_environment() -> Iterator[None]:
    """For libraries that start programs themselves: the environment is that of a child inside."""
    before = dict(os.environ)
    try:
        for name in before.keys() - child_environment().keys():
            del os.environ[name]
        yield
    finally:
        os.environ.update(before)


def _secrets() -> set[str]:
    found = set(_kept)
    for name, value in os.environ.items():
        if name.upper() in _ENVIRONMENT and value:
            found |= {value, value.removeprefix("0x")}
        elif name.upper() == _RPC_URL:
            found |= _secret_parts(value)
    return {one for one in found if one}


def _secret_parts(url: str) -> set[str]:
    parts = _split(url)
    if parts is None:
        return {url}
    if _HOST_AND_PORT.fullmatch(url):
        return set()
    user = parts.netloc.rpartition("@")[0]
    words = {user, *user.split(":"), parts.fragment, *re.split("[&=]", parts.query)}
    segments = {*parts.path.split("/"), *words - {user}}
    whole = parts.path.strip("/") + (f"?{parts.query}" if parts.query else "")
    return {one for one in {*segments, whole} if len(one) >= MIN_SEGMENT} | (
        {user} if user else set()
    )


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
