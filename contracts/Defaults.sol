// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "./Escrow.sol";
import {Jobs} from "./Jobs.sol";
import {Currency} from "./types/Currency.sol";

/// @title How a job ends that nobody finishes: one rule for all protocols.
abstract contract Defaults is Escrow, Jobs {
    /// @dev Whether the job is void: its circuit was condemned at or before `deadline`. If not, its default is due, once
    /// it is past `end`. A deadline already missed decides, so `deadline` is the one that the last move set; `end` is
    /// later only where missing that leads to a state with a time of its own.
    function _isVoid(uint256 condemnedAt, uint256 deadline, uint256 end) internal view returns (bool) {
        if (condemnedAt != 0 && condemnedAt <= deadline) return true;
        _requireLate(end);
        return false;
    }

    /// @dev Each side's deposits go back to it. `payee` is zero if nobody has joined, and paid a stake in.
    function _returnDeposits(
        bytes32 jobId,
        Currency currency,
        address consumer,
        uint256 escrow,
        address payee,
        uint256 stake
    ) internal {
        _credit(jobId, currency, consumer, escrow);
        if (payee != address(0) && stake != 0) _credit(jobId, currency, payee, stake);
    }
}
