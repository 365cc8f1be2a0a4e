// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVerifier} from "contracts/interfaces/IVerifier.sol";
import {Circuit, Layout, OutputKind} from "contracts/types/Circuit.sol";

/// @notice Accepts one proof for each list of instances: its hash. Anybody can make it, so contradictions too.
contract HashVerifier is IVerifier {
    /// @inheritdoc IVerifier
    function verifyProof(bytes calldata proof, uint256[] calldata instances) external pure returns (bool) {
        return keccak256(proof) == keccak256(Proofs.prove(instances));
    }
}

/// @title Valid circuits, statements and proofs for tests, from a layout alone.
library Proofs {
    /// @notice Two items a proof, two public input words and one score an item, three context limbs of 64 bits.
    function circuit(address verifier, bool exact, bool hidden) internal view returns (Circuit memory) {
        Layout memory layout_;
        layout_.items = 2;
        layout_.contextLimbs = 3;
        layout_.contextBits = 64;
        layout_.contextEcho = 3;
        layout_.contextEchoWords = 3;
        layout_.inputs = 6;
        layout_.inputWords = 2;
        layout_.weights = 10;
        layout_.weightWords = hidden ? 1 : 0;
        layout_.outputs = hidden ? 11 : 10;
        layout_.outputWords = 1;
        layout_.classes = 1;
        layout_.instances = layout_.outputs + 2;
        return of(layout_, verifier, exact);
    }

    function of(Layout memory layout_, address verifier, bool exact) internal view returns (Circuit memory made) {
        made.verifier = verifier;
        made.codeHash = verifier.codehash;
        made.statement = layout_;
        made.inputMin = -128;
        made.inputMax = 127;
        made.exact = exact;
        made.tolerance = exact ? 0 : 1;
    }

    /// @notice The instances of a statement: distinct small words, the context limbs and the weights digest.
    function statement(
        Layout memory layout_,
        uint256 context,
        uint256 weights
    ) internal pure returns (uint256[] memory instances) {
        instances = new uint256[](layout_.instances);
        for (uint256 i = 0; i < instances.length; ++i) {
            instances[i] = i + 1;
        }
        for (uint256 j = 0; j < layout_.contextLimbs; ++j) {
            instances[layout_.context + j] = (context >> (j * layout_.contextBits)) % (1 << layout_.contextBits);
        }
        if (layout_.weightWords != 0) instances[layout_.weights] = weights;
    }

    /// @notice The hash of what a job with the first `items` items of `statement` asks for.
    function inputsHash(Layout memory layout_, uint256 items) internal pure returns (bytes32) {
        bytes memory commitments;
        for (uint256 i = 0; i < items; ++i) {
            bytes memory words;
            for (uint256 j = 0; j < layout_.inputWords; ++j) {
                words = bytes.concat(words, bytes32(layout_.inputs + i * layout_.inputWords + j + 1));
            }
            commitments = bytes.concat(commitments, keccak256(words));
        }
        return keccak256(commitments);
    }

    function prove(uint256[] memory instances) internal pure returns (bytes memory) {
        return abi.encode(keccak256(abi.encode(instances)));
    }
}
