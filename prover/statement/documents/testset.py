"""A sealed test set: the file that a provider holds before it accepts, and what a leaf is made of.

{"circuitId": "0x..", "items": [{"digests": ["0x..", ..], "labelHash": "0x..", "parts": ["0x..",
..]}, ..], "version": 2} in canonical JSON (RFC 8785). Parts are ciphertexts: those of the chunks,
then the label's. The file's keccak256 is the data hash of the bounty's terms. Without the key
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
from prover.statement.commitment import input_commitment
from prover.statement.documents.sealed import (
    HEX,
    LABEL_BYTES,
    digests_of,
    label_content,
    label_hash,
    open_chunk,
    open_label,
    parts_hash,
    seal,
    seal_chunks,
    sealed_leaf,
)
from prover.statement.field import WORD_HEX, check_canonical
from prover.statement.sealing import Chunks, SealedForm
from prover.statement.sizes import MAX_ITEMS
from prover.statement.tree import PositionalTree, build

VERSION = 2
MAX_DEPTH = 4  # the set, its items, an item, its parts
_OVERHEAD_BYTES, _DIGEST_BYTES = 512, 128  # a digest with what stands around it and a part


@dataclass(frozen=True)
class Opened:
    """A test item in the clear."""

    chunks: Chunks
    label: int
    label_salt: bytes


@dataclass(frozen=True)
class SealedTest:
    """A test item as everybody may see it: encrypted parts, digests, and what hides its label."""

    parts: tuple[bytes, ...]
    digests: tuple[int, ...]
    label_hash: bytes

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """keccak256 of each part's ciphertext."""
        return tuple(keccak(part) for part in self.parts)

    @property
    def parts_hash(self) -> bytes:
        """keccak256 of these."""
        return parts_hash(self.hashes)

    def leaf(self, index: int) -> bytes:
        """The leaf hash of this item at its place."""
        commitment = input_commitment(self.digests)
        return sealed_leaf(index, self.parts_hash, commitment, self.label_hash)

    def opened(self, index: int, key: bytes, form: SealedForm, classes: int) -> Opened:
        """Every part in the clear.

        Raises Malformed, saying which part is and how: exactly then it can be disputed.
        """
        *chunks, label = self.parts
        elements = tuple(
            open_chunk(part, key, index, chunk, hashed, form)
            for chunk, (part, hashed) in enumerate(zip(chunks, self.digests, strict=True))
        )
        found = open_label(label, key, index, len(chunks), self.label_hash, classes)
        return Opened(elements, *found)


@dataclass(frozen=True)
class SealedTestSet:
    """The items of a bounty, in order, for one circuit (32 bytes)."""

    circuit_id: bytes
    items: tuple[SealedTest, ...]

    @cached_property
    def tree(self) -> PositionalTree:
        """The tree whose root the terms carry."""
        return build([one.leaf(at) for at, one in enumerate(self.items)])

    def to_bytes(self) -> bytes:
        """The file."""
        items = [
            {
                "parts": ["0x" + part.hex() for part in one.parts],
                "digests": [f"0x{word:064x}" for word in one.digests],
                "labelHash": "0x" + one.label_hash.hex(),
            }
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

    def check(self, circuit_id: bytes, count: int, form: SealedForm) -> None:
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
        allowed = (*map(form.chunk_bytes, range(form.chunks)), LABEL_BYTES)
        for index, item in enumerate(self.items):
            found = tuple(map(len, item.parts))
            if found != allowed or len(item.digests) != form.chunks:
                raise StatementInvalid(
                    f"test item {index} has parts of {list(found)} bytes and {len(item.digests)} "
                    f"digests: expected exactly {list(allowed)} and {form.chunks} by the circuit; "
                    "do not stake on it"
                )


@dataclass(frozen=True)
class Test:
    """A test item of the consumer: elements by chunk, label, and the salt that hides the label."""

    __test__ = False  # no test case

    chunks: Chunks
    label: int
    label_salt: bytes

    def sealed(self, index: int, key: bytes, form: SealedForm) -> SealedTest:
        """As everybody may see it."""
        content = label_content(self.label, self.label_salt)
        return SealedTest(
            parts=(
                *seal_chunks(self.chunks, form, key, index),
                seal(content, key, index, len(self.chunks)),
            ),
            digests=digests_of(self.chunks),
            label_hash=label_hash(self.label, self.label_salt),
        )


def seal_tests(
    circuit_id: bytes, tests: Sequence[Test], key: bytes, form: SealedForm
) -> SealedTestSet:
    """Items with their labels under one key. Raises StatementInvalid if the count is wrong."""
    if not 1 <= len(tests) <= MAX_ITEMS:
        raise StatementInvalid(f"{len(tests)} test items: expected 1 to {MAX_ITEMS}")
    sealed = tuple(test.sealed(index, key, form) for index, test in enumerate(tests))
    return SealedTestSet(circuit_id, sealed)


def max_bytes_of(count: int, form: SealedForm) -> int:
    """Size that no file of so many items exceeds."""
    item = 2 * (form.content_bytes + LABEL_BYTES) + form.chunks * _DIGEST_BYTES + _OVERHEAD_BYTES
    return _OVERHEAD_BYTES + count * item


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
    if set(entry) != {"parts", "digests", "labelHash"}:
        raise ValueError(
            f"item has the fields {sorted(entry)}: expected digests, labelHash and parts"
        )
    return SealedTest(
        tuple(_bytes(part, HEX) for part in _listed(entry["parts"])),
        tuple(parse_digest(word) for word in _listed(entry["digests"])),
        _bytes(entry["labelHash"], WORD_HEX),
    )


def parse_digest(text: str) -> int:
    """A digest as files have it. Raises ValueError or StatementInvalid."""
    return check_canonical(int.from_bytes(_bytes(text, WORD_HEX), "big"))


def _listed(found: Any) -> list[str]:
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise TypeError("expected a list of at least one text")
    return found


def _bytes(text: str, form: re.Pattern[str]) -> bytes:
    if not form.fullmatch(text):
        raise ValueError(f"expected 0x and hexadecimal digits, found {text[:80]!r}")
    return bytes.fromhex(text[2:])
