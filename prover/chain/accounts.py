"""Accounts that sign: Anvil's published ones on the local chain, else a key of the user's own."""

import json
from functools import cache
from getpass import getpass
from pathlib import Path
from sys import stdin

from eth_account import Account
from eth_account.signers.local import LocalAccount

from prover.base.errors import EnvironmentMissing, UsageError
from prover.base.redaction import hide
from prover.base.settings import get_settings
from prover.chain.node.client import Client, checksum

ANVIL_MNEMONIC = "test test test test test test test test test test test junk"
ANVIL_ACCOUNTS = 10


def signer(client: Client, number: int | None) -> LocalAccount:
    """The account to sign with: `--account` on the local chain, else key or keystore.

    Raises UsageError if published keys are asked for on another chain, EnvironmentMissing if no
    key is configured.
    """
    if number is not None:
        return _published(client, number)
    settings = get_settings()
    if settings.private_key is not None:
        return _from_key(settings.private_key.get_secret_value())
    if settings.keystore is not None:
        return _from_keystore(settings.keystore)
    raise EnvironmentMissing(
        "no account to sign with: give --account 0 to 9 on a local chain, or set "
        "ZKESCROW_KEYSTORE (an encrypted JSON file) or ZKESCROW_PRIVATE_KEY"
    )


def configured_address(client: Client, number: int | None) -> str | None:
    """The address that `signer` would sign for, read without a password; None if none is set.

    A keystore that does not tell its address counts as none.
    """
    settings = get_settings()
    if number is not None or settings.private_key is not None:
        return str(signer(client, number).address)
    if settings.keystore is None:
        return None
    try:
        address = json.loads(settings.keystore.read_text()).get("address")
        return str(checksum("0x" + str(address).removeprefix("0x")))
    except (OSError, ValueError, AttributeError, UsageError):
        return None


@cache
def anvil_account(number: int) -> LocalAccount:
    """Anvil's published account of that number: everybody knows its key."""
    if not 0 <= number < ANVIL_ACCOUNTS:
        raise UsageError(
            f"--account {number}: expected 0 to {ANVIL_ACCOUNTS - 1}, the number of one of Anvil's "
            "accounts; to sign for another, set ZKESCROW_KEYSTORE"
        )
    Account.enable_unaudited_hdwallet_features()
    account: LocalAccount = Account.from_mnemonic(
        ANVIL_MNEMONIC, account_path=f"m/44'/60'/0'/0/{number}"
    )
    return account


def _published(client: Client, number: int) -> LocalAccount:
    if not client.local:
        raise UsageError(
            f"--account {number} on chain {client.chain_id}: the keys of these accounts are "
            "published: expected chain 31337; set ZKESCROW_KEYSTORE"
        )
    return anvil_account(number)


def _from_key(key: str) -> LocalAccount:
    try:
        account: LocalAccount = Account.from_key(key)
    except ValueError:
        raise UsageError(
            "ZKESCROW_PRIVATE_KEY is no private key: expected 32 bytes as 64 hex digits"
        ) from None
    return account


def _from_keystore(path: Path) -> LocalAccount:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise EnvironmentMissing(
            f"keystore {path} cannot be read ({error}): give an encrypted JSON key file"
        ) from None
    try:
        key = bytes(Account.decrypt(content, _password())).hex()
        hide(key)
        return _from_key("0x" + key)
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"keystore {path} does not open with this password: try again") from None


def _password() -> str:
    configured = get_settings().keystore_password
    if configured is not None:
        return configured.get_secret_value()
    if not stdin.isatty():
        raise EnvironmentMissing(
            "the keystore needs a password: set ZKESCROW_KEYSTORE_PASSWORD or use a terminal"
        )
    password = getpass("keystore password: ")
    hide(password)
    return password
