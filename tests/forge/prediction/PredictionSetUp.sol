// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PredictionMarket} from "../../../contracts/PredictionMarket.sol";
import {Circuit} from "../../../contracts/types/Circuit.sol";
import {ChainLimits} from "../common/ChainLimits.sol";
import {ModelSetUp} from "../common/ModelSetUp.sol";

/// @notice The contract of predictions, and statements of its model: one score an item.
contract PredictionSetUp is ModelSetUp {
    PredictionMarket public market;

    function _deploy() internal override {
        _deployRegistry();
        market = new PredictionMarket(ChainLimits.here(), registry);
    }

    function _scores() internal pure override returns (uint256) {
        return 1;
    }

    function _newCircuit() internal override returns (Circuit memory) {
        return _circuitOf();
    }

    /// @dev Inputs 1, 2, ..; outputs from `output` on; the limbs of `context`.
    function _statement(uint256 context, uint256 output) internal pure returns (uint256[] memory instances) {
        instances = _blank();
        for (uint256 i = 0; i < SLOTS; ++i) {
            instances[i] = i + 1;
            instances[OUTPUTS + i] = output + i;
        }
        _fillContext(instances, context);
    }

    function _inputsHash(uint256 items) internal pure returns (bytes32) {
        bytes memory commitments;
        for (uint256 i = 0; i < items; ++i) {
            commitments = bytes.concat(commitments, keccak256(abi.encodePacked(i + 1)));
        }
        return keccak256(commitments);
    }
}
