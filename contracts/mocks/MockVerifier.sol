// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVerifier} from "../interfaces/IVerifier.sol";

/// @notice A verifier for tests: a proof is the hash of the instances, so it holds for them alone, and anyone can make it.
contract MockVerifier is IVerifier {
    /// @inheritdoc IVerifier
    function verifyProof(bytes calldata proof, uint256[] calldata instances) external pure override returns (bool) {
        return proof.length == 32 && bytes32(proof) == keccak256(abi.encodePacked(instances));
    }
}

/// @notice As unsound as an early halo2 verifier: x and x + r are the same instance to it.
contract ModularVerifier is IVerifier {
    uint256 private constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// @inheritdoc IVerifier
    function verifyProof(bytes calldata proof, uint256[] calldata instances) external pure override returns (bool) {
        uint256[] memory reduced = instances;
        for (uint256 i = 0; i < reduced.length; ++i) {
            reduced[i] %= R;
        }
        return proof.length == 32 && bytes32(proof) == keccak256(abi.encodePacked(reduced));
    }
}

/// @notice As ezkl generates them before hardening: it reads fixed places of the calldata, whatever the offsets say.
contract FixedPlaceVerifier is IVerifier {
    /// @inheritdoc IVerifier
    function verifyProof(bytes calldata, uint256[] calldata) external pure override returns (bool) {
        bytes32 proof = bytes32(msg.data[0x64:0x84]);
        uint256 count = uint256(bytes32(msg.data[0x84:0xa4]));
        return proof == keccak256(msg.data[0xa4:0xa4 + 32 * count]);
    }
}
