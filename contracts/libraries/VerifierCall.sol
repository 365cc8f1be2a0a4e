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
        return answersTrue(verifier, gasLimit, encode(proof, instances));
    }

    /// @notice The call; the instances are its last words.
    function encode(bytes calldata proof, uint256[] calldata instances) internal pure returns (bytes memory) {
        return abi.encodeCall(IVerifier.verifyProof, (proof, instances));
    }

    /// @notice Changes one instance of an encoded call; the last one is 1 from the end.
    function setInstance(bytes memory call_, uint256 fromEnd, uint256 value) internal pure {
        assembly ("memory-safe") {
            mstore(sub(add(add(call_, 0x20), mload(call_)), shl(5, fromEnd)), value)
        }
    }

    /// @notice `accepts` of an encoded call. No more than one word of the answer is copied.
    function answersTrue(address verifier, uint256 gasLimit, bytes memory call_) internal view returns (bool) {
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
