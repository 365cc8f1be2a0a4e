// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccuracyBounty} from "../../../contracts/interfaces/IAccuracyBounty.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {AccuracySetUp} from "./AccuracySetUp.sol";

/// @notice What must be so by docs/SPEC.md, kept beside the contract and compared with it.
contract AccuracyBooks is AccuracySetUp {
    /// @dev A bounty as the specification has it; `deadline` is 0 once it has ended.
    struct Page {
        IAccuracyBounty.Job job;
        bytes32 id;
        bytes32 circuitId;
        bytes32 modelId;
        uint256 set;
        IAccuracyBounty.State state;
        address provider;
        address payee;
        uint256 deadline;
        uint256 proven; // one bit an item
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

    /* WHAT A PAGE SAYS */

    function _isIn(Page storage page, IAccuracyBounty.State allowed) internal view returns (bool) {
        return page.state == allowed && block.timestamp <= page.deadline;
    }

    function _condemnedAt(Page storage page) internal view returns (uint256) {
        return registry.condemnedAt(page.circuitId);
    }

    function _count(Page storage page) internal view returns (uint256) {
        return _sets[page.set].digests.length;
    }

    /// @dev Of the items in `bits`, how many the model has right.
    function _correct(Page storage page, uint256 bits) internal view returns (uint256 correct) {
        for (uint256 index = 0; index < _count(page); ++index) {
            if ((bits >> index) & 1 == 1 && _isRight(_sets[page.set], index)) ++correct;
        }
    }

    function _reaches(Page storage page, uint256 bits) internal view returns (bool) {
        return _correct(page, bits) * page.job.terms.den >= uint256(page.job.terms.num) * _count(page);
    }

    /// @dev The first item that is malformed, if there is one.
    function _malformed(Page storage page) internal view returns (bool found, uint256 index) {
        for (index = 0; index < _count(page); ++index) {
            if (_isMalformed(_sets[page.set], index)) return (true, index);
        }
    }

    function _deposits(Page storage page) internal view returns (uint256 consumers, uint256 providers) {
        IAccuracyBounty.Terms storage terms = page.job.terms;
        consumers = uint256(terms.reward) + terms.bond;
        providers = page.state == IAccuracyBounty.State.Open ? 0 : terms.stake;
    }

    /* ENDS, AND WHO GETS WHAT */

    /// @dev All that is held goes out: `toPayee` to the payee, the rest to the consumer.
    function _end(Page storage page, IAccuracyBounty.State end, uint256 toPayee, string memory name) internal {
        if (page.deadline == 0) broken = "a bounty ended twice";
        _requireFloors(page, end);
        (uint256 consumers, uint256 providers) = _deposits(page);
        Currency currency = page.job.terms.currency;
        _credits[currency][page.job.consumer] += consumers + providers - toPayee;
        _credits[currency][page.payee] += toPayee;
        (page.state, page.deadline) = (end, 0);
        ++done[name];
    }

    /// @dev Section 7 of the specification, for the provider and the consumer that follow the rules.
    function _requireFloors(Page storage page, IAccuracyBounty.State end) private {
        bool missed = end == IAccuracyBounty.State.Missed;
        (bool malformed, ) = _malformed(page);
        bool good = malformed || _reaches(page, (1 << _count(page)) - 1);
        if (missed && good && page.provider == actors[0]) broken = "a diligent provider was not paid";
        bool withheld = end == IAccuracyBounty.State.KeyWithheld;
        if (withheld && page.job.consumer == actors[1]) broken = "a diligent consumer lost its bond";
        if (end == IAccuracyBounty.State.Malformed && !malformed) broken = "a good test set was called malformed";
        if (end == IAccuracyBounty.State.Paid && !_reaches(page, page.proven)) broken = "paid below the target";
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
        (IAccuracyBounty.State state, address payee, uint40 deadline, address provider, , , , ) = bounty.jobs(page.id);
        require(state == page.state && payee == page.payee && provider == page.provider, "another standing");
        bool running = state == IAccuracyBounty.State.Accepted || state == IAccuracyBounty.State.Proving;
        require(!running || deadline == page.deadline, "another deadline");
        uint256 proven = 0;
        for (uint256 index = 0; index < _count(page); ++index) {
            bool done_ = bounty.isProven(page.id, index);
            require(done_ == ((page.proven >> index) & 1 == 1), "another item proven");
            if (done_) ++proven;
        }
        (, , , , uint32 counted, uint32 correct, , ) = bounty.jobs(page.id);
        require(counted == proven && correct == _correct(page, page.proven), "another count");
    }

    /// @notice What the contract owes in a currency: to bounties that have not ended, and to accounts.
    function owed(Currency currency) external view returns (uint256 jobs, uint256 accounts) {
        for (uint256 i = 0; i < _pages.length; ++i) {
            Page storage page = _pages[i];
            if (page.job.terms.currency.unwrap() != currency.unwrap() || page.deadline == 0) continue;
            (uint256 consumers, uint256 providers) = _deposits(page);
            jobs += consumers + providers;
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
