"""The child's side of `worker.run`: python -m prover.systems.child DIRECTORY."""

import asyncio
import ctypes
import importlib
import inspect
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_progress: list[Path] = []


def report(stage: str) -> None:
    """Tell the parent which stage begins; one line. Outside a child it does nothing."""
    for path in _progress:
        with path.open("a") as file:
            file.write(stage.replace("\n", " ") + "\n")


def main(directory: Path) -> None:
    """Run the call described in DIRECTORY/call.json and leave DIRECTORY/result.json."""
    _die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _progress.append(directory / "progress")
    call = json.loads((directory / "call.json").read_text())
    _write(directory / "result.json", _answer(call["task"], call["arguments"]))


def _answer(task: str, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        module, _, name = task.partition(":")
        function = getattr(importlib.import_module(module), name)
        return {"value": asyncio.run(_call(function, arguments))}
    except Exception as error:  # noqa: BLE001  the parent raises it again
        return {"error": type(error).__name__, "message": str(error)}


async def _call(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Inside a running loop, as the library's async functions need one when they are called."""
    value = function(**arguments)
    return await value if inspect.isawaitable(value) else value


def _write(path: Path, answer: dict[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(answer))
    partial.replace(path)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:
        raise SystemExit("the parent is gone")


if __name__ == "__main__":
    # The module is imported under its own name so that `report` of a task finds the same list.
    importlib.import_module("prover.systems.child").main(Path(sys.argv[1]))
