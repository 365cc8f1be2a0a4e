"""A sealed dataset: the public file that its commitment stands for, and how it is made.

The file is canonical JSON (RFC 8785): {"format": {..}, "records": [{"ciphertext": "0x..",
"inputCommitment": "0x..", "keyHash": "0x.."}, ..], "version": 1}. Its keccak256 is the data hash of
`DatasetCommitted`. Without a record's key nothing of its content can be read off it.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
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
    item_of,
    key_hash,
    open_sealed,
    record_leaf,
    seal,
)
from prover.statement.documents.seeds import Seed
from prover.statement.field import WORD_HEX
from prover.statement.sizes import MAX_ITEMS
from prover.statement.tree import PositionalTree, build

VERSION = 1
_OVERHEAD_BYTES = 512
_FLAT = rb"\{[^{}\[\]]*\}"
_FILE = re.compile(rb'\{"format":%b,"records":\[(?:%b,?)*\],"version":\d{1,9}\}' % (_FLAT, _FLAT))


@dataclass(frozen=True)
class Format:
    """What a record is: values with their quantised domain (inclusive) and scale, and salt.

    A value x stands for x * 2^-input_scale. Only circuits of this format can prove the records.
    """

    values: int
    salt_elements: int
    salt_bits: int
    input_min: int
    input_max: int
    input_scale: int

    @classmethod
    def of(cls, shape: Shape, input_scale: int) -> "Format":
        """The format of a circuit's items."""
        domain = (shape.input_min, shape.input_max)
        return cls(shape.values, shape.salt_elements, shape.salt_bits, *domain, input_scale)

    @property
    def shape(self) -> Shape:
        """For items of this format, one to a proof."""
        salt = (self.salt_elements, self.salt_bits)
        return Shape(1, self.values, *salt, self.input_min, self.input_max)

    @property
    def content_bytes(self) -> int:
        """Length of every record's content, and of its ciphertext."""
        return (self.values + self.salt_elements) * ELEMENT_BYTES


@dataclass(frozen=True)
class PublicRecord:
    """What everybody may know of a record."""

    ciphertext: bytes
    commitment: bytes
    key_hash: bytes

    @property
    def ciphertext_hash(self) -> bytes:
        """keccak256 of the ciphertext."""
        return keccak(self.ciphertext)

    def leaf(self, index: int) -> bytes:
        """The leaf hash of this record at its place."""
        return record_leaf(index, self.ciphertext_hash, self.commitment, self.key_hash)

    def opened(self, index: int, key: bytes, form: Format) -> Item:
        """The item that the key lets one read.

        Raises StatementInvalid if the key is another record's, or if what it decrypts is malformed
        or not what was committed to: such a record can be disputed once it was given as a match.
        """
        if key_hash(key) != self.key_hash:
            raise StatementInvalid(f"record {index}: the key is not the one committed to")
        item = item_of(open_sealed(self.ciphertext, key, index), form.shape)
        if item.commitment() != self.commitment:
            raise StatementInvalid(f"record {index} decrypts to other content than was proven")
        return item


@dataclass(frozen=True)
class PublicDataset:
    """All records of a dataset, in order."""

    form: Format
    records: tuple[PublicRecord, ...]

    @cached_property
    def tree(self) -> PositionalTree:
        """The tree whose root is committed."""
        return build([record.leaf(index) for index, record in enumerate(self.records)])

    def to_bytes(self) -> bytes:
        """The file."""
        records = [
            {
                "ciphertext": "0x" + one.ciphertext.hex(),
                "inputCommitment": "0x" + one.commitment.hex(),
                "keyHash": "0x" + one.key_hash.hex(),
            }
            for one in self.records
        ]
        return rfc8785.dumps({"version": VERSION, "format": asdict(self.form), "records": records})

    @classmethod
    def from_bytes(cls, content: bytes) -> "PublicDataset":
        """The inverse of `to_bytes`. Raises StatementInvalid unless the file is canonical."""
        try:
            dataset = _parse(_loads(content))
            canonical = dataset.to_bytes()
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise StatementInvalid(
                f"the dataset file cannot be read ({type(error).__name__}: {error}): expected "
                f"canonical JSON of version {VERSION}; ask the owner for it again"
            ) from None
        if canonical != content:
            raise StatementInvalid(
                "the dataset file is not in canonical form: expected exactly the bytes that the "
                "owner's client wrote; ask the owner for it again"
            )
        return dataset


def data_hash(content: bytes) -> bytes:
    """keccak256 of a dataset file."""
    return keccak(content)


def max_bytes_of(count: int, form: Format) -> int:
    """Size that no file of so many records of a format exceeds."""
    return _OVERHEAD_BYTES + count * (2 * form.content_bytes + _OVERHEAD_BYTES)


def name_of(form: Format, rows: Sequence[Sequence[int]]) -> bytes:
    """What tells a dataset's keys and salts from those of others under the same seed.

    It depends on every value: two datasets never share a key, which would give both away.
    """
    return keccak(rfc8785.dumps({"format": asdict(form), "rows": [list(row) for row in rows]}))


def salted_records(form: Format, rows: Sequence[Sequence[int]], seed: Seed) -> list[Item]:
    """Rows of quantised values as items, salted from the seed.

    Raises StatementInvalid naming the first record outside the domain.
    """
    if not 1 <= len(rows) <= MAX_ITEMS:
        raise StatementInvalid(f"{len(rows)} records: expected 1 to {MAX_ITEMS} in a dataset")
    name = name_of(form, rows)
    items = [Item(tuple(row), seed.salt(name, index, form.shape)) for index, row in enumerate(rows)]
    for index, item in enumerate(items):
        try:
            item_of(content_of(item), form.shape)
        except StatementInvalid as error:
            raise StatementInvalid(
                f"record {index}: {error}; scale or leave out that row"
            ) from None
    return items


def record_keys(form: Format, rows: Sequence[Sequence[int]], seed: Seed) -> list[bytes]:
    """Each record's own key, 32 bytes."""
    name = name_of(form, rows)
    return [seed.record_key(name, index) for index in range(len(rows))]


def sealed_dataset(form: Format, items: Sequence[Item], keys: Sequence[bytes]) -> PublicDataset:
    """The public side of items under their keys."""
    return PublicDataset(
        form,
        tuple(
            PublicRecord(seal(content_of(item), key, index), item.commitment(), key_hash(key))
            for index, (item, key) in enumerate(zip(items, keys, strict=True))
        ),
    )


def _loads(content: bytes) -> Any:
    """JSON of the file's outline: the parser recurses, and would as deep as another file goes."""
    if not _FILE.fullmatch(content):
        raise ValueError("expected the fields format, records and version, in this order")
    return strict_json.parse(content)


def _parse(fields: Any) -> PublicDataset:
    if set(fields) != {"version", "format", "records"} or fields["version"] != VERSION:
        raise ValueError(f"fields {sorted(fields)}")
    known = Format.__dataclass_fields__
    given = fields["format"]
    if set(given) != set(known) or any(type(value) is not int for value in given.values()):
        raise ValueError("format")
    form = Format(**given)
    records = tuple(_parse_record(entry, form) for entry in fields["records"])
    if not 1 <= len(records) <= MAX_ITEMS:
        raise ValueError(f"{len(records)} records")
    return PublicDataset(form, records)


def _parse_record(entry: Any, form: Format) -> PublicRecord:
    if set(entry) != {"ciphertext", "inputCommitment", "keyHash"}:
        raise ValueError(
            f"record has the fields {sorted(entry)}: expected ciphertext, inputCommitment and "
            "keyHash"
        )
    hashes = [entry["inputCommitment"], entry["keyHash"]]
    if not all(WORD_HEX.fullmatch(one) for one in hashes) or not HEX.fullmatch(entry["ciphertext"]):
        raise ValueError("expected 0x and hexadecimal digits in every field of a record")
    ciphertext = bytes.fromhex(entry["ciphertext"][2:])
    if len(ciphertext) != form.content_bytes:
        raise ValueError(f"ciphertext of {len(ciphertext)} bytes, expected {form.content_bytes}")
    return PublicRecord(ciphertext, *(bytes.fromhex(one[2:]) for one in hashes))
