// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModelRegistry} from "../../../contracts/ModelRegistry.sol";
import {MockVerifier} from "../../../contracts/mocks/MockVerifier.sol";
import {Circuit, Layout, OutputKind} from "../../../contracts/types/Circuit.sol";
import {ChainLimits} from "./ChainLimits.sol";

/// @notice A registry with one model, and mock proofs of two items, of one input word each.
/// @dev A statement is the inputs, the echo of the context, the outputs and the limbs of the context.
abstract contract ModelSetUp {
    uint256 internal constant SLOTS = 2;
    uint256 internal constant LIMBS = 10;
    uint256 internal constant BITS = 15;
    uint256 internal constant OUTPUTS = SLOTS + 1;
    uint256 internal constant MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    ModelRegistry public registry;
    bytes32 public circuitId;
    bytes32 public modelId;

    /// @dev The registry, its model, and what a protocol needs besides.
    function _deploy() internal virtual;

    /// @dev Scores of an item.
    function _scores() internal pure virtual returns (uint256);

    /// @dev What registers: `_circuitOf`, and what a protocol needs besides.
    function _newCircuit() internal virtual returns (Circuit memory);

    function _deployRegistry() internal {
        registry = new ModelRegistry(ChainLimits.here());
        _registerCircuit();
    }

    /* THE CIRCUIT */

    /// @dev A circuit of its own verifier, and its model, for the jobs to come.
    function _registerCircuit() internal {
        uint256[] memory sample = _blank();
        circuitId = registry.registerCircuit(_newCircuit(), _proof(sample), sample);
        modelId = registry.registerModel(circuitId, 0);
    }

    /// @dev By two proofs that differ in their outputs alone.
    function _condemn() internal {
        (uint256[] memory one, uint256[] memory other) = (_blank(), _blank());
        other[OUTPUTS] = 1;
        registry.condemn(circuitId, _proof(one), one, _proof(other), other);
    }

    function _circuitOf() internal returns (Circuit memory circuit) {
        circuit.verifier = address(new MockVerifier());
        circuit.codeHash = circuit.verifier.codehash;
        circuit.exact = true;
        Layout memory layout_ = circuit.statement;
        (layout_.items, layout_.inputWords) = (uint16(SLOTS), 1);
        (layout_.outputWords, layout_.classes) = (uint16(_scores()), uint16(_scores()));
        (layout_.contextEcho, layout_.contextEchoWords) = (uint16(SLOTS), 1);
        (layout_.outputs, layout_.context) = (uint16(OUTPUTS), uint16(_contextAt()));
        (layout_.contextLimbs, layout_.contextBits) = (uint8(LIMBS), uint8(BITS));
        (layout_.outputKind, layout_.instances) = (OutputKind.Scores, uint16(_contextAt() + LIMBS));
    }

    /* STATEMENTS AND PROOFS */

    function _contextAt() private pure returns (uint256) {
        return OUTPUTS + SLOTS * _scores();
    }

    function _blank() internal pure returns (uint256[] memory) {
        return new uint256[](_contextAt() + LIMBS);
    }

    function _proof(uint256[] memory instances) internal pure returns (bytes memory) {
        return abi.encodePacked(keccak256(abi.encodePacked(instances)));
    }

    function _contextOf(address bound, bytes32 jobId, address payee, bytes32 model) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, bound, jobId, payee, model)));
    }

    function _fillContext(uint256[] memory instances, uint256 context) internal pure {
        for (uint256 limb = 0; limb < LIMBS; ++limb) {
            instances[_contextAt() + limb] = (context >> (limb * BITS)) & ((1 << BITS) - 1);
        }
    }
}
