// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Merkle trees in which a leaf has one place.
/// @notice depth = ceil(log2 count); unused leaves are 0; bit j of the index says left (0) or right (1) at level j.
/// @dev Sorted pairs would let a committer keep two leaves for one index. prover/statement/tree.py is its mirror.
library PositionalTree {
    error PositionalTree_IndexOutOfRange(uint256 index, uint256 count);
    error PositionalTree_WrongPathLength(uint256 actual, uint256 allowed);
    error PositionalTree_BadBatch(uint256 start, uint256 size);

    /// @notice keccak256(0x00 || fields).
    function leaf(bytes memory fields) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x00), fields));
    }

    /// @notice keccak256(0x01 || left || right).
    /// @dev Hashed beyond the memory that is in use, so that large trees allocate nothing.
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(free, 1)
            mstore(add(free, 0x01), left)
            mstore(add(free, 0x21), right)
            hash := keccak256(free, 0x41)
        }
    }

    /// @notice ceil(log2 count); 0 for a single leaf.
    function depthOf(uint256 count) internal pure returns (uint256 depth) {
        while (1 << depth < count) ++depth;
    }

    /// @notice The root that `leaf_` at `index` and `path` (lowest sibling first) give.
    function rootOf(
        bytes32 leaf_,
        uint256 index,
        uint256 count,
        bytes32[] calldata path
    ) internal pure returns (bytes32) {
        bytes32[] memory leaves = new bytes32[](1);
        leaves[0] = leaf_;
        return rootOfBatch(leaves, index, count, path);
    }

    /// @notice The root that an aligned batch gives: 2^j leaves from `start`, a multiple of 2^j, and the path above them.
    /// @dev Leaves at or beyond `count` must be 0. `leaves` is overwritten.
    function rootOfBatch(
        bytes32[] memory leaves,
        uint256 start,
        uint256 count,
        bytes32[] calldata path
    ) internal pure returns (bytes32 root) {
        uint256 size = leaves.length;
        if (start >= count) revert PositionalTree_IndexOutOfRange(start, count);
        if (size == 0 || size & (size - 1) != 0 || start % size != 0) revert PositionalTree_BadBatch(start, size);
        for (uint256 i = count - start; i < size; ++i) {
            if (leaves[i] != 0) revert PositionalTree_IndexOutOfRange(start + i, count);
        }
        uint256 folded = depthOf(size);
        uint256 depth = depthOf(count);
        if (folded > depth || path.length != depth - folded) {
            revert PositionalTree_WrongPathLength(path.length, folded > depth ? 0 : depth - folded);
        }
        root = _climb(_fold(leaves), start >> folded, path);
    }

    function _fold(bytes32[] memory leaves) private pure returns (bytes32) {
        for (uint256 size = leaves.length; size > 1; size >>= 1) {
            for (uint256 i = 0; i < size >> 1; ++i) {
                leaves[i] = node(leaves[2 * i], leaves[2 * i + 1]);
            }
        }
        return leaves[0];
    }

    function _climb(bytes32 root, uint256 index, bytes32[] calldata path) private pure returns (bytes32) {
        for (uint256 level = 0; level < path.length; ++level) {
            root = (index >> level) & 1 == 0 ? node(root, path[level]) : node(path[level], root);
        }
        return root;
    }
}
