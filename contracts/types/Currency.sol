// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice An ERC-20 token, or ETH when it is the zero address.
type Currency is address;

using {isEther, unwrap} for Currency global;

/// @notice Whether the currency is ETH.
function isEther(Currency currency) pure returns (bool) {
    return Currency.unwrap(currency) == address(0);
}

/// @notice The token's address; zero for ETH.
function unwrap(Currency currency) pure returns (address) {
    return Currency.unwrap(currency);
}
