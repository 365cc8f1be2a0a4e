// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Circuit, Layout} from "../../../contracts/types/Circuit.sol";

/// @title Circuits and statements for tests, from a layout alone: word i is i + 1 where nothing else is asked for.
library Proofs {
    function circuitOf(
        Layout memory layout_,
        address verifier,
        bool exact
    ) internal view returns (Circuit memory circuit) {
        circuit.verifier = verifier;
        circuit.codeHash = verifier.codehash;
        circuit.statement = layout_;
        circuit.inputMin = -128;
        circuit.inputMax = 127;
        circuit.exact = exact;
        circuit.tolerance = exact ? 0 : 1;
    }

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

    /// @notice What verifiers of tests take for the proof of a registration's sample.
    function sampleProof(uint256[] memory sample) internal pure returns (bytes memory) {
        return abi.encodePacked(keccak256(abi.encodePacked(sample)));
    }

    /// @notice The hash of the inputs of the first `items` items of such a statement.
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
}
