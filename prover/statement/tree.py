"""Positional Merkle trees: a leaf is bound to its index, so a committer cannot keep two for one.

Depth is ceil(log2 count); unused leaves are 32 zero bytes; bit j of the index is 1 where the node
of level j is the right child. Mirrored by contracts/libraries/PositionalTree.sol.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from prover.base.errors import StatementInvalid
from prover.statement.sizes import MAX_ITEMS

EMPTY_LEAF = bytes(32)


@dataclass(frozen=True)
class PositionalTree:
    """All levels, leaves first, root last. Made by `build`."""

    count: int
    levels: tuple[tuple[bytes, ...], ...]

    @property
    def depth(self) -> int:
        """Length of a leaf's path."""
        return len(self.levels) - 1

    @property
    def root(self) -> bytes:
        """The commitment to all leaves and their places."""
        return self.levels[-1][0]

    def path(self, index: int, batch_log2: int = 0) -> tuple[bytes, ...]:
        """Siblings, bottom first, of leaf `index`, or of the 2^batch_log2 leaves that begin there.

        Raises StatementInvalid if the index is outside the count or not aligned.
        """
        _check_index(index, self.count, self.depth, batch_log2)
        levels = self.levels[batch_log2:-1]
        place = index >> batch_log2
        return tuple(level[(place >> j) ^ 1] for j, level in enumerate(levels))


def build(leaves: Sequence[bytes]) -> PositionalTree:
    """The tree over 1 to 65,536 leaf hashes of 32 bytes. Raises StatementInvalid otherwise."""
    if not 1 <= len(leaves) <= MAX_ITEMS or any(len(leaf) != 32 for leaf in leaves):
        raise StatementInvalid(
            f"tree over {len(leaves)} leaves: expected 1 to {MAX_ITEMS} hashes of 32 bytes"
        )
    unused = (1 << depth_of(len(leaves))) - len(leaves)
    levels = [tuple(leaves) + (EMPTY_LEAF,) * unused]
    while len(levels[-1]) > 1:
        levels.append(_parents(levels[-1]))
    return PositionalTree(len(leaves), tuple(levels))


def depth_of(count: int) -> int:
    """ceil(log2 count)."""
    return (count - 1).bit_length()


def leaf_hash(fields: bytes) -> bytes:
    """keccak256(0x00 || fields)."""
    return keccak(b"\x00" + fields)


def node_hash(left: bytes, right: bytes) -> bytes:
    """keccak256(0x01 || left || right)."""
    return keccak(b"\x01" + left + right)


def fold(leaves: Sequence[bytes]) -> bytes:
    """The subtree root of an aligned batch of 2^j leaves; StatementInvalid for other counts."""
    if not leaves or len(leaves) & (len(leaves) - 1):
        raise StatementInvalid(f"batch of {len(leaves)} leaves: expected a power of two")
    level = tuple(leaves)
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def check_membership(
    root: bytes,
    count: int,
    index: int,
    subtree: bytes,
    path: Sequence[bytes],
    batch_log2: int = 0,
) -> None:
    """Raise StatementInvalid unless `subtree` is at `index` under `root`.

    `subtree` is a leaf hash, or the fold of the aligned batch of 2^batch_log2 leaves from `index`.
    """
    depth = depth_of(count)
    _check_index(index, count, depth, batch_log2)
    if len(path) != depth - batch_log2:
        raise StatementInvalid(
            f"path has {len(path)} nodes: expected {depth - batch_log2} for {count} leaves"
        )
    node, place = subtree, index >> batch_log2
    for level, sibling in enumerate(path):
        node = node_hash(sibling, node) if (place >> level) & 1 else node_hash(node, sibling)
    if node != root:
        raise StatementInvalid(
            f"leaf {index} folds to root 0x{node.hex()}: expected 0x{root.hex()}; check the path"
        )


def _parents(level: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(node_hash(*level[at : at + 2]) for at in range(0, len(level), 2))


def _check_index(index: int, count: int, depth: int, batch_log2: int) -> None:
    if not 0 <= index < count:
        raise StatementInvalid(f"index {index}: expected 0 to {count - 1} in this tree")
    if not 0 <= batch_log2 <= depth or index % (1 << batch_log2):
        raise StatementInvalid(
            f"batch of 2^{batch_log2} leaves at index {index}: expected an aligned batch within "
            f"2^{depth} leaves"
        )
