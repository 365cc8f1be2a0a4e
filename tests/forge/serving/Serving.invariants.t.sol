// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobHandler} from "../common/JobHandler.sol";
import {JobInvariants} from "../common/JobInvariants.sol";
import {ServingHandler} from "./ServingHandler.sol";

/// @notice The invariants of docs/SPEC.md for serving rounds.
contract ServingInvariants is JobInvariants {
    ServingHandler private _handler;

    function _newHandler() internal override returns (JobHandler) {
        _handler = new ServingHandler();
        return _handler;
    }

    function _moves() internal pure override returns (bytes4[] memory moves) {
        moves = new bytes4[](10);
        moves[0] = moves[1] = ServingHandler.post.selector;
        moves[2] = moves[3] = ServingHandler.join.selector;
        moves[4] = moves[5] = ServingHandler.commit.selector;
        moves[6] = moves[7] = ServingHandler.contest.selector;
        moves[8] = moves[9] = ServingHandler.answer.selector;
    }

    function _playEveryEnd() internal override {
        _playAnswered();
        _playUnanswered();
        _joined(2, 1);
        _settleLate("unserved");
        _joined(2, 0); // the diligent provider, who needs no telling
        _handler.passToDeadline(0, true);
        _settleLate("uncontested");
        _post(2);
        _handler.cancel(0, 0);
        _expectDone("cancelled", 1);
        _post(2);
        _settleLate("expired");
        _joined(2, 1);
        _handler.condemn(0);
        _handler.settle(0, 3);
        _expectDone("voided", 1);
        _handler.withdraw(3, 0, 4);
        _expectDone("withdraw", 1);
    }

    /// @dev The diligent provider answers in the last second what the diligent consumer contests.
    function _playAnswered() private {
        _joined(1, 0);
        _handler.commit(0, 1, 0, 1);
        _handler.contest(0, 0, 5, 2);
        _expectDone("contest", 1);
        for (uint256 cheat = 5; cheat < 16; cheat += 2) {
            _handler.answer(0, 0, 0, cheat);
        }
        _expectDone("answer", 0);
        _handler.passToDeadline(0, true);
        _expectDone("answered", 1);
    }

    /// @dev The diligent consumer contests in the last second an item that was served wrongly.
    function _playUnanswered() private {
        _joined(1, 1);
        _handler.commit(0, 1, 3, 1);
        _handler.passToDeadline(0, true);
        _expectDone("contest", 2);
        _handler.answer(0, 0, 0, 0);
        _settleLate("unanswered");
    }

    /// @dev Eight items, three contests, ETH.
    function _post(uint256 who) private {
        _handler.post(who, 3 * 8 + 27 * 3 + 270, 10, 5, 1 hours, 2 hours);
    }

    function _joined(uint256 who, uint256 provider) private {
        _post(who);
        _handler.join(0, 4 * provider, 3);
    }
}
