// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fr, powerOfTwo, signed} from "./Field.sol";

/// @notice All that differs between circuits. docs/native/FORMAT.md section 2 lists the words.
struct Key {
    uint256 digest; // keccak256 of all words: the first word of every transcript
    bytes32 setUpHash; // keccak256 of g2 and s_g2
    uint256 setUp; // place of g2 and s_g2, eight words
    uint256 fixedPoints; // place of the commitments to fixed columns, by index of the column
    uint256 sigmaPoints; // place of the commitments to sigma, by index in the permutation
    uint256 k;
    Fr omega;
    Fr delta;
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
    uint256 fixedColumns;
    uint256 permuted; // columns of the permutation
    uint256 grandProducts; // one for two of them
}

/// @title The key of a native circuit, as it lies in the code of a contract: STOP, then its words.
library KeyData {
    uint256 internal constant BLINDING_ROWS = 5;
    /// @dev Words before the commitments.
    uint256 private constant HEAD = 30;
    bytes32 private constant FORMAT = keccak256("zkescrow native circuit 2");
    /// @dev Beyond these the sums of `read` could wrap.
    uint256 private constant MOST_LANES = 64;
    uint256 private constant MOST_BITS = 62;

    /// @notice The key is not one, or of another format: `word` of it, or its length where `word` is 0.
    error NativeVerifier_BadKey(uint256 word, uint256 actual, uint256 allowed);

    /// @notice Reads a key. What it says is not judged: whoever registered it is answerable for it, and it is compared with
    /// its network by `zkescrow model verify`. Only what would be read wrongly is refused.
    function read(address account) internal view returns (Key memory key) {
        unchecked {
            uint256 size = account.code.length;
            uint256 data;
            if (size < 32 * HEAD + 1) revert NativeVerifier_BadKey(0, size, 32 * HEAD + 1);
            assembly ("memory-safe") {
                data := mload(0x40)
                size := sub(size, 1)
                mstore(0x40, add(data, and(add(size, 0x3f), not(0x1f))))
                extcodecopy(account, data, 1, size)
            }
            _require(data, 0, uint256(FORMAT));
            _readShape(key, data);
            _readNumbers(key, data);
            uint256 allowed = 32 * (HEAD + 2 * (key.fixedColumns + key.permuted));
            if (size != allowed) revert NativeVerifier_BadKey(0, size + 1, allowed + 1);
            key.setUp = data + 32 * 22;
            key.fixedPoints = data + 32 * HEAD;
            key.sigmaPoints = key.fixedPoints + 64 * key.fixedColumns;
            assembly ("memory-safe") {
                mstore(key, keccak256(data, size)) // key.digest
                mstore(add(key, 0x20), keccak256(add(data, 0x2c0), 0x100)) // key.setUpHash, of words 22 to 29
            }
        }
    }

    /// @dev How many columns there are follows from these. docs/NATIVE.md section 3.
    function _readShape(Key memory key, uint256 data) private pure {
        unchecked {
            key.lanes = _below(data, 6, MOST_LANES + 1);
            key.weightLanes = _below(data, 7, MOST_LANES + 1);
            key.labels = _word(data, 12);
            key.hashed = _word(data, 15) != 0;
            key.hidden = _below(data, 16, 2) == 1;
            key.fixedColumns = 23 + key.lanes + key.weightLanes;
            if (key.labels != 0) key.fixedColumns += 4;
            if (key.hidden) key.fixedColumns += 2 + key.weightLanes;
            if (key.hashed) key.fixedColumns += 8;
            key.grandProducts = key.hashed ? 3 : 2;
            key.permuted = 2 * key.grandProducts;
            _require(data, 20, key.fixedColumns);
            _require(data, 21, key.permuted);
        }
    }

    function _readNumbers(Key memory key, uint256 data) private pure {
        unchecked {
            key.k = _below(data, 2, 29);
            key.omega = Fr.wrap(_word(data, 3));
            key.delta = Fr.wrap(_word(data, 4));
            _require(data, 5, BLINDING_ROWS);
            key.scale = powerOfTwo(_below(data, 8, MOST_BITS + 1));
            key.yOffset = signed(int256(_word(data, 9)));
            uint256 bits = _below(data, 10, MOST_BITS + 1);
            key.inputRadix = powerOfTwo(bits);
            key.rowRadix = powerOfTwo(bits * key.lanes);
            key.inputLow = signed(int256(_word(data, 11)));
            key.classes = powerOfTwo(_below(data, 13, MOST_BITS + 1));
            key.lastKey = (Fr.wrap(1) - signed(int256(_word(data, 14)))) * key.classes - Fr.wrap(1);
            key.instances = _below(data, 17, 1 << 28) + _below(data, 18, 1 << 28) + _below(data, 19, 1 << 28);
        }
    }

    function _word(uint256 data, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(data, shl(5, index)))
        }
    }

    function _below(uint256 data, uint256 index, uint256 bound) private pure returns (uint256 word) {
        unchecked {
            word = _word(data, index);
            if (word >= bound) revert NativeVerifier_BadKey(index, word, bound - 1);
        }
    }

    function _require(uint256 data, uint256 index, uint256 allowed) private pure {
        if (_word(data, index) != allowed) revert NativeVerifier_BadKey(index, _word(data, index), allowed);
    }
}
