// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVerifier} from "../interfaces/IVerifier.sol";

/// @notice As ezkl generates them before hardening: it reads fixed places of the calldata, whatever the offsets say.
contract FixedPlaceVerifier is IVerifier {
    /// @inheritdoc IVerifier
    function verifyProof(bytes calldata, uint256[] calldata) external pure override returns (bool) {
        bytes32 proof = bytes32(msg.data[0x64:0x84]);
        uint256 count = uint256(bytes32(msg.data[0x84:0xa4]));
        return proof == keccak256(msg.data[0xa4:0xa4 + 32 * count]);
    }
}
