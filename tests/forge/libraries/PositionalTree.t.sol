// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PositionalTree} from "../../../contracts/libraries/PositionalTree.sol";

/// @notice Paths against trees built whole, level by level.
contract PositionalTreeTest {
    uint256 private constant MOST = 40;

    function testFuzz_everyLeafOpens(uint256 seed, uint8 size) public view {
        bytes32[] memory leaves = _leaves(seed, 1 + (size % MOST));
        bytes32 root = _root(leaves);
        for (uint256 i = 0; i < leaves.length; ++i) {
            assert(this.rootOf(leaves[i], i, leaves.length, _path(leaves, i, 0)) == root);
        }
    }

    function testFuzz_aLeafHasOnePlace(uint256 seed, uint8 size, uint256 place, uint256 elsewhere) public view {
        bytes32[] memory leaves = _leaves(seed, 2 + (size % MOST));
        (place, elsewhere) = (place % leaves.length, elsewhere % leaves.length);
        if (place == elsewhere) elsewhere = (place + 1) % leaves.length;
        bytes32[] memory path = _path(leaves, place, 0);
        assert(this.rootOf(leaves[place], elsewhere, leaves.length, path) != _root(leaves));
    }

    function testFuzz_anotherLeafOrPathGivesAnotherRoot(
        uint256 seed,
        uint8 size,
        uint256 place,
        uint256 bit
    ) public view {
        bytes32[] memory leaves = _leaves(seed, 2 + (size % MOST));
        place %= leaves.length;
        bytes32 changed = leaves[place] ^ bytes32(1 << (bit % 256));
        bytes32[] memory path = _path(leaves, place, 0);
        assert(this.rootOf(changed, place, leaves.length, path) != _root(leaves));
        path[bit % path.length] ^= bytes32(1 << (bit % 256));
        assert(this.rootOf(leaves[place], place, leaves.length, path) != _root(leaves));
    }

    function testFuzz_alignedBatchesOpen(uint256 seed, uint8 size, uint256 place, uint8 level) public view {
        bytes32[] memory leaves = _leaves(seed, 1 + (size % MOST));
        uint256 folded = level % (_depth(leaves.length) + 1);
        uint256 start = ((place % leaves.length) >> folded) << folded;
        bytes32[] memory batch = new bytes32[](1 << folded);
        for (uint256 i = start; i < start + batch.length && i < leaves.length; ++i) {
            batch[i - start] = leaves[i];
        }
        assert(this.rootOfBatch(batch, start, leaves.length, _path(leaves, start, folded)) == _root(leaves));
    }

    function testFuzz_RevertWhen_theIndexIsBeyondTheCount(uint256 seed, uint8 size, uint256 beyond) public view {
        bytes32[] memory leaves = _leaves(seed, 1 + (size % MOST));
        beyond = leaves.length + (beyond % 2 == 0 ? 0 : beyond % 1e6);
        bytes32[] memory path = _path(leaves, 0, 0);
        try this.rootOf(0, beyond, leaves.length, path) returns (bytes32) {
            assert(false);
        } catch (bytes memory reason) {
            assert(bytes4(reason) == PositionalTree.PositionalTree_IndexOutOfRange.selector);
        }
    }

    function testFuzz_RevertWhen_thePathHasAnotherLength(uint256 seed, uint8 size, uint8 length) public view {
        bytes32[] memory leaves = _leaves(seed, 1 + (size % MOST));
        bytes32[] memory path = new bytes32[](length == _depth(leaves.length) ? length + uint256(1) : length);
        try this.rootOf(leaves[0], 0, leaves.length, path) returns (bytes32) {
            assert(false);
        } catch (bytes memory reason) {
            assert(bytes4(reason) == PositionalTree.PositionalTree_WrongPathLength.selector);
        }
    }

    function testFuzz_RevertWhen_aBatchIsNotAligned(uint256 seed, uint8 size, uint256 start) public view {
        bytes32[] memory leaves = _leaves(seed, 4 + (size % MOST));
        start %= leaves.length;
        if (start % 2 == 0) start = 1;
        try this.rootOfBatch(new bytes32[](2), start, leaves.length, new bytes32[](0)) returns (bytes32) {
            assert(false);
        } catch (bytes memory reason) {
            assert(bytes4(reason) == PositionalTree.PositionalTree_BadBatch.selector);
        }
    }

    /// @dev A leaf behind the last one would be a record that nobody counted.
    function testFuzz_RevertWhen_aBatchHoldsALeafBeyondTheCount(bytes32 stray) public view {
        if (stray == 0) stray = bytes32(uint256(1));
        bytes32[] memory batch = new bytes32[](4);
        batch[3] = stray;
        try this.rootOfBatch(batch, 0, 3, new bytes32[](0)) returns (bytes32) {
            assert(false);
        } catch (bytes memory reason) {
            assert(bytes4(reason) == PositionalTree.PositionalTree_IndexOutOfRange.selector);
        }
    }

    function testFuzz_leafAndNodeNeverMeet(bytes32 left, bytes32 right) public pure {
        assert(PositionalTree.leaf(bytes.concat(left, right)) != PositionalTree.node(left, right));
    }

    function testFuzz_depthIsTheLeastThatHolds(uint16 count) public pure {
        uint256 depth = PositionalTree.depthOf(count);
        assert(2 ** depth >= count);
        assert(depth == 0 || 2 ** (depth - 1) < count);
    }

    function rootOf(
        bytes32 leaf_,
        uint256 index,
        uint256 count,
        bytes32[] calldata path
    ) external pure returns (bytes32) {
        return PositionalTree.rootOf(leaf_, index, count, path);
    }

    function rootOfBatch(
        bytes32[] memory leaves,
        uint256 start,
        uint256 count,
        bytes32[] calldata path
    ) external pure returns (bytes32) {
        return PositionalTree.rootOfBatch(leaves, start, count, path);
    }

    // ---------------------------------------------------------------- the naive tree

    function _leaves(uint256 seed, uint256 count) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = keccak256(abi.encode(seed, i));
        }
    }

    function _depth(uint256 count) private pure returns (uint256 depth) {
        for (uint256 width = 1; width < count; width += width) {
            ++depth;
        }
    }

    function _root(bytes32[] memory leaves) private pure returns (bytes32) {
        return _level(leaves, _depth(leaves.length))[0];
    }

    function _path(bytes32[] memory leaves, uint256 place, uint256 from) private pure returns (bytes32[] memory path) {
        uint256 depth = _depth(leaves.length);
        path = new bytes32[](depth - from);
        for (uint256 level = from; level < depth; ++level) {
            uint256 position = place / 2 ** level;
            uint256 sibling = position % 2 == 0 ? position + 1 : position - 1;
            path[level - from] = _level(leaves, level)[sibling];
        }
    }

    /// @dev All nodes of a level, the leaves being level 0, padded with zeros.
    function _level(bytes32[] memory leaves, uint256 level) private pure returns (bytes32[] memory nodes) {
        nodes = new bytes32[](2 ** (_depth(leaves.length) - level));
        if (level == 0) {
            for (uint256 i = 0; i < leaves.length; ++i) {
                nodes[i] = leaves[i];
            }
            return nodes;
        }
        bytes32[] memory below = _level(leaves, level - 1);
        for (uint256 i = 0; i < nodes.length; ++i) {
            nodes[i] = keccak256(abi.encodePacked(uint8(1), below[2 * i], below[2 * i + 1]));
        }
    }
}
