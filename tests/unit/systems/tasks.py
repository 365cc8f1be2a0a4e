"""Tasks for the worker's tests; they run in a child process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from prover.base.errors import ProofRejected
from prover.systems.child import report


def add(left: int, right: int) -> dict[str, int]:
    return {"sum": left + right}


async def add_later(left: int, right: int) -> dict[str, int]:
    return {"sum": left + right}


def stages() -> dict[str, str]:
    report("first")
    time.sleep(0.2)
    report("second")
    return {}


def surroundings() -> dict[str, str]:
    names = ("HOME", "EZKL_REPO_PATH", "TMPDIR")
    return {name: os.environ[name] for name in names} | {"directory": str(Path.cwd())}


def environment() -> dict[str, str]:
    return dict(os.environ)


def write(mebibytes: int) -> dict[str, str]:
    Path("large").write_bytes(bytes(mebibytes << 20))
    return {}


def sleep(seconds: float) -> dict[str, str]:
    time.sleep(seconds)
    return {}


def sleep_in_grandchild(pid_file: str) -> dict[str, str]:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(pid_file).write_text(str(child.pid))
    child.wait()
    return {}


def grow(mebibytes: int) -> dict[str, str]:
    held = bytearray(mebibytes << 20)
    held[::4096] = b"\x01" * len(held[::4096])
    time.sleep(60)
    return {}


def abort() -> dict[str, str]:
    print("about to abort", file=sys.stderr, flush=True)
    os.abort()


def fail() -> dict[str, str]:
    raise ValueError("seven is not eight")


def refuse() -> dict[str, str]:
    raise ProofRejected("the proof is wrong")


def leave_early() -> dict[str, str]:
    os._exit(0)


def answer_then_abort() -> dict[str, str]:
    """Dies by a signal once its result is written, as the library may at interpreter exit."""
    import atexit

    atexit.register(os.kill, os.getpid(), signal.SIGABRT)
    return {"done": "yes"}
