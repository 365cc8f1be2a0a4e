"""A sealed dataset: the public file that its commitment stands for, and how it is made.

The file is canonical JSON (RFC 8785): {"format": {..}, "records": [{"chunks": ["0x..", ..],
"digests": ["0x..", ..], "keyHash": "0x.."}, ..], "version": 2}; chunks are ciphertexts. Its
keccak256 is the data hash of `DatasetCommitted`. Without a record's key nothing of its content can
be read off it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

import rfc8785
from eth_utils.crypto import keccak

from prover.base import strict_json
from prover.base.errors import StatementInvalid
from prover.statement.commitment import input_commitment
from prover.statement.documents.inputs_file import Item, Shape, check_values
from prover.statement.documents.sealed import (
    HEX,
    digests_of,
    key_hash,
    open_chunk,
    parts_hash,
    seal_chunks,
    sealed_leaf,
)
from prover.statement.documents.seeds import Seed
from prover.statement.documents.testset import parse_digest
from prover.statement.field import WORD_HEX
from prover.statement.sealing import Chunks, SealedForm, Sealing
from prover.statement.sizes import MAX_ITEMS
from prover.statement.tree import PositionalTree, build

VERSION = 2
MAX_DEPTH = 4  # the dataset, its records, a record, its chunks
_OVERHEAD_BYTES, _DIGEST_BYTES = 1024, 128  # a digest with what stands around it and a chunk


@dataclass(frozen=True)
class Format:
    """What a record is: values with their quantised domain (inclusive) and unit, and its chunks.

    A value x stands for x * input_unit. Only circuits of this format can prove the records.
    """

    values: int
    input_min: int
    input_max: int
    input_unit: float
    chunks: int
    elements: int
    digest_elements: int
    salt_elements: int
    salt_bits: int
    digit_bits: int
    digits: int
    padding_root: str  # 0x and 64 digits

    @classmethod
    def of(cls, form: SealedForm, values: int, input_unit: float) -> "Format":
        """The format of a circuit's items."""
        named = asdict(form.sealing)
        root = "0x" + named.pop("padding_root").hex()
        domain = form.input_min, form.input_max
        return cls(values, *domain, input_unit, form.chunks, **named, padding_root=root)

    @property
    def sealed(self) -> SealedForm:
        """For the ciphertexts; which digits are padding is the circuit's."""
        names = [field.name for field in fields(Sealing)][:-1]
        numbers = {name: getattr(self, name) for name in names}
        sealing = Sealing(**numbers, padding_root=bytes.fromhex(self.padding_root[2:]))
        return SealedForm(sealing, self.chunks, self.input_min, self.input_max)


@dataclass(frozen=True)
class PublicRecord:
    """What everybody may know of a record: encrypted chunks, digests, the hash of its key."""

    chunks: tuple[bytes, ...]
    digests: tuple[int, ...]
    key_hash: bytes

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """keccak256 of each chunk's ciphertext."""
        return tuple(keccak(chunk) for chunk in self.chunks)

    @property
    def chunks_hash(self) -> bytes:
        """keccak256 of these."""
        return parts_hash(self.hashes)

    def leaf(self, index: int) -> bytes:
        """The leaf hash of this record at its place."""
        commitment = input_commitment(self.digests)
        return sealed_leaf(index, self.chunks_hash, commitment, self.key_hash)

    def opened(self, index: int, key: bytes, form: SealedForm) -> Chunks:
        """The elements that the key lets one read.

        Raises Malformed, saying which chunk is and how: exactly then the record can be disputed,
        once it was given as a match; StatementInvalid if the key is another record's.
        """
        if key_hash(key) != self.key_hash:
            raise StatementInvalid(f"record {index}: the key is not the one committed to")
        return tuple(
            open_chunk(part, key, index, chunk, hashed, form)
            for chunk, (part, hashed) in enumerate(zip(self.chunks, self.digests, strict=True))
        )


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
                "chunks": ["0x" + chunk.hex() for chunk in one.chunks],
                "digests": [f"0x{word:064x}" for word in one.digests],
                "keyHash": "0x" + one.key_hash.hex(),
            }
            for one in self.records
        ]
        return rfc8785.dumps({"version": VERSION, "format": asdict(self.form), "records": records})

    @classmethod
    def from_bytes(cls, content: bytes) -> "PublicDataset":
        """The inverse of `to_bytes`. Raises StatementInvalid unless the file is canonical."""
        try:
            dataset = _parse(strict_json.parse(content, MAX_DEPTH))
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
    record = 2 * form.sealed.content_bytes + form.chunks * _DIGEST_BYTES + _OVERHEAD_BYTES
    return _OVERHEAD_BYTES + count * record


def name_of(form: Format, rows: Sequence[Sequence[int]]) -> bytes:
    """What tells a dataset's keys and salts from those of others under the same seed.

    It depends on every value: two datasets never share a key, which would give both away.
    """
    return keccak(rfc8785.dumps({"format": asdict(form), "rows": [list(row) for row in rows]}))


def salted_records(
    form: Format, shape: Shape, rows: Sequence[Sequence[int]], seed: Seed
) -> list[Item]:
    """Rows of quantised values as items, salted from the seed.

    Raises StatementInvalid naming the first record outside the domain.
    """
    if not 1 <= len(rows) <= MAX_ITEMS:
        raise StatementInvalid(f"{len(rows)} records: expected 1 to {MAX_ITEMS} in a dataset")
    name = name_of(form, rows)
    for index, row in enumerate(rows):
        try:
            check_values(row, shape)
        except StatementInvalid as error:
            raise StatementInvalid(
                f"record {index}: {error}; scale or leave out that row"
            ) from None
    return [Item(tuple(row), seed.salt(name, index, shape)) for index, row in enumerate(rows)]


def record_keys(form: Format, rows: Sequence[Sequence[int]], seed: Seed) -> list[bytes]:
    """Each record's own key, 32 bytes."""
    name = name_of(form, rows)
    return [seed.record_key(name, index) for index in range(len(rows))]


def sealed_dataset(form: Format, items: Sequence[Chunks], keys: Sequence[bytes]) -> PublicDataset:
    """The public side of items, by their chunks, under their keys."""
    return PublicDataset(
        form,
        tuple(
            PublicRecord(
                seal_chunks(chunks, form.sealed, key, index), digests_of(chunks), key_hash(key)
            )
            for index, (chunks, key) in enumerate(zip(items, keys, strict=True))
        ),
    )


def _parse(found: Any) -> PublicDataset:
    if set(found) != {"version", "format", "records"} or found["version"] != VERSION:
        raise ValueError(f"fields {sorted(found)}")
    form = _parse_format(found["format"])
    records = tuple(_parse_record(entry, form) for entry in found["records"])
    if not 1 <= len(records) <= MAX_ITEMS:
        raise ValueError(f"{len(records)} records")
    return PublicDataset(form, records)


def _parse_format(given: Any) -> Format:
    if set(given) != {field.name for field in fields(Format)}:
        raise ValueError("format")
    unit, root = given["input_unit"], given["padding_root"]
    others = {"input_unit", "padding_root"}
    numbers = {name: one for name, one in given.items() if name not in others}
    if any(type(one) is not int for one in numbers.values()) or type(unit) not in (int, float):
        raise ValueError("format")
    if not WORD_HEX.fullmatch(root):
        raise ValueError("padding_root")
    return Format(**numbers, input_unit=float(unit), padding_root=root)


def _parse_record(entry: Any, form: Format) -> PublicRecord:
    if set(entry) != {"chunks", "digests", "keyHash"}:
        raise ValueError(
            f"record has the fields {sorted(entry)}: expected chunks, digests and keyHash"
        )
    texts = [*entry["chunks"], entry["keyHash"]]
    if not WORD_HEX.fullmatch(entry["keyHash"]) or not all(map(HEX.fullmatch, texts)):
        raise ValueError("expected 0x and hexadecimal digits in every field of a record")
    *chunks, hashed = (bytes.fromhex(text[2:]) for text in texts)
    digests = tuple(map(parse_digest, entry["digests"]))
    if not form.chunks == len(chunks) == len(digests):
        raise ValueError(f"{len(chunks)} chunks and {len(digests)} digests")
    sizes = list(map(len, chunks))
    allowed = list(map(form.sealed.chunk_bytes, range(form.chunks)))
    if sizes != allowed:
        raise ValueError(f"chunks of {sizes} bytes, expected {allowed}")
    return PublicRecord(tuple(chunks), digests, hashed)
