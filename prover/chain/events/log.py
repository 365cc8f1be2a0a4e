"""One log of a contract, whole and undecoded."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeGuard

from prover.base.errors import ChainError, UsageError
from prover.chain.node.client import checksum
from prover.statement.field import WORD_BYTES

BITS = 63  # what the store can hold
MAX_TOPICS = 4
_ADDRESS_CHARACTERS = 42


@dataclass(frozen=True)
class Log:
    """A log as the node gives it; `time` is its block's Unix time, 0 where the node leaves it out.

    `index` counts the logs of the block, `place` its transactions. Raises ValueError if a field is
    not what a log has, as in an answer or a file that is wrong.
    """

    block: int
    block_hash: bytes
    time: int
    transaction: bytes
    place: int
    index: int
    address: str
    topics: tuple[bytes, ...]
    data: bytes

    def __post_init__(self) -> None:
        numbers = (self.block, self.time, self.place, self.index)
        fits = (
            all(isinstance(one, int) and 0 <= one < 1 << BITS for one in numbers)
            and all(map(is_word, (self.block_hash, self.transaction, *self.topics)))
            and len(self.topics) <= MAX_TOPICS
            and isinstance(self.address, str)
            and len(self.address) == _ADDRESS_CHARACTERS
            and isinstance(self.data, bytes)
        )
        if not fits:
            raise ValueError("expected numbers, words of 32 bytes and an address in a log")

    @classmethod
    def from_rpc(cls, fields: Any) -> "Log":
        """Raises ChainError if it is none."""
        try:
            return cls(
                block=_number(fields["blockNumber"]),
                block_hash=_bytes(fields["blockHash"]),
                time=_number(fields.get("blockTimestamp") or "0x0"),
                transaction=_bytes(fields["transactionHash"]),
                place=_number(fields["transactionIndex"]),
                index=_number(fields["logIndex"]),
                address=checksummed(fields["address"]),
                topics=tuple(_bytes(topic) for topic in fields["topics"]),
                data=_bytes(fields["data"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, UsageError) as error:
            raise ChainError(
                f"the node's log is malformed ({type(error).__name__}): use another node"
            ) from error


def is_word(value: object) -> TypeGuard[bytes]:
    """Whether something is 32 bytes, as hashes and topics are."""
    return isinstance(value, bytes) and len(value) == WORD_BYTES


@lru_cache(maxsize=1 << 14)
def checksummed(address: str) -> str:
    """`checksum`, which hashes, once for each address."""
    return str(checksum(address))


def _number(text: str) -> int:
    number = int(text, 16)
    if not 0 <= number < 1 << BITS:
        raise ValueError(f"{text}: expected at most {BITS} bits")
    return number


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
