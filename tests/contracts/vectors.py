"""The vectors that Python and Solidity share: tests/vectors, made by its make.py."""

import json
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parents[1] / "vectors"


def load(name: str) -> dict[str, Any]:
    """One file of vectors, hexadecimal strings as they stand."""
    content: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text())
    return content


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def words(texts: list[str]) -> list[int]:
    return [int(text, 16) for text in texts]


def hashes(texts: list[str]) -> list[bytes]:
    return [unhex(text) for text in texts]
