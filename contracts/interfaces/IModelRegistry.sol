// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Circuit, Requirements} from "../types/Circuit.sol";

/// @title Circuits with their verifiers, and models under circuits. It only grows.
interface IModelRegistry {
    /// @notice What a model's proofs are verified with.
    struct Verification {
        bytes32 circuitId;
        uint40 condemnedAt; // Unix seconds; 0 if the circuit was not condemned
        address verifier;
        address key; // 0: none
        bytes32 codeHash; // of both, as registered
    }

    event CircuitRegistered(bytes32 indexed circuitId, address indexed registrant, Circuit circuit);
    event ModelRegistered(bytes32 indexed modelId, bytes32 indexed circuitId, uint256 weightsCommitment);
    event CircuitCondemned(bytes32 indexed circuitId, address indexed condemner);

    error ModelRegistry_UnknownCircuit(bytes32 circuitId);
    error ModelRegistry_UnknownModel(bytes32 modelId);
    error ModelRegistry_VerifierWithoutCode(address verifier);
    error ModelRegistry_DelegatedVerifier(address verifier);
    /// @notice The key's code does not begin with STOP, or is no more than that: it could be run, or holds nothing.
    error ModelRegistry_BadKey(address key);
    error ModelRegistry_WrongCodeHash(bytes32 actual, bytes32 allowed);
    /// @notice The sections do not tile the instances; `section` is the first that is out of place.
    error ModelRegistry_BadLayout(string section, uint256 actual, uint256 allowed);
    error ModelRegistry_BadContextBits(uint256 actual, uint256 min, uint256 max);
    error ModelRegistry_BadDomain(int64 inputMin, int64 inputMax);
    /// @notice How items are sealed does not fit the circuit, or itself; `field` is what does not fit.
    error ModelRegistry_BadSealing(string field);
    /// @notice Hidden weights and label outputs need an exact circuit.
    error ModelRegistry_NotExact(string because);
    error ModelRegistry_BadTolerance(uint64 actual, bool exact);
    /// @notice The sample proof was refused, or needs more gas than allowed.
    error ModelRegistry_SampleRefused(uint256 gasAllowed);
    /// @notice The verifier accepted the sample with one word changed: the last instance, the first of a section, or a
    /// point of the proof. Words of the proof count on from the instances.
    error ModelRegistry_FalseSampleAccepted(uint256 word);
    error ModelRegistry_TooLittleGas(uint256 actual, uint256 needed);
    error ModelRegistry_BadWeightsCommitment(uint256 actual, bool hidden);
    error ModelRegistry_AlreadyCondemned(bytes32 circuitId);
    /// @notice The two proofs are not of the same inputs and weights: `word` differs, an instance, or the beginning of what
    /// the proof commits with. Words of the proof count on from the instances.
    error ModelRegistry_DifferentStatement(uint256 word);
    error ModelRegistry_NoContradiction();
    /// @notice The verifier refused one of the two proofs.
    error ModelRegistry_ProofRejected(bytes32 circuitId);

    /// @notice Registers a circuit after the self-test. Registering again returns the id.
    /// @param sampleProof A proof that the verifier accepts within `SELF_TEST_GAS`.
    /// @param sampleInstances Its instances, of any context.
    function registerCircuit(
        Circuit calldata circuit,
        bytes calldata sampleProof,
        uint256[] calldata sampleInstances
    ) external returns (bytes32 circuitId);

    /// @notice Registers weights under a circuit: 0 if they are in the verifying key, else what commits to them.
    function registerModel(bytes32 circuitId, uint256 weightsCommitment) external returns (bytes32 modelId);

    /// @notice Ends an exact circuit for good by two accepted proofs that contradict each other.
    function condemn(
        bytes32 circuitId,
        bytes calldata proofA,
        uint256[] calldata instancesA,
        bytes calldata proofB,
        uint256[] calldata instancesB
    ) external;

    /// @notice The circuit, as registered.
    function circuits(bytes32 circuitId) external view returns (Circuit memory);

    /// @notice The circuit and weights of a model; reverts if it is unknown.
    function models(bytes32 modelId) external view returns (bytes32 circuitId, uint256 weightsCommitment);

    /// @notice Gas within which a verifier must accept its sample: acceptance and all refusals, which may take a tenth more
    /// each, fit into one transaction.
    function SELF_TEST_GAS() external view returns (uint256);

    /// @notice When the circuit was condemned (Unix seconds); 0 if it was not.
    function condemnedAt(bytes32 circuitId) external view returns (uint40);

    /// @notice The circuit of a model, and when it was condemned; 0 if it was not.
    function condemnation(bytes32 modelId) external view returns (bytes32 circuitId, uint40 time);

    /// @notice The circuit of a model, and the code that it needs; reverts if the model is unknown.
    function verification(bytes32 modelId) external view returns (Verification memory);

    /// @notice All that a proof of a model is held against, in one call; reverts if the model is unknown.
    function requirements(bytes32 modelId) external view returns (Requirements memory);
}
