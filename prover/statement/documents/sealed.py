"""Sealed items: committed encrypted, judged in the open once their key is known.

Content: each element that a circuit hashes for an item, salt included, as 4 signed big-endian
bytes. Ciphertext: content XOR keccak256(key, index, 0), keccak256(key, index, 1), ...
contracts/libraries/SealedItem.sol is the mirror.
"""

import re

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from prover.base.errors import StatementInvalid
from prover.statement.documents.inputs_file import Item, Shape
from prover.statement.sizes import MAX_ELEMENTS
from prover.statement.tree import leaf_hash

ELEMENT_BYTES = 4
HEX = re.compile(r"0x(?:[0-9a-f]{2})+")  # in files
_BLOCK_BYTES = 32
_LIMIT = 1 << (8 * ELEMENT_BYTES - 1)


def check_sealable(shape: Shape) -> None:
    """Raise StatementInvalid unless items of this shape can be sealed and disputed on-chain."""
    elements = shape.values + shape.salt_elements
    if not shape.salt_elements or elements > MAX_ELEMENTS:
        raise StatementInvalid(
            f"the circuit hashes {elements} elements an item, {shape.salt_elements} of them "
            f"salt: expected 2 to {MAX_ELEMENTS} with salt; set the model up with hashed inputs"
        )


def content_of(item: Item) -> bytes:
    """Values then salt, 4 bytes each. Raises StatementInvalid if an element does not fit."""
    elements = (*item.values, *item.salt)
    for place, element in enumerate(elements):
        if not -_LIMIT <= element < _LIMIT:
            raise StatementInvalid(
                f"element {place} is {element}: expected -2^31 to 2^31 - 1 in a sealed item"
            )
    return b"".join(element.to_bytes(ELEMENT_BYTES, "big", signed=True) for element in elements)


def item_of(content: bytes, shape: Shape) -> Item:
    """The inverse of `content_of`. Raises StatementInvalid, saying how the item is malformed."""
    allowed = (shape.values + shape.salt_elements) * ELEMENT_BYTES
    if len(content) != allowed:
        raise StatementInvalid(f"content of {len(content)} bytes: expected exactly {allowed}")
    elements = tuple(
        int.from_bytes(content[at : at + ELEMENT_BYTES], "big", signed=True)
        for at in range(0, len(content), ELEMENT_BYTES)
    )
    values, salt = elements[: shape.values], elements[shape.values :]
    _check_range("value", values, shape.input_min, shape.input_max)
    _check_range("salt element", salt, 0, (1 << shape.salt_bits) - 1)
    return Item(values, salt)


def seal(content: bytes, key: bytes, index: int) -> bytes:
    """The ciphertext of item `index` under a key of 32 bytes. Opening is the same operation."""
    if len(key) != _BLOCK_BYTES:
        raise StatementInvalid(f"key of {len(key)} bytes: expected exactly {_BLOCK_BYTES}")
    blocks = -(-len(content) // _BLOCK_BYTES)
    stream = b"".join(_block(key, index, counter) for counter in range(blocks))
    return bytes(left ^ right for left, right in zip(content, stream, strict=False))


open_sealed = seal


def key_hash(key: bytes) -> bytes:
    """keccak256(abi.encode(key)), as terms and leaves commit to a key."""
    return keccak(encode(["bytes32"], [key]))


def inner_hash(commitment: bytes, label: int) -> bytes:
    """keccak256(abi.encode(inputCommitment, label)): what a test leaf hides until it is proven."""
    return keccak(encode(["bytes32", "uint256"], [commitment, label]))


def item_leaf(index: int, ciphertext_hash: bytes, inner: bytes) -> bytes:
    """The leaf of an accuracy bounty's test item."""
    fields = [index, ciphertext_hash, inner]
    return leaf_hash(encode(["uint256", "bytes32", "bytes32"], fields))


def record_leaf(index: int, ciphertext_hash: bytes, commitment: bytes, hashed_key: bytes) -> bytes:
    """The leaf of a retrieval bounty's record."""
    fields = [index, ciphertext_hash, commitment, hashed_key]
    return leaf_hash(encode(["uint256", "bytes32", "bytes32", "bytes32"], fields))


def label_of(commitment: bytes, inner: bytes, classes: int) -> int | None:
    """The label that an inner hash hides; None if it is none of the circuit's."""
    return next((one for one in range(classes) if inner_hash(commitment, one) == inner), None)


def _block(key: bytes, index: int, counter: int) -> bytes:
    return keccak(encode(["bytes32", "uint256", "uint256"], [key, index, counter]))


def _check_range(name: str, elements: tuple[int, ...], low: int, high: int) -> None:
    for place, element in enumerate(elements):
        if not low <= element <= high:
            raise StatementInvalid(
                f"{name} {place} is {element}: expected {low} to {high} by the circuit"
            )
