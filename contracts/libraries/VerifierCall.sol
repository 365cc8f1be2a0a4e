// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVerifier} from "../interfaces/IVerifier.sol";

/// @title The one way in which a verifier is called: typed, static, its answer read strictly.
library VerifierCall {
    /// @notice Whether the verifier answers exactly `true`. A revert or any other answer counts as no.
    /// @dev The arguments are encoded here, so a caller's calldata never reaches the verifier as it stands.
    /// @param gasLimit Gas passed on at the most (EIP-150 keeps a 64th back).
    function accepts(
        address verifier,
        uint256 gasLimit,
        bytes calldata proof,
        uint256[] calldata instances
    ) internal view returns (bool) {
        return _answersTrue(verifier, gasLimit, abi.encodeCall(IVerifier.verifyProof, (proof, instances)));
    }

    /// @notice The same for instances that were changed here.
    function acceptsChanged(
        address verifier,
        uint256 gasLimit,
        bytes calldata proof,
        uint256[] memory instances
    ) internal view returns (bool) {
        return _answersTrue(verifier, gasLimit, abi.encodeCall(IVerifier.verifyProof, (proof, instances)));
    }

    /// @dev No more than one word of the answer is copied.
    function _answersTrue(address verifier, uint256 gasLimit, bytes memory call_) private view returns (bool) {
        bool success;
        uint256 answer;
        assembly ("memory-safe") {
            success := staticcall(gasLimit, verifier, add(call_, 0x20), mload(call_), 0x00, 0x20)
            success := and(success, eq(returndatasize(), 0x20))
            answer := mload(0x00)
        }
        return success && answer == 1;
    }
}
