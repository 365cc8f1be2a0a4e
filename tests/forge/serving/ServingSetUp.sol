// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModelRegistry} from "../../../contracts/ModelRegistry.sol";
import {ServingRound} from "../../../contracts/ServingRound.sol";
import {IServingRound} from "../../../contracts/interfaces/IServingRound.sol";
import {PositionalTree} from "../../../contracts/libraries/PositionalTree.sol";
import {MockVerifier} from "../../../contracts/mocks/MockVerifier.sol";
import {Circuit, Layout, OutputKind} from "../../../contracts/types/Circuit.sol";
import {ChainLimits} from "../common/ChainLimits.sol";

/// @notice A registry with one model, its rounds, and mock proofs: two items of one input and one output word.
/// @dev Item i has the input 100 + i and the output i - 2, which is posted in one byte.
contract ServingSetUp {
    uint256 internal constant SLOTS = 2;
    uint256 internal constant LIMBS = 10;
    uint256 internal constant BITS = 15;
    uint256 internal constant OUTPUTS = SLOTS + 1;
    uint256 internal constant CONTEXT = OUTPUTS + SLOTS;
    uint256 internal constant MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    ModelRegistry public registry;
    ServingRound public rounds;
    bytes32 public circuitId;
    bytes32 public modelId;

    function _deploy() internal {
        registry = new ModelRegistry(ChainLimits.here());
        rounds = new ServingRound(ChainLimits.here(), registry);
        _registerCircuit();
    }

    /* THE CIRCUIT */

    /// @dev A circuit of its own verifier, and its model, for the rounds to come.
    function _registerCircuit() internal {
        uint256[] memory sample = _blank();
        circuitId = registry.registerCircuit(_circuit(address(new MockVerifier())), _proof(sample), sample);
        modelId = registry.registerModel(circuitId, 0);
    }

    function _condemn() internal {
        (uint256[] memory one, uint256[] memory other) = (_blank(), _blank());
        other[OUTPUTS] = 1;
        registry.condemn(circuitId, _proof(one), one, _proof(other), other);
    }

    function _circuit(address verifier) private view returns (Circuit memory circuit) {
        circuit.verifier = verifier;
        circuit.codeHash = verifier.codehash;
        circuit.exact = true;
        circuit.statement = Layout({
            instances: uint16(CONTEXT + LIMBS),
            items: uint16(SLOTS),
            context: uint16(CONTEXT),
            contextLimbs: uint8(LIMBS),
            contextBits: uint8(BITS),
            contextEcho: uint16(SLOTS),
            contextEchoWords: 1,
            inputs: 0,
            inputWords: 1,
            weights: 0,
            weightWords: 0,
            outputs: uint16(OUTPUTS),
            outputWords: 1,
            outputKind: OutputKind.Scores,
            classes: 1
        });
    }

    function _blank() private pure returns (uint256[] memory) {
        return new uint256[](CONTEXT + LIMBS);
    }

    function _proof(uint256[] memory instances) internal pure returns (bytes memory) {
        return abi.encodePacked(keccak256(abi.encodePacked(instances)));
    }

    /// @dev A statement of the items from `index` on, bound to `context`.
    function _statement(uint256 context, uint256 index, uint256 size) internal pure returns (uint256[] memory all) {
        all = _blank();
        for (uint256 slot = 0; slot < size && slot < SLOTS; ++slot) {
            all[slot] = 100 + index + slot;
            all[OUTPUTS + slot] = addmod(index + slot, MODULUS - 2, MODULUS);
        }
        for (uint256 j = 0; j < LIMBS; ++j) {
            all[CONTEXT + j] = (context >> (j * BITS)) % (1 << BITS);
        }
    }

    function _context(bytes32 jobId, address payee) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, address(rounds), jobId, payee)));
    }

    /* THE ITEMS */

    /// @dev Each output is a byte; the lowest bit of those in `wrong` is turned.
    function _outputs(uint256 n, uint256 wrong) internal pure returns (bytes memory outputs) {
        outputs = new bytes(n);
        for (uint256 i = 0; i < n; ++i) {
            uint8 output = uint8(int8(int256(i) - 2)) ^ uint8((wrong >> i) & 1);
            outputs[i] = bytes1(output);
        }
    }

    function _inputLeaves(uint256 n) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](_width(n));
        for (uint256 i = 0; i < n; ++i) {
            leaves[i] = keccak256(abi.encodePacked(bytes1(0), i, keccak256(abi.encode(100 + i))));
        }
    }

    function _outputLeaves(uint256 n, uint256 wrong) internal pure returns (bytes32[] memory leaves) {
        bytes memory outputs = _outputs(n, wrong);
        leaves = new bytes32[](_width(n));
        for (uint256 i = 0; i < n; ++i) {
            leaves[i] = keccak256(abi.encodePacked(bytes1(0), i, outputs[i]));
        }
    }

    function _width(uint256 n) private pure returns (uint256 width) {
        width = 1;
        while (width < n) width *= 2;
    }

    /* TREES */

    function _rootOf(bytes32[] memory nodes) internal pure returns (bytes32) {
        for (uint256 width = nodes.length; width > 1; width /= 2) {
            _fold(nodes, width);
        }
        return nodes[0];
    }

    /// @dev Siblings from the subtree of 2^height leaves at `index` up.
    function _path(
        bytes32[] memory nodes,
        uint256 index,
        uint256 height
    ) internal pure returns (bytes32[] memory path) {
        uint256 depth = PositionalTree.depthOf(nodes.length);
        path = new bytes32[](depth > height ? depth - height : 0);
        uint256 width = nodes.length;
        for (uint256 level = 0; level < depth; ++level) {
            if (level >= height) path[level - height] = nodes[(index >> level) ^ 1];
            _fold(nodes, width);
            width /= 2;
        }
    }

    function _fold(bytes32[] memory nodes, uint256 width) private pure {
        for (uint256 i = 0; i < width / 2; ++i) {
            nodes[i] = keccak256(abi.encodePacked(bytes1(0x01), nodes[2 * i], nodes[2 * i + 1]));
        }
    }
}
