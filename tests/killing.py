"""The command line in a process that dies at a chosen step, as by `kill -9`."""

import json
import os
import subprocess
import sys
from typing import Any

_KILLED = """
import os, sys
step, count = sys.argv[1], int(sys.argv[2])
sys.argv = ["zkescrow", *sys.argv[3:]]
from prover.chain import pool
from prover.cli import app
offer, seen = pool.Pool.offer, []

def dying(self, attempt):
    seen.append(attempt)
    if step == "signed" and len(seen) == count:
        os._exit(9)
    answer = offer(self, attempt)
    if step == "sent" and len(seen) == count:
        os._exit(9)
    return answer

pool.Pool.offer = dying
if step == "told":
    sys.stdout.write = lambda *_: os._exit(9)
app.main()
"""


def killed(step: str, count: int, *arguments: object) -> None:
    """Run a command that dies when the `count`th transaction is "signed" or "sent".

    With "told" it dies when all is done, and nothing is told.
    """
    died = _run(_KILLED, step, count, *arguments)
    assert died.returncode == 9, (died.stdout, died.stderr)
    assert not died.stdout


def command(*arguments: object, status: int = 0) -> dict[str, Any]:
    """Run a command to its end; what it prints with --json."""
    done = _run(_KILLED, "never", 0, *arguments, "--json")
    assert done.returncode == status, (done.stdout, done.stderr)
    told: dict[str, Any] = json.loads(done.stdout) if done.stdout else {"error": done.stderr}
    return told


def _run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *(str(argument) for argument in arguments)],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
