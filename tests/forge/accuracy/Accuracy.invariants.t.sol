// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../../contracts/types/Currency.sol";
import {FuzzSelector} from "../prediction/Prediction.invariants.t.sol";
import {AccuracyHandler} from "./AccuracyHandler.sol";

/// @notice The invariants of docs/SPEC.md for accuracy bounties, whatever anybody does in whatever order.
contract AccuracyInvariants {
    AccuracyHandler private _handler;

    function setUp() public {
        _handler = new AccuracyHandler();
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
            AccuracyHandler.post.selector,
            AccuracyHandler.repost.selector,
            AccuracyHandler.cancel.selector,
            AccuracyHandler.accept.selector,
            AccuracyHandler.reveal.selector,
            AccuracyHandler.submit.selector,
            AccuracyHandler.dispute.selector,
            AccuracyHandler.settle.selector,
            AccuracyHandler.withdraw.selector,
            AccuracyHandler.donate.selector,
            AccuracyHandler.misbehave.selector,
            AccuracyHandler.arm.selector,
            AccuracyHandler.condemn.selector,
            AccuracyHandler.pass.selector,
            AccuracyHandler.passToDeadline.selector,
            // once more, as most of the rest hangs on them
            AccuracyHandler.accept.selector,
            AccuracyHandler.reveal.selector,
            AccuracyHandler.submit.selector,
            AccuracyHandler.submit.selector,
            AccuracyHandler.submit.selector
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

    /// @notice 2, 3 and 4: only moves of the table happen, each pays exactly whom the table says, a job ends once, and
    /// every view says so.
    function _requireBooks() private view {
        require(bytes(_handler.broken()).length == 0, _handler.broken());
        _handler.requireBooks();
    }

    /// @notice The handler reaches every end: what it never does, the invariants do not test.
    function test_handlerReachesEveryEnd() public {
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
        _requireBooks();
    }

    function _accepted(uint256 who, uint256 what) private {
        _handler.post(who, what, 10, 5, 5, 2 hours);
        _handler.accept(0, 0, 3);
    }

    function _settleLate(string memory end) private {
        _handler.passToDeadline(0, true);
        _handler.settle(0, 3);
        _expectDone(end, 1);
    }

    function _expectDone(string memory what, uint256 times) private view {
        require(_handler.done(what) == times, what);
    }

    /// @notice 5: after every run, waiting and a stranger's calls end every job with all its money credited, and all
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
