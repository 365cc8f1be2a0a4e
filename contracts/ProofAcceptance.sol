// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IProofAcceptance} from "./interfaces/IProofAcceptance.sol";
import {Statement} from "./libraries/Statement.sol";
import {VerifierCall} from "./libraries/VerifierCall.sol";
import {Circuit, Layout} from "./types/Circuit.sol";

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
        bytes32 circuitId = _requireUsable(demand.modelId);
        (, uint256 weights) = registry.models(demand.modelId);
        Circuit memory circuit = registry.circuits(circuitId);
        Layout memory layout_ = circuit.statement;

        _requireVerifierCode(circuit);
        layout_.requireCanonical(instances);
        _requireStatement(layout_, demand, weights, instances);
        if (!VerifierCall.accepts(circuit.verifier, gasleft(), proof, instances)) {
            revert ProofAcceptance_ProofRejected(circuitId);
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

    function _requireVerifierCode(Circuit memory circuit) private view {
        bytes32 codeHash = circuit.verifier.codehash;
        if (codeHash != circuit.codeHash) revert ProofAcceptance_WrongVerifierCode(codeHash, circuit.codeHash);
    }

    /// @dev The model is known and its circuit not condemned.
    function _requireUsable(bytes32 modelId) internal view returns (bytes32 circuitId) {
        uint256 condemnedAt;
        (circuitId, condemnedAt) = registry.condemnation(modelId);
        if (condemnedAt != 0) revert ProofAcceptance_Condemned(circuitId, condemnedAt);
    }
}
