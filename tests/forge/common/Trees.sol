// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Roots and paths of positional trees, by the words of docs/SPEC.md. What is given is overwritten.
library Trees {
    /// @notice As many leaves as the tree is wide, a power of two.
    function rootOf(bytes32[] memory nodes) internal pure returns (bytes32) {
        for (uint256 width = nodes.length; width > 1; width /= 2) {
            _fold(nodes, width);
        }
        return nodes[0];
    }

    /// @notice The siblings from the subtree of 2^`folded` leaves that `index` is in upwards.
    function pathOf(
        bytes32[] memory nodes,
        uint256 index,
        uint256 folded
    ) internal pure returns (bytes32[] memory path) {
        uint256 depth = 0;
        while (1 << depth < nodes.length) ++depth;
        path = new bytes32[](depth > folded ? depth - folded : 0);
        for (uint256 level = 0; level < depth; ++level) {
            if (level >= folded) path[level - folded] = nodes[(index >> level) ^ 1];
            _fold(nodes, nodes.length >> level);
        }
    }

    function _fold(bytes32[] memory nodes, uint256 width) private pure {
        for (uint256 i = 0; i < width / 2; ++i) {
            nodes[i] = keccak256(abi.encodePacked(bytes1(0x01), nodes[2 * i], nodes[2 * i + 1]));
        }
    }
}
