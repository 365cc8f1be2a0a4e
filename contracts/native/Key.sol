// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fr, ONE, ORDER, powerOfTwo, signed} from "./Field.sol";

/// @notice All that differs between circuits. docs/native/FORMAT.md section 2 lists the words.
struct Key {
    uint256 digest; // keccak256 of all words: the first word of every transcript
    bytes32 setUpHash; // keccak256 of g2 and s_g2
    uint256 setUp; // place of g2 and s_g2, eight words
    uint256 packedPoints; // place of the commitments to packed polynomials
    uint256 k;
    Fr omega;
    Fr delta;
    uint256 packing; // columns to a packed polynomial: a power of two
    uint256 lanes;
    uint256 weightLanes;
    Fr scale; // 2^shift
    Fr yOffset;
    Fr inputRadix; // 2^input_bits
    Fr inputLow;
    Fr rowRadix; // 2^(input_bits lanes)
    uint256 labels;
    Fr classes; // 2^class_bits
    Fr lastKey; // the order key of score 0 and class 0
    bool hashed;
    bool hidden;
    uint256 instances;
    uint256 secretColumns; // fixed columns of hidden weights: their commitments stand in the proof
    uint256 packedColumns; // the other fixed columns, and sigma
    uint256 permuted; // columns of the permutation
    uint256 grandProducts; // one for two of them
}

/// @title The key of a native circuit, as it lies in the code of a contract: STOP, then its words.
library KeyData {
    uint256 internal constant BLINDING_ROWS = 5;
    /// @dev Words before the commitments, and among them those of the set-up.
    uint256 private constant HEAD = 31;
    uint256 private constant SET_UP_WORD = 23;
    uint256 private constant SET_UP_BYTES = 256;
    bytes32 private constant FORMAT = keccak256("zkescrow native circuit 3");
    /// @dev What the engine's `Shape::check` allows. r - 1 is divisible by 2^28, and not by more.
    uint256 private constant LEAST_K = 4;
    uint256 private constant MOST_K = 28;
    uint256 private constant MOST_PACKING = 8;
    uint256 private constant MOST_LANES = 64;
    uint256 private constant MOST_BITS = 62;
    /// @dev A row's digits, packed into one field element: more bits would wrap.
    uint256 private constant MOST_ROW_BITS = 253;
    uint256 private constant MOST_INSTANCES = 1 << 28;
    int256 private constant LEAST_SIGNED = -(1 << 63);
    int256 private constant MOST_SIGNED = (1 << 63) - 1;

    /// @notice The account's code is no key: its first byte, or its length, is another.
    error NativeVerifier_NoKey(uint256 actual, uint256 allowed);
    /// @notice A word of the key, counted from 0, is outside of what the contract reads.
    error NativeVerifier_BadKey(uint256 word, uint256 actual);

    /// @notice Reads a key. Each word that is read has one meaning, and that alone is checked: word 1, `system`, is not
    /// looked at. Whether the key is a network's is not seen here; `zkescrow native rebuild` compares it with one.
    function read(address account) internal view returns (Key memory key) {
        unchecked {
            uint256 size = account.code.length;
            if (size < 32 * HEAD + 1) revert NativeVerifier_NoKey(size, 32 * HEAD + 1);
            _requireStop(account);
            --size;
            uint256 data;
            assembly ("memory-safe") {
                data := mload(0x40)
                mstore(0x40, add(data, and(add(size, 0x3f), not(0x1f))))
                extcodecopy(account, data, 1, size)
            }
            _readShape(key, data);
            _readNumbers(key, data);
            _readInstances(key, data);
            // Rounded up: the last point may pack fewer columns.
            // slither-disable-next-line divide-before-multiply
            uint256 points = (key.packedColumns + key.packing - 1) / key.packing;
            uint256 allowed = 32 * (HEAD + 2 * points);
            if (size != allowed) revert NativeVerifier_NoKey(size + 1, allowed + 1);
            key.setUp = data + 32 * SET_UP_WORD;
            key.packedPoints = data + 32 * HEAD;
            (key.digest, key.setUpHash) = (uint256(_hash(data, size)), _hash(key.setUp, SET_UP_BYTES));
        }
    }

    /// @dev Code that begins otherwise could be run, and could destroy itself.
    function _requireStop(address account) private view {
        uint256 first;
        assembly ("memory-safe") {
            mstore(0x00, 0)
            extcodecopy(account, 0x1f, 0, 1)
            first := mload(0x00)
        }
        if (first != 0) revert NativeVerifier_NoKey(first, 0);
    }

    /// @dev How many columns there are follows from these. docs/NATIVE.md section 3.
    function _readShape(Key memory key, uint256 data) private pure {
        unchecked {
            _between(data, 0, uint256(FORMAT), uint256(FORMAT));
            key.lanes = _between(data, 7, 1, MOST_LANES);
            key.weightLanes = _between(data, 8, 1, MOST_LANES);
            key.labels = _between(data, 13, 0, MOST_INSTANCES);
            key.hashed = _between(data, 16, 0, MOST_INSTANCES) != 0;
            key.hidden = _between(data, 17, 0, 1) == 1;
            uint256 fixedColumns = 23 + key.lanes + key.weightLanes;
            if (key.labels != 0) fixedColumns += 4;
            if (key.hidden) fixedColumns += 2 + key.weightLanes;
            if (key.hashed) fixedColumns += 8;
            key.grandProducts = key.hashed ? 3 : 2;
            key.permuted = 2 * key.grandProducts;
            _between(data, 21, fixedColumns, fixedColumns);
            _between(data, 22, key.permuted, key.permuted);
            if (key.hidden) key.secretColumns = 1 + key.weightLanes; // the biases too
            key.packedColumns = fixedColumns - key.secretColumns + key.permuted;
        }
    }

    function _readNumbers(Key memory key, uint256 data) private pure {
        unchecked {
            key.k = _between(data, 2, LEAST_K, MOST_K);
            key.omega = Fr.wrap(_between(data, 3, 0, ORDER - 1));
            key.delta = Fr.wrap(_between(data, 4, 0, ORDER - 1));
            _between(data, 5, BLINDING_ROWS, BLINDING_ROWS);
            key.packing = _between(data, 6, 1, MOST_PACKING);
            if (key.packing & (key.packing - 1) != 0) revert NativeVerifier_BadKey(6, key.packing);
            key.scale = powerOfTwo(_between(data, 9, 0, MOST_BITS));
            key.yOffset = _signed(data, 10);
            uint256 bits = _between(data, 11, 0, MOST_BITS);
            if (bits * key.lanes > MOST_ROW_BITS) revert NativeVerifier_BadKey(11, bits);
            key.inputRadix = powerOfTwo(bits);
            key.rowRadix = powerOfTwo(bits * key.lanes);
            key.inputLow = _signed(data, 12);
            key.classes = powerOfTwo(_between(data, 14, 0, MOST_BITS));
            key.lastKey = (ONE - _signed(data, 15)) * key.classes - ONE;
        }
    }

    /// @dev The sections are those of the form: labels are the outputs, digests are public where inputs are hashed.
    function _readInstances(Key memory key, uint256 data) private pure {
        unchecked {
            uint256 digests = _between(data, 19, key.hashed ? 1 : 0, key.hashed ? MOST_INSTANCES : 0);
            uint256 least = key.labels;
            uint256 outputs = _between(data, 20, least, least == 0 ? MOST_INSTANCES : least);
            key.instances = _between(data, 18, 0, MOST_INSTANCES) + digests + outputs;
        }
    }

    function _between(uint256 data, uint256 index, uint256 least, uint256 most) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(data, shl(5, index)))
        }
        if (word < least || word > most) revert NativeVerifier_BadKey(index, word);
    }

    function _signed(uint256 data, uint256 index) private pure returns (Fr) {
        int256 value = int256(_between(data, index, 0, type(uint256).max));
        if (value < LEAST_SIGNED || value > MOST_SIGNED) revert NativeVerifier_BadKey(index, uint256(value));
        return signed(value);
    }

    function _hash(uint256 start, uint256 size) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            hash := keccak256(start, size)
        }
    }
}
