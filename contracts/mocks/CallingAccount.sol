// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A contract that holds a job or a credit, and calls `target` with `message` when ETH arrives.
contract CallingAccount {
    enum Way {
        Accepts,
        Refuses,
        RefusesWithMuch,
        Calls
    }

    Way public way;
    address public target;
    bytes public message;
    uint256 public entries;
    bytes public refusal;

    error CallingAccount_Refused();

    receive() external payable {
        if (way == Way.Refuses) revert CallingAccount_Refused();
        if (way == Way.RefusesWithMuch) {
            assembly ("memory-safe") {
                revert(0, 1000000)
            }
        }
        if (way == Way.Calls) _call();
    }

    function set(Way way_, address target_, bytes calldata message_) external {
        (way, target, message) = (way_, target_, message_);
    }

    function execute(address to, bytes calldata data) external payable returns (bytes memory) {
        (bool success, bytes memory answer) = to.call{value: msg.value}(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        return answer;
    }

    function _call() private {
        (bool success, bytes memory answer) = target.call(message);
        if (success) ++entries;
        else refusal = answer;
    }
}
