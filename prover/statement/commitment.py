"""Commitments to the input words of items, as the contracts compute them."""

from collections.abc import Sequence

from eth_utils.crypto import keccak

from prover.base.errors import StatementInvalid
from prover.statement.field import words_to_bytes
from prover.statement.layout import Layout

POINT_BYTES, DIGEST_BYTES = 64, 32


def input_commitment(words: Sequence[int]) -> bytes:
    """keccak256 of one item's input words, 32 big-endian bytes each, as the instances hold them."""
    return keccak(words_to_bytes(words))


def input_point(layout: Layout) -> int:
    """Where the input's point begins in a proof: after what commits to hidden weights."""
    return DIGEST_BYTES + POINT_BYTES * layout.weight_points if layout.weight_points else 0


def weights_of(layout: Layout, proof: bytes, instances: Sequence[int]) -> int:
    """What commits to hidden weights in a proof; 0 where they are in the verifying key.

    Raises StatementInvalid if the proof is too short, or the instances are not the layout's.
    """
    if layout.weight_points:
        return int.from_bytes(keccak(_part(proof, 0, input_point(layout))), "big")
    return layout.section("weights", instances)[0] if layout.weight_words else 0


def proven_input(layout: Layout, proof: bytes, instances: Sequence[int], item: int) -> bytes:
    """The input commitment of an item of a proof; raises as `weights_of`."""
    if not layout.input_words:
        return keccak(_part(proof, input_point(layout), POINT_BYTES))
    return input_commitment(layout.item_inputs(instances, item))


def _part(proof: bytes, start: int, length: int) -> bytes:
    if len(proof) < start + length:
        raise StatementInvalid(
            f"proof has {len(proof)} bytes: expected at least {start + length}, as it commits by "
            "points; use the proof as it was made"
        )
    return proof[start : start + length]


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
