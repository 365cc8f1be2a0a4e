"""Elements of the scalar field of BN254, in which every public instance of a proof lives."""

import re
from collections.abc import Iterable

from prover.base.errors import StatementInvalid

FIELD_MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617
SIGNED_BOUND = 1 << 127
WORD_BYTES = 32
WORD_HEX = re.compile(r"0x[0-9a-f]{64}")  # in files
WORD_BITS = 253  # that a word holds whatever they are: 2^253 is below the modulus


def encode_signed(value: int) -> int:
    """The field element of a signed integer: value, or r - |value| when it is negative.

    Raises StatementInvalid unless |value| < 2^127.
    """
    _check_signed(value)
    return value % FIELD_MODULUS


def decode_signed(element: int) -> int:
    """The signed integer of a field element: x above (r-1)/2 stands for x - r.

    Raises StatementInvalid if the element is not canonical or unless |x| < 2^127.
    """
    check_canonical(element)
    value = element - FIELD_MODULUS if element > (FIELD_MODULUS - 1) // 2 else element
    _check_signed(value)
    return value


def check_canonical(element: int) -> int:
    """The element itself; raises StatementInvalid unless 0 <= element < r."""
    if not 0 <= element < FIELD_MODULUS:
        raise StatementInvalid(
            f"instance {element} is not a canonical field element: expected 0 <= x < "
            f"{FIELD_MODULUS}; send the residue below the modulus"
        )
    return element


def words_to_bytes(words: Iterable[int]) -> bytes:
    """Each canonical word as 32 big-endian bytes, concatenated."""
    return b"".join(check_canonical(word).to_bytes(WORD_BYTES, "big") for word in words)


def _check_signed(value: int) -> None:
    if not -SIGNED_BOUND < value < SIGNED_BOUND:
        raise StatementInvalid(
            f"value {value} does not fit: expected |v| < 2^127; use a smaller scale"
        )
