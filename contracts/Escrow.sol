// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IEscrow} from "./interfaces/IEscrow.sol";
import {Currency} from "./types/Currency.sol";

/// @title The only place where money moves.
/// @dev Money comes in exactly and in full, and leaves only as credits that their owner withdraws.
abstract contract Escrow is IEscrow, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IEscrow
    mapping(Currency currency => mapping(address account => uint256 amount)) public credits;

    // ---------------------------------------------------------------- out

    /// @inheritdoc IEscrow
    function withdraw(Currency currency, address to) external nonReentrant returns (uint256 amount) {
        _requireRecipient(to);
        amount = credits[currency][msg.sender];
        if (amount == 0) revert Escrow_NothingToWithdraw(currency, msg.sender);
        credits[currency][msg.sender] = 0;

        emit Withdrawn(currency, msg.sender, to, amount);

        if (currency.isEther()) {
            _sendEther(to, amount);
        } else {
            IERC20(currency.unwrap()).safeTransfer(to, amount);
        }
    }

    /// @dev No return data is copied: a recipient cannot make the withdrawal run out of gas with it.
    function _sendEther(address to, uint256 amount) private {
        bool sent;
        assembly ("memory-safe") {
            sent := call(gas(), to, amount, 0, 0, 0, 0)
        }
        if (!sent) revert Escrow_TransferFailed(to, amount);
    }

    // ---------------------------------------------------------------- in

    /// @dev Takes exactly `amount` from the caller. Call it last: it may call a token.
    function _deposit(bytes32 jobId, Currency currency, uint256 amount) internal {
        uint256 due = currency.isEther() ? amount : 0;
        if (msg.value != due) revert Escrow_WrongValue(msg.value, due);

        emit Deposited(jobId, currency, msg.sender, amount);

        if (!currency.isEther() && amount != 0) _pull(IERC20(currency.unwrap()), amount);
    }

    /// @dev The only balances ever read: those around one transfer.
    function _pull(IERC20 token, uint256 amount) private {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 afterwards = token.balanceOf(address(this));
        uint256 received = afterwards > before ? afterwards - before : 0;
        if (received != amount) revert Escrow_WrongReceipt(received, amount);
    }

    // ---------------------------------------------------------------- between

    /// @dev Makes `amount` of the job's money withdrawable by `account`.
    function _credit(bytes32 jobId, Currency currency, address account, uint256 amount) internal {
        credits[currency][account] += amount;

        emit Credited(jobId, currency, account, amount);
    }

    // ---------------------------------------------------------------- checks

    function _requireToken(Currency currency) internal view {
        if (!currency.isEther() && currency.unwrap().code.length == 0) {
            revert Escrow_TokenWithoutCode(currency.unwrap());
        }
    }

    function _requireRecipient(address account) internal view {
        if (account == address(0) || account == address(this)) revert Escrow_BadRecipient(account);
    }
}
