// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Forces ETH upon an account that would not take it.
contract EtherForcer {
    constructor(address payable to) payable {
        selfdestruct(to);
    }
}
