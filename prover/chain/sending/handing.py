"""The file beside a job, as its provider gets it: encrypted where the provider's key is known."""

from pathlib import Path

from prover.base.errors import UsageError
from prover.base.files import write_atomically
from prover.base.text import shown
from prover.chain.node.client import Client
from prover.protocol.uris import fetchable
from prover.statement.documents.envelope import sealed

_SUFFIX = ".sealed"
READABLE = "the file is not encrypted: whoever is given it, or finds it at its address, can read it"


def handed_path(path: Path, reader: str | None) -> Path:
    """What the provider gets of the file at `path`: itself, or its envelope for a reader's key."""
    return path if reader is None else path.with_suffix(_SUFFIX)


def hand_over(path: Path, content: bytes, reader: str | None) -> None:
    """Write the file, and beside it its envelope for a reader's X25519 key (hexadecimal)."""
    write_atomically(path, content)
    if reader is None:
        path.with_suffix(_SUFFIX).unlink(missing_ok=True)
    else:
        write_atomically(handed_path(path, reader), sealed(content, bytes.fromhex(reader)))


def given_of(path: Path) -> Path:
    """What is to be given away of the file that `hand_over` wrote at `path`."""
    envelope = path.with_suffix(_SUFFIX)
    return envelope if envelope.is_file() else path


def uri_of(client: Client, chosen: str | None, given: Path) -> str:
    """The address in the event: the one chosen; else the file itself on the local chain, and
    elsewhere none, as the file is handed over by hand.

    Raises UsageError if nobody could fetch from the one chosen.
    """
    check_uri(client, chosen)
    if chosen is None:
        return given.resolve().as_uri() if client.local else ""
    return chosen


def check_uri(client: Client, chosen: str | None) -> None:
    """Raise UsageError if nobody could fetch from the address that was chosen, if any was."""
    if chosen and not fetchable(chosen, files=client.local):
        allowed = "https or a file: of this machine" if client.local else "https"
        raise UsageError(
            f"--uri '{shown(chosen)}' is no address from which a file can be fetched: expected "
            f"{allowed}; --uri '' hands it over by hand"
        )


def how(given: Path, uri: str, whom: str = "the provider", option: str = "--inputs") -> str:
    """What its maker does with the file, as text."""
    if not uri:
        return f"file {given}: give it to {whom}, to be taken with {option}"
    if uri.startswith("file:"):
        return f"file {given}: readable by {whom} on this machine at {uri}"
    return f"file {given}: put it at {uri}, for {whom} to fetch"


def secrecy(given: Path) -> str:
    """Who can read a file of inputs that is given away, as text."""
    if given.suffix == _SUFFIX:
        return "the file is encrypted: the provider's key alone opens it"
    return READABLE
