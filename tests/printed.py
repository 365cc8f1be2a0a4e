"""Every object that a command shows in a test is one that its JSON Schema describes.

It is looked at with --json and without, in this process and in those of `warm`. Where
ZKESCROW_TESTS_SEEN names a folder, what was shown is written down there, so that the end of a whole
run can tell which commands no test has seen.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from typer.core import TyperCommand

from prover.base.console import OUTPUT
from prover.cli.common import output
from prover.cli.schema.commands import COMMANDS
from prover.cli.schema.parts import Already, Unsigned

SEEN = "ZKESCROW_TESTS_SEEN"
PROGRAM = "zkescrow "
COMMON = (Already, Unsigned)  # of which one command's is enough
Shown = Callable[..., None]
_RUNNING: list[str] = []  # the words of the command that is running


class Undocumented(BaseException):
    """No Exception: what a command catches must not hide it."""


def watch() -> None:
    """Look at all that is shown from now on. Before any command is imported."""
    late = [
        name
        for name, module in sys.modules.items()
        if name.startswith("prover.cli") and getattr(module, "show", None) is output.show
    ]
    assert late == [output.__name__], late
    for name in ("show", "show_table"):
        setattr(output, name, _watched(getattr(output, name)))
    invoke = TyperCommand.invoke

    def invoked(self: TyperCommand, context: Any) -> Any:
        _RUNNING.append(context.command_path)
        try:
            return invoke(self, context)
        finally:
            _RUNNING.pop()

    TyperCommand.invoke = invoked  # type: ignore[method-assign]


def _watched(show: Shown) -> Shown:
    def shown(data: Mapping[str, Any], *rest: Any) -> None:
        words = _RUNNING[-1] if _RUNNING else ""
        if words.startswith(PROGRAM) and (data or OUTPUT.json):
            check(words.removeprefix(PROGRAM), data)
        show(data, *rest)

    return shown


def check(command: str, data: Mapping[str, Any]) -> None:
    """Raise Undocumented unless it is one of the objects of a command; write down which."""
    wrong: dict[str, str] = {}
    for model in COMMANDS.get(command, ()):
        try:
            model.model_validate_json(json.dumps(data))
        except ValidationError as error:
            wrong[model.__name__] = str(error)
        else:
            _write_down(command, model)
            return
    raise Undocumented(f"{command} showed {dict(data)}, which is none of {wrong}")


def _write_down(command: str, model: type[BaseModel]) -> None:
    folder = os.environ.get(SEEN)
    if folder is not None:
        Path(folder, f"{command}: {model.__name__}").touch()


def unseen(folder: Path) -> list[str]:
    """What the commands print that no test has written down there."""
    seen = {path.name for path in folder.iterdir()}
    wanted = {
        f"{command}: {model.__name__}"
        for command, models in COMMANDS.items()
        for model in models
        if model not in COMMON
    }
    common = {model.__name__ for model in COMMON}
    return sorted(wanted - seen) + sorted(common - {name.rpartition(": ")[2] for name in seen})
