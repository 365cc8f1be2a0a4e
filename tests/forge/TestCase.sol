// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

/// @notice The cheat codes that the packaged forge-std does not know yet.
interface Cheats is Vm {
    function getBlockTimestamp() external view returns (uint256);

    function snapshotValue(string calldata group, string calldata name, uint256 value) external;

    function lastCallGas() external view returns (CallGas memory);

    struct CallGas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }
}

Cheats constant vm = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));

/// @notice What a test needs: any revert fails it.
abstract contract TestCase {
    error TestCase_Failed(string what);
    error TestCase_NotEqual(string what, uint256 actual, uint256 expected);

    function check(bool holds, string memory what) internal pure {
        if (!holds) revert TestCase_Failed(what);
    }

    function checkEqual(uint256 actual, uint256 expected, string memory what) internal pure {
        if (actual != expected) revert TestCase_NotEqual(what, actual, expected);
    }

    function checkEqual(bytes32 actual, bytes32 expected, string memory what) internal pure {
        checkEqual(uint256(actual), uint256(expected), what);
    }

    function bound(uint256 value, uint256 min, uint256 max) internal pure returns (uint256) {
        return min + (value % (max - min + 1));
    }
}
