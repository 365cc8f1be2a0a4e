// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PositionalTree} from "../libraries/PositionalTree.sol";
import {Statement} from "../libraries/Statement.sol";
import {Tiling} from "../libraries/Tiling.sol";
import {VerifierCall} from "../libraries/VerifierCall.sol";
import {Layout} from "../types/Circuit.sol";

/// @notice Opens the libraries to tests and to the vectors that Python shares.
contract LibraryHarness {
    using Statement for Layout;

    function requireTiled(Layout calldata layout_) external pure {
        Tiling.requireTiled(layout_);
    }

    function contextOf(bytes32 jobId, address payee, bytes32 modelId) external view returns (uint256) {
        return Statement.contextOf(jobId, payee, modelId);
    }

    function hasContext(
        Layout memory layout_,
        uint256[] calldata instances,
        uint256 context
    ) external pure returns (bool) {
        return layout_.hasContext(instances, context);
    }

    function requireCanonical(Layout memory layout_, uint256[] calldata instances) external pure {
        layout_.requireCanonical(instances);
    }

    function weightsOf(
        Layout memory layout_,
        bytes calldata proof,
        uint256[] calldata instances
    ) external pure returns (uint256) {
        return layout_.weightsOf(proof, instances);
    }

    function inputCommitment(
        Layout memory layout_,
        bytes calldata proof,
        uint256[] calldata instances,
        uint256 item
    ) external pure returns (bytes32) {
        return layout_.inputCommitment(proof, instances, item);
    }

    function inputsHash(
        Layout memory layout_,
        bytes calldata proof,
        uint256[] calldata instances,
        uint256 items
    ) external pure returns (bytes32) {
        return layout_.inputsHash(proof, instances, items);
    }

    function wordAt(bytes calldata proof, uint256 place) external pure returns (uint256) {
        return Statement.wordAt(proof, place);
    }

    /// @dev The call of a verifier with one word of the proof and one instance changed.
    function changedCall(
        address key,
        bytes calldata proof,
        uint256[] calldata instances,
        uint256 place,
        uint256 fromEnd,
        uint256 value
    ) external pure returns (bytes memory call_) {
        call_ = VerifierCall.encode(key, proof, instances);
        VerifierCall.setProofWord(call_, key, place, value);
        VerifierCall.setInstance(call_, fromEnd, value);
    }

    function outputsOf(
        Layout memory layout_,
        uint256[] calldata instances,
        uint256 items
    ) external pure returns (uint256[] memory) {
        return layout_.outputsOf(instances, items);
    }

    function labelOf(
        Layout memory layout_,
        uint256[] calldata instances,
        uint256 item
    ) external pure returns (uint256 label, bool decided) {
        return layout_.labelOf(instances, item);
    }

    function signedOf(uint256 element) external pure returns (int256) {
        return Statement.signedOf(element);
    }

    function leaf(bytes memory fields) external pure returns (bytes32) {
        return PositionalTree.leaf(fields);
    }

    function depthOf(uint256 count) external pure returns (uint256) {
        return PositionalTree.depthOf(count);
    }

    function rootOf(
        bytes32 leaf_,
        uint256 index,
        uint256 count,
        bytes32[] calldata path
    ) external pure returns (bytes32) {
        return PositionalTree.rootOf(leaf_, index, count, path);
    }

    function rootOfBatch(
        bytes32[] memory leaves,
        uint256 start,
        uint256 count,
        bytes32[] calldata path
    ) external pure returns (bytes32) {
        return PositionalTree.rootOfBatch(leaves, start, count, path);
    }
}
