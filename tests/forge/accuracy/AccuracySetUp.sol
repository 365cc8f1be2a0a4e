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

    /// @dev What the consumer says it is: most are as the model has it. A set with flaws has a label that there is not.
    function _label(Items storage set, uint256 index) internal view returns (uint256) {
        if (set.flawed && index == 5) return CLASSES;
        (int256[3] memory item, ) = _item(set, index);
        return item[0] > 0 == (index % 3 != 2) ? 0 : 1;
    }

    function _isMalformed(Items storage set, uint256 index) internal view returns (bool) {
        (, Flaw flaw) = _item(set, index);
        return flaw != Flaw.None || _label(set, index) >= CLASSES;
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

    function _inner(Items storage set, uint256 index) internal view returns (bytes32) {
        return keccak256(abi.encode(_commitment(set, index), _label(set, index)));
    }

    function _leaf(Items storage set, uint256 index) internal view override returns (bytes32) {
        return PositionalTree.leaf(abi.encode(index, keccak256(_ciphertext(set, index)), _inner(set, index)));
    }
}
