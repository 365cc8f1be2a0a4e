"""The command line, also in a process that dies at a chosen step, as by `kill -9`."""

import contextlib
import io
import json
import os
from collections.abc import Mapping
from typing import Any

import pytest

from prover.cli import app
from tests import warm

# Where a command may die: one of them in every run, all in the deep tests.
STEPS = ["sent", *(pytest.param(one, marks=pytest.mark.deep) for one in ("signed", "told"))]

_DYING = """
import os, sys
from prover.chain.sending import pool
step, count = {step!r}, {count}
offer, sign, seen, drawn = pool.Pool.offer, pool.Pool.sign, [], []

def dying(self, attempt):
    seen.append(attempt)
    if step == "signed" and len(seen) == count:
        os._exit(9)
    answer = offer(self, attempt)
    if step == "sent" and len(seen) == count:
        os._exit(9)
    return answer

def dying_before(self, *arguments):
    drawn.append(arguments)
    if step == "drawn" and len(drawn) == count:
        os._exit(9)
    return sign(self, *arguments)

pool.Pool.offer, pool.Pool.sign = dying, dying_before
if step == "told":
    sys.stdout.write = sys.stdout.writelines = lambda *_: os._exit(9)
"""

_CRASHING = """
import os
from prover.chain.sending import transactions
from prover.clients.common import job_files

step = {step!r}
send, save = transactions.Sender.send, job_files.JobFiles.save_proof

def crashing_send(self, action, call, **options):
    if step == "before " + action.split(":")[0]:
        os._exit(9)
    receipt = send(self, action, call, **options)
    if step == "after " + action.split(":")[0]:
        os._exit(9)
    return receipt

def crashing_save(self, indices, proof):
    save(self, indices, proof)
    if step == "after a proof":
        os._exit(9)

transactions.Sender.send = crashing_send
job_files.JobFiles.save_proof = crashing_save
"""


def crashed(step: str, environment: Mapping[str, str], *arguments: object) -> None:
    """Run a command that dies "before" or "after" an action ("submit"), or "after a proof"."""
    words = [str(one) for one in arguments]
    died = warm.server().run(words, os.environ | environment, _CRASHING.format(step=step))
    assert died.returncode == 9, (died.stdout, died.stderr)


def killed(step: str, count: int, *arguments: object) -> None:
    """Run a command that dies when the `count`th transaction is "drawn", "signed" or "sent".

    With "drawn" nothing of it is signed yet. With "told" it dies when all is done, and nothing is
    told.
    """
    words = [str(one) for one in arguments]
    died = warm.server().run(words, os.environ, _DYING.format(step=step, count=count))
    assert died.returncode == 9, (died.stdout, died.stderr)
    assert not died.stdout


def command(*arguments: object, status: int = 0) -> dict[str, Any]:
    """Run a command to its end in this process; what it prints with --json."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        found = app.run([*(str(argument) for argument in arguments), "--json"])
    assert found == status, (out.getvalue(), err.getvalue())
    told: dict[str, Any] = json.loads(out.getvalue()) if out.getvalue() else {}
    return told | ({"error": err.getvalue()} if status else {})
