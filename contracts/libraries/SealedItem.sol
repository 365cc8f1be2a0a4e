// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoseidon} from "../interfaces/IPoseidon.sol";
import {Circuit} from "../types/Circuit.sol";
import {Statement} from "./Statement.sol";

/// @title Items that are committed encrypted, and judged in the open once their key is known.
/// @notice Content: each element that the circuit hashes, salt included, as 4 signed big-endian bytes. Ciphertext:
/// content XOR keccak256(key, index, 0), keccak256(key, index, 1), ... prover/statement/documents/sealed.py is its mirror.
library SealedItem {
    uint256 private constant ELEMENT_BYTES = 4;

    /// @notice The circuit does not hash its inputs with salt, or hashes too many elements for a dispute to fit a
    /// transaction.
    error SealedItem_NotSealable(uint256 elements, uint256 saltElements, uint256 maxElements);

    /// @notice Reverts unless items of the circuit can be sealed, and disputed by hashing no more than `maxElements`.
    function requireSealable(Circuit memory circuit, uint256 maxElements) internal pure {
        uint256 elements = _elementsOf(circuit);
        if (elements == 0 || elements > maxElements || circuit.saltElements == 0) {
            revert SealedItem_NotSealable(elements, circuit.saltElements, maxElements);
        }
    }

    /// @notice keccak256 of a key, as terms and leaves commit to it.
    function keyHash(bytes32 key) internal pure returns (bytes32) {
        return keccak256(abi.encode(key));
    }

    /// @notice The content of item `index`.
    function decrypt(
        bytes calldata ciphertext,
        bytes32 key,
        uint256 index
    ) internal pure returns (bytes memory content) {
        content = ciphertext;
        for (uint256 start = 0; start < content.length; start += 32) {
            bytes32 block_ = keccak256(abi.encode(key, index, start / 32));
            uint256 kept = content.length - start;
            if (kept < 32) block_ &= bytes32(type(uint256).max << (8 * (32 - kept)));
            assembly ("memory-safe") {
                let place := add(add(content, 0x20), start)
                mstore(place, xor(mload(place), block_)) // `block_` is 0 beyond the content
            }
        }
    }

    /// @notice The input commitment of an item by its content; not well formed if its length is not exact, a value lies
    /// outside the circuit's input domain or salt outside its range.
    function inputCommitment(
        Circuit memory circuit,
        IPoseidon poseidon,
        bytes memory content
    ) internal pure returns (bool wellFormed, bytes32 commitment) {
        if (content.length != _elementsOf(circuit) * ELEMENT_BYTES) return (false, 0);
        uint256 words = circuit.statement.inputWords;
        uint256[] memory digests = new uint256[](words);
        for (uint256 word = 0; word < words; ++word) {
            uint256[] memory elements;
            (wellFormed, elements) = _elements(circuit, content, word);
            if (!wellFormed) return (false, 0);
            digests[word] = poseidon.digest(elements);
        }
        return (true, keccak256(abi.encodePacked(digests)));
    }

    /// @dev The elements of one input word, in the field.
    function _elements(
        Circuit memory circuit,
        bytes memory content,
        uint256 word
    ) private pure returns (bool wellFormed, uint256[] memory elements) {
        uint256 count = circuit.digestElements;
        uint256 values = count - circuit.saltElements;
        elements = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            int256 element = _elementAt(content, word * count + i);
            (int256 min, int256 max) = i < values
                ? (int256(circuit.inputMin), int256(circuit.inputMax))
                : (int256(0), int256((1 << circuit.saltBits) - 1));
            if (element < min || element > max) return (false, elements);
            elements[i] = element < 0 ? Statement.FIELD_MODULUS - uint256(-element) : uint256(element);
        }
        return (true, elements);
    }

    /// @dev In bounds: the length of the content was compared.
    function _elementAt(bytes memory content, uint256 place) private pure returns (int256 element) {
        assembly ("memory-safe") {
            element := sar(224, mload(add(add(content, 0x20), mul(place, ELEMENT_BYTES))))
        }
    }

    function _elementsOf(Circuit memory circuit) private pure returns (uint256) {
        return uint256(circuit.statement.inputWords) * circuit.digestElements;
    }
}
