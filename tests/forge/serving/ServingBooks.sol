// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IServingRound} from "../../../contracts/interfaces/IServingRound.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {ServingSetUp} from "./ServingSetUp.sol";

/// @notice What must be so by docs/SPEC.md, kept beside the contract and compared with it.
contract ServingBooks is ServingSetUp {
    /// @dev A round as the specification has it.
    struct Page {
        IServingRound.Job job;
        bytes32 id;
        bytes32 circuitId;
        IServingRound.State state;
        address provider;
        address payee;
        uint256 deadline; // 0 once ended
        uint256 wrong; // one bit for each item that was served wrongly
        uint32[] list;
        uint256 answered; // one bit a place of the list
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

    /* WHERE A ROUND STANDS */

    function _isIn(Page storage page, IServingRound.State allowed) internal view returns (bool) {
        return page.state == allowed && block.timestamp <= page.deadline;
    }

    function _condemnedAt(Page storage page) internal view returns (uint256) {
        return registry.condemnedAt(page.circuitId);
    }

    function _escrow(Page storage page) internal view returns (uint256) {
        IServingRound.Terms storage terms = page.job.terms;
        return uint256(terms.n) * terms.price + uint256(terms.maxContests) * terms.proofFee;
    }

    function _isComplete(Page storage page) internal view returns (bool) {
        return page.answered == (1 << page.list.length) - 1;
    }

    /// @dev Whether an item that was served wrongly is contested.
    function _isCaught(Page storage page) internal view returns (bool) {
        for (uint256 i = 0; i < page.list.length; ++i) {
            if ((page.wrong >> page.list[i]) & 1 == 1) return true;
        }
        return false;
    }

    /* ENDS, AND WHO GETS WHAT */

    function _end(
        Page storage page,
        IServingRound.State end,
        uint256 toConsumer,
        uint256 toPayee,
        string memory name
    ) internal {
        if (page.deadline == 0) broken = "a round ended twice";
        _requireFloors(page, end);
        Currency currency = page.job.terms.currency;
        _credits[currency][page.job.consumer] += toConsumer;
        _credits[currency][page.payee] += toPayee;
        (page.state, page.deadline) = (end, 0);
        ++done[name];
    }

    /// @dev Section 7 of the specification, for the provider and the consumer that follow the rules.
    function _requireFloors(Page storage page, IServingRound.State end) private {
        bool lost = end == IServingRound.State.Unserved || end == IServingRound.State.Unanswered;
        if (lost && page.provider == actors[0]) broken = "a diligent provider lost its stake";
        if (end != IServingRound.State.Settled) return;
        if (_isCaught(page)) broken = "an answer that was caught was paid";
        if (page.wrong != 0 && page.job.consumer == actors[1]) broken = "a diligent consumer paid for a wrong answer";
    }

    /// @dev By the table of money: of a round without contests, or with all of them answered.
    function _endWell(Page storage page) internal {
        if (!_isComplete(page)) broken = "settled with an answer missing";
        IServingRound.Terms storage terms = page.job.terms;
        uint256 earned = uint256(terms.n) * terms.price + page.list.length * terms.proofFee;
        string memory name = page.list.length == 0 ? "uncontested" : "answered";
        _end(page, IServingRound.State.Settled, _escrow(page) - earned, earned + terms.stake, name);
    }

    function _withdrawn(Currency currency, address account) internal {
        _credits[currency][account] = 0;
    }

    /* COMPARISONS */

    /// @notice Every view says what the books say.
    function requireBooks() external view {
        for (uint256 i = 0; i < _pages.length; ++i) {
            _requireStanding(_pages[i]);
            _requireData(_pages[i]);
        }
        for (uint256 i = 0; i < currencies.length * actors.length; ++i) {
            (Currency currency, address actor) = (currencies[i % currencies.length], actors[i / currencies.length]);
            require(rounds.credits(currency, actor) == _credits[currency][actor], "another credit than due");
        }
    }

    function _requireStanding(Page storage page) private view {
        (IServingRound.State state, address payee, uint256 deadline, address provider, , , , ) = rounds.jobs(page.id);
        require(state == page.state && payee == page.payee && provider == page.provider, "another standing");
        bool running = page.deadline != 0 && state != IServingRound.State.Open;
        require(!running || deadline == page.deadline, "another deadline");
    }

    function _requireData(Page storage page) private view {
        (, , , , uint256 contested, uint256 counted, bytes32 root, ) = rounds.jobs(page.id);
        require(contested == page.list.length, "another list");
        uint256 answered = 0;
        for (uint256 place = 0; place < 8; ++place) {
            bool done_ = rounds.isAnswered(page.id, place);
            require(done_ == ((page.answered >> place) & 1 == 1), "another answer noted");
            if (done_) ++answered;
        }
        require(counted == answered, "another count");
        if (root != 0) require(root == _rootOf(_outputLeaves(page.job.terms.n, page.wrong)), "another root");
    }

    /// @notice What the contract owes in a currency: to rounds that have not ended, and to accounts.
    function owed(Currency currency) external view returns (uint256 jobs, uint256 accounts) {
        for (uint256 i = 0; i < _pages.length; ++i) {
            IServingRound.Terms storage terms = _pages[i].job.terms;
            if (terms.currency.unwrap() != currency.unwrap() || _pages[i].deadline == 0) continue;
            jobs += _escrow(_pages[i]) + (_pages[i].state == IServingRound.State.Open ? 0 : terms.stake);
        }
        for (uint256 i = 0; i < actors.length; ++i) {
            accounts += rounds.credits(currency, actors[i]);
        }
    }

    function balance(Currency currency) external view returns (uint256) {
        if (currency.isNative()) return address(rounds).balance;
        return OddToken(currency.unwrap()).balanceOf(address(rounds));
    }
}
