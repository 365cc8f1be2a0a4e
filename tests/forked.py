"""Children of `worker.run` that are forked from a process which has loaded their modules.

Starting Python and loading the same modules took most of a child's time, and tests start thousands.
One server, of one thread, is there for a whole run. For each child it forks a guard, which forks
the child, says how it ended, and kills it when whoever asked for it is gone. The tests of `worker`
itself, and the program `zkescrow` where a test starts it, have children that begin from nothing.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import random
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn

ROOT = Path(__file__).parents[1]
LOADED = (
    *("prover.systems.child", "prover.systems.ezkl.engine", "ezkl"),
    *("prover.systems.native.tasks", "prover.systems.srs"),
)
SOCKET = "ZKESCROW_TEST_FORKS"  # a checkout and the socket's path, for the processes of its run
SECONDS = 60.0
WAITING = 128  # for their turn
LIMITS = (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)
_ON = [True]


class Child:
    """What `worker` uses of a Popen."""

    def __init__(self, connection: socket.socket) -> None:
        self._said = connection.makefile("r", buffering=1)
        self._connection = connection
        self.pid = int(self._said.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status if it ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status. Raises TimeoutExpired."""
        if self.returncode is None:
            waiting = select.poll()  # select knows only a thousand files
            waiting.register(self._connection, select.POLLIN)
            if not waiting.poll(None if timeout is None else 1000 * timeout):
                raise subprocess.TimeoutExpired("child", timeout or 0.0)
            self.returncode = int(self._said.readline())
            self._said.close()
            self._connection.close()
        return self.returncode


def fork() -> None:
    """From now on children are forked, in this process and those that it starts."""
    from prover.systems import worker

    begin, given = worker.start, os.environ.get(SOCKET, "").split(os.pathsep)
    path = given[1] if given[0] == str(ROOT) else _served()

    def start(directory: Path, environment: Mapping[str, str], output: IO[bytes]) -> Any:
        if not _ON[-1]:
            return begin(directory, environment, output)
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        limits = [[kind, *resource.getrlimit(kind)] for kind in LIMITS]
        order = json.dumps([str(directory), dict(environment), limits]).encode()
        socket.send_fds(connection, [len(order).to_bytes(8), order], [output.fileno()])
        return Child(connection)

    worker.start = start


@contextmanager
def from_nothing() -> Iterator[None]:
    """Children that begin inside are programs of their own, as a user's are."""
    _ON.append(False)
    yield
    _ON.pop()


def _served() -> str:
    """Start the server, which ends with this process; the path of its socket."""
    path = Path(tempfile.mkdtemp(prefix="zkescrow-forks-"), "socket")
    server = subprocess.Popen(
        [sys.executable, __file__, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # a process of several threads cannot fork
    )
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    owner = os.getpid()

    def close() -> None:
        if os.getpid() == owner:
            assert server.stdin is not None
            server.stdin.close()
            server.wait(SECONDS)
            path.unlink()
            path.parent.rmdir()

    atexit.register(close)
    os.environ[SOCKET] = f"{ROOT}{os.pathsep}{path}"
    return str(path)


def main(path: str) -> None:
    """The server: ends with its input. Each child returns from here, too, with its folder."""
    sys.path[0] = str(ROOT)  # in place of this file's folder
    for name in LOADED:
        importlib.import_module(name)
    assert len(list(Path("/proc/self/task").iterdir())) == 1
    gc.freeze()  # a collection would copy what is shared
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(WAITING)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a guard
        print("ready", flush=True)
        directory = _orders(listener)
    if directory is not None:
        random.seed()
        leave(lambda: importlib.import_module(LOADED[0]).main(directory))


def leave(main: Callable[[], object]) -> NoReturn:
    """Run a program to its end, and leave this process as Python would, but for taking it apart.

    That takes a tenth of a second where much is loaded, as all that was shared would be copied.
    """
    try:
        status = main()
    except SystemExit as end:
        status = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter itself does
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        status = 1
    if status is not None and not isinstance(status, int):
        print(status, file=sys.stderr)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


def _orders(listener: socket.socket) -> Path | None:
    """Fork a guard for each order; in its child, the folder of the task, else None at the end."""
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            return None
        connection, _ = listener.accept()
        with connection:
            if os.fork() == 0:
                return _begun(connection)


def _begun(connection: socket.socket) -> Path:
    """In the child, its folder; the guard does not return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    first, (output, *_), _, _ = socket.recv_fds(connection, 8, 1)
    order = connection.recv(int.from_bytes(first), socket.MSG_WAITALL)
    directory, environment, limits = json.loads(order)
    child = os.fork()
    if child:
        _guard(connection, child)
    os.setsid()
    connection.sendall(f"{os.getpid()}\n".encode())
    connection.close()
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.chdir(directory)
    for kind, *both in limits:
        resource.setrlimit(kind, tuple(both))
    os.environ.clear()
    os.environ.update(environment)
    return Path(directory)


def _guard(connection: socket.socket, child: int) -> NoReturn:
    """Say how the child ends, or end it when nobody listens any more."""
    ended = os.pidfd_open(child)
    ready, _, _ = select.select([ended, connection], [], [])
    if ended not in ready:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(OSError):
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
