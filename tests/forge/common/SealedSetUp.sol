// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModelRegistry} from "../../../contracts/ModelRegistry.sol";
import {Poseidon} from "../../../contracts/Poseidon.sol";
import {PositionalTree} from "../../../contracts/libraries/PositionalTree.sol";
import {MockVerifier} from "../../../contracts/mocks/MockVerifier.sol";
import {Circuit, Layout, OutputKind} from "../../../contracts/types/Circuit.sol";
import {ChainLimits} from "./ChainLimits.sol";

/// @notice A registry with one model, sealed items, their trees, and mock proofs: two items of one digest and two scores.
/// @dev An item is two values and a salt; its scores are the first value and 0.
contract SealedSetUp {
    uint256 internal constant SLOTS = 2;
    uint256 internal constant LIMBS = 10;
    uint256 internal constant BITS = 15;
    uint256 internal constant OUTPUTS = SLOTS + 1;
    uint256 internal constant CONTEXT = OUTPUTS + 2 * SLOTS;
    int256 internal constant LEAST = -8;
    int256 internal constant GREATEST = 7;
    uint256 internal constant MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// @dev What is wrong with an item.
    enum Flaw {
        None,
        OtherContent, // than what was hashed
        OutOfDomain,
        SaltOutOfRange,
        TooShort
    }

    ModelRegistry public registry;
    Poseidon public poseidon;
    bytes32 public circuitId;
    bytes32 public modelId;

    function _deployRegistry() internal {
        registry = new ModelRegistry(ChainLimits.here());
        poseidon = new Poseidon();
        _registerCircuit();
    }

    /* THE CIRCUIT */

    /// @dev A circuit of its own verifier, and its model, for the jobs to come.
    function _registerCircuit() internal {
        uint256[] memory sample = new uint256[](CONTEXT + LIMBS);
        circuitId = registry.registerCircuit(_circuit(address(new MockVerifier())), _proof(sample), sample);
        modelId = registry.registerModel(circuitId, 0);
    }

    function _circuit(address verifier) private view returns (Circuit memory circuit) {
        circuit.verifier = verifier;
        circuit.codeHash = verifier.codehash;
        (circuit.inputMin, circuit.inputMax) = (int64(LEAST), int64(GREATEST));
        (circuit.digestElements, circuit.saltElements, circuit.saltBits) = (3, 1, 16);
        circuit.exact = true;
        Layout memory layout_ = circuit.statement;
        (layout_.items, layout_.inputWords, layout_.outputWords, layout_.classes) = (uint16(SLOTS), 1, 2, 2);
        (layout_.contextEcho, layout_.contextEchoWords) = (uint16(SLOTS), 1);
        (layout_.outputs, layout_.context) = (uint16(OUTPUTS), uint16(CONTEXT));
        (layout_.contextLimbs, layout_.contextBits) = (uint8(LIMBS), uint8(BITS));
        (layout_.outputKind, layout_.instances) = (OutputKind.Scores, uint16(CONTEXT + LIMBS));
    }

    function _proof(uint256[] memory instances) internal pure returns (bytes memory) {
        return abi.encodePacked(keccak256(abi.encodePacked(instances)));
    }

    function _condemn() internal {
        uint256[] memory a = new uint256[](CONTEXT + LIMBS);
        uint256[] memory b = new uint256[](CONTEXT + LIMBS);
        b[OUTPUTS] = 1;
        registry.condemn(circuitId, _proof(a), a, _proof(b), b);
    }

    /* ITEMS */

    function _itemOf(uint256 random, Flaw flaw) internal pure returns (int256[3] memory item) {
        item[0] = LEAST + int256(random % 16);
        item[1] = flaw == Flaw.OutOfDomain ? GREATEST + 1 : LEAST;
        item[2] = flaw == Flaw.SaltOutOfRange ? int256(1 << 16) : int256((random >> 8) % (1 << 16));
    }

    function _digestOf(int256[3] memory item) internal view returns (uint256) {
        uint256[] memory elements = new uint256[](3);
        for (uint256 i = 0; i < 3; ++i) {
            elements[i] = _inField(item[i]);
        }
        return poseidon.digest(elements);
    }

    function _inField(int256 value) internal pure returns (uint256) {
        return uint256(value < 0 ? value + int256(MODULUS) : value);
    }

    function _sealed(
        int256[3] memory item,
        Flaw flaw,
        bytes32 key,
        uint256 index
    ) internal pure returns (bytes memory ciphertext) {
        int32 first = int32(item[0]);
        if (flaw == Flaw.OtherContent) first = first == 0 ? int32(1) : int32(0);
        ciphertext = abi.encodePacked(first, int32(item[1]), int32(item[2]));
        bytes32 stream = keccak256(abi.encode(key, index, uint256(0)));
        for (uint256 i = 0; i < ciphertext.length; ++i) {
            ciphertext[i] ^= stream[i];
        }
        if (flaw == Flaw.TooShort) {
            assembly ("memory-safe") {
                mstore(ciphertext, 11)
            }
        }
    }

    /* TREES */

    function _root(bytes32[] memory leaves) internal pure returns (bytes32) {
        for (uint256 size = leaves.length; size > 1; size >>= 1) {
            for (uint256 i = 0; i < size >> 1; ++i) {
                leaves[i] = PositionalTree.node(leaves[2 * i], leaves[2 * i + 1]);
            }
        }
        return leaves[0];
    }

    /// @dev The siblings above 2^`folded` leaves from `start`; `level` holds all leaves, and is overwritten.
    function _pathOf(
        bytes32[] memory level,
        uint256 start,
        uint256 folded
    ) internal pure returns (bytes32[] memory path) {
        uint256 depth = PositionalTree.depthOf(level.length);
        path = new bytes32[](depth > folded ? depth - folded : 0);
        for (uint256 height = 0; height < depth; ++height) {
            if (height >= folded) path[height - folded] = level[(start >> height) ^ 1];
            for (uint256 i = 0; i < level.length >> (height + 1); ++i) {
                level[i] = PositionalTree.node(level[2 * i], level[2 * i + 1]);
            }
        }
    }

    /* PROOFS */

    function _contextOf(address bounty, bytes32 jobId, address payee) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, bounty, jobId, payee)));
    }

    function _fillContext(uint256[] memory instances, uint256 context) internal pure {
        for (uint256 limb = 0; limb < LIMBS; ++limb) {
            instances[CONTEXT + limb] = (context >> (limb * BITS)) & ((1 << BITS) - 1);
        }
    }

    function _fillItem(uint256[] memory instances, uint256 slot, uint256 digest, int256 score) internal pure {
        instances[slot] = digest;
        instances[OUTPUTS + 2 * slot] = _inField(score);
    }
}
