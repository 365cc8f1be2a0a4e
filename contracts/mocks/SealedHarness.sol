// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoseidon} from "../interfaces/IPoseidon.sol";
import {SealedItem} from "../libraries/SealedItem.sol";
import {Circuit} from "../types/Circuit.sol";
import {Digit} from "../types/Sealed.sol";

/// @notice Opens SealedItem to tests and to the vectors that Python shares.
contract SealedHarness {
    IPoseidon private immutable _poseidon;

    constructor(IPoseidon poseidon) {
        _poseidon = poseidon;
    }

    function requireSealable(Circuit memory circuit, uint256 maxElements, uint256 maxChunks) external pure {
        SealedItem.requireSealable(circuit, maxElements, maxChunks);
    }

    function keyHash(bytes32 key) external pure returns (bytes32) {
        return SealedItem.keyHash(key);
    }

    function labelHash(uint256 label, bytes32 salt) external pure returns (bytes32) {
        return SealedItem.labelHash(label, salt);
    }

    function leaf(uint256 index, bytes32 parts, bytes32 commitment, bytes32 hidden) external pure returns (bytes32) {
        return SealedItem.leaf(index, parts, commitment, hidden);
    }

    function partsHash(bytes32[] memory hashes, uint256 part, bytes calldata text) external pure returns (bytes32) {
        return SealedItem.partsHash(hashes, part, text);
    }

    function decrypt(
        bytes calldata ciphertext,
        bytes32 key,
        uint256 index,
        uint256 part
    ) external pure returns (bytes memory) {
        return SealedItem.decrypt(ciphertext, key, index, part);
    }

    function isChunk(
        Circuit memory circuit,
        uint256 chunk,
        bytes memory content,
        uint256 digest
    ) external view returns (bool) {
        return SealedItem.isChunk(circuit, _poseidon, chunk, content, digest);
    }

    function isLabel(bytes memory content, bytes32 hash, uint256 classes) external pure returns (bool) {
        return SealedItem.isLabel(content, hash, classes);
    }

    function isDigit(
        Circuit memory circuit,
        bytes calldata ciphertext,
        bytes32 key,
        uint256 index,
        Digit calldata place
    ) external pure returns (bool) {
        return SealedItem.isDigit(circuit, ciphertext, key, index, place);
    }
}
