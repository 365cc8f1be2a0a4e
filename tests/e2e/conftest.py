"""A node, the contracts and the digits model, all made through the command line."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from prover.chain.deployments import read
from prover.chain.node import anvil as node
from prover.chain.node.client import connect
from tests import direct, warm
from tests.localchain import (  # noqa: F401 - fixtures
    Chain,
    chain,
    node_with_contracts,
    settings_of,
)

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
ZKESCROW = str(Path(sys.executable).with_name("zkescrow"))


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded

    def message(self) -> str:
        """The one line of an error; fails if there was none, or a traceback."""
        lines = [line for line in self.err.splitlines() if not line.startswith("  ")]
        assert len(lines) == 1, self.err
        assert lines[0].startswith("zkescrow: "), self.err
        return lines[0]


@dataclass(frozen=True)
class Cli:
    """The command line of one user: a home, a node."""

    environment: dict[str, str] = field(repr=False)

    def run(self, *arguments: object, status: int = 0, **environment: str) -> Result:
        words = [str(argument) for argument in arguments]
        done = warm.server().run(words, os.environ | self.environment | environment)
        told = "\n".join([f"{arguments}: {done.returncode}", done.stdout, done.stderr])
        assert done.returncode == status, told
        return Result(done.returncode, done.stdout, done.stderr)

    def json(self, *arguments: object, status: int = 0, **environment: str) -> dict[str, Any]:
        return self.run(*arguments, "--json", status=status, **environment).data

    def post(self, index: int = 3, *extra: object) -> dict[str, Any]:
        return self.json(
            *("prediction", "post", "--model", "digits", "--account", 2),
            *("--inputs", EXAMPLES / "digits-test.npz", "--index", index),
            *("--reward", "0.01", "--stake", "0.005"),
            *extra,
        )


@dataclass(frozen=True)
class World:
    cli: Cli
    chain: Chain
    home: Path
    model: dict[str, Any]


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("e2e")
    port = node.free_port()
    settings = {
        "home": str(directory / "home"),
        "deployments": str(directory / "deployments"),
        "rpc_url": f"http://127.0.0.1:{port}",
    }
    cli = Cli({f"ZKESCROW_{name.upper()}": value for name, value in settings.items()})
    with running_node(cli, port):
        cli.run("deploy", "--account", 0)
        data = EXAMPLES / "digits-calibration.npz"
        arguments = ("model", "add", EXAMPLES / "digits-cnn.onnx", "--data", data)
        model = cli.json(*arguments, "--name", "digits", "--inputs", "public", "--account", 1)
        client = connect(settings["rpc_url"])
        chain = Chain(client, read(directory / "deployments/31337.json"), settings["rpc_url"])
        yield World(cli, chain, directory / "home", model)


class running_node:
    """`zkescrow node` in a process of its own; ends it as Ctrl-C does."""

    def __init__(self, cli: Cli, port: int) -> None:
        self._port = port
        self._process = subprocess.Popen(
            [ZKESCROW, "node", "--port", str(port)],
            env=os.environ | cli.environment,
            stdout=subprocess.PIPE,
            text=True,
            # Where this runs in a shell's background Ctrl-C is ignored, which a child inherits.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def __enter__(self) -> None:
        assert self._process.stdout is not None
        assert re.search("chain 31337 at http", self._process.stdout.readline())
        direct.note(self._port, self._process.pid)

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(20)


@pytest.fixture
def world(digits: World) -> Iterator[World]:
    """The shared world; the chain is put back afterwards."""
    settings = {
        name.removeprefix("ZKESCROW_").lower(): value
        for name, value in digits.cli.environment.items()
    }
    with settings_of(**settings), digits.chain.put_back():
        yield digits
