// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVerifier} from "../interfaces/IVerifier.sol";

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
