"""One seed, from which a user's keys and salts come: what to keep, and all there is to keep.

A derived secret is HKDF-SHA-256 (RFC 5869) of the seed, told apart by purpose and index.
"""

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass

from prover.base.errors import StatementInvalid
from prover.statement.documents.inputs_file import Shape

SEED_BYTES = 32
VERSION = 1
_APPLICATION = b"zkescrow seed 1"
_SEED = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, repr=False)
class Seed:
    """32 secret bytes. They are never shown: `repr` hides them."""

    value: bytes

    def __post_init__(self) -> None:
        if len(self.value) != SEED_BYTES:
            raise StatementInvalid(
                f"seed of {len(self.value)} bytes: expected exactly {SEED_BYTES}"
            )

    @classmethod
    def fresh(cls) -> "Seed":
        """A new one from the system's generator."""
        return cls(secrets.token_bytes(SEED_BYTES))

    def test_set_key(self, name: bytes) -> bytes:
        """The key (32 bytes) of the test set called `name`."""
        return self._derive(b"test set key", name)

    def record_key(self, name: bytes, index: int) -> bytes:
        """The key (32 bytes) of record `index` of the dataset called `name`."""
        return self._derive(b"record key", name, _number(index))

    def salt(self, name: bytes, index: int, shape: Shape) -> tuple[int, ...]:
        """Salt elements of item `index`, each uniform below 2^salt_bits."""
        size = -(-shape.salt_bits // 8)
        mask = (1 << shape.salt_bits) - 1
        parts = (
            self._derive(b"salt", name, _number(index), _number(at))
            for at in range(shape.salt_elements)
        )
        return tuple(int.from_bytes(part[:size], "big") & mask for part in parts)

    def label_salt(self, name: bytes, index: int) -> bytes:
        """What hides the label of item `index`, 32 bytes."""
        return self._derive(b"label salt", name, _number(index))

    def to_bytes(self) -> bytes:
        """The seed file: JSON, to be written for its owner's eyes only."""
        return json.dumps({"version": VERSION, "seed": self.value.hex()}).encode() + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes, name: str = "the seed file") -> "Seed":
        """The inverse of `to_bytes`. Raises StatementInvalid without showing what it read."""
        try:
            fields = json.loads(content)
            known = set(fields) == {"version", "seed"} and fields["version"] == VERSION
            if known and _SEED.fullmatch(fields["seed"]):
                return cls(bytes.fromhex(fields["seed"]))
        except (ValueError, TypeError):
            pass
        raise StatementInvalid(
            f"{name} cannot be read: expected JSON of version {VERSION} with a seed of 64 hex "
            "digits; give the file that was written when you began"
        )

    def _derive(self, purpose: bytes, *parts: bytes) -> bytes:
        info = b"".join(_framed(part) for part in (_APPLICATION, purpose, *parts))
        return hmac.digest(self._extracted(), info + b"\x01", hashlib.sha256)

    def _extracted(self) -> bytes:
        """HKDF's extract step; one block of output is all that is ever expanded."""
        return hmac.digest(_APPLICATION, self.value, hashlib.sha256)

    def __repr__(self) -> str:
        return "Seed(hidden)"


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big")


def _framed(part: bytes) -> bytes:
    """With its length, so that no two lists of parts read alike."""
    return len(part).to_bytes(4, "big") + part
