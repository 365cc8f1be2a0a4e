"""What a provider gets of a consumer's file, where it lies, and who can read it."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from prover.base.errors import UsageError
from prover.chain.node.client import Client
from prover.chain.sending.handing import (
    READABLE,
    given_of,
    hand_over,
    handed_path,
    how,
    secrecy,
    uri_of,
)
from prover.statement.documents.envelope import opened, public_key_of

SECRET = b"\7" * 32
READER = public_key_of(SECRET).hex()
LOCAL, PUBLIC = (Client(SimpleNamespace(), chain, "") for chain in (31337, 1))  # type: ignore[arg-type]


@pytest.mark.parametrize("reader", [None, READER])
def test_a_reader_s_file_is_an_envelope_that_its_key_opens(
    tmp_path: Path, reader: str | None
) -> None:
    path = tmp_path / "ab.json"
    hand_over(path, b"inputs", reader)
    assert path.read_bytes() == b"inputs"
    assert given_of(path) == handed_path(path, reader)
    given = given_of(path).read_bytes()
    assert (given if reader is None else opened(given, SECRET)) == b"inputs"
    assert (given == b"inputs") == (reader is None)


def test_an_envelope_of_an_earlier_reader_is_not_given_away(tmp_path: Path) -> None:
    path = tmp_path / "ab.json"
    for reader in (READER, None, None):
        hand_over(path, b"inputs", reader)
    assert given_of(path) == path
    assert [one.name for one in tmp_path.iterdir()] == ["ab.json"]


def test_only_of_an_envelope_it_is_said_that_nobody_else_reads_it() -> None:
    path = Path("inputs/ab.json")
    assert secrecy(handed_path(path, None)) == READABLE
    assert secrecy(handed_path(path, READER)) == (
        "the file is encrypted: the provider's key alone opens it"
    )


def test_without_a_choice_the_address_is_the_file_itself_on_the_local_chain_alone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ab.json"
    assert uri_of(LOCAL, None, path) == path.as_uri()
    assert uri_of(PUBLIC, None, path) == ""


def test_an_address_from_which_nobody_could_fetch_is_refused(tmp_path: Path) -> None:
    given, local = tmp_path / "ab.json", "file:///tmp/ab.json"
    for client in (LOCAL, PUBLIC):
        assert uri_of(client, "https://inputs.example/ab", given) == "https://inputs.example/ab"
        assert uri_of(client, "", given) == ""
        with pytest.raises(UsageError, match=r"--uri 'ftp://x' is no address"):
            uri_of(client, "ftp://x", given)
    assert uri_of(LOCAL, local, given) == local
    with pytest.raises(UsageError, match=r"can be fetched: expected https"):
        uri_of(PUBLIC, local, given)


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("", "give it to the provider, to be taken with --inputs"),
        ("file:///x/ab.json", "readable by the provider on this machine at file:///x/ab.json"),
        ("https://x.example/", "put it at https://x.example/, for the provider to fetch"),
    ],
)
def test_what_its_maker_does_with_a_file_depends_on_its_address(uri: str, words: str) -> None:
    assert how(Path("ab.json"), uri) == f"file ab.json: {words}"
