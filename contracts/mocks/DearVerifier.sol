// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVerifier} from "../interfaces/IVerifier.sol";

/// @notice Takes all the gas that it is given: to accept instances that are all alike, and to refuse any others.
contract DearVerifier is IVerifier {
    uint256 private constant LEFT = 3_000;

    /// @inheritdoc IVerifier
    function verifyProof(bytes calldata, uint256[] calldata instances) external view override returns (bool) {
        bool alike = true;
        for (uint256 i = 1; i < instances.length; ++i) {
            if (instances[i] != instances[0]) alike = false;
        }
        while (!alike || gasleft() > LEFT) {}
        return true;
    }
}
