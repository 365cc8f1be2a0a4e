// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVerifier} from "../interfaces/IVerifier.sol";

/// @notice As MockVerifier, but one word of the instances is taken for zero, whatever it is.
contract BlindVerifier is IVerifier {
    uint256 private _word;

    function leaveOut(uint256 word) external {
        _word = word;
    }

    /// @inheritdoc IVerifier
    function verifyProof(bytes calldata proof, uint256[] calldata instances) external view override returns (bool) {
        uint256[] memory seen = instances;
        seen[_word] = 0;
        return bytes32(proof) == keccak256(abi.encodePacked(seen));
    }
}
