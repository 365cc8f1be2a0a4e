// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IProofAcceptance} from "./interfaces/IProofAcceptance.sol";
import {Statement} from "./libraries/Statement.sol";
import {VerifierCall} from "./libraries/VerifierCall.sol";
import {Layout, Requirements} from "./types/Circuit.sol";

/// @title The only place where it is decided that a proof counts.
abstract contract ProofAcceptance is IProofAcceptance {
    using Statement for Layout;

    /// @inheritdoc IProofAcceptance
    IModelRegistry public immutable registry;

    constructor(IModelRegistry registry_) {
        registry = registry_;
    }

    /// @dev What a job asks of a proof.
    struct Demand {
        bytes32 jobId;
        address payee;
        bytes32 modelId;
        bytes32 inputsHash;
        uint256 items; // item slots that are read
    }

    /// @dev Returns the outputs of the demanded items, or reverts with the first rule that does not hold.
    function _acceptProof(
        Demand memory demand,
        bytes calldata proof,
        uint256[] calldata instances
    ) internal view returns (uint256[] calldata outputs) {
        Requirements memory required = registry.requirements(demand.modelId);
        Layout memory layout_ = required.statement;

        _requireNotCondemned(required.circuitId, required.condemnedAt);
        _requireVerifierCode(required.verifier, required.codeHash);
        layout_.requireCanonical(instances);
        _requireStatement(layout_, demand, required.weightsCommitment, instances);
        if (!VerifierCall.accepts(required.verifier, gasleft(), proof, instances)) {
            revert ProofAcceptance_ProofRejected(required.circuitId);
        }
        return layout_.outputsOf(instances, demand.items);
    }

    /// @dev The statement is about this job, this payee, these weights and these inputs.
    function _requireStatement(
        Layout memory layout_,
        Demand memory demand,
        uint256 weights,
        uint256[] calldata instances
    ) private view {
        if (!layout_.hasContext(instances, Statement.contextOf(demand.jobId, demand.payee))) {
            revert ProofAcceptance_WrongContext(demand.jobId, demand.payee);
        }
        uint256 proven = layout_.weightsOf(instances);
        if (proven != weights) revert ProofAcceptance_WrongWeights(proven, weights);
        if (demand.items == 0 || demand.items > layout_.items) {
            revert ProofAcceptance_BadItemCount(demand.items, layout_.items);
        }
        bytes32 inputsHash = layout_.inputsHash(instances, demand.items);
        if (inputsHash != demand.inputsHash) revert ProofAcceptance_WrongInputs(inputsHash, demand.inputsHash);
    }

    function _requireVerifierCode(address verifier, bytes32 allowed) private view {
        bytes32 codeHash = verifier.codehash;
        if (codeHash != allowed) revert ProofAcceptance_WrongVerifierCode(codeHash, allowed);
    }

    /// @dev The model is known and its circuit not condemned.
    function _requireUsable(bytes32 modelId) internal view {
        (bytes32 circuitId, uint256 condemnedAt) = registry.condemnation(modelId);
        _requireNotCondemned(circuitId, condemnedAt);
    }

    function _requireNotCondemned(bytes32 circuitId, uint256 condemnedAt) private pure {
        if (condemnedAt != 0) revert ProofAcceptance_Condemned(circuitId, condemnedAt);
    }
}
