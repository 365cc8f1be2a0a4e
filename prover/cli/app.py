"""The root command: finds the others, and turns errors into one sentence and an exit status."""

import errno
import importlib
import signal
import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper
from types import FrameType
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from prover.base.console import OUTPUT
from prover.base.errors import ZkescrowError
from prover.base.redaction import redacted
from prover.cli.common.output import USAGE, say_error

FAILED, INTERRUPTED = 1, 130


class Entry(NamedTuple):
    """Where a command lives and what `zkescrow --help` says of it."""

    module: str
    help: str


COMMANDS = {
    "node": Entry("node", "Run a local Anvil node with the project's settings."),
    "deploy": Entry("deploy", "Deploy the contracts on a chain, once."),
    "model": Entry("model", "Add, list, show and verify models."),
    "prediction": Entry("prediction.commands", "Ask and pay for proven predictions."),
    "serving": Entry("serving.commands", "Have many inputs served, and contest a few answers."),
    "accuracy": Entry(
        "accuracy.commands", "Pay for a model that reaches a target on a sealed test set."
    ),
    "retrieval": Entry(
        "retrieval.commands", "Have a sealed dataset judged, and read what matches."
    ),
    "status": Entry("status", "List jobs of all protocols that are under way, and what is due."),
    "provider": Entry("provider", "Prove predictions and be paid for them."),
    "withdraw": Entry("withdraw", "Withdraw refunds and other credits."),
    "srs": Entry("srs", "Set-ups of public ceremonies: import, fetch, verify, list."),
    "native": Entry("native", "Circuits for larger CNNs, off-chain."),
    "prove": Entry("proofs", "Prove an inputs file for a job, off-chain."),
    "verify": Entry("proofs", "Verify a proof file, off-chain."),
    "audit": Entry("audit", "Replay a chain and check every payment again."),
    "explain-revert": Entry("explain", "Say in words why a transaction reverted."),
    "doctor": Entry("doctor", "Say what this machine lacks, and the fix."),
}


class LazyGroup(TyperGroup):
    """Imports the module of a command only when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All commands, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, imported now; None if there is none of that name."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = importlib.import_module(f"prover.cli.{entry.module}")
        found = typer.main.get_command(module.APPS[cmd_name])
        if isinstance(found, TyperGroup):
            found.help, found.no_args_is_help = entry.help, True
        return found

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The help's table, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


app = typer.Typer(
    name="zkescrow",
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"zkescrow {version('zkescrow')}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Pay for a machine-learning answer only when a proof says it is right."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run and exit: 0 done, 1 refused or failed, 2 wrong usage."""
    if isinstance(sys.stdout, TextIOWrapper):  # what a stranger wrote may not fit the terminal's
        sys.stdout.reconfigure(errors="backslashreplace")
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _terminated)
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> int:
    """The exit status of a command line. Errors go to stderr as one sentence."""
    command = typer.main.get_command(app)
    OUTPUT.json = OUTPUT.debug = False  # what the line before asked for, if this one is not parsed
    try:
        status = command.main(arguments, prog_name="zkescrow", standalone_mode=False)
    except ZkescrowError as error:
        return _failed(error, str(error), error.exit_status)
    except OSError as error:
        return _failed(error, _os_error(error), FAILED)
    except KeyboardInterrupt:  # before the parser has begun
        return _interrupted()
    except Exception as error:  # noqa: BLE001 - the last resort: anything else is our mistake
        return _unexpected(error)
    if status == INTERRUPTED:  # what the parser makes of Ctrl-C
        return _interrupted()
    return status if isinstance(status, int) else 0


def _terminated(number: int, _frame: FrameType | None) -> None:
    """End by way of every `finally`, so that children and temporary files go too."""
    raise SystemExit(128 + number)


def _interrupted() -> int:
    say_error("interrupted: what was sent is written down; the same command goes on with it")
    return INTERRUPTED


def _unexpected(error: Exception) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":  # no mistake to name: its message is the help
        typer.echo(str(error), err=True)
        return USAGE
    show = getattr(error, "format_message", None)
    if show is not None:  # the option parser's own errors
        context = getattr(error, "ctx", None)
        path = "zkescrow" if context is None else context.command_path
        message = f"{show().rstrip('.')}: `{path} --help` shows what is expected"
        return _failed(error, message, USAGE)
    if type(error).__name__ == "Abort":  # Ctrl-C where something is asked for
        return _interrupted()
    message = (
        f"internal error, {type(error).__name__}: {error}; run again with --debug and report it"
    )
    return _failed(error, message, FAILED)


def _failed(error: Exception, message: str, status: int) -> int:
    if OUTPUT.debug:
        sys.stderr.write(redacted("".join(traceback.format_exception(error))))
    say_error(message)
    return status


def _os_error(error: OSError) -> str:
    where = f" at {error.filename}" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        return f"no space is left on the disk{where}: make room or set ZKESCROW_HOME elsewhere"
    return f"{error.strerror or error}{where}: check the path and its permissions"
