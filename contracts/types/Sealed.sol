// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice One digit of a chunk's element, and what `Sealing.paddingRoot` says of that element.
/// @dev Digit 0 is the lowest; `count` stands for all that is above the digits.
struct Digit {
    uint256 chunk;
    uint256 element; // of the chunk
    uint256 digit;
    uint256 count; // digits of the element
    uint256 padding; // bit j: digit j is padding
    bytes32[] path; // siblings from the element's leaf up, lowest first
}
