// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../../contracts/types/Currency.sol";
import {FuzzSelector} from "../prediction/Prediction.invariants.t.sol";
import {ServingHandler} from "./ServingHandler.sol";

/// @notice The invariants of docs/SPEC.md for serving rounds, whatever anybody does in whatever order.
contract ServingInvariants {
    ServingHandler private _handler;

    function setUp() public {
        _handler = new ServingHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @dev All that anybody can do; not `settleAll`, which is what everybody does in the end.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0].addr = address(_handler);
        bytes4[20] memory moves = [
            ServingHandler.post.selector,
            ServingHandler.repost.selector,
            ServingHandler.cancel.selector,
            ServingHandler.join.selector,
            ServingHandler.commit.selector,
            ServingHandler.contest.selector,
            ServingHandler.answer.selector,
            ServingHandler.settle.selector,
            ServingHandler.withdraw.selector,
            ServingHandler.donate.selector,
            ServingHandler.misbehave.selector,
            ServingHandler.arm.selector,
            ServingHandler.condemn.selector,
            ServingHandler.pass.selector,
            ServingHandler.passToDeadline.selector,
            // once more, as most of the rest hangs on them
            ServingHandler.post.selector,
            ServingHandler.join.selector,
            ServingHandler.commit.selector,
            ServingHandler.contest.selector,
            ServingHandler.answer.selector
        ];
        targets[0].selectors = new bytes4[](moves.length);
        for (uint256 i = 0; i < moves.length; ++i) {
            targets[0].selectors[i] = moves[i];
        }
    }

    /// @dev One campaign for all that must hold after each call.
    function invariant_booksAndMoves() public view {
        _requireItHasWhatItOwes();
        _requireBooks();
    }

    /// @notice 1: of ETH and a plain token the contract has exactly what it owes and what was donated; of a token that
    /// misbehaves on the way out it has no less than it owes.
    function _requireItHasWhatItOwes() private view {
        for (uint256 i = 0; i < 3; ++i) {
            Currency currency = _handler.currencies(i);
            (uint256 jobs, uint256 accounts) = _handler.owed(currency);
            uint256 balance = _handler.balance(currency);
            assert(balance >= jobs + accounts);
            assert(i == 2 || balance == jobs + accounts + _handler.donated(currency));
        }
    }

    /// @notice 2, 3 and 4: only moves of the table happen, each pays exactly whom the table says, a round ends once, and
    /// every view says so.
    function _requireBooks() private view {
        require(bytes(_handler.broken()).length == 0, _handler.broken());
        _handler.requireBooks();
    }

    /// @notice The handler reaches every end: what it never does, the invariants do not test.
    function test_handlerReachesEveryEnd() public {
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
        _requireBooks();
    }

    /// @dev The diligent provider answers in the last second what the diligent consumer contests.
    function _playAnswered() private {
        _joined(1, 0);
        _handler.commit(0, 1, 0, 1);
        _handler.contest(0, 0, 5, 2);
        _expectDone("contest", 1);
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

    function _settleLate(string memory end) private {
        _handler.passToDeadline(0, true);
        _handler.settle(0, 3);
        _expectDone(end, 1);
    }

    function _expectDone(string memory what, uint256 times) private view {
        require(_handler.done(what) == times, what);
    }

    /// @notice 5: after every run, waiting and a stranger's calls end every round with all its money credited, and all
    /// of it can be taken out.
    function afterInvariant() public {
        _handler.settleAll();
        _requireBooks();
        _requireItHasWhatItOwes();
        for (uint256 i = 0; i < 3; ++i) {
            (uint256 jobs, ) = _handler.owed(_handler.currencies(i));
            assert(jobs == 0);
        }
        _handler.withdrawAll();
        _requireBooks();
        for (uint256 i = 0; i < 3; ++i) {
            (, uint256 accounts) = _handler.owed(_handler.currencies(i));
            assert(accounts == 0);
        }
    }
}
