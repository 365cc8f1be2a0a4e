"""The digest of a circuit: keccak256 of all that a verifier takes of its key, in 32-byte words.

It is the first word of the transcript. A verifier computes it from what it verifies with, so that
nothing of a key can be chosen after the challenges. docs/native/FORMAT.md defines the words; the
engine's are the same (native/src/keys/digest.rs).
"""

from collections.abc import Iterator, Sequence

from eth_utils.crypto import keccak

from prover.base.errors import UnsoundCircuit
from prover.verify.algebra.group import Twist
from prover.verify.description import Description
from prover.verify.expressions import (
    Challenge,
    Constant,
    Expression,
    Negated,
    Product,
    Query,
    Sum,
)
from prover.verify.transcript import WORD_BYTES

KINDS = {"advice": 0, "fixed": 1, "instance": 2}
CONSTANT, CHALLENGE, NEGATED, SUM, PRODUCT = range(3, 8)


def circuit_key(description: Description) -> bytes:
    """All that a verifier takes of a circuit: what a key contract holds behind its STOP."""
    return _bytes(_key(description))


def circuit_digest(description: Description) -> int:
    """What a circuit is in transcripts; below 2^256, not below r."""
    return _hash(_key(description))


def require_digest(description: Description) -> None:
    """Raise UnsoundCircuit unless the digest that a description states is its own."""
    wanted = circuit_digest(description)
    if description.digest != wanted:
        raise UnsoundCircuit(
            f"circuit description: digest is {description.digest:#066x}, but what it describes has "
            f"{wanted:#066x}: it was changed after it was made; get it again"
        )


def _hash(words: Iterator[int]) -> int:
    return int.from_bytes(keccak(_bytes(words)), "big")


def _bytes(words: Iterator[int]) -> bytes:
    """Negative numbers count from 2^256."""
    return b"".join((word % (1 << 256)).to_bytes(WORD_BYTES, "big") for word in words)


def _text(text: str) -> int:
    return int.from_bytes(keccak(text.encode()), "big")


def _key(description: Description) -> Iterator[int]:
    yield _text(description.format)
    yield _hash(_system(description))
    yield from (description.k, description.omega, description.delta, description.blinding_rows)
    yield from description.shape.words()
    instances = description.instances
    yield from (instances.context, instances.digests, instances.outputs)
    yield from (len(description.columns.fixed), len(description.permutation.columns))
    yield from _twist(description.srs.g2)
    yield from _twist(description.srs.s_g2)
    for point in description.packed_commitments:
        yield from point


def _twist(point: Twist) -> Iterator[int]:
    """In the order of the EVM's pairing: the imaginary part first."""
    for real, imaginary in point:
        yield from (imaginary, real)


def _system(description: Description) -> Iterator[int]:
    columns, queries = description.columns, description.queries
    yield len(columns.advice)
    for column in columns.advice:
        yield from (_text(column.symbol), column.phase)
    yield len(columns.fixed)
    yield len(description.secret_columns)
    yield from description.secret_columns
    yield len(description.challenge_phases)
    yield from description.challenge_phases
    yield len(description.polynomials)
    for polynomial in description.polynomials:
        yield from _expression(polynomial)
    for pairs in (queries.advice, queries.fixed, queries.instance):
        yield from _pairs(pairs)
    yield from _pairs([(KINDS[kind], index) for kind, index in description.permutation.columns])


def _pairs(pairs: Sequence[tuple[int, int]]) -> Iterator[int]:
    yield len(pairs)
    for pair in pairs:
        yield from pair


def _expression(found: Expression) -> Iterator[int]:
    """Prefix notation: a word for what stands there, then its parts."""
    match found:
        case Query(kind, column, rotation):
            yield from (KINDS[kind], column, rotation)
        case Constant(value):
            yield from (CONSTANT, value)
        case Challenge(index):
            yield from (CHALLENGE, index)
        case Negated(inner):
            yield NEGATED
            yield from _expression(inner)
        case Sum(left, right) | Product(left, right):
            yield SUM if isinstance(found, Sum) else PRODUCT
            yield from _expression(left)
            yield from _expression(right)
