// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../types/Currency.sol";

/// @title Custody of money: exact deposits in, pull credits out.
interface IEscrow {
    /// @notice Money came in. `sender` paid `amount` (wei or token units) for `jobId`.
    event Deposited(bytes32 indexed jobId, Currency indexed currency, address indexed sender, uint256 amount);

    /// @notice Money of `jobId` became `account`'s to withdraw.
    event Credited(bytes32 indexed jobId, Currency indexed currency, address indexed account, uint256 amount);

    /// @notice `account` took its whole credit out, to `to`.
    event Withdrawn(Currency indexed currency, address indexed account, address indexed to, uint256 amount);

    /// @notice `msg.value` is not the amount due (0 when the currency is a token).
    error Escrow_WrongValue(uint256 actual, uint256 allowed);
    /// @notice The token's balance here did not rise by exactly the amount due.
    error Escrow_WrongReceipt(uint256 actual, uint256 allowed);
    /// @notice The token's address has no code.
    error Escrow_TokenWithoutCode(address token);
    /// @notice The account has nothing to withdraw in this currency.
    error Escrow_NothingToWithdraw(Currency currency, address account);
    /// @notice Money may not be sent to the zero address or to this contract.
    error Escrow_BadRecipient(address recipient);
    /// @notice The recipient did not take the ETH.
    error Escrow_TransferFailed(address recipient, uint256 amount);

    /// @notice What `account` may withdraw, in wei or token units.
    function credits(Currency currency, address account) external view returns (uint256);

    /// @notice Sends the caller's whole credit in `currency` to `to`.
    /// @return amount What was sent, in wei or token units.
    function withdraw(Currency currency, address to) external returns (uint256 amount);
}
