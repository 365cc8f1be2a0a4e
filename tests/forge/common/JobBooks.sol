// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "../../../contracts/Escrow.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {ModelSetUp} from "./ModelSetUp.sol";

/// @notice What must be so by docs/SPEC.md, kept beside the contract and compared with it.
abstract contract JobBooks is ModelSetUp {
    /// @dev What a job of any protocol has; its protocol keeps the rest, by the same number.
    struct Page {
        bytes32 id;
        bytes32 circuitId;
        address consumer;
        Currency currency;
        uint8 state; // as the protocol numbers them
        address provider;
        address payee;
        uint256 deadline; // 0 once ended
    }

    /// @dev The numbers that a protocol gives to the states that all of them have.
    struct States {
        uint8 open;
        uint8 cancelled;
        uint8 expired;
        uint8 voided;
    }

    address[] public actors;
    Currency[] public currencies;
    OddToken public plain;
    OddToken public odd;

    mapping(Currency => uint256) public donated;
    mapping(string => uint256) public done;
    string public broken;

    Page[] internal _pages;
    mapping(Currency => mapping(address => uint256)) internal _credits;

    /* OF EACH PROTOCOL */

    /// @dev The contract.
    function _escrow() internal view virtual returns (Escrow);

    function _states() internal pure virtual returns (States memory);

    /// @dev What the consumer put in, and what a provider puts in.
    function _paid(uint256 number) internal view virtual returns (uint256);

    function _stake(uint256 number) internal view virtual returns (uint256);

    /// @dev The model whose proofs count.
    function _modelOf(uint256 number) internal view virtual returns (bytes32);

    /// @dev Section 7 of the specification, for the provider and the consumer that follow the rules.
    function _requireFloors(uint256 number, uint8 end) internal virtual;

    /// @dev What the contract's views say of a job.
    function _requirePage(uint256 number) internal view virtual;

    /// @dev What a proof of a model has in it if it is to count for a payee of a job.
    function _boundTo(uint256 number, address payee, bytes32 model) internal view returns (uint256) {
        return _contextOf(address(_escrow()), _pages[number].id, payee, model);
    }

    /* WHERE A JOB STANDS */

    /// @dev State and deadline as they are at this time.
    function _standing(uint256 number) internal view virtual returns (uint8 state, uint256 deadline) {
        return (_pages[number].state, _pages[number].deadline);
    }

    function _isIn(uint256 number, uint8 allowed) internal view returns (bool) {
        (uint8 state, uint256 deadline) = _standing(number);
        return state == allowed && block.timestamp <= deadline;
    }

    /// @dev Whether the clock of a state runs: that of an open job is in its terms alone.
    function _isRunning(uint256 number) internal view returns (bool) {
        return _pages[number].deadline != 0 && _pages[number].state != _states().open;
    }

    function _condemnedAt(uint256 number) internal view returns (uint256) {
        return registry.condemnedAt(_pages[number].circuitId);
    }

    function _staked(uint256 number) internal view returns (uint256) {
        return _pages[number].state == _states().open ? 0 : _stake(number);
    }

    /* ENDS, AND WHO GETS WHAT */

    /// @dev All that is held goes out: `toPayee` to the payee, the rest to the consumer.
    function _end(uint256 number, uint8 end, uint256 toPayee, string memory name) internal {
        Page storage page = _pages[number];
        if (page.deadline == 0) broken = "a job ended twice";
        _requireFloors(number, end);
        _credits[page.currency][page.consumer] += _paid(number) + _staked(number) - toPayee;
        _credits[page.currency][page.payee] += toPayee;
        (page.state, page.deadline) = (end, 0);
        _compareCredits(page.currency);
        ++done[name];
    }

    /// @dev At once: what two moves of one call do wrong might make up for each other.
    function _compareCredits(Currency currency) private {
        for (uint256 i = 0; i < actors.length; ++i) {
            uint256 credit = _escrow().credits(currency, actors[i]);
            if (credit != _credits[currency][actors[i]]) broken = "somebody was credited another amount";
        }
    }

    /* COMPARISONS */

    /// @notice Every view says what the books say.
    function requireBooks() external view {
        for (uint256 number = 0; number < _pages.length; ++number) {
            _requirePage(number);
        }
        for (uint256 i = 0; i < currencies.length * actors.length; ++i) {
            (Currency currency, address actor) = (currencies[i % currencies.length], actors[i / currencies.length]);
            require(_escrow().credits(currency, actor) == _credits[currency][actor], "another credit than due");
        }
    }

    /// @notice What the contract owes in a currency: to jobs that have not ended, and to accounts.
    function owed(Currency currency) external view returns (uint256 jobs, uint256 accounts) {
        for (uint256 number = 0; number < _pages.length; ++number) {
            if (_pages[number].currency.unwrap() != currency.unwrap() || _pages[number].deadline == 0) continue;
            jobs += _paid(number) + _staked(number);
        }
        for (uint256 i = 0; i < actors.length; ++i) {
            accounts += _escrow().credits(currency, actors[i]);
        }
    }

    function balance(Currency currency) external view returns (uint256) {
        address escrow = address(_escrow());
        return currency.isEther() ? escrow.balance : OddToken(currency.unwrap()).balanceOf(escrow);
    }
}
