// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "../../../contracts/Escrow.sol";
import {IRetrievalBounty} from "../../../contracts/interfaces/IRetrievalBounty.sol";
import {JobBooks} from "../common/JobBooks.sol";
import {RetrievalSetUp} from "./RetrievalSetUp.sol";

/// @notice What retrieval bounties must say of themselves.
abstract contract RetrievalBooks is RetrievalSetUp, JobBooks {
    /// @dev What a job has besides its page.
    struct Request {
        IRetrievalBounty.Job job;
        uint256 dataset;
        uint256 proven; // one bit a record
        uint256 matched;
    }

    Request[] internal _requests;

    function _escrow() internal view override returns (Escrow) {
        return bounty;
    }

    function _states() internal pure override returns (States memory) {
        return
            States({
                open: uint8(IRetrievalBounty.State.Open),
                cancelled: uint8(IRetrievalBounty.State.Cancelled),
                expired: uint8(IRetrievalBounty.State.Expired),
                voided: uint8(IRetrievalBounty.State.Voided)
            });
    }

    function _modelOf(uint256 number) internal view override returns (bytes32) {
        return _requests[number].job.terms.modelId;
    }

    function _paid(uint256 number) internal view override returns (uint256) {
        return _dataset(number).digests.length * _requests[number].job.terms.pricePerRecord;
    }

    function _stake(uint256 number) internal view override returns (uint256) {
        return _requests[number].job.terms.stake;
    }

    /// @dev A missed deadline to prove opens the time to dispute.
    function _standing(uint256 number) internal view virtual override returns (uint8 state, uint256 deadline) {
        (state, deadline) = (_pages[number].state, _pages[number].deadline);
        if (state == uint8(IRetrievalBounty.State.Proving) && block.timestamp > deadline) {
            state = uint8(IRetrievalBounty.State.Closing);
            deadline += _requests[number].job.terms.disputeSeconds;
        }
    }

    function _isNow(uint256 number, IRetrievalBounty.State state) internal view returns (bool) {
        return _isIn(number, uint8(state));
    }

    /* WHAT IS PROVEN */

    function _dataset(uint256 number) internal view returns (Items storage) {
        return _sets[_requests[number].dataset];
    }

    function _owner(uint256 number) internal view returns (address) {
        return _commitments[_requests[number].dataset].owner;
    }

    function _isComplete(uint256 number) internal view returns (bool) {
        return _requests[number].proven == (1 << _dataset(number).digests.length) - 1;
    }

    /// @dev Whether a record matched and cannot be read.
    function _isUnreadable(uint256 number, uint256 index) internal view returns (bool) {
        (, Flaw flaw) = _item(_dataset(number), index);
        return (_requests[number].matched >> index) & 1 == 1 && flaw != Flaw.None;
    }

    /// @dev The first one, if there is one.
    function _unreadable(uint256 number) internal view returns (bool found, uint256 index) {
        for (index = 0; index < _dataset(number).digests.length; ++index) {
            if (_isUnreadable(number, index)) return (true, index);
        }
    }

    /* ENDS, AND WHO GETS WHAT */

    function _requireFloors(uint256 number, uint8 end) internal override {
        bool settled = end == uint8(IRetrievalBounty.State.Settled);
        bool lost = end == uint8(IRetrievalBounty.State.Malformed) || (settled && !_isComplete(number));
        if (lost && _owner(number) == actors[0]) broken = "a diligent owner lost its stake";
        (bool unreadable, ) = _unreadable(number);
        if (settled && unreadable && _pages[number].consumer == actors[1])
            broken = "a diligent requester paid for junk";
    }

    /// @dev By the table of money: of a job whose time to dispute is over.
    function _endBySettling(uint256 number) internal {
        IRetrievalBounty.Terms storage terms = _requests[number].job.terms;
        uint256 proven = 0;
        for (uint256 bits = _requests[number].proven; bits != 0; bits >>= 1) {
            proven += bits & 1;
        }
        bool complete = _isComplete(number);
        uint256 earned = proven * terms.pricePerRecord + (complete ? terms.stake : 0);
        _end(number, uint8(IRetrievalBounty.State.Settled), earned, complete ? "complete" : "incomplete");
    }

    /* COMPARISONS */

    function _requirePage(uint256 number) internal view override {
        (uint8 state, uint256 deadline) = _standing(number);
        (IRetrievalBounty.State actual, uint256 actualDeadline) = bounty.standing(_requests[number].job);
        require(uint8(actual) == state && actualDeadline == deadline, "another standing");
        bytes32 id = _pages[number].id;
        uint256 proven = 0;
        for (uint256 index = 0; index < _dataset(number).digests.length; ++index) {
            (bool isProven, bool isMatched) = bounty.outcome(id, index);
            require(isProven == ((_requests[number].proven >> index) & 1 == 1), "another record proven");
            require(isMatched == ((_requests[number].matched >> index) & 1 == 1), "another record matched");
            if (isProven) ++proven;
        }
        (, address payee, , uint256 counted) = bounty.jobs(id);
        require(counted == proven && payee == _pages[number].payee, "another count or payee");
    }
}
