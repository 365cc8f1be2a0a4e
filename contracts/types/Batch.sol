// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Consecutive items that stand in consecutive slots of a proof and are opened together.
/// @dev `size` is a power of two and `start` a multiple of it: an aligned subtree, with one path above it.
struct Run {
    uint32 start; // index of the first item
    uint32 size; // number of items
    bytes32[] path; // siblings from the subtree's root up, lowest first
}
