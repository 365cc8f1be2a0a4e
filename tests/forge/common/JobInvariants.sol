// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../../contracts/types/Currency.sol";
import {JobHandler} from "./JobHandler.sol";

/// @dev What forge reads to know which functions to call.
struct FuzzSelector {
    address addr;
    bytes4[] selectors;
}

/// @notice Section 9 of docs/SPEC.md for the jobs of any protocol, whatever anybody does in whatever order.
abstract contract JobInvariants {
    JobHandler private _jobs;

    /* OF EACH PROTOCOL */

    function _newHandler() internal virtual returns (JobHandler);

    /// @dev What can be done with a job besides what all have; more than once if most of the rest needs it.
    function _moves() internal pure virtual returns (bytes4[] memory);

    /// @dev Plays until each end has been reached, and asks `_expectDone` for it; on the way, each way to cheat.
    function _playEveryEnd() internal virtual;

    /* THE CAMPAIGN */

    function setUp() public {
        _jobs = _newHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_jobs);
    }

    /// @dev All that anybody can do; not `settleAll`, which is what everybody does in the end.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[10] memory shared = [
            JobHandler.repost.selector,
            JobHandler.cancel.selector,
            JobHandler.settle.selector,
            JobHandler.withdraw.selector,
            JobHandler.donate.selector,
            JobHandler.misbehave.selector,
            JobHandler.arm.selector,
            JobHandler.condemn.selector,
            JobHandler.pass.selector,
            JobHandler.passToDeadline.selector
        ];
        bytes4[] memory own = _moves();
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_jobs), new bytes4[](shared.length + own.length));
        for (uint256 i = 0; i < targets[0].selectors.length; ++i) {
            targets[0].selectors[i] = i < shared.length ? shared[i] : own[i - shared.length];
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
            Currency currency = _jobs.currencies(i);
            (uint256 jobs, uint256 accounts) = _jobs.owed(currency);
            uint256 balance = _jobs.balance(currency);
            require(balance >= jobs + accounts, "less money than is owed");
            require(
                i == 2 || balance == jobs + accounts + _jobs.donated(currency),
                "another sum than is owed and was donated"
            );
        }
    }

    /// @notice 2, 3 and 4: only moves of the table happen, each pays exactly whom the table says, a job ends once, and
    /// every view says so.
    function _requireBooks() private view {
        require(bytes(_jobs.broken()).length == 0, _jobs.broken());
        _jobs.requireBooks();
    }

    /// @notice The handler reaches every end: what it never does, the invariants do not test.
    function test_handlerReachesEveryEnd() public {
        _playEveryEnd();
        _requireBooks();
    }

    /// @notice 5: after every run, waiting and a stranger's calls end every job with all its money credited, and all
    /// of it can be taken out.
    function afterInvariant() public {
        _jobs.settleAll();
        _requireBooks();
        _requireItHasWhatItOwes();
        for (uint256 i = 0; i < 3; ++i) {
            (uint256 jobs, ) = _jobs.owed(_jobs.currencies(i));
            require(jobs == 0, "a job did not end");
        }
        _jobs.withdrawAll();
        _requireBooks();
        _requireItHasWhatItOwes();
        for (uint256 i = 0; i < 3; ++i) {
            (, uint256 accounts) = _jobs.owed(_jobs.currencies(i));
            require(accounts == 0, "a credit could not be taken out");
        }
    }

    /* WHAT WAS DONE */

    function _settleLate(string memory end) internal {
        _jobs.passToDeadline(0, true);
        _jobs.settle(0, 3);
        _expectDone(end, 1);
    }

    function _expectDone(string memory what, uint256 times) internal view {
        require(_jobs.done(what) == times, what);
    }
}
