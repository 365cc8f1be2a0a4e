// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Deployment} from "./Deployment.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {Statement} from "./libraries/Statement.sol";
import {Tiling} from "./libraries/Tiling.sol";
import {VerifierCall} from "./libraries/VerifierCall.sol";
import {Circuit, Layout, OutputKind, Requirements, Sealing} from "./types/Circuit.sol";
import {Limits} from "./types/Limits.sol";

/// @title Circuits with their verifiers, and models under circuits. It only grows.
contract ModelRegistry is IModelRegistry, Deployment {
    using Statement for Layout;

    /// @dev What a registration takes besides the verifier's runs: a sample of 128 KiB in calldata, the circuit's slots.
    uint256 private constant REGISTRATION_GAS = 3_000_000;
    /// @dev An acceptance, and at most six refusals that may take a tenth more each: 7.6 times `SELF_TEST_GAS`.
    uint256 private constant RUNS_TIMES_TEN = 76;
    uint256 private constant CALL_GAS = 10_000;
    uint256 private constant MIN_CONTEXT_BITS = 120;
    uint256 private constant MAX_CONTEXT_BITS = 253;
    /// @dev Of the order of the scalar field: numbers of fewer bits are all below it.
    uint256 private constant FIELD_BITS = 254;
    /// @dev Length of an encoded `Sealing`.
    uint256 private constant SEALING_BYTES = 7 * 32;

    struct Model {
        bytes32 circuitId;
        uint256 weightsCommitment;
    }

    /// @dev An encoded call with a circuit's sample.
    struct Sample {
        address verifier;
        address key;
        bytes call_;
    }

    /// @dev Modulus p of the coordinates of BN254's points.
    uint256 private constant COORDINATE_MODULUS =
        21888242871839275222246405745257275088696311157297823662689037894645226208583;

    /// @inheritdoc IModelRegistry
    uint256 public immutable SELF_TEST_GAS;
    /// @inheritdoc IModelRegistry
    mapping(bytes32 circuitId => uint40 time) public condemnedAt;
    mapping(bytes32 circuitId => Circuit) private _circuits;
    mapping(bytes32 modelId => Model) private _models;

    constructor(Limits memory limits) Deployment(limits) {
        SELF_TEST_GAS = ((limits.transactionGas - REGISTRATION_GAS) * 10) / RUNS_TIMES_TEN;
    }

    // ---------------------------------------------------------------- register

    /// @inheritdoc IModelRegistry
    function registerCircuit(
        Circuit calldata circuit,
        bytes calldata sampleProof,
        uint256[] calldata sampleInstances
    ) external returns (bytes32 circuitId) {
        circuitId = keccak256(abi.encode(circuit));
        if (_isKnown(circuitId)) return circuitId;

        _requireCode(circuit);
        Tiling.requireTiled(circuit.statement);
        _requireSoundTerms(circuit);
        _selfTest(circuit, sampleProof, sampleInstances);

        _circuits[circuitId] = circuit;

        emit CircuitRegistered(circuitId, msg.sender, circuit);
    }

    /// @inheritdoc IModelRegistry
    function registerModel(bytes32 circuitId, uint256 weightsCommitment) external returns (bytes32 modelId) {
        _requireKnown(circuitId);
        Layout storage layout_ = _circuits[circuitId].statement;
        (bool digest, bool points) = (layout_.weightWords != 0, layout_.weightPoints != 0);
        bool hidden = digest || points;
        if (hidden != (weightsCommitment != 0) || (digest && weightsCommitment >= Statement.FIELD_MODULUS)) {
            revert ModelRegistry_BadWeightsCommitment(weightsCommitment, hidden);
        }
        modelId = keccak256(abi.encode(circuitId, weightsCommitment));
        if (_models[modelId].circuitId != 0) return modelId;

        _models[modelId] = Model(circuitId, weightsCommitment);

        emit ModelRegistered(modelId, circuitId, weightsCommitment);
    }

    // ---------------------------------------------------------------- condemn

    /// @inheritdoc IModelRegistry
    function condemn(
        bytes32 circuitId,
        bytes calldata proofA,
        uint256[] calldata instancesA,
        bytes calldata proofB,
        uint256[] calldata instancesB
    ) external {
        _requireKnown(circuitId);
        if (condemnedAt[circuitId] != 0) revert ModelRegistry_AlreadyCondemned(circuitId);
        Circuit memory circuit = _circuits[circuitId];
        if (!circuit.exact) revert ModelRegistry_NotExact("condemn");

        circuit.statement.requireCanonical(instancesA);
        circuit.statement.requireCanonical(instancesB);
        _requireSameHead(circuit.statement, proofA, instancesA, proofB, instancesB);
        _requireContradiction(circuit.statement, instancesA, instancesB);
        _requireAccepted(circuit, circuitId, proofA, instancesA);
        _requireAccepted(circuit, circuitId, proofB, instancesB);

        condemnedAt[circuitId] = uint40(block.timestamp);

        emit CircuitCondemned(circuitId, msg.sender);
    }

    /// @dev What the proofs themselves commit to is the same: hidden weights, and inputs, where these are no instances.
    function _requireSameHead(
        Layout memory layout_,
        bytes calldata proofA,
        uint256[] calldata instancesA,
        bytes calldata proofB,
        uint256[] calldata instancesB
    ) private pure {
        if (layout_.weightsOf(proofA, instancesA) != layout_.weightsOf(proofB, instancesB)) {
            revert ModelRegistry_DifferentStatement(layout_.weightPoints == 0 ? layout_.weights : layout_.instances);
        }
        if (layout_.inputWords != 0) return;
        if (layout_.inputCommitment(proofA, instancesA, 0) != layout_.inputCommitment(proofB, instancesB, 0)) {
            revert ModelRegistry_DifferentStatement(layout_.instances + layout_.inputPoint() / 32);
        }
    }

    /// @dev The same inputs, another output.
    function _requireContradiction(Layout memory layout_, uint256[] calldata a, uint256[] calldata b) private pure {
        uint256 differing = _firstDifference(a, b, layout_.inputs, uint256(layout_.items) * layout_.inputWords);
        if (differing != type(uint256).max) revert ModelRegistry_DifferentStatement(differing);
        differing = _firstDifference(a, b, layout_.outputs, uint256(layout_.items) * layout_.outputWords);
        if (differing == type(uint256).max) revert ModelRegistry_NoContradiction();
    }

    function _firstDifference(
        uint256[] calldata a,
        uint256[] calldata b,
        uint256 start,
        uint256 length
    ) private pure returns (uint256) {
        for (uint256 i = start; i < start + length; ++i) {
            if (a[i] != b[i]) return i;
        }
        return type(uint256).max;
    }

    function _requireAccepted(
        Circuit memory circuit,
        bytes32 circuitId,
        bytes calldata proof,
        uint256[] calldata instances
    ) private view {
        _requireCodeHash(circuit.verifier, circuit.key, circuit.codeHash);
        if (!VerifierCall.accepts(circuit.verifier, circuit.key, gasleft(), proof, instances)) {
            revert ModelRegistry_ProofRejected(circuitId);
        }
    }

    // ---------------------------------------------------------------- checks of a circuit

    function _requireCode(Circuit calldata circuit) private view {
        (address verifier, address key) = (circuit.verifier, circuit.key);
        if (verifier.code.length == 0) revert ModelRegistry_VerifierWithoutCode(verifier);
        if (_firstByte(verifier) == 0xef) revert ModelRegistry_DelegatedVerifier(verifier);
        if (key != address(0) && (key.code.length < 2 || _firstByte(key) != 0)) revert ModelRegistry_BadKey(key);
        _requireCodeHash(verifier, key, circuit.codeHash);
    }

    function _requireCodeHash(address verifier, address key, bytes32 allowed) private view {
        bytes32 actual = VerifierCall.codeHashOf(verifier, key);
        if (actual != allowed) revert ModelRegistry_WrongCodeHash(actual, allowed);
    }

    function _firstByte(address account) private view returns (uint256 value) {
        assembly ("memory-safe") {
            mstore(0x00, 0)
            extcodecopy(account, 0x1f, 0, 1)
            value := mload(0x00)
        }
    }

    function _requireSoundTerms(Circuit calldata circuit) private pure {
        Layout calldata layout_ = circuit.statement;
        uint256 bits = uint256(layout_.contextLimbs) * layout_.contextBits;
        if (bits < MIN_CONTEXT_BITS || bits > MAX_CONTEXT_BITS) {
            revert ModelRegistry_BadContextBits(bits, MIN_CONTEXT_BITS, MAX_CONTEXT_BITS);
        }
        if (circuit.inputMin > circuit.inputMax) revert ModelRegistry_BadDomain(circuit.inputMin, circuit.inputMax);
        _requireSealing(circuit);
        if (circuit.exact != (circuit.tolerance == 0)) {
            revert ModelRegistry_BadTolerance(circuit.tolerance, circuit.exact);
        }
        if (!circuit.exact && (layout_.weightWords != 0 || layout_.weightPoints != 0)) {
            revert ModelRegistry_NotExact("hidden weights");
        }
        if (!circuit.exact && layout_.outputKind == OutputKind.Label) revert ModelRegistry_NotExact("label output");
    }

    /// @dev All of it is 0, or every item fits the digests, and every element its bytes.
    function _requireSealing(Circuit calldata circuit) private pure {
        Sealing calldata sealing = circuit.sealing;
        if (sealing.elements == 0) {
            if (keccak256(abi.encode(sealing)) == keccak256(new bytes(SEALING_BYTES))) return;
            revert ModelRegistry_BadSealing("elements");
        }
        _requireChunks(sealing, circuit.statement.inputWords);
        if (sealing.digitBits == 0) _requireValues(circuit);
        else _requireDigits(circuit);
    }

    /// @dev Each digest hashes salt, and more than that; the last one of them too.
    function _requireChunks(Sealing calldata sealing, uint256 chunks) private pure {
        (uint256 full, uint256 salt, uint256 elements) = (
            sealing.digestElements,
            sealing.saltElements,
            sealing.elements
        );
        if (salt == 0 || salt >= full) revert ModelRegistry_BadSealing("saltElements");
        if (chunks == 0 || elements > chunks * full || elements <= (chunks - 1) * full + salt) {
            revert ModelRegistry_BadSealing("elements");
        }
    }

    /// @dev An element has 4 signed bytes.
    function _requireValues(Circuit calldata circuit) private pure {
        Sealing calldata sealing = circuit.sealing;
        if (sealing.saltBits == 0 || sealing.saltBits > 31) revert ModelRegistry_BadSealing("saltBits");
        if (circuit.inputMin < type(int32).min || circuit.inputMax > type(int32).max) {
            revert ModelRegistry_BadSealing("domain");
        }
        if (sealing.digits != 0 || sealing.paddingRoot != 0) revert ModelRegistry_BadSealing("digits");
    }

    /// @dev Two lists of digits never give the same element, and value 0, which pads, is a digit.
    function _requireDigits(Circuit calldata circuit) private pure {
        Sealing calldata sealing = circuit.sealing;
        (int256 min, int256 max, uint256 bits) = (circuit.inputMin, circuit.inputMax, sealing.digitBits);
        if (sealing.saltBits == 0 || sealing.saltBits > FIELD_BITS) revert ModelRegistry_BadSealing("saltBits");
        if (sealing.digits == 0 || bits * sealing.digits >= FIELD_BITS) revert ModelRegistry_BadSealing("digits");
        if (min > 0 || uint256(-min) >> bits != 0 || uint256(max - min) >> bits != 0) {
            revert ModelRegistry_BadSealing("domain");
        }
        if (sealing.paddingRoot == 0) revert ModelRegistry_BadSealing("paddingRoot");
    }

    // ---------------------------------------------------------------- self-test

    /// @dev It finds mistakes, not malice: the sample is accepted, and refused once one word of it is changed, the last
    /// instance or the first of any section, or a point that the proof commits by, each alone.
    function _selfTest(Circuit calldata circuit, bytes calldata proof, uint256[] calldata instances) private view {
        Layout memory layout_ = circuit.statement;
        layout_.requireCanonical(instances);
        Sample memory sample = Sample(
            circuit.verifier,
            circuit.key,
            VerifierCall.encode(circuit.key, proof, instances)
        );
        if (!_accepts(sample, SELF_TEST_GAS)) revert ModelRegistry_SampleRefused(SELF_TEST_GAS);
        _requireRefused(sample, instances, instances.length - 1);
        _requireRefused(sample, instances, layout_.context);
        _requireRefused(sample, instances, layout_.outputs);
        if (layout_.contextEchoWords != 0) _requireRefused(sample, instances, layout_.contextEcho);
        if (layout_.weightWords != 0) _requireRefused(sample, instances, layout_.weights);
        if (layout_.weightPoints != 0) _requirePointRefused(sample, proof, instances, Statement.WEIGHT_POINT);
        if (layout_.inputWords != 0) _requireRefused(sample, instances, layout_.inputs);
        else _requirePointRefused(sample, proof, instances, layout_.inputPoint());
    }

    /// @dev The verifier refuses the sample with one instance raised by 1. The sample is left as it was.
    function _requireRefused(Sample memory sample, uint256[] calldata instances, uint256 word) private view {
        uint256 fromEnd = instances.length - word;
        VerifierCall.setInstance(sample.call_, fromEnd, addmod(instances[word], 1, Statement.FIELD_MODULUS));
        _requireChangeSeen(sample, word);
        VerifierCall.setInstance(sample.call_, fromEnd, instances[word]);
    }

    /// @dev The same with a point of the proof negated, which is a point too.
    function _requirePointRefused(
        Sample memory sample,
        bytes calldata proof,
        uint256[] calldata instances,
        uint256 point
    ) private view {
        uint256 place = point + 32; // of y
        uint256 y = Statement.wordAt(proof, place);
        VerifierCall.setProofWord(sample.call_, sample.key, place, COORDINATE_MODULUS - (y % COORDINATE_MODULUS));
        _requireChangeSeen(sample, instances.length + place / 32);
        VerifierCall.setProofWord(sample.call_, sample.key, place, y);
    }

    function _requireChangeSeen(Sample memory sample, uint256 word) private view {
        if (_accepts(sample, SELF_TEST_GAS + SELF_TEST_GAS / 10)) revert ModelRegistry_FalseSampleAccepted(word);
    }

    /// @dev A refusal for want of gas must not be taken for an answer: a call gets at most 63/64 of what is left.
    function _accepts(Sample memory sample, uint256 gasLimit) private view returns (bool) {
        uint256 needed = gasLimit + gasLimit / 63 + CALL_GAS;
        if (gasleft() < needed) revert ModelRegistry_TooLittleGas(gasleft(), needed);
        return VerifierCall.answersTrue(sample.verifier, gasLimit, sample.call_);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IModelRegistry
    function circuits(bytes32 circuitId) external view returns (Circuit memory) {
        _requireKnown(circuitId);
        return _circuits[circuitId];
    }

    /// @inheritdoc IModelRegistry
    function models(bytes32 modelId) external view returns (bytes32 circuitId, uint256 weightsCommitment) {
        Model memory model = _models[modelId];
        if (model.circuitId == 0) revert ModelRegistry_UnknownModel(modelId);
        return (model.circuitId, model.weightsCommitment);
    }

    /// @inheritdoc IModelRegistry
    function condemnation(bytes32 modelId) external view returns (bytes32 circuitId, uint40 time) {
        circuitId = _models[modelId].circuitId;
        if (circuitId == 0) revert ModelRegistry_UnknownModel(modelId);
        time = condemnedAt[circuitId];
    }

    /// @inheritdoc IModelRegistry
    function verification(bytes32 modelId) external view returns (Verification memory) {
        bytes32 circuitId = _models[modelId].circuitId;
        if (circuitId == 0) revert ModelRegistry_UnknownModel(modelId);
        Circuit storage circuit = _circuits[circuitId];
        return
            Verification({
                circuitId: circuitId,
                condemnedAt: condemnedAt[circuitId],
                verifier: circuit.verifier,
                key: circuit.key,
                codeHash: circuit.codeHash
            });
    }

    /// @inheritdoc IModelRegistry
    function requirements(bytes32 modelId) external view returns (Requirements memory) {
        Model memory model = _models[modelId];
        if (model.circuitId == 0) revert ModelRegistry_UnknownModel(modelId);
        Circuit storage circuit = _circuits[model.circuitId];
        return
            Requirements({
                circuitId: model.circuitId,
                condemnedAt: condemnedAt[model.circuitId],
                weightsCommitment: model.weightsCommitment,
                verifier: circuit.verifier,
                key: circuit.key,
                codeHash: circuit.codeHash,
                statement: circuit.statement
            });
    }

    function _isKnown(bytes32 circuitId) private view returns (bool) {
        return _circuits[circuitId].verifier != address(0);
    }

    function _requireKnown(bytes32 circuitId) private view {
        if (!_isKnown(circuitId)) revert ModelRegistry_UnknownCircuit(circuitId);
    }
}
