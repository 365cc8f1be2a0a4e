"""`zkescrow` in processes of its own that need not load web3 and the like each time.

Loading them takes two seconds of each command, and tests run hundreds. A server loads them once
and is forked for each command: only what starts no thread, as threads do not survive a fork.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NoReturn

LOADED = (
    *("aiohttp", "coincurve", "eth_account", "eth_hash.auto", "onnxruntime", "platformdirs"),
    *("psutil", "pydantic_settings", "sqlalchemy.dialects.sqlite", "structlog", "typer", "web3"),
)
ROOT = Path(__file__).parents[1]
SECONDS = 300.0


class Server:
    """Runs one command at a time; starts with the first."""

    def __init__(self) -> None:
        self._alone = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            bufsize=0,  # what was read ahead would not be seen by select
        )
        atexit.register(self.close)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], before: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """As subprocess.run does, after the code `before` in the same process.

        Raises TimeoutExpired.
        """
        with self._alone, tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            order = [
                list(arguments),
                dict(environment),
                str(Path.cwd()),
                str(out),
                str(err),
                before,
            ]
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            child = self._answer(SECONDS)  # the first waits for all that is loaded
            assert child is not None
            status = self._answer(SECONDS)
            if status is None:
                os.killpg(child, signal.SIGKILL)
                self._answer(10.0)
                raise subprocess.TimeoutExpired(list(arguments), SECONDS, err.read_text())
            return subprocess.CompletedProcess(
                list(arguments), status, out.read_text(), err.read_text()
            )

    def _answer(self, seconds: float) -> int | None:
        """A number that the server says; None if it says none in time."""
        stdout = self._process.stdout
        assert stdout is not None
        ready, _, _ = select.select([stdout], [], [], seconds)
        return int(stdout.readline()) if ready else None


@cache
def server() -> Server:
    return Server()


def serve() -> str:
    """Fork for each order; in the child, which is to carry it out, the code to run before.

    Ends with its input.
    """
    while line := sys.stdin.readline():
        arguments, environment, folder, out, err, before = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(arguments, environment, folder, (os.devnull, out, err))
            return str(before)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    sys.exit()


def _become(
    arguments: list[str], environment: dict[str, str], folder: str, files: tuple[str, str, str]
) -> None:
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["zkescrow", *arguments]
    for number, name in enumerate(files):
        opened = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)


def main() -> NoReturn:
    sys.path[0] = str(ROOT)  # in place of this file's folder
    import prover
    from prover.statement.poseidon import round_constants
    from tests import printed

    printed.watch()
    from prover.cli import main as zkescrow

    ours = [module.name for module in pkgutil.walk_packages(prover.__path__, "prover.")]
    for name in (*LOADED, *ours):
        importlib.import_module(name)
    from tests import direct, estimates, forked, kept

    kept.keep()
    forked.fork()
    estimates.keep()
    direct.ask()
    round_constants()  # each command would make them anew
    assert len(list(Path("/proc/self/task").iterdir())) == 1
    gc.freeze()  # a collection would copy what is shared
    gc.set_threshold(20_000, 20, 20)
    before = serve()

    def command() -> object:
        exec(before, {"__name__": "before"})  # noqa: S102 - a test wrote it
        return zkescrow()

    forked.leave(command)


if __name__ == "__main__":
    main()
