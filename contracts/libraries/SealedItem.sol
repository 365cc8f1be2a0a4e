// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoseidon} from "../interfaces/IPoseidon.sol";
import {Circuit, Sealing} from "../types/Circuit.sol";
import {Digit} from "../types/Sealed.sol";
import {PositionalTree} from "./PositionalTree.sol";
import {Statement} from "./Statement.sol";

/// @title Items that are committed encrypted, part by part, and judged in the open once their key is known.
/// @notice Part c is chunk c, the elements that digest c hashes, salt included: values as 4 signed big-endian bytes each,
/// elements that pack digits as 32 unsigned ones. A label is a part of its own, behind the chunks: label and salt, a word
/// each. Ciphertext: content XOR keccak256(key, index, part, 0), keccak256(key, index, part, 1), ...
/// prover/statement/documents/sealed.py is its mirror.
library SealedItem {
    uint256 private constant VALUE_BYTES = 4;
    uint256 private constant WORD_BYTES = 32;
    uint256 private constant LABEL_BYTES = 64;

    /// @notice The circuit does not hash its inputs with salt (no elements); or it hashes too many elements into a digest, or
    /// has too many digests an item, for a dispute to fit a transaction.
    error SealedItem_NotSealable(uint256 elements, uint256 maxElements, uint256 chunks, uint256 maxChunks);
    /// @notice An item has another number of parts, or of digests.
    error SealedItem_WrongPartCount(uint256 actual, uint256 allowed);
    error SealedItem_NoSuchChunk(uint256 chunk, uint256 chunks);
    /// @notice The chunk has no such element that packs digits, or its ciphertext ends before it.
    error SealedItem_NoSuchElement(uint256 element, uint256 elements);
    /// @notice The digits of the element are others by the circuit.
    error SealedItem_WrongPadding(uint256 element);

    /// @notice Reverts unless items of the circuit can be sealed, and each of their parts disputed in a transaction.
    function requireSealable(Circuit memory circuit, uint256 maxElements, uint256 maxChunks) internal pure {
        (uint256 elements, uint256 chunks) = (circuit.sealing.digestElements, circuit.statement.inputWords);
        if (elements == 0 || elements > maxElements || chunks > maxChunks) {
            revert SealedItem_NotSealable(elements, maxElements, chunks, maxChunks);
        }
    }

    /// @notice keccak256 of a key, as terms and leaves commit to it.
    function keyHash(bytes32 key) internal pure returns (bytes32) {
        return keccak256(abi.encode(key));
    }

    /// @notice keccak256 of a label and its salt: what a leaf hides until the item is proven.
    function labelHash(uint256 label, bytes32 salt) internal pure returns (bytes32) {
        return keccak256(abi.encode(label, salt));
    }

    /// @notice A leaf of a test set or dataset. `hidden` is the hash of the label, or of the record's key.
    function leaf(uint256 index, bytes32 parts, bytes32 commitment, bytes32 hidden) internal pure returns (bytes32) {
        return PositionalTree.leaf(abi.encode(index, parts, commitment, hidden));
    }

    /// @notice keccak256 of the parts' ciphertext hashes, that of `part` by its ciphertext: its entry is not read.
    function partsHash(
        bytes32[] memory hashes,
        uint256 part,
        bytes calldata ciphertext
    ) internal pure returns (bytes32) {
        hashes[part] = keccak256(ciphertext);
        return keccak256(abi.encodePacked(hashes));
    }

    /// @notice The input commitment of an item with these digests.
    function commitmentOf(uint256[] memory digests) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(digests));
    }

    /// @notice Reverts unless there are so many parts, and a digest for each chunk.
    function requireParts(Circuit memory circuit, uint256 parts, uint256 allowed, uint256 digests) internal pure {
        uint256 chunks = circuit.statement.inputWords;
        if (parts != allowed) revert SealedItem_WrongPartCount(parts, allowed);
        if (digests != chunks) revert SealedItem_WrongPartCount(digests, chunks);
    }

    /// @notice Reverts unless items have this chunk.
    function requireChunk(Circuit memory circuit, uint256 chunk) internal pure {
        uint256 chunks = circuit.statement.inputWords;
        if (chunk >= chunks) revert SealedItem_NoSuchChunk(chunk, chunks);
    }

    /// @notice The content of a part of item `index`.
    function decrypt(
        bytes calldata ciphertext,
        bytes32 key,
        uint256 index,
        uint256 part
    ) internal pure returns (bytes memory content) {
        content = ciphertext;
        for (uint256 start = 0; start < content.length; start += WORD_BYTES) {
            bytes32 block_ = _block(key, index, part, start / WORD_BYTES);
            uint256 kept = content.length - start;
            if (kept < WORD_BYTES) block_ &= bytes32(type(uint256).max << (8 * (WORD_BYTES - kept)));
            assembly ("memory-safe") {
                let place := add(add(content, 0x20), start)
                mstore(place, xor(mload(place), block_)) // `block_` is 0 beyond the content
            }
        }
    }

    /// @notice Whether the content of a chunk is what its digest hashes: of the exact length, each element in its domain.
    function isChunk(
        Circuit memory circuit,
        IPoseidon poseidon,
        uint256 chunk,
        bytes memory content,
        uint256 digest
    ) internal view returns (bool) {
        uint256 count = _elementsOf(circuit.sealing, chunk);
        uint256 size = circuit.sealing.digitBits == 0 ? VALUE_BYTES : WORD_BYTES;
        if (content.length != count * size) return false;
        (bool inDomain, uint256[] memory elements) = _elements(circuit, content, count, size);
        return inDomain && poseidon.digest(elements) == digest;
    }

    /// @notice Whether the content is a label below `classes`, with the salt that opens `hash`.
    function isLabel(bytes memory content, bytes32 hash, uint256 classes) internal pure returns (bool) {
        if (content.length != LABEL_BYTES || keccak256(content) != hash) return false;
        return abi.decode(content, (uint256)) < classes;
    }

    /// @notice Whether a digit of an encrypted chunk is one that an input has there. Reverts if there is no such digit.
    function isDigit(
        Circuit memory circuit,
        bytes calldata ciphertext,
        bytes32 key,
        uint256 index,
        Digit calldata place
    ) internal pure returns (bool) {
        _requireDigit(circuit.sealing, circuit.statement.inputWords, ciphertext.length, place);
        uint256 start = place.element * WORD_BYTES;
        bytes32 word = bytes32(ciphertext[start:start + WORD_BYTES]) ^ _block(key, index, place.chunk, place.element);
        return _isLegal(circuit, uint256(word), place);
    }

    /// @dev The element packs digits, as many as the circuit says, of which it says what is padding.
    function _requireDigit(Sealing memory sealing, uint256 chunks, uint256 length, Digit calldata place) private pure {
        uint256 words = _elementsOf(sealing, place.chunk) - sealing.saltElements;
        if (length / WORD_BYTES < words) words = length / WORD_BYTES;
        if (sealing.digitBits == 0) words = 0;
        if (place.element >= words) revert SealedItem_NoSuchElement(place.element, words);
        uint256 number = place.chunk * (sealing.digestElements - sealing.saltElements) + place.element;
        bytes32 leaf_ = PositionalTree.leaf(abi.encode(number, place.count, place.padding));
        uint256 all = sealing.elements - chunks * sealing.saltElements;
        if (PositionalTree.rootOf(leaf_, number, all, place.path) != sealing.paddingRoot) {
            revert SealedItem_WrongPadding(number);
        }
    }

    /// @dev A digit is a value less `inputMin`; a padding digit is that of value 0.
    function _isLegal(Circuit memory circuit, uint256 word, Digit calldata place) private pure returns (bool) {
        uint256 bits = circuit.sealing.digitBits;
        if (place.digit >= place.count) return word >> (bits * place.count) == 0;
        uint256 digit = (word >> (bits * place.digit)) & ((1 << bits) - 1);
        int256 least = circuit.inputMin;
        if ((place.padding >> place.digit) & 1 == 1) return int256(digit) == -least;
        return int256(digit) <= circuit.inputMax - least;
    }

    /// @dev Every chunk has as many elements as a digest hashes, but the last, which has what is left.
    function _elementsOf(Sealing memory sealing, uint256 chunk) private pure returns (uint256) {
        uint256 left = sealing.elements - chunk * sealing.digestElements;
        return left < sealing.digestElements ? left : sealing.digestElements;
    }

    /// @dev The elements of a chunk, in the field; `inDomain` unless one is out of its bounds.
    function _elements(
        Circuit memory circuit,
        bytes memory content,
        uint256 count,
        uint256 size
    ) private pure returns (bool inDomain, uint256[] memory elements) {
        uint256 values = count - circuit.sealing.saltElements;
        elements = new uint256[](count);
        (int256 min, int256 max) = _bounds(circuit, false);
        for (uint256 i = 0; i < count; ++i) {
            if (i == values) (min, max) = _bounds(circuit, true);
            int256 element = _elementAt(content, i, size);
            if (element < min || element > max) return (false, elements);
            elements[i] = element < 0 ? Statement.FIELD_MODULUS - uint256(-element) : uint256(element);
        }
        return (true, elements);
    }

    /// @dev A word that is not below the field's order is none of its elements, of salt either.
    function _bounds(Circuit memory circuit, bool ofSalt) private pure returns (int256 min, int256 max) {
        Sealing memory sealing = circuit.sealing;
        if (!ofSalt && sealing.digitBits == 0) return (circuit.inputMin, circuit.inputMax);
        max = int256(Statement.FIELD_MODULUS - 1);
        int256 greatest = int256((1 << sealing.saltBits) - 1);
        if (ofSalt && greatest < max) max = greatest;
    }

    /// @dev In bounds: the length of the content was compared. Of a word with its highest bit the value is negative.
    function _elementAt(bytes memory content, uint256 place, uint256 size) private pure returns (int256 element) {
        uint256 unused = 8 * (WORD_BYTES - size);
        assembly ("memory-safe") {
            element := sar(unused, mload(add(add(content, 0x20), mul(place, size))))
        }
    }

    /// @dev Hashed beyond the memory that is in use: a chunk has a thousand blocks.
    function _block(bytes32 key, uint256 index, uint256 part, uint256 count) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, key)
            mstore(add(free, 0x20), index)
            mstore(add(free, 0x40), part)
            mstore(add(free, 0x60), count)
            hash := keccak256(free, 0x80)
        }
    }
}
