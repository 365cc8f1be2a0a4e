// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Poseidon} from "../../../contracts/Poseidon.sol";
import {PositionalTree} from "../../../contracts/libraries/PositionalTree.sol";
import {Circuit} from "../../../contracts/types/Circuit.sol";
import {ModelSetUp} from "./ModelSetUp.sol";
import {Trees} from "./Trees.sol";

/// @notice Sealed items, sets of them with their trees, and statements of two scores an item.
/// @dev An item is two values and a salt; its scores are the first value and 0.
abstract contract SealedSetUp is ModelSetUp {
    int256 internal constant LEAST = -8;
    int256 internal constant GREATEST = 7;

    /// @dev What is wrong with an item.
    enum Flaw {
        None,
        OtherContent, // than what was hashed
        OutOfDomain,
        SaltOutOfRange,
        TooShort
    }

    struct Items {
        bytes32 root;
        uint256 seed;
        bool flawed; // has an item of each flaw, as far as it goes
        uint256[] digests;
        bytes32[] leaves; // as many as the tree is wide
    }

    Poseidon public poseidon;
    Items[] internal _sets;

    function _deploySealed() internal {
        _deployRegistry();
        poseidon = new Poseidon();
    }

    function _scores() internal pure override returns (uint256) {
        return 2;
    }

    function _newCircuit() internal override returns (Circuit memory circuit) {
        circuit = _circuitOf();
        (circuit.inputMin, circuit.inputMax) = (int64(LEAST), int64(GREATEST));
        (circuit.sealing.elements, circuit.sealing.digestElements) = (3, 3);
        (circuit.sealing.saltElements, circuit.sealing.saltBits) = (1, 16);
    }

    /* OF EACH PROTOCOL */

    function _key(Items storage set, uint256 index) internal view virtual returns (bytes32);

    function _leaf(Items storage set, uint256 index) internal view virtual returns (bytes32);

    /* ITEMS */

    /// @dev What is hashed, and what is wrong with what can be read.
    function _item(Items storage set, uint256 index) internal view returns (int256[3] memory item, Flaw flaw) {
        if (set.flawed) flaw = Flaw(index % 5);
        uint256 random = uint256(keccak256(abi.encode("item", set.seed, index)));
        item[0] = LEAST + int256(random % 16);
        item[1] = flaw == Flaw.OutOfDomain ? GREATEST + 1 : LEAST;
        item[2] = flaw == Flaw.SaltOutOfRange ? int256(1 << 16) : int256((random >> 8) % (1 << 16));
    }

    function _commitment(Items storage set, uint256 index) internal view returns (bytes32) {
        return keccak256(abi.encode(set.digests[index]));
    }

    /// @dev Of the item's one chunk.
    function _ciphertext(Items storage set, uint256 index) internal view returns (bytes memory ciphertext) {
        (int256[3] memory item, Flaw flaw) = _item(set, index);
        int32 first = int32(item[0]);
        if (flaw == Flaw.OtherContent) first = first == 0 ? int32(1) : int32(0);
        ciphertext = _seal(set, index, 0, abi.encodePacked(first, int32(item[1]), int32(item[2])));
        if (flaw == Flaw.TooShort) {
            assembly ("memory-safe") {
                mstore(ciphertext, 11)
            }
        }
    }

    function _seal(
        Items storage set,
        uint256 index,
        uint256 part,
        bytes memory content
    ) internal view returns (bytes memory) {
        for (uint256 i = 0; i < content.length; ++i) {
            bytes32 stream = keccak256(abi.encode(_key(set, index), index, part, i / 32));
            content[i] ^= stream[i % 32];
        }
        return content;
    }

    function _digests(Items storage set, uint256 index) internal view returns (uint256[] memory digests) {
        digests = new uint256[](1);
        digests[0] = set.digests[index];
    }

    function _digestOf(int256[3] memory item) private view returns (uint256) {
        uint256[] memory elements = new uint256[](3);
        for (uint256 i = 0; i < 3; ++i) {
            elements[i] = _inField(item[i]);
        }
        return poseidon.digest(elements);
    }

    function _inField(int256 value) private pure returns (uint256) {
        return uint256(value < 0 ? value + int256(MODULUS) : value);
    }

    /* SETS */

    function _newSet(uint256 count, bool flawed) internal returns (Items storage set) {
        set = _sets.push();
        (set.seed, set.flawed) = (_sets.length, flawed);
        uint256 width = 1 << PositionalTree.depthOf(count);
        for (uint256 i = 0; i < width; ++i) {
            set.leaves.push(i < count ? _newLeaf(set, i) : bytes32(0));
        }
        set.root = Trees.rootOf(set.leaves);
    }

    function _newLeaf(Items storage set, uint256 index) private returns (bytes32) {
        (int256[3] memory item, ) = _item(set, index);
        set.digests.push(_digestOf(item));
        return _leaf(set, index);
    }

    function _path(Items storage set, uint256 start, uint256 folded) internal view returns (bytes32[] memory) {
        return Trees.pathOf(set.leaves, start, folded);
    }

    /// @dev The instances of `size` items from `start` on.
    function _statement(
        Items storage set,
        uint256 context,
        uint256 start,
        uint256 size
    ) internal view returns (uint256[] memory instances) {
        instances = _blank();
        for (uint256 slot = 0; slot < size && start + slot < set.digests.length; ++slot) {
            (int256[3] memory item, ) = _item(set, start + slot);
            instances[slot] = set.digests[start + slot];
            instances[OUTPUTS + 2 * slot] = _inField(item[0]);
        }
        _fillContext(instances, context);
    }
}
