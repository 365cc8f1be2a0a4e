// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobHandler} from "../common/JobHandler.sol";
import {JobInvariants} from "../common/JobInvariants.sol";
import {SealedHandler} from "../common/SealedHandler.sol";
import {AccuracyHandler} from "./AccuracyHandler.sol";

/// @notice The invariants of docs/SPEC.md for accuracy bounties.
contract AccuracyInvariants is JobInvariants {
    AccuracyHandler private _handler;

    function _newHandler() internal override returns (JobHandler) {
        _handler = new AccuracyHandler();
        return _handler;
    }

    function _moves() internal pure override returns (bytes4[] memory moves) {
        moves = new bytes4[](10);
        moves[0] = AccuracyHandler.post.selector;
        moves[1] = moves[2] = AccuracyHandler.accept.selector;
        moves[3] = moves[4] = AccuracyHandler.reveal.selector;
        moves[5] = moves[6] = moves[7] = moves[8] = SealedHandler.submit.selector;
        moves[9] = SealedHandler.dispute.selector;
    }

    function _playEveryEnd() internal override {
        _accepted(1, 9); // a good set of 8 items, of the diligent consumer, accepted by the diligent provider
        _handler.passToDeadline(0, true);
        _handler.passToDeadline(0, true);
        _expectDone("reveal", 1);
        _expectDone("paid", 1);
        _accepted(1, 12); // a set with flaws
        _handler.passToDeadline(0, true);
        _handler.passToDeadline(0, true);
        _expectDone("malformed", 1);
        _accepted(2, 9);
        _settleLate("withheld");
        _handler.post(2, 9, 10, 5, 5, 2 hours);
        _handler.accept(0, 4, 3);
        _handler.reveal(0, 1, 1);
        for (uint256 cheat = 5; cheat < 16; cheat += 2) {
            _handler.submit(0, 0, 0, cheat);
        }
        _settleLate("missed");
        _handler.post(2, 9, 10, 5, 5, 2 hours);
        _handler.cancel(0, 0);
        _expectDone("cancelled", 1);
        _handler.post(2, 9, 10, 5, 5, 2 hours);
        _settleLate("expired");
        _accepted(2, 9);
        _handler.condemn(0);
        _handler.settle(0, 3);
        _expectDone("voided", 1);
        _handler.withdraw(3, 0, 4);
        _expectDone("withdraw", 1);
    }

    function _accepted(uint256 who, uint256 what) private {
        _handler.post(who, what, 10, 5, 5, 2 hours);
        _handler.accept(0, 0, 3);
    }
}
