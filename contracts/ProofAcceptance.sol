// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IProofAcceptance} from "./interfaces/IProofAcceptance.sol";
import {Statement} from "./libraries/Statement.sol";
import {VerifierCall} from "./libraries/VerifierCall.sol";
import {Circuit, Layout, Requirements} from "./types/Circuit.sol";

/// @title The only place where it is decided that a proof counts.
abstract contract ProofAcceptance is IProofAcceptance {
    using Statement for Layout;

    /// @inheritdoc IProofAcceptance
    IModelRegistry public immutable registry;

    constructor(IModelRegistry registry_) {
        registry = registry_;
    }

    /// @dev What a proof is said to be of.
    struct Claim {
        bytes32 jobId;
        address payee;
        bytes32 modelId;
        uint256 items; // item slots that are read
    }

    /// @dev Reverts with the first rule that does not hold. It says nothing about *which* inputs: the caller compares
    /// the input commitments of the claimed items, by the layout returned, with those of its job.
    function _acceptProof(
        Claim memory claim,
        bytes calldata proof,
        uint256[] calldata instances
    ) internal view returns (Layout memory layout_) {
        Requirements memory required = registry.requirements(claim.modelId);
        layout_ = required.statement;

        _requireNotCondemned(required.circuitId, required.condemnedAt);
        _requireVerifierCode(required.verifier, required.key, required.codeHash);
        layout_.requireCanonical(instances);
        _requireStatement(layout_, claim, instances);
        _requireWeights(layout_.weightsOf(proof, instances), required.weightsCommitment);
        if (!VerifierCall.accepts(required.verifier, required.key, gasleft(), proof, instances)) {
            revert ProofAcceptance_ProofRejected(required.circuitId);
        }
    }

    /// @dev The statement is about this job, this payee, this model.
    function _requireStatement(Layout memory layout_, Claim memory claim, uint256[] calldata instances) private view {
        if (!layout_.hasContext(instances, Statement.contextOf(claim.jobId, claim.payee, claim.modelId))) {
            revert ProofAcceptance_WrongContext(claim.jobId, claim.payee, claim.modelId);
        }
        if (claim.items == 0 || claim.items > layout_.items) {
            revert ProofAcceptance_BadItemCount(claim.items, layout_.items);
        }
    }

    function _requireWeights(uint256 actual, uint256 allowed) private pure {
        if (actual != allowed) revert ProofAcceptance_WrongWeights(actual, allowed);
    }

    function _requireVerifierCode(address verifier, address key, bytes32 allowed) private view {
        bytes32 codeHash = VerifierCall.codeHashOf(verifier, key);
        if (codeHash != allowed) revert ProofAcceptance_WrongVerifierCode(codeHash, allowed);
    }

    /// @dev Money may enter: the model is known, its circuit not condemned, and the code that verifies still there.
    function _requireUsable(bytes32 modelId) internal view {
        IModelRegistry.Verification memory found = registry.verification(modelId);
        _requireNotCondemned(found.circuitId, found.condemnedAt);
        _requireVerifierCode(found.verifier, found.key, found.codeHash);
    }

    /// @dev Money may enter: the circuit is known, not condemned, the code that verifies still there, and it leaves a
    /// prover no choice.
    function _requireExactCircuit(bytes32 circuitId) internal view returns (Circuit memory circuit) {
        circuit = registry.circuits(circuitId);
        _requireNotCondemned(circuitId, registry.condemnedAt(circuitId));
        _requireVerifierCode(circuit.verifier, circuit.key, circuit.codeHash);
        if (!circuit.exact) revert ProofAcceptance_NotExact(circuitId);
    }

    function _requireNotCondemned(bytes32 circuitId, uint256 condemnedAt) private pure {
        if (condemnedAt != 0) revert ProofAcceptance_Condemned(circuitId, condemnedAt);
    }
}
