// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Deployment} from "./Deployment.sol";
import {IJobs} from "./interfaces/IJobs.sol";

/// @title Ids, windows and deadlines of jobs: the rules that all protocols share.
abstract contract Jobs is IJobs, Deployment {
    // ---------------------------------------------------------------- ids

    /// @dev What a job is: chain, contract, consumer, the consumer's nonce and the terms, frozen. The chain is that of the
    /// deployment: a fork that takes another chain id must not lose the jobs that are open.
    function _jobId(address consumer, uint256 nonce, bytes32 termsHash) internal view returns (bytes32) {
        return keccak256(abi.encode(DEPLOYMENT_CHAIN, address(this), consumer, nonce, termsHash));
    }

    // ---------------------------------------------------------------- terms

    /// @dev `openUntil` is absolute; all other windows are durations.
    function _requireOpenUntil(uint256 openUntil) internal view {
        _requireWithin(openUntil, block.timestamp + MIN_SECONDS, block.timestamp + MAX_SECONDS);
    }

    function _requireWindow(uint256 duration) internal view {
        _requireWithin(duration, MIN_SECONDS, MAX_SECONDS);
    }

    function _requireCount(uint256 count, uint256 max) internal pure {
        if (count == 0 || count > max) revert Jobs_BadCount(count, 1, max);
    }

    function _requireReward(uint256 reward) internal pure {
        if (reward == 0) revert Jobs_ZeroReward();
    }

    function _requireStakeIfOpen(address provider, uint256 stake) internal pure {
        if (provider == address(0) && stake == 0) revert Jobs_OpenNeedsStake();
    }

    function _requireWithin(uint256 actual, uint256 min, uint256 max) private pure {
        if (actual < min || actual > max) revert Jobs_BadWindow(actual, min, max);
    }

    // ---------------------------------------------------------------- time

    function _requireInTime(uint256 deadline) internal view {
        if (block.timestamp > deadline) revert Jobs_Late(block.timestamp, deadline);
    }

    function _requireLate(uint256 deadline) internal view {
        if (block.timestamp <= deadline) revert Jobs_Early(block.timestamp, deadline);
    }

    function _deadlineAfter(uint32 duration) internal view returns (uint40) {
        return uint40(block.timestamp) + duration;
    }

    // ---------------------------------------------------------------- people

    function _requireConsumer(address consumer) internal view {
        if (msg.sender != consumer) revert Jobs_NotConsumer(msg.sender, consumer);
    }

    function _requireProvider(address provider) internal view {
        if (msg.sender != provider) revert Jobs_NotProvider(msg.sender, provider);
    }

    /// @dev Zero stands for anyone.
    function _requireOpenTo(address provider) internal view {
        if (provider != address(0)) _requireProvider(provider);
    }

    function _requirePayee(address payee) internal view {
        if (payee == address(0) || payee == address(this)) revert Jobs_BadPayee(payee);
    }
}
