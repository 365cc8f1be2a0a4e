"""Who signs, and whose address a command may use without a password."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from eth_account import Account

from prover.base.errors import EnvironmentMissing, UsageError
from prover.base.settings import get_settings
from prover.chain import accounts
from prover.chain.accounts import anvil_account, configured_address, signer
from prover.chain.node.client import Client
from tests.localchain import settings_of

FIRST = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
KEY = "0x" + "17" * 32
ADDRESS = str(Account.from_key(KEY).address)
ANVIL = Client(None, 31337, "31337:00")  # type: ignore[arg-type]
MAINNET = Client(None, 1, "1:00")  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _nothing_set(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("PRIVATE_KEY", "KEYSTORE", "KEYSTORE_PASSWORD"):
        monkeypatch.delenv(f"ZKESCROW_{name}", raising=False)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def keystore(path: Path, **changes: object) -> Path:
    """An encrypted key, quickly opened."""
    made: dict[str, Any] = Account.encrypt(
        bytes.fromhex(KEY[2:]), "word", kdf="pbkdf2", iterations=2
    )
    path.write_text(json.dumps(made | changes))
    return path


@pytest.mark.parametrize("number", [-1, 10])
def test_an_account_that_anvil_has_not_is_refused(number: int) -> None:
    with pytest.raises(UsageError, match=f"--account {number}: expected 0 to 9, the number of"):
        anvil_account(number)


def test_published_accounts_are_those_of_anvil() -> None:
    assert anvil_account(0).address == FIRST == configured_address(ANVIL, 0)
    assert len({anvil_account(number).address for number in (0, 1, 9)}) == 3


@pytest.mark.parametrize(
    "content", [None, "", "not JSON", b"\xff\xfe"], ids=["missing", "empty", "text", "binary"]
)
def test_a_keystore_that_cannot_be_read_is_said_to_be(
    tmp_path: Path, content: str | bytes | None
) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with settings_of(keystore=str(path), keystore_password="word"):
        with pytest.raises(EnvironmentMissing, match=r"keystore .*key\.json cannot be read"):
            signer(MAINNET, None)
        assert configured_address(MAINNET, None) is None


@pytest.mark.parametrize("content", ["[]", "7", "{}", '{"crypto": {}}', '{"version": 3}'])
def test_other_files_than_keystores_open_with_no_password(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(content)
    with settings_of(keystore=str(path), keystore_password="word"):
        with pytest.raises(UsageError, match="does not open with this password"):
            signer(MAINNET, None)
        assert configured_address(MAINNET, None) is None


def test_a_keystore_tells_its_address_without_a_password(tmp_path: Path) -> None:
    bare = ADDRESS[2:].lower()
    odd: list[object] = ["", "0x", bare[1:], None, 7]
    for told in (bare, "0x" + bare, ADDRESS):
        with settings_of(keystore=str(keystore(tmp_path / "key.json", address=told))):
            assert configured_address(MAINNET, None) == ADDRESS
    for wrong in odd:
        with settings_of(keystore=str(keystore(tmp_path / "key.json", address=wrong))):
            assert configured_address(MAINNET, None) is None


def test_a_key_goes_before_a_keystore_and_an_account_before_both(tmp_path: Path) -> None:
    other = keystore(tmp_path / "key.json", address="11" * 20)
    with settings_of(private_key=KEY, keystore=str(other)):
        assert configured_address(MAINNET, None) == ADDRESS == signer(MAINNET, None).address
        assert configured_address(ANVIL, 0) == FIRST == signer(ANVIL, 0).address
        with pytest.raises(UsageError, match="published: expected chain 31337"):
            configured_address(MAINNET, 0)


def test_nobody_is_configured_by_default() -> None:
    assert configured_address(ANVIL, None) is None
    with pytest.raises(EnvironmentMissing, match="no account to sign with"):
        signer(ANVIL, None)


def test_a_password_is_asked_for_at_a_terminal_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = keystore(tmp_path / "key.json")
    asked: list[str] = []

    def typed(prompt: str) -> str:
        asked.append(prompt)
        return "word"

    monkeypatch.setattr(accounts, "getpass", typed)
    with settings_of(keystore=str(path)):
        monkeypatch.setattr(accounts, "stdin", SimpleNamespace(isatty=lambda: False))
        with pytest.raises(EnvironmentMissing, match="set ZKESCROW_KEYSTORE_PASSWORD"):
            signer(MAINNET, None)
        assert not asked
        monkeypatch.setattr(accounts, "stdin", SimpleNamespace(isatty=lambda: True))
        assert signer(MAINNET, None).address == ADDRESS
    assert len(asked) == 1
