// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IKeyedVerifier} from "../interfaces/IKeyedVerifier.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";

/// @title The one way in which a verifier is called: typed, static, its answer read strictly.
/// @dev A generated verifier knows its circuit. A keyed one is told the contract that holds the circuit's key.
library VerifierCall {
    /// @notice What a circuit's verification hangs on: the verifier's code and, where there is one, the key's.
    /// @dev Compared at every proof: a contract that holds a key can vanish and come back with another.
    function codeHashOf(address verifier, address key) internal view returns (bytes32) {
        return key == address(0) ? verifier.codehash : keccak256(abi.encode(verifier.codehash, key.codehash));
    }

    /// @notice Whether the verifier answers exactly `true`. A revert or any other answer counts as no.
    /// @dev The arguments are encoded here, so a caller's calldata never reaches the verifier as it stands.
    /// @param gasLimit Gas passed on at the most (EIP-150 keeps a 64th back).
    function accepts(
        address verifier,
        address key,
        uint256 gasLimit,
        bytes calldata proof,
        uint256[] calldata instances
    ) internal view returns (bool) {
        return answersTrue(verifier, gasLimit, encode(key, proof, instances));
    }

    /// @notice The call; the instances are its last words.
    function encode(
        address key,
        bytes calldata proof,
        uint256[] calldata instances
    ) internal pure returns (bytes memory) {
        if (key == address(0)) return abi.encodeCall(IVerifier.verifyProof, (proof, instances));
        return abi.encodeCall(IKeyedVerifier.verifyProof, (key, proof, instances));
    }

    /// @notice Changes one instance of an encoded call; the last one is 1 from the end.
    function setInstance(bytes memory call_, uint256 fromEnd, uint256 value) internal pure {
        assembly ("memory-safe") {
            mstore(sub(add(add(call_, 0x20), mload(call_)), shl(5, fromEnd)), value)
        }
    }

    /// @notice Changes the word at a place of the proof of an encoded call.
    function setProofWord(bytes memory call_, address key, uint256 place, uint256 value) internal pure {
        uint256 start = 4 + 32 * (key == address(0) ? 3 : 4); // selector, places of the arguments, length of the proof
        assembly ("memory-safe") {
            mstore(add(add(add(call_, 0x20), start), place), value)
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
