"""A proof as bytes and words, of whichever system, and its file."""

import re
from dataclasses import dataclass
from typing import Any

from prover.base import strict_json
from prover.base.errors import ArtifactMismatch

MAX_DEPTH = 16
_HEX, _WORD = re.compile(r"(0x)?([0-9a-f]{2})*"), re.compile(r"0x[0-9a-f]{1,64}")


@dataclass(frozen=True)
class Proof:
    """Proof bytes, and the public instances as canonical field elements."""

    proof: bytes
    instances: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON form: hexadecimal proof, 32-byte hexadecimal words."""
        words = [f"0x{word:064x}" for word in self.instances]
        return {"proof": "0x" + self.proof.hex(), "instances": words}

    @classmethod
    def from_bytes(cls, content: bytes) -> "Proof":
        """Of a file that holds `to_dict` as JSON; raises ArtifactMismatch if it is malformed."""
        try:
            return cls.from_dict(strict_json.parse(content, MAX_DEPTH))
        except ValueError as error:
            raise ArtifactMismatch(
                f"proof file is malformed ({error}): expected JSON with proof and instances; "
                "make the proof again"
            ) from error

    @classmethod
    def from_dict(cls, content: Any) -> "Proof":
        """The inverse of `to_dict`; raises ArtifactMismatch if the content is malformed."""
        try:
            words = tuple(parse_word(one) for one in content["instances"])
            return cls(bytes.fromhex(hex_digits(content["proof"])), words)
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactMismatch(
                f"proof file is malformed ({error}): expected proof and instances in hexadecimal; "
                "make the proof again"
            ) from error


def parse_word(text: str) -> int:
    """A field element of at most 32 bytes in hexadecimal; ValueError or TypeError otherwise."""
    if not _WORD.fullmatch(text):
        raise ValueError(f"expected a hexadecimal word of 32 bytes, found {text[:80]!r}")
    return int(text, 16)


def hex_digits(text: str) -> str:
    """Whole bytes in hexadecimal, without 0x; ValueError or TypeError otherwise."""
    if not _HEX.fullmatch(text):
        raise ValueError(f"expected whole bytes in hexadecimal, found {text[:80]!r}")
    return text.removeprefix("0x")
