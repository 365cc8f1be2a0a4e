// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A generated halo2-KZG verifier.
interface IVerifier {
    /// @notice Checks a proof against its public instances.
    /// @param proof Proof bytes, exactly as long as the circuit demands.
    /// @param instances Public instances, each below the order of the BN254 scalar field.
    /// @return Whether the proof holds; a false proof may also revert.
    function verifyProof(bytes calldata proof, uint256[] calldata instances) external view returns (bool);
}
