// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRetrievalBounty} from "../../../contracts/interfaces/IRetrievalBounty.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {RetrievalSetUp} from "./RetrievalSetUp.sol";
import {vm} from "../common/Vm.sol";

/// @notice What must be so by docs/SPEC.md, kept beside the contract and compared with it.
contract RetrievalBooks is RetrievalSetUp {
    /// @dev A job as the specification has it; its state is as by time only in `_standing`.
    struct Page {
        IRetrievalBounty.Job job;
        bytes32 id;
        bytes32 circuitId;
        uint256 dataset;
        IRetrievalBounty.State state;
        address payee;
        uint256 deadline;
        uint256 proven; // one bit a record
        uint256 matched;
    }

    address[] public actors;
    Currency[] public currencies;
    OddToken public plain;
    OddToken public odd;

    mapping(Currency => uint256) public donated;
    mapping(string => uint256) public done;
    string public broken;

    Page[] internal _pages;
    mapping(Currency => mapping(address => uint256)) private _credits;

    /* STATE BY TIME */

    function _standing(Page storage page) internal view returns (IRetrievalBounty.State state, uint256 deadline) {
        (state, deadline) = (page.state, page.deadline);
        if (state == IRetrievalBounty.State.Proving && block.timestamp > deadline) {
            (state, deadline) = (IRetrievalBounty.State.Closing, deadline + page.job.terms.disputeSeconds);
        }
    }

    function _isIn(Page storage page, IRetrievalBounty.State allowed) internal view returns (bool) {
        (IRetrievalBounty.State state, uint256 deadline) = _standing(page);
        return state == allowed && block.timestamp <= deadline;
    }

    function _condemnedAt(Page storage page) internal view returns (uint256) {
        return registry.condemnedAt(page.circuitId);
    }

    function _count(Page storage page) internal view returns (uint256) {
        return _datasets[page.dataset].digests.length;
    }

    function _owner(Page storage page) internal view returns (address) {
        return _datasets[page.dataset].owner;
    }

    function _escrow(Page storage page) internal view returns (uint256) {
        return _count(page) * page.job.terms.pricePerRecord;
    }

    function _isComplete(Page storage page) internal view returns (bool) {
        return page.proven == (1 << _count(page)) - 1;
    }

    /// @dev The first record that matched and cannot be read, if there is one.
    function _unreadable(Page storage page) internal view returns (bool found, uint256 index) {
        for (index = 0; index < _count(page); ++index) {
            (, Flaw flaw) = _record(_datasets[page.dataset], index);
            if ((page.matched >> index) & 1 == 1 && flaw != Flaw.None) return (true, index);
        }
    }

    /* ENDS, AND WHO GETS WHAT */

    function _end(
        Page storage page,
        IRetrievalBounty.State end,
        uint256 toConsumer,
        uint256 toPayee,
        string memory name
    ) internal {
        if (page.deadline == 0) broken = "a job ended twice";
        _requireFloors(page, end);
        Currency currency = page.job.terms.currency;
        _credits[currency][page.job.consumer] += toConsumer;
        _credits[currency][page.payee] += toPayee;
        (page.state, page.deadline) = (end, 0);
        ++done[name];
    }

    /// @dev Section 7 of the specification, for the owner and the requester that follow the rules.
    function _requireFloors(Page storage page, IRetrievalBounty.State end) private {
        bool settled = end == IRetrievalBounty.State.Settled;
        bool lost = end == IRetrievalBounty.State.Malformed || (settled && !_isComplete(page));
        if (lost && _owner(page) == actors[0]) broken = "a diligent owner lost its stake";
        (bool unreadable, ) = _unreadable(page);
        if (settled && unreadable && page.job.consumer == actors[1]) broken = "a diligent requester paid for junk";
    }

    /// @dev By the table of money: of a job whose time to dispute is over.
    function _endBySettling(Page storage page) internal {
        IRetrievalBounty.Terms storage terms = page.job.terms;
        uint256 proven = 0;
        for (uint256 bits = page.proven; bits != 0; bits >>= 1) {
            proven += bits & 1;
        }
        uint256 earned = proven * terms.pricePerRecord;
        bool complete = _isComplete(page);
        uint256 toConsumer = _escrow(page) - earned + (complete ? 0 : terms.stake);
        string memory name = complete ? "complete" : "incomplete";
        _end(page, IRetrievalBounty.State.Settled, toConsumer, earned + (complete ? terms.stake : 0), name);
    }

    function _withdrawn(Currency currency, address account) internal {
        _credits[currency][account] = 0;
    }

    /* COMPARISONS */

    /// @notice Every view says what the books say.
    function requireBooks() external view {
        for (uint256 i = 0; i < _pages.length; ++i) {
            _requirePage(_pages[i]);
        }
        for (uint256 i = 0; i < currencies.length * actors.length; ++i) {
            (Currency currency, address actor) = (currencies[i % currencies.length], actors[i / currencies.length]);
            require(bounty.credits(currency, actor) == _credits[currency][actor], "another credit than due");
        }
    }

    function _requirePage(Page storage page) private view {
        (IRetrievalBounty.State state, uint256 deadline) = _standing(page);
        (IRetrievalBounty.State actual, uint256 actualDeadline) = bounty.standing(page.job);
        require(actual == state && actualDeadline == deadline, "another standing");
        uint256 proven = 0;
        for (uint256 index = 0; index < _count(page); ++index) {
            (bool isProven, bool isMatched) = bounty.outcome(page.id, index);
            require(isProven == ((page.proven >> index) & 1 == 1), "another record proven");
            require(isMatched == ((page.matched >> index) & 1 == 1), "another record matched");
            if (isProven) ++proven;
        }
        (, address payee, , uint256 counted) = bounty.jobs(page.id);
        require(counted == proven && payee == page.payee, "another count or payee");
    }

    /// @notice What the contract owes in a currency: to jobs that have not ended, and to accounts.
    function owed(Currency currency) external view returns (uint256 jobs, uint256 accounts) {
        for (uint256 i = 0; i < _pages.length; ++i) {
            IRetrievalBounty.Terms storage terms = _pages[i].job.terms;
            if (terms.currency.unwrap() != currency.unwrap() || _pages[i].deadline == 0) continue;
            jobs += _escrow(_pages[i]) + (_pages[i].state == IRetrievalBounty.State.Open ? 0 : terms.stake);
        }
        for (uint256 i = 0; i < actors.length; ++i) {
            accounts += bounty.credits(currency, actors[i]);
        }
    }

    function balance(Currency currency) external view returns (uint256) {
        if (currency.isNative()) return address(bounty).balance;
        return OddToken(currency.unwrap()).balanceOf(address(bounty));
    }
}
