"""A local Anvil node with the project's settings."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from prover.base.errors import ChainError, EnvironmentMissing
from prover.base.redaction import child_environment
from prover.base.settings import get_settings
from prover.chain.node.client import LOCAL_CHAIN, Client, connect

NPM_ANVIL = Path("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil")
START_SECONDS = 20.0


def find_anvil() -> Path:
    """ZKESCROW_ANVIL, else anvil in node_modules, else on PATH. Raises EnvironmentMissing."""
    settings = get_settings()
    if settings.anvil is not None:
        return _executable(settings.anvil, "ZKESCROW_ANVIL")
    installed = settings.project and settings.project / NPM_ANVIL
    if installed and installed.exists():
        return _executable(installed, "scripts/setup")
    on_path = shutil.which("anvil")
    if on_path is None:
        raise EnvironmentMissing(
            f"anvil is neither at {installed} nor on PATH: run scripts/setup, or set ZKESCROW_ANVIL"
            if installed
            else "anvil is not on PATH: install Foundry (https://getfoundry.sh), or set "
            "ZKESCROW_ANVIL; only local nodes (`zkescrow node`) need it"
        )
    return Path(on_path)


def command(port: int, host: str = "127.0.0.1") -> list[str]:
    """The command line: chain 31337 and the gas limit of one transaction enforced (EIP-7825)."""
    return [
        *(str(find_anvil()), "--host", host, "--port", str(port)),
        *("--chain-id", str(LOCAL_CHAIN), "--enable-tx-gas-limit"),
    ]


@contextlib.contextmanager
def running(port: int | None = None, log: Path | None = None) -> Iterator[Client]:
    """A node that ends with the block, with a client connected to it; a free port by default."""
    where = free_port() if port is None else port
    check_port(where)
    with contextlib.ExitStack() as stack:
        output = stack.enter_context((log or Path(os.devnull)).open("wb"))
        process = subprocess.Popen(
            command(where), stdout=output, stderr=subprocess.STDOUT, env=child_environment()
        )
        stack.callback(_stop, process)
        yield wait_for(process, where)


def wait_for(process: "subprocess.Popen[bytes]", port: int) -> Client:
    """A client once the node answers. Raises ChainError if it ends or takes 20 s."""
    started = time.monotonic()
    while time.monotonic() - started < START_SECONDS and process.poll() is None:
        with contextlib.suppress(ChainError):
            return connect(f"http://127.0.0.1:{port}", LOCAL_CHAIN)
        time.sleep(0.05)
    raise ChainError(f"anvil did not answer on port {port}: choose another --port")


def check_port(port: int) -> None:
    """Raise ChainError if something listens on the port already."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise ChainError(f"port {port} is taken: choose another --port")


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _executable(path: Path, source: str) -> Path:
    if not os.access(path, os.X_OK) or path.is_dir():
        raise EnvironmentMissing(f"anvil at {path} ({source}) is no program: install it anew")
    return path


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
