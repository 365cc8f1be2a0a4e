"""Options for files that a consumer hands to a provider: to whom encrypted, and taken by hand."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prover.base.errors import UsageError
from prover.base.log import logger
from prover.cli.common.output import say_error

if TYPE_CHECKING:
    from prover.chain.readers import Reader
    from prover.systems.interface import Artifacts

LOG = logger(__name__)

ProviderKey = Annotated[
    Path | None,
    typer.Option(
        "--provider-key",
        help="What its `zkescrow provider key` wrote: inputs are encrypted to it [default: the "
        "key of --provider that was given before].",
    ),
]
InClear = Annotated[
    bool,
    typer.Option("--in-clear", help="Post hidden inputs though whoever has the file can read it."),
]
Uri = Annotated[
    str | None,
    typer.Option(
        help="Where the file can be fetched (https); '' if it is handed over by hand "
        "[default: by hand; on chain 31337 the file itself]."
    ),
]
HandedOver = Annotated[
    list[Path] | None,
    typer.Option(
        "--inputs", help="A file, or folder of files, that a consumer handed over; repeatable."
    ),
]


def reader_of(provider: str | None, key: Path | None) -> "Reader | None":
    """To whom inputs are encrypted: the account of the key file, or a provider whose key is kept.

    Raises UsageError if the file is not signed by its account, or is another provider's.
    """
    from prover.chain import readers

    if key is None:
        return None if provider is None else readers.load(provider)
    reader = readers.read(key)
    if provider not in (None, reader.account):
        raise UsageError(
            f"--provider-key {key} is the key of {reader.account}: expected that of {provider}, "
            "whom --provider names; give that provider's own"
        )
    readers.keep(reader)
    return reader


def check_readers(artifacts: "Artifacts", reader: "Reader | None", in_clear: bool) -> None:
    """Raise UsageError where inputs that the model hides would be posted for anybody to read."""
    if artifacts.facts.salted and reader is None and not in_clear:
        raise UsageError(
            "the model keeps inputs from the chain, but no provider is named whose key is known: "
            "whoever asks for the inputs file must be given it, and can read it; name one with "
            "--provider-key FILE (its `zkescrow provider key` writes it), or say --in-clear"
        )


def keep_handed(given: list[Path] | None, named: bytes) -> None:
    """Take the files that were named by themselves, and of folders the one of this hash.

    Raises UsageError or StatementInvalid for a file that was named by itself.
    """
    from prover.clients.common.inputs.handover import MAX_BYTES

    inbox = HandedFiles(given)
    inbox.take_named()
    inbox.take({named: MAX_BYTES})
    if inbox.unread:
        say_error(
            f"there was no time to read {inbox.unread} files of the folders given: give the job's "
            "file by itself with --inputs FILE"
        )


class HandedFiles:
    """Files and folders that a consumer puts more into; what did not change is not read again.

    `unread` files of folders were left for later the last time, as there was no time for them.
    """

    def __init__(self, given: list[Path] | None) -> None:
        from prover.clients.common.inputs.inbox import Inbox

        self.unread = 0
        self._files = [path for path in given or () if not path.is_dir()]
        self._inbox = Inbox([path for path in given or () if path.is_dir()])
        self._seen: dict[Path, tuple[int, int] | None] = {}
        self._shown: set[tuple[Path, str]] = set()

    @property
    def has_folders(self) -> bool:
        """Whether there is a folder to look into."""
        return bool(self._inbox.folders)

    def take_named(self) -> bool:
        """Take the files that were named by themselves; whether any is new, or has changed.

        Raises as `provider.handover.keep`.
        """
        from prover.clients.common.inputs.handover import keep

        new = False
        for path in self._files:
            mark = _mark(path)
            if path not in self._seen or self._seen[path] != mark:
                keep([path])
                self._seen[path], new = mark, True
        return new

    def take(self, wanted: Mapping[bytes, int]) -> bool:
        """Take these from folders, as `provider.inbox`, and print what is left out, each once.

        Whether there were any. Raises UsageError if a folder cannot be read.
        """
        found = self._inbox.look(wanted)
        self.unread = found.unread
        for left in found.left:
            if left not in self._shown:
                LOG.warning("not taken", file=str(left[0]), why=left[1])
                say_error(f"{left[0]} is left out: {left[1]}")
            self._shown.add(left)
        return found.kept > 0


def _mark(path: Path) -> tuple[int, int] | None:
    """What identifies a file as it is now, by time and size; None if it cannot be asked."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
