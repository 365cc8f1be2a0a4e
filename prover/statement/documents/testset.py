"""A sealed test set: the file that a provider holds before it accepts, and what a leaf is made of.

{"circuitId": "0x..", "items": [{"ciphertext": "0x..", "inner": "0x.."}, ..], "version": 1} in
canonical JSON (RFC 8785). Its keccak256 is the data hash of the bounty's terms. Without the key
nothing of inputs or labels can be read off it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import rfc8785
from eth_utils.crypto import keccak

from prover.base import strict_json
from prover.base.errors import StatementInvalid
from prover.statement.documents.inputs_file import Item, Shape
from prover.statement.documents.sealed import (
    ELEMENT_BYTES,
    HEX,
    content_of,
    inner_hash,
    item_leaf,
    item_of,
    label_of,
    open_sealed,
    seal,
)
from prover.statement.field import WORD_HEX
from prover.statement.sizes import MAX_ITEMS
from prover.statement.tree import PositionalTree, build

VERSION = 1
MAX_DEPTH = 3  # the set, its items, an item
_OVERHEAD_BYTES = 256


@dataclass(frozen=True)
class SealedTest:
    """A test item as everybody may see it: encrypted content, and the hash that hides its label."""

    ciphertext: bytes
    inner: bytes

    @property
    def ciphertext_hash(self) -> bytes:
        """keccak256 of the ciphertext."""
        return keccak(self.ciphertext)

    def opened(self, index: int, key: bytes, shape: Shape, classes: int) -> tuple[Item, int]:
        """The item and its label.

        Raises StatementInvalid, saying how the item is malformed: exactly then it can be disputed.
        """
        item = item_of(open_sealed(self.ciphertext, key, index), shape)
        label = label_of(item.commitment(), self.inner, classes)
        if label is None:
            raise StatementInvalid(
                f"no label from 0 to {classes - 1} belongs to its content: its inner hash is of "
                "something else"
            )
        return item, label


@dataclass(frozen=True)
class SealedTestSet:
    """The items of a bounty, in order, for one circuit (32 bytes)."""

    circuit_id: bytes
    items: tuple[SealedTest, ...]

    @cached_property
    def tree(self) -> PositionalTree:
        """The tree whose root the terms carry."""
        return build(
            [item_leaf(at, one.ciphertext_hash, one.inner) for at, one in enumerate(self.items)]
        )

    def to_bytes(self) -> bytes:
        """The file."""
        items = [
            {"ciphertext": "0x" + one.ciphertext.hex(), "inner": "0x" + one.inner.hex()}
            for one in self.items
        ]
        circuit = "0x" + self.circuit_id.hex()
        return rfc8785.dumps({"version": VERSION, "circuitId": circuit, "items": items})

    @classmethod
    def from_bytes(cls, content: bytes) -> "SealedTestSet":
        """The inverse of `to_bytes`. Raises StatementInvalid unless the file is canonical."""
        try:
            found = _parse(strict_json.parse(content, MAX_DEPTH))
            canonical = found.to_bytes()
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise StatementInvalid(
                f"the test set file cannot be read ({type(error).__name__}: {error}): expected "
                f"canonical JSON of version {VERSION}; ask the consumer for it again"
            ) from None
        if canonical != content:
            raise StatementInvalid(
                "the test set file is not in canonical form: expected exactly the bytes that the "
                "consumer's client wrote; ask the consumer for it again"
            )
        return found

    def check(self, circuit_id: bytes, count: int, shape: Shape) -> None:
        """Raise StatementInvalid unless it is for the circuit, whole, and of the right lengths.

        What the ciphertexts hold is seen only with the key.
        """
        if self.circuit_id != circuit_id:
            raise StatementInvalid(
                f"the test set is for circuit 0x{self.circuit_id.hex()}: expected "
                f"0x{circuit_id.hex()} by the terms; do not stake on it"
            )
        if len(self.items) != count:
            raise StatementInvalid(
                f"the test set has {len(self.items)} items: expected exactly the {count} of the "
                "terms; do not stake on it"
            )
        allowed = content_bytes(shape)
        for index, item in enumerate(self.items):
            if len(item.ciphertext) != allowed:
                raise StatementInvalid(
                    f"test item {index} has {len(item.ciphertext)} bytes: expected exactly "
                    f"{allowed} by the circuit; do not stake on it"
                )


def seal_tests(
    circuit_id: bytes, items: Sequence[Item], labels: Sequence[int], key: bytes
) -> SealedTestSet:
    """Items and their labels under one key. Raises StatementInvalid if the counts are wrong."""
    if not 1 <= len(items) <= MAX_ITEMS or len(items) != len(labels):
        raise StatementInvalid(
            f"{len(items)} test items with {len(labels)} labels: expected 1 to {MAX_ITEMS}, each "
            "with its label"
        )
    sealed = tuple(
        SealedTest(seal(content_of(item), key, index), inner_hash(item.commitment(), label))
        for index, (item, label) in enumerate(zip(items, labels, strict=True))
    )
    return SealedTestSet(circuit_id, sealed)


def content_bytes(shape: Shape) -> int:
    """Length of an item's content, and of its ciphertext."""
    return (shape.values + shape.salt_elements) * ELEMENT_BYTES


def max_bytes_of(count: int, shape: Shape) -> int:
    """Size that no file of so many items exceeds."""
    return _OVERHEAD_BYTES + count * (2 * content_bytes(shape) + _OVERHEAD_BYTES)


def _parse(fields: Any) -> SealedTestSet:
    if set(fields) != {"version", "circuitId", "items"} or fields["version"] != VERSION:
        raise ValueError(
            f"fields {sorted(fields)}: expected circuitId, items and version {VERSION}"
        )
    if not isinstance(fields["items"], list):
        raise TypeError("expected a list of items")
    items = tuple(_parse_item(entry) for entry in fields["items"])
    return SealedTestSet(_bytes(fields["circuitId"], WORD_HEX), items)


def _parse_item(entry: Any) -> SealedTest:
    if set(entry) != {"ciphertext", "inner"}:
        raise ValueError(f"item has the fields {sorted(entry)}: expected ciphertext and inner")
    return SealedTest(_bytes(entry["ciphertext"], HEX), _bytes(entry["inner"], WORD_HEX))


def _bytes(text: str, form: re.Pattern[str]) -> bytes:
    if not form.fullmatch(text):
        raise ValueError(f"expected 0x and hexadecimal digits, found {text[:80]!r}")
    return bytes.fromhex(text[2:])
