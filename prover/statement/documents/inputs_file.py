"""The inputs file of a job or round: what the consumer commits to and the provider needs.

{"circuitId": "0x..", "items": [{"salt": [..], "values": [..]}, ..], "version": 1} in canonical
JSON (RFC 8785); all numbers are integers.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import rfc8785
from eth_utils.crypto import keccak

from prover.base import strict_json
from prover.base.errors import StatementInvalid
from prover.statement.commitment import input_commitment, inputs_hash
from prover.statement.field import WORD_HEX, encode_signed
from prover.statement.poseidon import digest

VERSION = 1
MIN_SALT_BITS = 120
MAX_INTEGER_CHARACTERS = 17  # canonical JSON holds integers below 2^53
MAX_DEPTH = 4  # the file, its items, an item, its values
_OVERHEAD_BYTES = 256


@dataclass(frozen=True)
class Item:
    """One input: quantised values in tensor order, and salt (empty when inputs are public).

    `digest_salts` are the salts of the digests themselves, of an item that was read from its
    chunks: where they come from salt, it is not known.
    """

    values: tuple[int, ...]
    salt: tuple[int, ...] = ()
    digest_salts: tuple[int, ...] = ()

    def words(self) -> tuple[int, ...]:
        """The instance words of the item: its values, or one salted digest."""
        if self.salt:
            return (self._digest,)
        return tuple(encode_signed(value) for value in self.values)

    def commitment(self) -> bytes:
        """keccak256 of the item's input words."""
        return input_commitment(self.words())

    @cached_property  # a command commits to the same items several times
    def _digest(self) -> int:
        return digest(encode_signed(value) for value in (*self.values, *self.salt))


@dataclass(frozen=True)
class Shape:
    """What a circuit takes: item slots, values and salt elements an item, domain (inclusive).

    A salt element has `salt_bits` bits.
    """

    slots: int
    values: int
    salt_elements: int
    salt_bits: int
    input_min: int
    input_max: int

    @property
    def max_bytes(self) -> int:
        """Size that no file with the items of one proof exceeds."""
        return self.max_bytes_of(self.slots)

    def max_bytes_of(self, items: int) -> int:
        """Size that no file with so many items for this circuit exceeds."""
        item = (self.values + self.salt_elements) * (MAX_INTEGER_CHARACTERS + 1) + _OVERHEAD_BYTES
        return _OVERHEAD_BYTES + items * item


@dataclass(frozen=True)
class InputsFile:
    """The items of a job or of a serving round, in order, for one circuit (32 bytes)."""

    circuit_id: bytes
    items: tuple[Item, ...]

    @property
    def salted(self) -> bool:
        """Whether no other job, with the same values either, has this file."""
        return any(item.salt for item in self.items)

    def inputs_hash(self) -> bytes:
        """What the terms of the job commit to."""
        return inputs_hash([item.commitment() for item in self.items])

    def to_bytes(self) -> bytes:
        """The file. Its keccak256 is the job's data hash."""
        items = [{"values": list(item.values), "salt": list(item.salt)} for item in self.items]
        circuit = "0x" + self.circuit_id.hex()
        return rfc8785.dumps({"version": VERSION, "circuitId": circuit, "items": items})

    @classmethod
    def from_bytes(cls, content: bytes) -> "InputsFile":
        """The inverse of `to_bytes`. Raises StatementInvalid unless the file is canonical."""
        try:
            found = _parse(strict_json.parse(content, MAX_DEPTH))
            canonical = found.to_bytes()
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise StatementInvalid(
                f"the inputs file cannot be read ({type(error).__name__}: {error}): expected "
                f"canonical JSON of version {VERSION}; ask the consumer for it again"
            ) from None
        if canonical != content:
            raise StatementInvalid(
                "the inputs file is not in canonical form: expected exactly the bytes that the "
                "consumer's client wrote; ask the consumer for it again"
            )
        return found

    def check(self, shape: Shape) -> None:
        """Raise StatementInvalid unless one proof of the circuit holds the items, all of them."""
        if not 1 <= len(self.items) <= shape.slots:
            raise StatementInvalid(
                f"{len(self.items)} items: expected {_one_to(shape.slots)} by this circuit"
            )
        self.check_items(shape)

    def check_round(self, shape: Shape, count: int) -> None:
        """Raise StatementInvalid unless there are `count` items and each can be proven."""
        if len(self.items) != count:
            raise StatementInvalid(
                f"{len(self.items)} items: expected exactly the {count} of the round's terms"
            )
        self.check_items(shape)

    def check_items(self, shape: Shape) -> None:
        """Raise StatementInvalid unless the circuit has a witness for every item."""
        for number, item in enumerate(self.items):
            _check_item(number, item, shape)


def data_hash(content: bytes) -> bytes:
    """keccak256 of an inputs file, as the job's event carries it."""
    return keccak(content)


def salted(values: Sequence[int], shape: Shape) -> Item:
    """An item with fresh salt from the system's generator, where the circuit hashes its inputs."""
    if shape.salt_elements and shape.salt_elements * shape.salt_bits < MIN_SALT_BITS:
        raise StatementInvalid(
            f"{shape.salt_elements} salt elements of {shape.salt_bits} bits: expected at least "
            f"{MIN_SALT_BITS} bits; set the model up again"
        )
    salt = tuple(secrets.randbits(shape.salt_bits) for _ in range(shape.salt_elements))
    return Item(tuple(values), salt)


def padding(shape: Shape) -> Item:
    """An item that every circuit takes: zeros, or what is nearest to them in its domain."""
    nearest_zero = min(max(0, shape.input_min), shape.input_max)
    return Item((nearest_zero,) * shape.values, (0,) * shape.salt_elements)


def check_values(values: Sequence[int], shape: Shape) -> None:
    """Raise StatementInvalid unless all values are in the circuit's domain."""
    for at, value in enumerate(values):
        if not shape.input_min <= value <= shape.input_max:
            raise StatementInvalid(
                f"value {value} at place {at}: expected {shape.input_min} to {shape.input_max} "
                "(quantised) by the circuit"
            )


def _check_item(number: int, item: Item, shape: Shape) -> None:
    _check_count(number, "values", len(item.values), shape.values)
    _check_count(number, "salt elements", len(item.salt), shape.salt_elements)
    try:
        check_values(item.values, shape)
    except StatementInvalid as error:
        raise StatementInvalid(
            f"item {number} has the {error}; scale the data as the model expects"
        ) from None
    for element in item.salt:
        if not 0 <= element < 1 << shape.salt_bits:
            raise StatementInvalid(
                f"item {number} has a salt element {element}: expected 0 to 2^{shape.salt_bits} - "
                "1; post the job again"
            )


def _check_count(number: int, name: str, found: int, allowed: int) -> None:
    if found != allowed:
        raise StatementInvalid(
            f"item {number} has {found} {name}: expected exactly {allowed} by this circuit"
        )


def _parse(fields: Any) -> InputsFile:
    if set(fields) != {"version", "circuitId", "items"} or fields["version"] != VERSION:
        raise ValueError(f"fields {sorted(fields)}")
    if not WORD_HEX.fullmatch(fields["circuitId"]):
        raise ValueError("circuitId")
    items = tuple(_parse_item(entry) for entry in fields["items"])
    return InputsFile(bytes.fromhex(fields["circuitId"][2:]), items)


def _parse_item(entry: Any) -> Item:
    if set(entry) != {"values", "salt"}:
        raise ValueError(f"item has the fields {sorted(entry)}: expected salt and values")
    return Item(_integers(entry["values"]), _integers(entry["salt"]))


def _integers(values: Any) -> tuple[int, ...]:
    if not isinstance(values, list) or any(type(value) is not int for value in values):
        raise ValueError("expected a list of integers")
    return tuple(values)


def _one_to(most: int) -> str:
    return "1" if most == 1 else f"1 to {most}"
