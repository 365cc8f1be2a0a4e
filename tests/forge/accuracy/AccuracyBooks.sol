// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "../../../contracts/Escrow.sol";
import {IAccuracyBounty} from "../../../contracts/interfaces/IAccuracyBounty.sol";
import {JobBooks} from "../common/JobBooks.sol";
import {AccuracySetUp} from "./AccuracySetUp.sol";

/// @notice What accuracy bounties must say of themselves.
abstract contract AccuracyBooks is AccuracySetUp, JobBooks {
    /// @dev What a bounty has besides its page.
    struct Bounty {
        IAccuracyBounty.Job job;
        bytes32 modelId;
        uint256 set;
        uint256 proven; // one bit an item
    }

    Bounty[] internal _bounties;

    function _escrow() internal view override returns (Escrow) {
        return bounty;
    }

    function _states() internal pure override returns (States memory) {
        return
            States({
                open: uint8(IAccuracyBounty.State.Open),
                cancelled: uint8(IAccuracyBounty.State.Cancelled),
                expired: uint8(IAccuracyBounty.State.Expired),
                voided: uint8(IAccuracyBounty.State.Voided)
            });
    }

    function _modelOf(uint256 number) internal view override returns (bytes32) {
        return _bounties[number].modelId;
    }

    function _paid(uint256 number) internal view override returns (uint256) {
        IAccuracyBounty.Terms storage terms = _bounties[number].job.terms;
        return uint256(terms.reward) + terms.bond;
    }

    function _stake(uint256 number) internal view override returns (uint256) {
        return _bounties[number].job.terms.stake;
    }

    function _isNow(uint256 number, IAccuracyBounty.State state) internal view returns (bool) {
        return _isIn(number, uint8(state));
    }

    /* WHAT IS PROVEN */

    function _items(uint256 number) internal view returns (Items storage) {
        return _sets[_bounties[number].set];
    }

    /// @dev Of the items in `bits`, how many the model has right.
    function _correct(uint256 number, uint256 bits) private view returns (uint256 correct) {
        Items storage set = _items(number);
        for (uint256 index = 0; index < set.digests.length; ++index) {
            if ((bits >> index) & 1 == 1 && _isRight(set, index)) ++correct;
        }
    }

    function _reaches(uint256 number, uint256 bits) internal view returns (bool) {
        IAccuracyBounty.Terms storage terms = _bounties[number].job.terms;
        return _correct(number, bits) * terms.den >= uint256(terms.num) * _items(number).digests.length;
    }

    /// @dev The first item that is malformed, if there is one.
    function _malformed(uint256 number) internal view returns (bool found, uint256 index) {
        Items storage set = _items(number);
        for (index = 0; index < set.digests.length; ++index) {
            if (_isMalformed(set, index)) return (true, index);
        }
    }

    function _requireFloors(uint256 number, uint8 end) internal override {
        bool missed = end == uint8(IAccuracyBounty.State.Missed);
        (bool malformed, ) = _malformed(number);
        bool good = malformed || _reaches(number, (1 << _items(number).digests.length) - 1);
        if (missed && good && _pages[number].provider == actors[0]) broken = "a diligent provider was not paid";
        bool withheld = end == uint8(IAccuracyBounty.State.KeyWithheld);
        if (withheld && _pages[number].consumer == actors[1]) broken = "a diligent consumer lost its bond";
        bool disputed = end == uint8(IAccuracyBounty.State.Malformed);
        if (disputed && !malformed) broken = "a good test set was called malformed";
        bool paid = end == uint8(IAccuracyBounty.State.Paid);
        if (paid && !_reaches(number, _bounties[number].proven)) broken = "paid below the target";
    }

    /* COMPARISONS */

    function _requirePage(uint256 number) internal view override {
        Page storage page = _pages[number];
        (IAccuracyBounty.State state, address payee, uint40 deadline, address provider, , , , ) = bounty.jobs(page.id);
        require(uint8(state) == page.state && payee == page.payee && provider == page.provider, "another standing");
        require(!_isRunning(number) || deadline == page.deadline, "another deadline");
        _requireProven(page.id, number);
    }

    function _requireProven(bytes32 id, uint256 number) private view {
        uint256 bits = _bounties[number].proven;
        uint256 proven = 0;
        for (uint256 index = 0; index < _items(number).digests.length; ++index) {
            bool done_ = bounty.isProven(id, index);
            require(done_ == ((bits >> index) & 1 == 1), "another item proven");
            if (done_) ++proven;
        }
        (, , , , uint32 counted, uint32 correct, , ) = bounty.jobs(id);
        require(counted == proven && correct == _correct(number, bits), "another count");
    }
}
