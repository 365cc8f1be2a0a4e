"""Who can read files that are handed over: keys to encrypt to, each signed by its account.

A provider's file (`zkescrow provider key`) is canonical JSON: {"account": "0x..", "publicKey":
"0x..", "signature": "0x..", "version": 1}; the account signs the text of `statement_of` (EIP-191).
"""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from prover.base import strict_json
from prover.base.errors import EnvironmentMissing, UsageError
from prover.base.files import NotPlain, TooLarge, locked, read_plain, write_atomically
from prover.base.settings import get_settings
from prover.chain.node.client import checksum
from prover.statement.documents.envelope import KEY_BYTES, public_key_of

VERSION = 1
MAX_BYTES = 4096
_FIELDS = {
    "account": re.compile(r"0x[0-9a-fA-F]{40}"),
    "publicKey": re.compile(r"0x[0-9a-f]{64}"),
    "signature": re.compile(r"0x[0-9a-f]{130}"),
}


@dataclass(frozen=True)
class Reader:
    """An account, and the X25519 key (32 bytes) that it signed as its own."""

    account: str
    public_key: bytes
    signature: bytes

    @classmethod
    def signed_by(cls, account: LocalAccount, public_key: bytes) -> "Reader":
        """The key of an account whose secret is here."""
        address = str(account.address)
        message = encode_defunct(text=statement_of(address, public_key))
        return cls(address, public_key, bytes(account.sign_message(message).signature))

    def to_bytes(self) -> bytes:
        """The file."""
        return rfc8785.dumps(
            {
                "account": self.account,
                "publicKey": "0x" + self.public_key.hex(),
                "signature": "0x" + self.signature.hex(),
                "version": VERSION,
            }
        )

    @classmethod
    def from_bytes(cls, content: bytes, name: str) -> "Reader":
        """The inverse of `to_bytes`. Raises UsageError unless the account it names has signed."""
        try:
            fields = _checked(strict_json.parse(content, 2))
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"{name} is no provider's key ({strict_json.as_text(error)}): give the file that "
                "its `zkescrow provider key` wrote"
            ) from None
        account = str(checksum(fields["account"]))
        found = cls(account, _bytes(fields["publicKey"]), _bytes(fields["signature"]))
        found._check_signature(name)
        return found

    def _check_signature(self, name: str) -> None:
        message = encode_defunct(text=statement_of(self.account, self.public_key))
        try:
            signer = str(Account.recover_message(message, signature=self.signature))
        except Exception as error:  # noqa: BLE001 - the library raises several kinds for odd signatures
            signer = f"nobody ({type(error).__name__})"
        if signer != self.account:
            raise UsageError(
                f"{name} names account {self.account}, but is signed by {signer}: do not encrypt "
                "to it; ask the provider for its key again"
            )


def statement_of(account: str, public_key: bytes) -> str:
    """What an account signs: nobody can take the signature for anything else."""
    return (
        f"zkescrow: files for account {account} may be encrypted to the X25519 key "
        f"0x{public_key.hex()}"
    )


def read(path: Path) -> Reader:
    """A provider's key file. Raises UsageError."""
    try:
        return Reader.from_bytes(read_plain(path, MAX_BYTES), str(path))
    except (OSError, NotPlain, TooLarge):
        raise UsageError(
            f"{path} cannot be read: give the file that `zkescrow provider key` wrote"
        ) from None


def keep(reader: Reader) -> None:
    """Remember a key that was checked, in place of an earlier one of its account."""
    write_atomically(_path_of(reader.account), reader.to_bytes())


def load(account: str) -> Reader | None:
    """The key of an account that was kept on this machine, if there is one."""
    path = _path_of(account)
    return read(path) if path.is_file() else None


def secret_key() -> bytes | None:
    """The secret of this machine's own key (32 bytes), if one was made."""
    path = _secret_path()
    if not path.is_file():
        return None
    content = path.read_bytes()
    if len(content) != KEY_BYTES:
        raise EnvironmentMissing(
            f"{path} is damaged: it has {len(content)} bytes, expected {KEY_BYTES}; put it "
            "back "
            "from a copy, or remove it and give consumers a new `zkescrow provider key`"
        )
    return content


def own_public_key() -> bytes:
    """This machine's own key, made now if there is none."""
    with locked(_secret_path().with_suffix(".lock")):
        if secret_key() is None:
            write_atomically(_secret_path(), secrets.token_bytes(KEY_BYTES))
        return public_key_of(secret_key() or b"")


def _secret_path() -> Path:
    return get_settings().home / "reader.key"


def _path_of(account: str) -> Path:
    return get_settings().home / "readers" / f"{account.lower()}.json"


def _checked(fields: Any) -> dict[str, str]:
    if not isinstance(fields, dict) or set(fields) != {*_FIELDS, "version"}:
        raise ValueError("expected the fields account, publicKey, signature and version")
    if fields["version"] != VERSION:
        raise ValueError(f"version {fields['version']!r}: expected {VERSION}")
    for name, form in _FIELDS.items():
        if not form.fullmatch(fields[name]):
            raise ValueError(f"{name} is malformed: expected {form.pattern}")
    return fields


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])
