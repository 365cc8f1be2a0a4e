// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IKeyedVerifier} from "../interfaces/IKeyedVerifier.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";

/// @notice Takes all the gas that it is given: to accept words that are all alike, and to refuse any others. With a key
/// the words of the proof count too.
contract DearVerifier is IVerifier, IKeyedVerifier {
    uint256 private constant LEFT = 3_000;

    /// @inheritdoc IVerifier
    function verifyProof(bytes calldata, uint256[] calldata instances) external view returns (bool) {
        return _spend(_areAlike(instances));
    }

    /// @inheritdoc IKeyedVerifier
    function verifyProof(address, bytes calldata proof, uint256[] calldata instances) external view returns (bool) {
        bool alike = _areAlike(instances);
        for (uint256 place = 0; place < proof.length; place += 32) {
            if (uint256(bytes32(proof[place:])) != instances[0]) alike = false;
        }
        return _spend(alike);
    }

    function _areAlike(uint256[] calldata instances) private pure returns (bool alike) {
        alike = true;
        for (uint256 i = 1; i < instances.length; ++i) {
            if (instances[i] != instances[0]) alike = false;
        }
    }

    function _spend(bool alike) private view returns (bool) {
        while (!alike || gasleft() > LEFT) {}
        return true;
    }
}
