// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobHandler} from "../common/JobHandler.sol";
import {JobInvariants} from "../common/JobInvariants.sol";
import {PredictionHandler} from "./PredictionHandler.sol";

/// @notice The invariants of docs/SPEC.md for predictions.
contract PredictionInvariants is JobInvariants {
    PredictionHandler private _handler;

    function _newHandler() internal override returns (JobHandler) {
        _handler = new PredictionHandler();
        return _handler;
    }

    function _moves() internal pure override returns (bytes4[] memory moves) {
        moves = new bytes4[](5);
        moves[0] = PredictionHandler.post.selector;
        moves[1] = moves[2] = PredictionHandler.lock.selector;
        moves[3] = moves[4] = PredictionHandler.deliver.selector;
    }

    function _playEveryEnd() internal override {
        for (uint256 i = 0; i < 5; ++i) {
            _handler.post(1, 1 + 2 * (i % 2), 10, 5, 1 hours, 1 hours);
        }
        _handler.cancel(0, 0);
        for (uint256 i = 2; i < 5; ++i) {
            _handler.lock(i, 1, 2);
        }
        _handler.deliver(2, 4, 1); // bound to somebody else
        _handler.deliver(2, 4, 3); // forged
        _handler.deliver(2, 4, 0);
        _handler.passToDeadline(1, false);
        _handler.settle(1, 3);
        _expectDone("expired", 0);
        _handler.passToDeadline(1, true);
        _handler.settle(1, 3);
        _handler.passToDeadline(3, true);
        _handler.settle(3, 3);
        _handler.post(1, 1, 10, 5, 1 hours, 1 hours);
        _handler.condemn(0);
        _handler.settle(0, 3);
        _handler.withdraw(2, 1, 4);
        string[7] memory names = ["paid", "cancelled", "expired", "slashed", "voided", "condemned", "withdraw"];
        for (uint256 i = 0; i < names.length; ++i) {
            _expectDone(names[i], 1);
        }
    }
}
