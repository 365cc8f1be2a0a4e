// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoseidon} from "../interfaces/IPoseidon.sol";
import {SealedItem} from "../libraries/SealedItem.sol";
import {Circuit} from "../types/Circuit.sol";

/// @notice Opens SealedItem to tests and to the vectors that Python shares.
contract SealedHarness {
    uint256 private constant MAX_ELEMENTS = 1_024;
    IPoseidon private immutable _poseidon;

    constructor(IPoseidon poseidon) {
        _poseidon = poseidon;
    }

    function requireSealable(Circuit memory circuit) external pure {
        SealedItem.requireSealable(circuit, MAX_ELEMENTS);
    }

    function keyHash(bytes32 key) external pure returns (bytes32) {
        return SealedItem.keyHash(key);
    }

    function decrypt(bytes calldata ciphertext, bytes32 key, uint256 index) external pure returns (bytes memory) {
        return SealedItem.decrypt(ciphertext, key, index);
    }

    function inputCommitment(Circuit memory circuit, bytes memory content) external view returns (bool, bytes32) {
        return SealedItem.inputCommitment(circuit, _poseidon, content);
    }
}
