// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccuracyBounty} from "../../../contracts/AccuracyBounty.sol";
import {PositionalTree} from "../../../contracts/libraries/PositionalTree.sol";
import {ChainLimits} from "../common/ChainLimits.sol";
import {SealedSetUp} from "../common/SealedSetUp.sol";

/// @notice Accuracy bounties, and the labels of sealed test sets.
/// @dev The model says label 0 of a positive first value, 1 of a negative one, and none of 0.
abstract contract AccuracySetUp is SealedSetUp {
    uint256 internal constant CLASSES = 2;

    AccuracyBounty public bounty;

    function _deploy() internal override {
        _deploySealed();
        bounty = new AccuracyBounty(ChainLimits.here(), registry, poseidon);
    }

    /// @dev What the consumer says it is: most are as the model has it. A set with flaws may have a label that there is not.
    function _label(Items storage set, uint256 index) internal view returns (uint256) {
        if (set.flawed && index == 5 && set.seed % 2 == 0) return CLASSES;
        (int256[3] memory item, ) = _item(set, index);
        return item[0] > 0 == (index % 3 != 2) ? 0 : 1;
    }

    function _isMalformed(Items storage set, uint256 index) internal view returns (bool) {
        return _isChunkMalformed(set, index) || (set.flawed && index == 5);
    }

    function _isChunkMalformed(Items storage set, uint256 index) internal view returns (bool) {
        (, Flaw flaw) = _item(set, index);
        return flaw != Flaw.None;
    }

    /// @dev Whether the model says what the consumer says.
    function _isRight(Items storage set, uint256 index) internal view returns (bool) {
        (int256[3] memory item, ) = _item(set, index);
        return item[0] != 0 && (item[0] > 0 ? 0 : 1) == _label(set, index);
    }

    /// @dev One key for all of a set.
    function _keyOf(Items storage set) internal view returns (bytes32) {
        return keccak256(abi.encode("key", set.seed));
    }

    function _key(Items storage set, uint256) internal view override returns (bytes32) {
        return _keyOf(set);
    }

    function _labelSalt(Items storage set, uint256 index) internal view returns (bytes32) {
        return keccak256(abi.encode("label", set.seed, index));
    }

    function _labelHash(Items storage set, uint256 index) internal view returns (bytes32) {
        return keccak256(abi.encode(_label(set, index), _labelSalt(set, index)));
    }

    /// @dev Every other set with flaws has a label that is not the one that its leaf hides.
    function _labelText(Items storage set, uint256 index) internal view returns (bytes memory) {
        bool other = set.flawed && index == 5 && set.seed % 2 == 1;
        uint256 label = other ? 1 - _label(set, index) : _label(set, index);
        return _seal(set, index, 1, abi.encode(label, _labelSalt(set, index)));
    }

    /// @dev Ciphertext hashes of the chunk and of the label.
    function _parts(Items storage set, uint256 index) internal view returns (bytes32[] memory parts) {
        parts = new bytes32[](2);
        (parts[0], parts[1]) = (keccak256(_ciphertext(set, index)), keccak256(_labelText(set, index)));
    }

    function _partsHash(Items storage set, uint256 index) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(_parts(set, index)));
    }

    function _leaf(Items storage set, uint256 index) internal view override returns (bytes32) {
        bytes32 commitment = _commitment(set, index);
        return PositionalTree.leaf(abi.encode(index, _partsHash(set, index), commitment, _labelHash(set, index)));
    }
}
