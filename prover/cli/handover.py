"""Options for files that a consumer hands to a provider: to whom encrypted, and taken by hand."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prover.cli.output import say_error
from prover.errors import UsageError

if TYPE_CHECKING:
    from prover.chain.readers import Reader
    from prover.proving.artifacts import Artifacts

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
        return None if provider is None else readers.kept(provider)
    reader = readers.read(key)
    if provider not in (None, reader.account):
        raise UsageError(
            f"--provider-key {key} is the key of {reader.account}: {provider} is named by "
            "--provider; give that provider's own"
        )
    readers.keep(reader)
    return reader


def check_readers(artifacts: "Artifacts", reader: "Reader | None", in_clear: bool) -> None:
    """Raise UsageError where inputs that the model hides would be posted for anybody to read."""
    if artifacts.manifest.digest_elements and reader is None and not in_clear:
        raise UsageError(
            "the model keeps inputs from the chain, but no provider is named whose key is known: "
            "whoever asks for the inputs file must be given it, and can read it; name one with "
            "--provider-key FILE (its `zkescrow provider key` writes it), or say --in-clear"
        )


def keep_handed(files: list[Path] | None) -> None:
    """Take what was handed over by hand, and tell what of a folder was not taken.

    Raises UsageError or StatementInvalid for a file that was named by itself.
    """
    Inbox(files).take()


@dataclass
class Inbox:
    """Files and folders that a consumer puts more into; what did not change is not read again."""

    given: list[Path] | None
    _seen: set[tuple[Path, int, int]] = field(default_factory=set)
    _told: set[tuple[Path, str]] = field(default_factory=set)

    def take(self) -> None:
        """Take what is new, as `keep_handed`."""
        from prover.provider.handover import keep

        for left in keep(self.given, self._seen):
            if left not in self._told:
                say_error(f"{left[0]} is left out: {left[1]}")
            self._told.add(left)
