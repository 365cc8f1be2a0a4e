// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PositionalTree} from "../../../contracts/libraries/PositionalTree.sol";
import {Circuit, Layout, Sealing} from "../../../contracts/types/Circuit.sol";
import {CheapVerifier, DigitsLayouts} from "./GasFixtures.sol";
import {GasMeter} from "./GasMeter.sol";
import {Proofs} from "./Proofs.sol";

/// @notice Sealed items in proofs of eight, for the protocols that have them.
abstract contract SealedGasMeter is GasMeter {
    uint256 internal constant REAL = 16; // items that are proven here; others are only in the tree
    uint32 internal constant FEW = 72; // elements of a digit with its salt
    uint32 internal constant MANY = 1024;
    uint32 internal constant PACKED = 8 * MANY; // values as long as 1,024 elements that pack digits: stands for these

    Layout internal _layout;
    mapping(uint32 elements => bytes32 circuitId) internal _circuits;
    mapping(uint32 elements => bytes32 modelId) internal _models;

    function _key(uint256 index) internal pure virtual returns (bytes32);

    function _statement(uint256 context) internal view virtual returns (uint256[] memory);

    function _registerBoth() internal {
        _layout = DigitsLayouts.batch();
        _register(FEW);
        _register(MANY);
        _register(PACKED);
    }

    function _register(uint32 elements) private {
        Circuit memory circuit = Proofs.circuitOf(_layout, address(new CheapVerifier()), true);
        (circuit.sealing.elements, circuit.sealing.digestElements) = (elements, elements);
        (circuit.sealing.saltElements, circuit.sealing.saltBits) = (8, 16);
        if (elements == PACKED) circuit.sealing = Sealing(MANY, MANY, 8, 254, 8, 31, keccak256("padding"));
        _circuits[elements] = _registry.registerCircuit(circuit, Proofs.sampleProof(_statement(0)), _statement(0));
        _models[elements] = _registry.registerModel(_circuits[elements], 0);
    }

    function _condemnFew() internal {
        (uint256[] memory a, uint256[] memory b) = (_statement(0), _statement(0));
        ++b[_layout.outputs];
        _registry.condemn(_circuits[FEW], "", a, "", b);
    }

    /* ITEMS */

    /// @dev The content of the one chunk is all zeros.
    function _ciphertext(uint256 index, uint256 elements) internal pure returns (bytes memory) {
        return _zeros(index, 0, elements / 8);
    }

    /// @dev A part that is all zeros.
    function _zeros(uint256 index, uint256 part, uint256 blocks) internal pure returns (bytes memory) {
        bytes32[] memory stream = new bytes32[](blocks);
        for (uint256 counter = 0; counter < blocks; ++counter) {
            stream[counter] = keccak256(abi.encode(_key(index), index, part, counter));
        }
        return abi.encodePacked(stream);
    }

    /// @dev What the circuit hashed: the input word of each slot is its number plus 1.
    function _inputs(uint256 index) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(_digests(index)));
    }

    function _digests(uint256 index) internal pure returns (uint256[] memory digests) {
        digests = new uint256[](1);
        digests[0] = (index % 8) + 1;
    }

    /* TREES */

    function _root(bytes32[] memory leaves, uint256 depth) internal pure returns (bytes32) {
        bytes32[] memory level = new bytes32[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            level[i] = leaves[i];
        }
        uint256 real = PositionalTree.depthOf(leaves.length);
        for (uint256 height = 0; height < depth; ++height) {
            if (height < real) _rise(level, height);
            else level[0] = PositionalTree.node(level[0], _sibling(height));
        }
        return level[0];
    }

    /// @dev In a tree of `count` leaves; the first of them are `level`, which is overwritten.
    function _path(
        bytes32[] memory level,
        uint256 count,
        uint256 start,
        uint256 folded
    ) internal pure returns (bytes32[] memory path) {
        uint256 real = PositionalTree.depthOf(level.length);
        path = new bytes32[](PositionalTree.depthOf(count) - folded);
        for (uint256 height = 0; height < folded + path.length; ++height) {
            bytes32 sibling = height < real ? level[(start >> height) ^ 1] : _sibling(height);
            if (height >= folded) path[height - folded] = sibling;
            if (height < real) _rise(level, height);
        }
    }

    function _rise(bytes32[] memory level, uint256 height) private pure {
        for (uint256 i = 0; i < level.length >> (height + 1); ++i) {
            level[i] = PositionalTree.node(level[2 * i], level[2 * i + 1]);
        }
    }

    /// @dev Above the first leaves stand siblings of which nobody knows anything.
    function _sibling(uint256 height) private pure returns (bytes32) {
        return keccak256(abi.encode("sibling", height));
    }
}
