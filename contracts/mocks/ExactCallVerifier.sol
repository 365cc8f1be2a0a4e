// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Answers `true` to one call, byte for byte, of any function.
contract ExactCallVerifier {
    bytes32 private _expected;

    function expect(bytes32 callHash) external {
        _expected = callHash;
    }

    fallback(bytes calldata call_) external returns (bytes memory) {
        return abi.encode(keccak256(call_) == _expected);
    }
}
