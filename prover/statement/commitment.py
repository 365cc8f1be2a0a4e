"""Commitments to the input words of items, as the contracts compute them."""

from collections.abc import Sequence

from eth_utils.crypto import keccak

from prover.base.errors import StatementInvalid
from prover.statement.field import words_to_bytes


def input_commitment(words: Sequence[int]) -> bytes:
    """keccak256 of one item's input words, 32 big-endian bytes each, as the instances hold them."""
    return keccak(words_to_bytes(words))


def inputs_hash(commitments: Sequence[bytes]) -> bytes:
    """keccak256 of the concatenated input commitments of a job's items, at least one.

    Raises StatementInvalid if there is none or one is not 32 bytes long.
    """
    if not commitments or any(len(commitment) != 32 for commitment in commitments):
        sizes = [len(commitment) for commitment in commitments]
        raise StatementInvalid(
            f"input commitments of {sizes} bytes: expected one or more of 32 bytes each; "
            "commit to each item first"
        )
    return keccak(b"".join(commitments))
