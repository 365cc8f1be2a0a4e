// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeployment} from "./IDeployment.sol";

/// @title What the jobs of every contract share: who may act, and until when.
/// @notice `timestamp <= deadline` is in time, `>` is late, whether or not anybody has called anything.
interface IJobs is IDeployment {
    error Jobs_JobExists(bytes32 jobId);
    error Jobs_NotConsumer(address actual, address allowed);
    error Jobs_NotProvider(address actual, address allowed);
    error Jobs_BadPayee(address payee);
    /// @notice The consumer must pay something.
    error Jobs_ZeroReward();
    /// @notice A job that anyone may take needs a stake above 0.
    error Jobs_OpenNeedsStake();
    error Jobs_BadWindow(uint256 actual, uint256 min, uint256 max);
    error Jobs_BadCount(uint256 actual, uint256 min, uint256 max);
    /// @notice It is too late: now is past the deadline of the job's state.
    error Jobs_Late(uint256 now_, uint256 deadline);
    /// @notice It is too early: the deadline of the job's state has not passed.
    error Jobs_Early(uint256 now_, uint256 deadline);
}
