// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobHandler} from "../common/JobHandler.sol";
import {JobInvariants} from "../common/JobInvariants.sol";
import {SealedHandler} from "../common/SealedHandler.sol";
import {RetrievalHandler} from "./RetrievalHandler.sol";

/// @notice The invariants of docs/SPEC.md for retrieval bounties.
contract RetrievalInvariants is JobInvariants {
    RetrievalHandler private _handler;

    function _newHandler() internal override returns (JobHandler) {
        _handler = new RetrievalHandler();
        return _handler;
    }

    function _moves() internal pure override returns (bytes4[] memory moves) {
        moves = new bytes4[](8);
        moves[0] = RetrievalHandler.post.selector;
        moves[1] = moves[2] = RetrievalHandler.accept.selector;
        moves[3] = moves[4] = moves[5] = moves[6] = SealedHandler.submit.selector;
        moves[7] = SealedHandler.dispute.selector;
    }

    function _playEveryEnd() internal override {
        _playMalformed();
        _accepted(0, 6); // an honest dataset of the diligent owner, who needs no telling
        _handler.passToDeadline(0, true);
        _settleLate("complete");
        _accepted(0, 3);
        for (uint256 cheat = 5; cheat < 18; cheat += 2) {
            _handler.submit(0, 0, 0, cheat);
        }
        _handler.passToDeadline(0, true);
        _settleLate("incomplete");
        _handler.post(0, 6, 10, 5, 1 hours, 2 hours);
        _handler.cancel(0, 0);
        _expectDone("cancelled", 1);
        _handler.post(0, 6, 10, 5, 1 hours, 2 hours);
        _settleLate("expired");
        _accepted(0, 6);
        _handler.condemn(0);
        _handler.settle(0, 3);
        _expectDone("voided", 1);
        _handler.withdraw(3, 0, 4);
        _expectDone("withdraw", 1);
    }

    /// @dev The diligent requester asks for all of a dataset with flaws, and tells on one.
    function _playMalformed() private {
        _accepted(6, 9);
        for (uint256 i = 0; i < 5; ++i) {
            _handler.submit(0, 0, i, 0);
        }
        _expectDone("closing", 1);
        _handler.dispute(0, 1, 0, 1);
        _expectDone("malformed", 1);
    }

    function _accepted(uint256 who, uint256 what) private {
        _handler.post(who, what, 10, 5, 1 hours, 2 hours);
        _handler.accept(0, 1, 3);
    }
}
