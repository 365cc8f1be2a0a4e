"""Runtime code with zeros where immutables go."""

from collections.abc import Mapping
from dataclasses import dataclass

from prover.statement.field import WORD_BYTES


@dataclass(frozen=True)
class Template:
    """Runtime code with zeros where immutables go, and where that is, by the immutable's name."""

    runtime: bytes
    immutables: Mapping[str, tuple[int, ...]]

    def with_immutables(self, values: Mapping[str, int]) -> bytes:
        """The code of a contract whose immutables have these values."""
        code = bytearray(self.runtime)
        for name, starts in self.immutables.items():
            for start in starts:
                code[start : start + WORD_BYTES] = values[name].to_bytes(WORD_BYTES, "big")
        return bytes(code)
