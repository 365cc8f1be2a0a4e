"""The Solidity compiler: where it is, and getting it where a package is installed by itself.

It is taken from `ZKESCROW_SOLC`, else from where py-solc-x keeps its own, else from the checkout,
else from the cache, into which it is downloaded once outside a checkout. py-solc-x would start what
it downloads unseen; here nothing is kept, let alone started, that has not the pinned hash.
"""

import hashlib
import os
import platform
import sys
import time
from pathlib import Path

import requests

from prover.base.console import progress
from prover.base.errors import EnvironmentMissing
from prover.base.files import locked, new_directory, publish
from prover.base.settings import get_settings

SOLC_VERSION = "0.8.37"
BUILD = f"solc-linux-amd64-v{SOLC_VERSION}+commit.f401782d"
SHA256 = "5de843c2c93563cc66425c99a4fb13fdbf32b4c4ae07469480faaf126e14404a"
MAX_BYTES = 64 << 20
READ_SECONDS, MAX_SECONDS = 30.0, 600.0
_CHUNK_BYTES = 1 << 18
_SET = f"set ZKESCROW_SOLC to solc {SOLC_VERSION}"


def get_compiler() -> Path:
    """The compiler, downloaded if it is not there; in a checkout scripts/setup brings it instead.

    Raises EnvironmentMissing saying what to do.
    """
    found = _installed()
    if found is not None:
        return found
    if get_settings().project is not None or not is_downloadable():
        return find_compiler()
    return _download()


def find_compiler() -> Path:
    """The compiler, if it is on this machine. Raises EnvironmentMissing saying what to do."""
    found = _installed()
    if found is not None:
        return found
    project = get_settings().project
    if project is not None:
        raise EnvironmentMissing(
            f"solc {SOLC_VERSION} is not at {_shim(project)}: run scripts/setup, or {_SET}"
        )
    if is_downloadable():
        raise EnvironmentMissing(
            f"solc {SOLC_VERSION} is not on this machine: the first command that compiles "
            f"downloads it to {_cached_path()}; without a network {_SET}"
        )
    raise EnvironmentMissing(
        f"solc {SOLC_VERSION} is not on this machine, and is downloaded for Linux on x86-64 only: "
        f"install it, then {_SET}"
    )


def is_downloadable() -> bool:
    """Whether the pinned build runs on this machine."""
    return sys.platform == "linux" and platform.machine() in ("x86_64", "AMD64")


def _installed() -> Path | None:
    settings = get_settings()
    if settings.solc is not None:
        return _named(settings.solc)
    places = [_of_solcx(), settings.project and _shim(settings.project), _cached_path()]
    return next((one for one in places if one is not None and one.exists()), None)


def _named(path: Path) -> Path:
    if not os.access(path, os.X_OK) or path.is_dir():
        raise EnvironmentMissing(
            f"ZKESCROW_SOLC is {path}: expected a program; name solc {SOLC_VERSION}"
        )
    return path.absolute()


def _of_solcx() -> Path:
    """Where `solcx.install_solc` puts it: asked by name, py-solc-x would make a folder in HOME."""
    folder = os.environ.get("SOLCX_BINARY_PATH") or Path("~/.solcx").expanduser()
    return Path(folder) / f"solc-v{SOLC_VERSION}"


def _shim(project: Path) -> Path:
    return project / ".toolchain" / "solcx" / f"solc-v{SOLC_VERSION}"


def _cached_path() -> Path:
    """Named by its hash too: another build of the version is never taken for this one."""
    return get_settings().cache / "solc" / f"solc-v{SOLC_VERSION}-{SHA256[:16]}"


def _download() -> Path:
    path, address = _cached_path(), f"{get_settings().solc_mirror.rstrip('/')}/{BUILD}"
    with locked(path.with_name(f"{path.name}.lock")):
        if path.exists():  # another process was faster
            return path
        progress(f"downloading solc {SOLC_VERSION} to {path}")
        content = _get(address)
        found = hashlib.sha256(content).hexdigest()
        if found != SHA256:
            raise EnvironmentMissing(
                f"{address} has SHA-256 {found}: expected {SHA256}; it was thrown away, name "
                f"another mirror by ZKESCROW_SOLC_MIRROR, or {_SET}"
            )
        with new_directory(path.parent) as scratch:
            made = scratch / path.name
            made.write_bytes(content)
            made.chmod(0o755)
            publish(made, path)
    return path


def _get(address: str) -> bytes:
    started, content = time.monotonic(), bytearray()
    try:
        with requests.get(address, stream=True, timeout=READ_SECONDS) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_content(_CHUNK_BYTES):
                content += chunk
                if len(content) > MAX_BYTES or time.monotonic() - started > MAX_SECONDS:
                    raise EnvironmentMissing(
                        f"{address} sends more than {MAX_BYTES} bytes or takes longer than "
                        f"{MAX_SECONDS:g} s: name another mirror by ZKESCROW_SOLC_MIRROR"
                    )
    except requests.RequestException as error:
        raise EnvironmentMissing(
            f"solc {SOLC_VERSION} could not be downloaded from {address} "
            f"({type(error).__name__}): connect to the network, or {_SET}"
        ) from error
    return bytes(content)
