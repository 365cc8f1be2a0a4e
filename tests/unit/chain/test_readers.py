"""A key to encrypt to counts only if the account that it names has signed it."""

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import EnvironmentMissing, UsageError
from prover.chain import readers
from prover.chain.accounts import anvil_account
from prover.chain.readers import Reader

KEY = bytes(range(32))


def test_a_file_is_read_back_as_its_account_signed_it() -> None:
    reader = Reader.signed_by(anvil_account(1), KEY)
    assert Reader.from_bytes(reader.to_bytes(), "it") == reader
    assert (reader.account, reader.public_key) == (anvil_account(1).address, KEY)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("publicKey", "0x" + "11" * 32),
        ("account", anvil_account(2).address),
        ("account", anvil_account(1).address.lower().replace("0x7", "0x8")),
        ("signature", "0x" + "00" * 65),
        ("signature", "0x" + "11" * 65),
        ("signature", "0x" + "ff" * 65),
    ],
)
def test_what_its_account_has_not_signed_is_refused(name: str, value: str) -> None:
    fields = json.loads(Reader.signed_by(anvil_account(1), KEY).to_bytes())
    with pytest.raises(UsageError, match="is signed by"):
        Reader.from_bytes(json.dumps(fields | {name: value}).encode(), "it")


@given(st.binary() | st.text().map(str.encode))
def test_other_files_are_refused_in_words(content: bytes) -> None:
    with pytest.raises(UsageError, match="is no provider's key"):
        Reader.from_bytes(content, "it")


@pytest.mark.parametrize(
    "change",
    [{"version": 2}, {"more": 1}, {"publicKey": 1}, {"publicKey": "0x"}],
)
def test_fields_of_other_forms_are_refused(change: dict[str, object]) -> None:
    fields = json.loads(Reader.signed_by(anvil_account(1), KEY).to_bytes())
    with pytest.raises(UsageError, match="is no provider's key"):
        Reader.from_bytes(json.dumps(fields | change).encode(), "it")


def test_a_key_is_kept_by_its_account_and_replaced(home: Path) -> None:
    account = anvil_account(1)
    assert readers.load(account.address) is None
    for key in (KEY, KEY[::-1]):
        readers.keep(Reader.signed_by(account, key))
        found = readers.load(account.address.lower())
        assert found is not None
        assert found.public_key == key
    assert readers.load(anvil_account(2).address) is None


def test_a_kept_key_that_was_changed_is_refused(home: Path) -> None:
    readers.keep(Reader.signed_by(anvil_account(1), KEY))
    (path,) = (home / "readers").iterdir()
    path.write_bytes(path.read_bytes().replace(KEY.hex().encode(), b"ab" * 32))
    with pytest.raises(UsageError, match="is signed by"):
        readers.load(anvil_account(1).address)


def test_this_machine_s_key_is_made_once_and_its_owner_s(home: Path) -> None:
    assert readers.secret_key() is None
    assert readers.own_public_key() == readers.own_public_key()
    assert stat.S_IMODE((home / "reader.key").stat().st_mode) == 0o600
    (home / "reader.key").write_bytes(b"short")
    with pytest.raises(EnvironmentMissing, match="is damaged"):
        readers.secret_key()
