// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ServingRound} from "../../../contracts/ServingRound.sol";
import {Circuit} from "../../../contracts/types/Circuit.sol";
import {ChainLimits} from "../common/ChainLimits.sol";
import {ModelSetUp} from "../common/ModelSetUp.sol";

/// @notice Serving rounds, and items of one score.
/// @dev Item i has the input 100 + i and the output i - 2, which is posted in one byte.
contract ServingSetUp is ModelSetUp {
    ServingRound public rounds;

    function _deploy() internal override {
        _deployRegistry();
        rounds = new ServingRound(ChainLimits.here(), registry);
    }

    function _scores() internal pure override returns (uint256) {
        return 1;
    }

    function _newCircuit() internal override returns (Circuit memory) {
        return _circuitOf();
    }

    /// @dev A statement of the items from `index` on, bound to `context`.
    function _statement(uint256 context, uint256 index, uint256 size) internal pure returns (uint256[] memory all) {
        all = _blank();
        for (uint256 slot = 0; slot < size && slot < SLOTS; ++slot) {
            all[slot] = 100 + index + slot;
            all[OUTPUTS + slot] = addmod(index + slot, MODULUS - 2, MODULUS);
        }
        _fillContext(all, context);
    }

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
}
