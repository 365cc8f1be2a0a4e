// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "../../contracts/Escrow.sol";
import {Currency} from "../../contracts/types/Currency.sol";

/// @notice The smallest protocol on Escrow: anybody pays money in, and gives of it to anybody.
/// @dev `held` is what jobs hold. The rule that a protocol gives no more than its jobs hold is the protocols' own; here
/// the checked subtraction stands for it.
contract EscrowHarness is Escrow {
    mapping(Currency currency => uint256) public held;

    function deposit(Currency currency, uint256 amount) external payable nonReentrant {
        _requireToken(currency);
        held[currency] += amount;
        _deposit(bytes32(0), currency, amount);
    }

    function give(Currency currency, address account, uint256 amount) external nonReentrant {
        held[currency] -= amount;
        _credit(bytes32(0), currency, account, amount);
    }
}

/// @notice A token that keeps any part of what is moved: `fee` is whatever halmos makes it.
contract Token {
    mapping(address account => uint256) public balanceOf;
    uint256 public fee;

    function transfer(address to, uint256 amount) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    /// @dev Everything is approved: allowances are not the escrow's concern.
    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        return _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        balanceOf[from] -= amount;
        balanceOf[to] += amount - fee;
        return true;
    }
}

/// @notice An account that asks for its credit once more while it is being paid.
contract Thief {
    EscrowHarness private immutable _ESCROW;
    bool private _asked;

    constructor(EscrowHarness escrow) {
        _ESCROW = escrow;
    }

    receive() external payable {
        if (_asked) return;
        _asked = true;
        (bool success, ) = address(_ESCROW).call(
            abi.encodeCall(Escrow.withdraw, (Currency.wrap(address(0)), address(this)))
        );
        success; // taken or not, what counts is the money
    }

    function withdraw() external {
        _ESCROW.withdraw(Currency.wrap(address(0)), address(this));
    }
}
