// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Limits} from "../../../contracts/types/Limits.sol";

/// @notice Rows of prover/protocol/limits.py: Ethereum's, and that of the development chain.
library ChainLimits {
    function ethereum() internal pure returns (Limits memory) {
        return
            Limits({
                minWindow: 1 hours,
                maxWindow: 180 days,
                transactionGas: 16_777_216,
                transactionBytes: 128 * 1024,
                maxItems: 65_536,
                maxRoundItems: 16_384,
                maxOutputBytes: 96 * 1024,
                maxContests: 1_024,
                maxElements: 1_024,
                maxChunks: 64
            });
    }

    function local() internal pure returns (Limits memory limits) {
        limits = ethereum();
        limits.minWindow = 1 seconds;
    }

    /// @notice The row that fits the chain of the test.
    function here() internal view returns (Limits memory) {
        return block.chainid == 31337 ? local() : ethereum();
    }
}
