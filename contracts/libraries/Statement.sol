// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Layout, OutputKind} from "../types/Circuit.sol";

/// @title Reading the statement of a proof out of its public instances, by the circuit's layout.
/// @dev docs/SPEC.md section 1; prover/statement says the same in Python.
library Statement {
    /// @notice Order r of BN254's scalar field. Instances lie in [0, r).
    uint256 internal constant FIELD_MODULUS =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;

    error Statement_WrongInstanceCount(uint256 actual, uint256 allowed);
    error Statement_OutOfField(uint256 word, uint256 value);
    /// @notice The proof is shorter than the points that it commits by.
    error Statement_ShortProof(uint256 actual, uint256 least);
    /// @notice A signed value is allowed below 2^127 in amount.
    error Statement_OutOfRange(uint256 element);

    int256 private constant SIGNED_BOUND = 1 << 127;
    uint256 private constant POINT_BYTES = 64;
    /// @dev Where the points of hidden weights begin in a proof: after the digest of the circuit's key.
    uint256 internal constant WEIGHT_POINT = 32;

    /// @notice What binds a proof to one model and one payee of one job of one contract of one chain.
    function contextOf(bytes32 jobId, address payee, bytes32 modelId) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, address(this), jobId, payee, modelId)));
    }

    /// @notice Reverts unless there are exactly as many instances as the layout says, each below r.
    function requireCanonical(Layout memory layout_, uint256[] calldata instances) internal pure {
        if (instances.length != layout_.instances) {
            revert Statement_WrongInstanceCount(instances.length, layout_.instances);
        }
        for (uint256 i = 0; i < instances.length; ++i) {
            uint256 word;
            assembly ("memory-safe") {
                word := calldataload(add(instances.offset, shl(5, i))) // instances[i], in bounds by the loop
            }
            if (word >= FIELD_MODULUS) revert Statement_OutOfField(i, word);
        }
    }

    /// @notice Whether the context limbs are those of `context`, lowest first.
    function hasContext(
        Layout memory layout_,
        uint256[] calldata instances,
        uint256 context
    ) internal pure returns (bool) {
        uint256 bits = layout_.contextBits;
        uint256 mask = (1 << bits) - 1;
        uint256 end = uint256(layout_.context) + layout_.contextLimbs;
        for (uint256 i = layout_.context; i < end; ++i) {
            if (instances[i] != context & mask) return false;
            context >>= bits;
        }
        return true;
    }

    /// @notice What commits to hidden weights: their digest, or keccak256 of the proof's head, which is the key's digest and
    /// their points. 0 when the weights are in the verifying key.
    function weightsOf(
        Layout memory layout_,
        bytes calldata proof,
        uint256[] calldata instances
    ) internal pure returns (uint256) {
        if (layout_.weightPoints != 0) return uint256(keccak256(_part(proof, 0, inputPoint(layout_))));
        return layout_.weightWords == 0 ? 0 : instances[layout_.weights];
    }

    /// @notice Where the point of the input begins in a proof: after what commits to hidden weights.
    function inputPoint(Layout memory layout_) internal pure returns (uint256) {
        return layout_.weightPoints == 0 ? 0 : WEIGHT_POINT + POINT_BYTES * layout_.weightPoints;
    }

    /// @notice keccak256 of the input words of item `item`; where there are none, of the point by which the proof commits
    /// to its input.
    function inputCommitment(
        Layout memory layout_,
        bytes calldata proof,
        uint256[] calldata instances,
        uint256 item
    ) internal pure returns (bytes32) {
        if (layout_.inputWords == 0) return keccak256(_part(proof, inputPoint(layout_), POINT_BYTES));
        return inputCommitment(layout_, instances, item);
    }

    /// @notice The same of a circuit that hashes its inputs, as one whose items are sealed does.
    function inputCommitment(
        Layout memory layout_,
        uint256[] calldata instances,
        uint256 item
    ) internal pure returns (bytes32 hash) {
        uint256 start = layout_.inputs + item * layout_.inputWords;
        uint256[] calldata words = instances[start:start + layout_.inputWords];
        assembly ("memory-safe") {
            let free := mload(0x40) // hashed beyond the memory that is in use
            let length := shl(5, words.length)
            calldatacopy(free, words.offset, length)
            hash := keccak256(free, length)
        }
    }

    /// @notice keccak256 of the input commitments of the first `items` items.
    function inputsHash(
        Layout memory layout_,
        bytes calldata proof,
        uint256[] calldata instances,
        uint256 items
    ) internal pure returns (bytes32 hash) {
        bytes32[] memory commitments = new bytes32[](items);
        for (uint256 i = 0; i < items; ++i) {
            commitments[i] = inputCommitment(layout_, proof, instances, i);
        }
        assembly ("memory-safe") {
            hash := keccak256(add(commitments, 0x20), shl(5, items))
        }
    }

    /// @notice The output words of the first `items` items.
    function outputsOf(
        Layout memory layout_,
        uint256[] calldata instances,
        uint256 items
    ) internal pure returns (uint256[] calldata) {
        uint256 start = layout_.outputs;
        return instances[start:start + items * layout_.outputWords];
    }

    /// @notice The signed value of a canonical field element: x above (r-1)/2 stands for x - r; its amount is below 2^127.
    function signedOf(uint256 element) internal pure returns (int256 value) {
        value = element > (FIELD_MODULUS - 1) / 2 ? int256(element) - int256(FIELD_MODULUS) : int256(element);
        if (value <= -SIGNED_BOUND || value >= SIGNED_BOUND) revert Statement_OutOfRange(element);
    }

    /// @notice Output word `word` of item `item`, as a signed value.
    function outputOf(
        Layout memory layout_,
        uint256[] calldata instances,
        uint256 item,
        uint256 word
    ) internal pure returns (int256) {
        return signedOf(instances[layout_.outputs + item * layout_.outputWords + word]);
    }

    /// @notice The label that is proven of an item: the first of the labels, where these are the outputs (ties are settled
    /// by the circuit), or the index of the strictly greatest score. With a tie at the top no label is proven: `decided`
    /// is false.
    function labelOf(
        Layout memory layout_,
        uint256[] calldata instances,
        uint256 item
    ) internal pure returns (uint256 label, bool decided) {
        int256 greatest = outputOf(layout_, instances, item, 0);
        if (layout_.outputKind == OutputKind.Label) return (uint256(greatest), greatest >= 0);
        decided = true;
        for (uint256 word = 1; word < layout_.outputWords; ++word) {
            int256 score = outputOf(layout_, instances, item, word);
            if (score == greatest) decided = false;
            if (score > greatest) (greatest, label, decided) = (score, word, true);
        }
    }

    /// @notice The word at a place of the proof, in bytes.
    function wordAt(bytes calldata proof, uint256 place) internal pure returns (uint256) {
        return uint256(bytes32(_part(proof, place, 32)));
    }

    function _part(bytes calldata proof, uint256 start, uint256 length) private pure returns (bytes calldata) {
        uint256 end = start + length;
        if (proof.length < end) revert Statement_ShortProof(proof.length, end);
        return proof[start:end];
    }
}
