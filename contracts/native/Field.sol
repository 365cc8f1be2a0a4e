// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev Order r of BN254's groups.
uint256 constant ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
Fr constant ZERO = Fr.wrap(0);
Fr constant ONE = Fr.wrap(1);

/// @notice An integer modulo r, always below r.
type Fr is uint256;

using {add as +, subtract as -, multiply as *, negate as -} for Fr global;

function add(Fr a, Fr b) pure returns (Fr) {
    return Fr.wrap(addmod(Fr.unwrap(a), Fr.unwrap(b), ORDER));
}

function subtract(Fr a, Fr b) pure returns (Fr) {
    unchecked {
        return Fr.wrap(addmod(Fr.unwrap(a), ORDER - Fr.unwrap(b), ORDER));
    }
}

function multiply(Fr a, Fr b) pure returns (Fr product) {
    assembly ("memory-safe") {
        product := mulmod(a, b, ORDER)
    }
}

function negate(Fr a) pure returns (Fr) {
    return ZERO - a;
}

/// @notice `off` where the flag is 0, `on` where it is 1: the line through both, as a flag's value at x is any.
function mix(Fr flag, Fr off, Fr on) pure returns (Fr) {
    return off + flag * (on - off);
}

/// @notice 2^exponent, for exponents up to 253.
function powerOfTwo(uint256 exponent) pure returns (Fr) {
    return Fr.wrap(1 << exponent);
}

/// @notice An integer below r in amount; one below 0 is r less its amount.
function signed(int256 value) pure returns (Fr) {
    unchecked {
        return value < 0 ? -Fr.wrap(uint256(-value)) : Fr.wrap(uint256(value));
    }
}

/// @notice The value that lies at a place of memory.
function get(uint256 place) pure returns (Fr value) {
    assembly ("memory-safe") {
        value := mload(place)
    }
}

/// @notice The value at `index` of the values that lie one after the other from a place of memory on.
function get(uint256 place, uint256 index) pure returns (Fr value) {
    assembly ("memory-safe") {
        value := mload(add(place, shl(5, index)))
    }
}

/// @notice A value to a power of two.
function raised(Fr value, uint256 exponent) pure returns (Fr) {
    unchecked {
        for (; exponent > 1; exponent /= 2) {
            value = value * value;
        }
        return value;
    }
}

/// @notice A challenge fell on a point that a proof divides by, with a chance below 2^-220: prove again. Or the call had too
/// little gas.
error NativeVerifier_NoInverse();

/// @notice Puts in the place of each of `count` values its inverse, with one modular exponentiation for all.
/// @dev Montgomery's trick: the inverse of the product of all, and back through the products of the first ones.
function invert(uint256 place, uint256 count) view {
    uint256 products;
    assembly ("memory-safe") {
        products := mload(0x40) // beyond the memory in use, and given back
    }
    unchecked {
        Fr product = ONE;
        for (uint256 i = 0; i < count; ++i) {
            put(products, i, product);
            product = product * get(place, i);
        }
        Fr inverse = _power(product, ORDER - 2, products + 32 * count);
        if (Fr.unwrap(inverse) == 0) revert NativeVerifier_NoInverse();
        for (uint256 i = count; i > 0;) {
            --i;
            Fr value = get(place, i);
            put(place, i, inverse * get(products, i));
            inverse = inverse * value;
        }
    }
}

/// @notice Writes the value at `index` of the values that lie one after the other from a place of memory on.
function put(uint256 place, uint256 index, Fr value) pure {
    assembly ("memory-safe") {
        mstore(add(place, shl(5, index)), value)
    }
}

/// @dev By the precompile of EIP-198; `free` is memory of six words that nobody uses.
function _power(Fr base, uint256 exponent, uint256 free) view returns (Fr result) {
    bool done;
    assembly ("memory-safe") {
        mstore(free, 0x20)
        mstore(add(free, 0x20), 0x20)
        mstore(add(free, 0x40), 0x20)
        mstore(add(free, 0x60), base)
        mstore(add(free, 0x80), exponent)
        mstore(add(free, 0xa0), ORDER)
        done := staticcall(gas(), 0x05, free, 0xc0, 0x00, 0x20)
        result := mload(0x00)
    }
    if (!done) revert NativeVerifier_NoInverse();
}
