// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModelRegistry} from "../../../contracts/ModelRegistry.sol";
import {PredictionMarket} from "../../../contracts/PredictionMarket.sol";
import {MockVerifier} from "../../../contracts/mocks/MockVerifier.sol";
import {Circuit, Layout, OutputKind} from "../../../contracts/types/Circuit.sol";
import {ChainLimits} from "../common/ChainLimits.sol";

/// @notice A registry with one model, its market, and mock proofs: two items of one input and one output word.
contract PredictionSetUp {
    uint256 internal constant ITEMS = 2;
    uint256 internal constant LIMBS = 10;
    uint256 internal constant BITS = 15;
    uint256 internal constant INSTANCES = 2 * ITEMS + 1 + LIMBS;

    ModelRegistry public registry;
    PredictionMarket public market;
    bytes32 public circuitId;
    bytes32 public modelId;

    function _deploy() internal {
        registry = new ModelRegistry(ChainLimits.here());
        market = new PredictionMarket(ChainLimits.here(), registry);
        _registerCircuit();
    }

    /// @dev A circuit of its own verifier, and its model, for the jobs to come.
    function _registerCircuit() internal {
        uint256[] memory sample = _statement(0, 0);
        circuitId = registry.registerCircuit(_circuit(address(new MockVerifier())), _proof(sample), sample);
        modelId = registry.registerModel(circuitId, 0);
    }

    function _circuit(address verifier) private view returns (Circuit memory circuit) {
        circuit.verifier = verifier;
        circuit.codeHash = verifier.codehash;
        circuit.exact = true;
        circuit.statement = Layout({
            instances: uint16(INSTANCES),
            items: uint16(ITEMS),
            context: uint16(2 * ITEMS + 1),
            contextLimbs: uint8(LIMBS),
            contextBits: uint8(BITS),
            contextEcho: uint16(ITEMS),
            contextEchoWords: 1,
            inputs: 0,
            inputWords: 1,
            weights: 0,
            weightWords: 0,
            outputs: uint16(ITEMS + 1),
            outputWords: 1,
            outputKind: OutputKind.Scores,
            classes: 1
        });
    }

    /// @dev Inputs 1, 2, ..; outputs from `output` on; the limbs of `context`.
    function _statement(uint256 context, uint256 output) internal pure returns (uint256[] memory instances) {
        instances = new uint256[](INSTANCES);
        for (uint256 i = 0; i < ITEMS; ++i) {
            instances[i] = i + 1;
            instances[ITEMS + 1 + i] = output + i;
        }
        for (uint256 limb = 0; limb < LIMBS; ++limb) {
            instances[2 * ITEMS + 1 + limb] = (context >> (limb * BITS)) & ((1 << BITS) - 1);
        }
    }

    function _context(bytes32 jobId, address payee) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, address(market), jobId, payee)));
    }

    function _inputsHash(uint256 items) internal pure returns (bytes32) {
        bytes memory commitments;
        for (uint256 i = 0; i < items; ++i) {
            commitments = bytes.concat(commitments, keccak256(abi.encodePacked(i + 1)));
        }
        return keccak256(commitments);
    }

    function _proof(uint256[] memory instances) internal pure returns (bytes memory) {
        return abi.encodePacked(keccak256(abi.encodePacked(instances)));
    }
}
