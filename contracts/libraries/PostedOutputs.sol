// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PositionalTree} from "./PositionalTree.sol";

/// @title The posted outputs of a serving round, as bytes, as a tree; and the list of contested ones.
/// @dev prover/statement/runs.py is its mirror. Thousands of hashes fit a transaction because none allocates memory.
library PostedOutputs {
    /// @notice Root of the positional tree over (index, output): `outputs` is cut into `count` equal parts.
    function rootOf(bytes calldata outputs, uint256 count) internal pure returns (bytes32) {
        bytes32[] memory nodes = _leaves(outputs, count);
        bytes32 unused = 0; // a subtree of unused leaves, as high as the nodes are
        for (uint256 width = count; width > 1; width = (width + 1) >> 1) {
            _foldPairs(nodes, width >> 1);
            if (width & 1 == 1) nodes[width >> 1] = PositionalTree.node(nodes[width - 1], unused);
            unused = PositionalTree.node(unused, unused);
        }
        return nodes[0];
    }

    /// @notice Signed words, `wordBytes` big-endian bytes each. The caller has checked that they fit.
    function pack(int256[] memory words, uint256 wordBytes) internal pure returns (bytes memory packed) {
        uint256 length = words.length * wordBytes;
        packed = new bytes(length + 32); // room for the last word's tail
        uint256 shift = 256 - 8 * wordBytes;
        for (uint256 i = 0; i < words.length; ++i) {
            uint256 word = uint256(words[i]) << shift;
            assembly ("memory-safe") {
                mstore(add(add(packed, 0x20), mul(i, wordBytes)), word)
            }
        }
        assembly ("memory-safe") {
            mstore(packed, length)
        }
    }

    /// @notice keccak256 of the indices, four bytes big-endian each.
    function listHash(uint32[] calldata indices) internal pure returns (bytes32 hash) {
        uint256 length = 4 * indices.length;
        bytes memory packed = new bytes(length + 32); // room for the last index's tail
        for (uint256 i = 0; i < indices.length; ++i) {
            uint256 word = uint256(indices[i]) << 224;
            assembly ("memory-safe") {
                mstore(add(add(packed, 0x20), shl(2, i)), word)
            }
        }
        assembly ("memory-safe") {
            hash := keccak256(add(packed, 0x20), length)
        }
    }

    /// @dev keccak256(0x00 || index || output) of each item, hashed beyond the memory that is in use.
    function _leaves(bytes calldata outputs, uint256 count) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        // slither-disable-next-line divide-before-multiply
        uint256 size = outputs.length / count;
        assembly ("memory-safe") {
            let free := mload(0x40)
            let to := add(leaves, 0x20)
            mstore(free, 0) // the prefix
            for {
                let i := 0
            } lt(i, count) {
                i := add(i, 1)
            } {
                mstore(add(free, 1), i)
                calldatacopy(add(free, 0x21), add(outputs.offset, mul(i, size)), size)
                mstore(add(to, shl(5, i)), keccak256(free, add(0x21, size)))
            }
        }
    }

    /// @dev Puts the parents of the first `pairs` pairs of nodes at the beginning, hashed beyond the memory in use.
    function _foldPairs(bytes32[] memory nodes, uint256 pairs) private pure {
        assembly ("memory-safe") {
            let free := mload(0x40)
            let from := add(nodes, 0x20)
            let to := from
            mstore8(free, 1) // the prefix
            for {
                let end := add(from, shl(6, pairs))
            } lt(from, end) {
                from := add(from, 0x40)
                to := add(to, 0x20)
            } {
                mcopy(add(free, 1), from, 0x40)
                mstore(to, keccak256(free, 0x41))
            }
        }
    }
}
