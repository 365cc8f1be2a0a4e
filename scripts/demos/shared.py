"""What the demos share: the zkescrow command against a fresh local node, and how a step is told.

Keys, SRS and compiled contracts stay in .zkescrow/ of the checkout, so that a second run is quick.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import requests
from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".zkescrow"
EXAMPLES = ROOT / "examples"
ZKESCROW = Path(sys.executable).with_name("zkescrow")
DEPLOYER, PROVIDER, CONSUMER = "0", "1", "2"
SHADES = " .:-=+*#%@"
WEI = 10**18

console = Console(highlight=False, soft_wrap=True)


class DemoFailed(Exception):
    """A command failed; its own words are on stderr already."""


class Chain:
    """The zkescrow command against one node, with a user's home."""

    def __init__(self, rpc: str, deployments: Path, home: str = "home") -> None:
        self.rpc, self._deployments = rpc, deployments
        self.environment = os.environ | {
            "ZKESCROW_HOME": str(STATE / home),
            "ZKESCROW_CACHE": str(STATE / "cache"),
            "ZKESCROW_DEPLOYMENTS": str(deployments),
            "ZKESCROW_RPC_URL": rpc,
        }

    def of(self, home: str) -> "Chain":
        """The same node for another user, whose files are elsewhere."""
        return Chain(self.rpc, self._deployments, home)

    def use_here(self) -> None:
        """This process, too, has the settings of the commands from now on."""
        from prover.base.settings import get_settings

        os.environ.update(self.environment)
        get_settings.cache_clear()

    def run(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> dict[str, Any]:
        """The JSON that a command prints. Raises DemoFailed on another exit status than allowed."""
        self._say(arguments)
        done = subprocess.run(
            [ZKESCROW, *arguments, "--json"],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode not in allowed:
            raise DemoFailed(f"zkescrow {arguments[0]} ended with status {done.returncode}")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def refused(self, *arguments: str) -> str:
        """What a command says that must be refused."""
        self._say(arguments)
        done = subprocess.run(
            [ZKESCROW, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            raise DemoFailed(f"zkescrow {arguments[0]} was not refused")
        return done.stderr.strip().splitlines()[-1].removeprefix("zkescrow: ")

    def pass_time(self, seconds: int) -> None:
        """Move the local node's clock, which real chains have of their own."""
        for method, parameters in (("evm_increaseTime", [seconds]), ("evm_mine", [])):
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
            if "error" in requests.post(self.rpc, json=body, timeout=10).json():
                raise DemoFailed(f"the node does not know {method}")

    def _say(self, arguments: tuple[str, ...]) -> None:
        console.print(f"  [dim]$ zkescrow {' '.join(_short(word) for word in arguments)}[/dim]")


def _short(word: str) -> str:
    return str(Path(word).relative_to(ROOT)) if word.startswith(str(ROOT)) else word


@contextlib.contextmanager
def running_node() -> Iterator[str]:
    """A fresh node on a free port; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    node = subprocess.Popen(
        [ZKESCROW, "node", "--port", str(port), "--json"], stdout=subprocess.PIPE, text=True
    )
    try:
        if node.stdout is None or not node.stdout.readline():
            raise DemoFailed("the local node did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        node.terminate()
        node.wait(timeout=10)


def step(number: int, who: str, what: str) -> None:
    console.print(f"\n[bold]{number}. {who}[/bold] {what}")


def draw(image: np.ndarray) -> None:
    """An 8x8 image with values from 0 to 1, as text."""
    for row in image.reshape(8, 8):
        console.print(
            "     " + "".join(SHADES[round(float(v) * (len(SHADES) - 1))] * 2 for v in row)
        )


@contextlib.contextmanager
def fresh_chain() -> Iterator[Chain]:
    """A fresh node with nothing on it."""
    STATE.mkdir(exist_ok=True)
    with running_node() as rpc, tempfile.TemporaryDirectory(dir=STATE) as deployments:
        yield Chain(rpc, Path(deployments))


def audit(chain: Chain, number: int) -> dict[str, int]:
    """The auditor's step of every demo. Raises DemoFailed on a mismatch."""
    step(number, "The auditor", "replays every event and verifies every proof again.")
    found = chain.run("audit", "replay")
    summary = {
        "events": found["events_read"],
        "proofs_reverified": found["proofs_reverified"],
        "mismatches": len(found["mismatches"]),
    }
    console.print(
        f"   {summary['events']} events, {summary['proofs_reverified']} proofs verified again, "
        f"{summary['mismatches']} mismatches"
    )
    if summary["mismatches"]:
        raise DemoFailed("the audit found mismatches")
    return summary
