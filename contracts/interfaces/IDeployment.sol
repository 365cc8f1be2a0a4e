// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Limits} from "../types/Limits.sol";

/// @title What a contract was deployed for.
interface IDeployment {
    /// @notice Id of the chain at the time of the deployment, which stands in every job id, and what the chain was said
    /// to allow. A chain that forks off with another id keeps its jobs; the context of a proof has the id of now.
    function deployment() external view returns (uint256 chainId, Limits memory limits);
}
