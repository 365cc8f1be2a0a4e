// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../../contracts/types/Currency.sol";
import {PredictionHandler} from "./PredictionHandler.sol";
import {vm} from "../common/Vm.sol";

/// @dev What forge reads to know which functions to call.
struct FuzzSelector {
    address addr;
    bytes4[] selectors;
}

/// @notice docs/SPEC.md section 9, whatever anybody does in whatever order.
contract PredictionInvariants {
    PredictionHandler private _handler;

    function setUp() public {
        _handler = new PredictionHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @dev All that anybody can do; not `settleAll`, which is what everybody does in the end.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0].addr = address(_handler);
        targets[0].selectors = new bytes4[](15);
        bytes4[11] memory moves = [
            PredictionHandler.post.selector,
            PredictionHandler.repost.selector,
            PredictionHandler.cancel.selector,
            PredictionHandler.lock.selector,
            PredictionHandler.deliver.selector,
            PredictionHandler.refund.selector,
            PredictionHandler.withdraw.selector,
            PredictionHandler.donate.selector,
            PredictionHandler.misbehave.selector,
            PredictionHandler.arm.selector,
            PredictionHandler.condemn.selector
        ];
        for (uint256 i = 0; i < moves.length; ++i) {
            targets[0].selectors[i] = moves[i];
        }
        // once more, as most of the rest hangs on them
        targets[0].selectors[11] = PredictionHandler.lock.selector;
        targets[0].selectors[12] = PredictionHandler.deliver.selector;
        targets[0].selectors[13] = PredictionHandler.pass.selector;
        targets[0].selectors[14] = PredictionHandler.passToDeadline.selector;
    }

    /// @dev One campaign for all that must hold after each call.
    function invariant_booksAndMoves() public view {
        _requireItHasWhatItOwes();
        _requireOnlyMovesOfTheTable();
    }

    /// @notice 1: of ETH and a plain token the market has exactly what it owes and what was donated; of a token that
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

    /// @notice 2 and 3: only moves of the table happen, each pays exactly whom the table says, and a job ends once.
    function _requireOnlyMovesOfTheTable() private view {
        require(bytes(_handler.broken()).length == 0, _handler.broken());
    }

    /// @notice The handler reaches every end: what it never does, the invariants do not test.
    function test_handlerReachesEveryEnd() public {
        for (uint256 i = 0; i < 5; ++i) {
            _handler.post(1, 1 + 2 * (i % 2), 10, 5, 1 hours, 1 hours);
        }
        _handler.cancel(0, 0);
        for (uint256 i = 2; i < 5; ++i) {
            _handler.lock(i, 1, 2);
        }
        _handler.deliver(2, 4, 0);
        _handler.passToDeadline(1, false);
        _handler.refund(1, 3);
        _expectDone("expired", 0);
        _handler.passToDeadline(1, true);
        _handler.refund(1, 3);
        _handler.passToDeadline(3, true);
        _handler.refund(3, 3);
        _handler.post(1, 1, 10, 5, 1 hours, 1 hours);
        _handler.condemn(0);
        _handler.refund(0, 3);
        _handler.withdraw(2, 1, 4);
        string[7] memory names = ["paid", "cancelled", "expired", "slashed", "voided", "condemned", "withdraw"];
        for (uint256 i = 0; i < names.length; ++i) {
            _expectDone(names[i], 1);
        }
    }

    function _expectDone(string memory what, uint256 times) private view {
        require(_handler.done(what) == times, what);
    }

    /// @notice 5: after every run, waiting and a stranger's refunds end every job with all its money credited, and all
    /// of it can be taken out.
    function afterInvariant() public {
        _handler.settleAll();
        _requireOnlyMovesOfTheTable();
        _requireItHasWhatItOwes();
        for (uint256 i = 0; i < 3; ++i) {
            (uint256 jobs, ) = _handler.owed(_handler.currencies(i));
            assert(jobs == 0);
        }
        _handler.withdrawAll();
        _requireItHasWhatItOwes();
        for (uint256 i = 0; i < 3; ++i) {
            (, uint256 accounts) = _handler.owed(_handler.currencies(i));
            assert(accounts == 0);
        }
    }
}
