// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeployment} from "./interfaces/IDeployment.sol";
import {Limits} from "./types/Limits.sol";

/// @title The chain that a contract was deployed for, and its limits: fixed by the constructor.
// slither-disable-start unused-state
abstract contract Deployment is IDeployment {
    uint256 internal immutable DEPLOYMENT_CHAIN;
    uint32 internal immutable MIN_SECONDS;
    uint32 internal immutable MAX_SECONDS;
    uint32 internal immutable TRANSACTION_GAS;
    uint32 internal immutable TRANSACTION_BYTES;
    uint32 internal immutable MAX_ITEMS;
    uint32 internal immutable MAX_ROUND_ITEMS;
    uint32 internal immutable MAX_OUTPUT_BYTES;
    uint32 internal immutable MAX_CONTESTS;
    uint32 internal immutable MAX_ELEMENTS;
    uint32 internal immutable MAX_CHUNKS;

    constructor(Limits memory limits) {
        DEPLOYMENT_CHAIN = block.chainid;
        (MIN_SECONDS, MAX_SECONDS) = (limits.minWindow, limits.maxWindow);
        (TRANSACTION_GAS, TRANSACTION_BYTES) = (limits.transactionGas, limits.transactionBytes);
        (MAX_ITEMS, MAX_ROUND_ITEMS) = (limits.maxItems, limits.maxRoundItems);
        (MAX_OUTPUT_BYTES, MAX_CONTESTS) = (limits.maxOutputBytes, limits.maxContests);
        (MAX_ELEMENTS, MAX_CHUNKS) = (limits.maxElements, limits.maxChunks);
    }

    /// @inheritdoc IDeployment
    function deployment() external view returns (uint256 chainId, Limits memory limits) {
        chainId = DEPLOYMENT_CHAIN;
        (limits.minWindow, limits.maxWindow) = (MIN_SECONDS, MAX_SECONDS);
        (limits.transactionGas, limits.transactionBytes) = (TRANSACTION_GAS, TRANSACTION_BYTES);
        (limits.maxItems, limits.maxRoundItems) = (MAX_ITEMS, MAX_ROUND_ITEMS);
        (limits.maxOutputBytes, limits.maxContests) = (MAX_OUTPUT_BYTES, MAX_CONTESTS);
        (limits.maxElements, limits.maxChunks) = (MAX_ELEMENTS, MAX_CHUNKS);
    }
}
// slither-disable-end unused-state
