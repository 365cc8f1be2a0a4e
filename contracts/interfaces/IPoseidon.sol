// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Poseidon over the BN254 scalar field, as the circuits hash: width 2, rate 1, x^5, 8 + 56 rounds.
/// @dev prover/statement/poseidon.py is its mirror, tests/vectors/poseidon.json holds for both and for the circuits.
interface IPoseidon {
    error Poseidon_NothingToHash();
    error Poseidon_OutOfField(uint256 place, uint256 value);

    /// @notice The digest of 1 or more field elements: one permutation each from state [0, 2^64], no padding.
    function digest(uint256[] calldata elements) external pure returns (uint256);
}
