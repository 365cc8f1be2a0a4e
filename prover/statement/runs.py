"""What a serving round commits to: inputs and posted outputs, item by item; and its contests.

Mirrored by contracts/ServingRound.sol.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from prover.base.errors import StatementInvalid
from prover.statement.field import WORD_BYTES
from prover.statement.tree import PositionalTree, build, leaf_hash

MAX_WORD_BYTES = 16
_LISTED_BYTES = 4


@dataclass(frozen=True)
class ContestedRun:
    """`size` contested items, a power of two, whose indices follow one another from `first` on.

    They stand at `position` and after it in the contested list; `first` is a multiple of `size`.
    """

    position: int
    first: int
    size: int


def input_leaf(index: int, commitment: bytes) -> bytes:
    """The leaf hash of an item's input commitment."""
    return leaf_hash(index.to_bytes(WORD_BYTES, "big") + commitment)


def output_leaf(index: int, output: bytes) -> bytes:
    """The leaf hash of an item's posted output."""
    return leaf_hash(index.to_bytes(WORD_BYTES, "big") + output)


def inputs_tree(commitments: Iterable[bytes]) -> PositionalTree:
    """The tree whose root a round's terms carry."""
    return build([input_leaf(index, each) for index, each in enumerate(commitments)])


def outputs_tree(outputs: bytes, count: int) -> PositionalTree:
    """The tree that the contract builds over the posted outputs of `count` items."""
    size = _item_bytes(outputs, count)
    return build([output_leaf(at, outputs[at * size : (at + 1) * size]) for at in range(count)])


def word_bytes_for(limit: int) -> int:
    """Bytes of one posted output word whose absolute value stays below `limit`."""
    size = (max(limit - 1, 1).bit_length() + 8) // 8
    if size > MAX_WORD_BYTES:
        raise StatementInvalid(
            f"outputs of up to {limit} take {size} bytes a word: expected at most {MAX_WORD_BYTES} "
            "in a serving round; use a smaller model"
        )
    return size


def encode_outputs(rows: Iterable[Sequence[int]], word_bytes: int) -> bytes:
    """Signed output words, item after item, `word_bytes` big-endian bytes each.

    Raises StatementInvalid naming the first item that does not fit.
    """
    return b"".join(_encode(index, row, word_bytes) for index, row in enumerate(rows))


def decode_outputs(outputs: bytes, count: int, word_bytes: int) -> tuple[tuple[int, ...], ...]:
    """The inverse of `encode_outputs` for `count` items."""
    size = _item_bytes(outputs, count, word_bytes)
    words = [
        int.from_bytes(outputs[at : at + word_bytes], "big", signed=True)
        for at in range(0, len(outputs), word_bytes)
    ]
    each = size // word_bytes
    return tuple(tuple(words[at : at + each]) for at in range(0, count * each, each))


def list_hash(indices: Iterable[int]) -> bytes:
    """keccak256 of the contested indices, four bytes big-endian each."""
    return keccak(b"".join(index.to_bytes(_LISTED_BYTES, "big") for index in indices))


def runs(indices: Sequence[int], position: int = 0) -> tuple[ContestedRun, ...]:
    """Ascending indices as the fewest aligned runs; the first stands at `position` of the list."""
    found, at = [], 0
    while at < len(indices):
        size = 1
        while _aligned(indices, at, 2 * size):
            size *= 2
        found.append(ContestedRun(position + at, indices[at], size))
        at += size
    return tuple(found)


def _aligned(indices: Sequence[int], at: int, size: int) -> bool:
    """Whether the `size` indices from place `at` on are an aligned subtree's."""
    first, last = indices[at], at + size - 1
    return first % size == 0 and last < len(indices) and indices[last] == first + size - 1


def _encode(index: int, row: Sequence[int], word_bytes: int) -> bytes:
    try:
        return b"".join(word.to_bytes(word_bytes, "big", signed=True) for word in row)
    except OverflowError:
        raise StatementInvalid(
            f"item {index} has the outputs {list(row)}: expected signed words of {word_bytes} "
            "bytes, as the round posts them"
        ) from None


def _item_bytes(outputs: bytes, count: int, word_bytes: int = 1) -> int:
    if count < 1 or not outputs or len(outputs) % (count * word_bytes):
        raise StatementInvalid(
            f"{len(outputs)} bytes of outputs for {count} items: expected the same number of words "
            f"of {word_bytes} bytes for each"
        )
    return len(outputs) // count
