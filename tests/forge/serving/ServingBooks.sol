// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "../../../contracts/Escrow.sol";
import {IServingRound} from "../../../contracts/interfaces/IServingRound.sol";
import {JobBooks} from "../common/JobBooks.sol";
import {Trees} from "../common/Trees.sol";
import {ServingSetUp} from "./ServingSetUp.sol";

/// @notice What serving rounds must say of themselves.
abstract contract ServingBooks is ServingSetUp, JobBooks {
    /// @dev What a round has besides its page.
    struct Round {
        IServingRound.Job job;
        uint256 wrong; // one bit for each item that was served wrongly
        uint32[] list;
        uint256 answered; // one bit a place of the list
    }

    Round[] internal _played;

    function _escrow() internal view override returns (Escrow) {
        return rounds;
    }

    function _states() internal pure override returns (States memory) {
        return
            States({
                open: uint8(IServingRound.State.Open),
                cancelled: uint8(IServingRound.State.Cancelled),
                expired: uint8(IServingRound.State.Expired),
                voided: uint8(IServingRound.State.Voided)
            });
    }

    function _modelOf(uint256 number) internal view override returns (bytes32) {
        return _played[number].job.terms.modelId;
    }

    function _paid(uint256 number) internal view override returns (uint256) {
        return _escrowOf(_played[number].job.terms);
    }

    function _escrowOf(IServingRound.Terms memory terms) internal pure returns (uint256) {
        return uint256(terms.n) * terms.price + uint256(terms.maxContests) * terms.proofFee;
    }

    function _stake(uint256 number) internal view override returns (uint256) {
        return _played[number].job.terms.stake;
    }

    function _isNow(uint256 number, IServingRound.State state) internal view returns (bool) {
        return _isIn(number, uint8(state));
    }

    function _isComplete(uint256 number) internal view returns (bool) {
        return _played[number].answered == (1 << _played[number].list.length) - 1;
    }

    /// @dev Whether an item that was served wrongly is contested.
    function _isCaught(Round storage round) private view returns (bool) {
        for (uint256 i = 0; i < round.list.length; ++i) {
            if ((round.wrong >> round.list[i]) & 1 == 1) return true;
        }
        return false;
    }

    /* ENDS, AND WHO GETS WHAT */

    function _requireFloors(uint256 number, uint8 end) internal override {
        bool lost = end == uint8(IServingRound.State.Unserved) || end == uint8(IServingRound.State.Unanswered);
        if (lost && _pages[number].provider == actors[0]) broken = "a diligent provider lost its stake";
        if (end != uint8(IServingRound.State.Settled)) return;
        if (_isCaught(_played[number])) broken = "an answer that was caught was paid";
        bool wrong = _played[number].wrong != 0;
        if (wrong && _pages[number].consumer == actors[1]) broken = "a diligent consumer paid for a wrong answer";
    }

    /// @dev By the table of money: of a round without contests, or with all of them answered.
    function _endWell(uint256 number) internal {
        if (!_isComplete(number)) broken = "settled with an answer missing";
        IServingRound.Terms storage terms = _played[number].job.terms;
        uint256 contested = _played[number].list.length;
        uint256 earned = uint256(terms.n) * terms.price + contested * terms.proofFee;
        string memory name = contested == 0 ? "uncontested" : "answered";
        _end(number, uint8(IServingRound.State.Settled), earned + terms.stake, name);
    }

    /* COMPARISONS */

    function _requirePage(uint256 number) internal view override {
        Page storage page = _pages[number];
        (IServingRound.State state, address payee, uint256 deadline, address provider, , , , ) = rounds.jobs(page.id);
        require(uint8(state) == page.state && payee == page.payee && provider == page.provider, "another standing");
        require(!_isRunning(number) || deadline == page.deadline, "another deadline");
        _requireData(page.id, _played[number]);
    }

    function _requireData(bytes32 id, Round storage round) private view {
        (, , , , uint256 contested, uint256 counted, bytes32 root, ) = rounds.jobs(id);
        require(contested == round.list.length, "another list");
        uint256 answered = 0;
        for (uint256 place = 0; place < 8; ++place) {
            bool done_ = rounds.isAnswered(id, place);
            require(done_ == ((round.answered >> place) & 1 == 1), "another answer noted");
            if (done_) ++answered;
        }
        require(counted == answered, "another count");
        bytes32[] memory leaves = _outputLeaves(round.job.terms.n, round.wrong);
        require(root == 0 || root == Trees.rootOf(leaves), "another root");
    }
}
