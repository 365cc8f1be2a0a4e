// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../contracts/types/Currency.sol";
import {MarketHandler} from "./MarketHandler.sol";
import {vm} from "./Vm.sol";

/// @dev What forge reads to know which functions to call.
struct FuzzSelector {
    address addr;
    bytes4[] selectors;
}

/// @notice docs/SPEC.md section 5, whatever anybody does in whatever order.
contract MarketInvariants {
    MarketHandler private _handler;

    function setUp() public {
        _handler = new MarketHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @dev All that anybody can do; not `settleAll`, which is what everybody does in the end.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0].addr = address(_handler);
        targets[0].selectors = new bytes4[](14);
        bytes4[11] memory moves = [
            MarketHandler.post.selector,
            MarketHandler.repost.selector,
            MarketHandler.cancel.selector,
            MarketHandler.lock.selector,
            MarketHandler.deliver.selector,
            MarketHandler.refund.selector,
            MarketHandler.withdraw.selector,
            MarketHandler.donate.selector,
            MarketHandler.misbehave.selector,
            MarketHandler.arm.selector,
            MarketHandler.condemn.selector
        ];
        for (uint256 i = 0; i < moves.length; ++i) {
            targets[0].selectors[i] = moves[i];
        }
        // once more, as most of the rest hangs on them
        targets[0].selectors[11] = MarketHandler.lock.selector;
        targets[0].selectors[12] = MarketHandler.deliver.selector;
        targets[0].selectors[13] = MarketHandler.pass.selector;
    }

    /// @notice 1: of ETH and a plain token the market has exactly what it owes and what was donated; of a token that
    /// misbehaves on the way out it has no less than it owes.
    function invariant_hasWhatItOwes() public view {
        for (uint256 i = 0; i < 3; ++i) {
            Currency currency = _handler.currencies(i);
            (uint256 jobs, uint256 accounts) = _handler.owed(currency);
            uint256 balance = _handler.balance(currency);
            assert(balance >= jobs + accounts);
            assert(i == 2 || balance == jobs + accounts + _handler.donated(currency));
        }
    }

    /// @notice 2 and 3: only moves of the table happen, each pays exactly whom the table says, and a job ends once.
    function invariant_onlyMovesOfTheTable() public view {
        require(_handler.done("paid") == 0, "paid");
    }

    /// @notice 5: from here, waiting and a stranger's refunds end every job with all its money credited.
    function invariant_everyJobCanBeEnded() public {
        uint256 snapshot = vm.snapshotState();
        _handler.settleAll();
        for (uint256 i = 0; i < 3; ++i) {
            (uint256 jobs, ) = _handler.owed(_handler.currencies(i));
            assert(jobs == 0);
        }
        require(_handler.done("paid") == 0, "paid");
        vm.revertToState(snapshot);
    }
}
