// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry} from "./IModelRegistry.sol";

/// @title What all contracts that pay for proofs share: when a proof is accepted.
interface IProofAcceptance {
    /// @notice The circuit was condemned: no new jobs and no proofs.
    error ProofAcceptance_Condemned(bytes32 circuitId, uint256 condemnedAt);
    /// @notice The verifier's code, or the key's, is not what was registered.
    error ProofAcceptance_WrongVerifierCode(bytes32 actual, bytes32 allowed);
    /// @notice The context limbs are not those of this chain, contract, job, payee and model.
    error ProofAcceptance_WrongContext(bytes32 jobId, address payee, bytes32 modelId);
    error ProofAcceptance_WrongWeights(uint256 actual, uint256 allowed);
    error ProofAcceptance_BadItemCount(uint256 actual, uint256 max);
    /// @notice The protocol needs an exact circuit: inputs and weights determine the outputs.
    error ProofAcceptance_NotExact(bytes32 circuitId);
    /// @notice The verifier did not answer `true`.
    error ProofAcceptance_ProofRejected(bytes32 circuitId);

    /// @notice The registry whose circuits and models count here.
    function registry() external view returns (IModelRegistry);
}
