"""What commands print: one JSON object with --json, else plain lines and tables."""

import functools
import inspect
import json
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, cast

import typer

from prover.base.console import OUTPUT
from prover.base.errors import UsageError
from prover.base.text import as_text, shown
from prover.chain.sending.wallet import PEN, Handed
from prover.clients.common.jobs.kinds import SHOWN_DIGITS

USAGE = 2
MAX_CHARACTERS = 4_000  # of an error
Function = Callable[..., None]


JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
UnsignedFlag = Annotated[
    bool, typer.Option("--unsigned", help="Sign nothing: print what a wallet or multisig may sign.")
]
FromAddress = Annotated[
    str | None, typer.Option("--from", help="With --unsigned: the account that will sign it.")
]
DebugFlag = Annotated[bool, typer.Option("--debug", help="Show a traceback on errors.")]


LogLevel = Annotated[
    str | None,
    typer.Option(
        "--log-level", help="debug, info, warning or error [default: ZKESCROW_LOG_LEVEL]."
    ),
]
LogJson = Annotated[bool, typer.Option("--log-json", help="The log as JSON objects, one a line.")]
_SHARED: dict[str, tuple[Any, Any]] = {
    "json_output": (JsonFlag, False),
    "debug": (DebugFlag, False),
    "log_level": (LogLevel, None),
    "log_json": (LogJson, False),
}


def new_app() -> typer.Typer:
    """A Typer application in the project's manner; what it is for is said in `app.COMMANDS`."""
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


class Done(Exception):
    """Not an error: an earlier run of the command did it, and this is what there is to print."""

    def __init__(self, data: Mapping[str, Any], *lines: str) -> None:
        super().__init__(lines[0])
        self.data, self.lines = data, lines


def command(app: typer.Typer, name: str | None = None) -> Callable[[Function], Function]:
    """Register a command of `app` with the options that every command has.

    One that takes --account and is no `status` may send: it also takes --unsigned and --from.
    """

    def register(function: Function) -> Function:
        @functools.wraps(function)
        def wrapped(
            *args: Any,
            json_output: bool,
            debug: bool,
            log_level: str | None,
            log_json: bool,
            unsigned: bool = False,
            sender: str | None = None,
            **kwargs: Any,
        ) -> None:
            OUTPUT.json, OUTPUT.debug = json_output, debug
            PEN.unsigned, PEN.sender = unsigned, sender
            _begin(log_level, log_json)
            try:
                function(*args, **kwargs)
            except Handed as handed:
                show(handed.to_dict(), *handed.lines())
            except Done as done:
                show(done.data, *done.lines)

        extra: dict[str, Any] = dict(_SHARED)
        signature = inspect.signature(function)
        if "account" in signature.parameters and function.__name__ != "status":
            extra |= {"unsigned": (UnsignedFlag, False), "sender": (FromAddress, None)}
        parameters = [
            *signature.parameters.values(),
            *(
                inspect.Parameter(
                    key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind
                )
                for key, (kind, default) in extra.items()
            ),
        ]
        wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        kinds = {key: kind for key, (kind, _) in extra.items()}
        wrapped.__annotations__ = {**function.__annotations__, **kinds}
        app.command(name)(wrapped)
        return function

    return register


def _begin(log_level: str | None, log_json: bool) -> None:
    """Start the log, keep other users out of the home, remove what killed processes left."""
    from prover.base import log
    from prover.base.files import keep_folder_private, sweep_scratch
    from prover.base.settings import HOME_NAMES, get_settings

    settings = get_settings()
    if log_level is not None and log_level not in log.LEVELS:
        raise UsageError(f"--log-level {log_level!r}: expected {', '.join(log.LEVELS)}")
    level = cast(Any, log_level or settings.log_level)
    log.configure(level, "json" if log_json else settings.log_format, settings.log_file)
    keep_folder_private(settings.home, HOME_NAMES)
    sweep_scratch()


def show(data: Mapping[str, Any], *lines: str) -> None:
    """Print `data` as JSON if that was asked for, else the lines."""
    if OUTPUT.json:
        sys.stdout.write(json.dumps(data, indent=2) + "\n")
    else:
        sys.stdout.writelines(line + "\n" for line in lines)
    sys.stdout.flush()  # what comes after may rely on it that the user was told


def show_table(data: Mapping[str, Any], title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print `data` as JSON if that was asked for, else the rows as a table."""
    if OUTPUT.json or not rows:
        show(data, f"{title}: none")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in rows[0]:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console = Console() if sys.stdout.isatty() else Console(width=160)
    console.print(table)


def show_jobs(kind: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print all jobs of a contract, oldest first: the id's first digits, state, what is next."""
    digits = len("0x") + SHOWN_DIGITS
    lines = [
        f"{row['job'][:digits]} is {as_text(row['state'])}; next: {row['next']}" for row in rows
    ]
    show({kind: list(rows)}, *lines or [f"{kind}: none"])


def say_mistake(error: BaseException) -> None:
    """The traceback of an error that nobody foresaw, on stderr, with --debug."""
    from prover.base.redaction import redacted

    if OUTPUT.debug:
        sys.stderr.write(redacted("".join(traceback.format_exception(error))))


def say_error(message: str) -> None:
    """One line on stderr."""
    from prover.base.redaction import redacted

    plain = shown(" ".join(redacted(message).split()), most=MAX_CHARACTERS)
    sys.stderr.write(f"zkescrow: {plain}\n")
