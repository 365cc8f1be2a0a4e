// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A verifier of many circuits: what differs between them is in a key.
interface IKeyedVerifier {
    /// @notice Checks a proof against its public instances.
    /// @param key Contract whose code is STOP and the circuit's key. The caller vouches for its code hash.
    /// @param proof Proof bytes, exactly as long as the circuit demands.
    /// @param instances Public instances, each below the order of the BN254 scalar field.
    /// @return Whether the proof holds. `false` is a verdict; a revert is none: words that are no proof of this circuit, or
    /// too little gas. Words that are no points take 63/64 of the gas with them.
    function verifyProof(address key, bytes calldata proof, uint256[] calldata instances) external view returns (bool);
}
