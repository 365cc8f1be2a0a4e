// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {JobBooks} from "./JobBooks.sol";
import {vm} from "./Vm.sol";

/// @notice Anybody doing anything with the jobs of a protocol, and what must have come of it.
/// @dev A call that the specification allows must not fail, and one that it does not allow must. The first actor is a
/// diligent provider, and the second a diligent consumer: they do in time what the specification asks of them, and must
/// not lose by what others do. The last thing that should not have happened is kept in `broken`.
abstract contract JobHandler is JobBooks {
    uint256 private constant WEALTH = 1e32;

    /// @dev How many jobs there may be, how many of the last ones calls are about (lest most of them meet ended ones),
    /// and of how many calls to condemn one does.
    struct Pace {
        uint256 jobs;
        uint256 recent;
        uint256 condemnOneIn;
    }

    /// @dev A move that takes a job from one state to the next, which then has `duration` to go.
    struct Step {
        address caller;
        bool allowed;
        bool stakes; // the caller puts the stake in
        bytes message;
        uint8 state;
        uint256 duration;
        string name;
    }

    constructor() {
        _deploy();
        (plain, odd) = (new OddToken(), new OddToken());
        currencies = [Currency.wrap(address(0)), Currency.wrap(address(plain)), Currency.wrap(address(odd))];
        for (uint160 i = 1; i <= 5; ++i) {
            _equip(address(uint160(0xac0000) + i));
        }
    }

    function _equip(address actor) private {
        actors.push(actor);
        vm.deal(actor, WEALTH);
        OddToken[2] memory tokens = [plain, odd];
        for (uint256 i = 0; i < tokens.length; ++i) {
            tokens[i].mint(actor, WEALTH);
            vm.prank(actor);
            tokens[i].approve(address(_escrow()), type(uint256).max);
        }
    }

    /* OF EACH PROTOCOL */

    function _pace() internal pure virtual returns (Pace memory) {
        return Pace({jobs: 30, recent: 6, condemnOneIn: 16});
    }

    /// @dev The calls that every contract has, for a job that was posted.
    function _postCall(uint256 number) internal view virtual returns (bytes memory);

    function _cancelCall(uint256 number) internal view virtual returns (bytes memory);

    function _settleCall(uint256 number) internal view virtual returns (bytes memory);

    /// @dev Ends a job whose last deadline has passed, and that is neither open nor void.
    function _endLate(uint256 number) internal virtual;

    /// @dev What a diligent provider or consumer does in the last second of a state.
    function _beDiligent(uint256 number) internal virtual;

    /* POST, CANCEL */

    function _isFull() internal view returns (bool) {
        return _pages.length == _pace().jobs;
    }

    /// @dev Sane terms must be taken, and no others.
    function _post(Page memory page, uint256 amount, bytes memory message, bool sane) internal returns (bool taken) {
        taken = _try(page.consumer, page.currency.isEther() ? amount : 0, message);
        if (taken && !sane) broken = "odd terms were taken";
        if (!taken && sane && !_isOdd(page.currency)) broken = "good terms were refused";
        if (!taken) return false;
        (page.circuitId, page.state) = (circuitId, _states().open);
        _pages.push(page);
        ++done["post"];
    }

    function repost(uint256 which) external {
        if (_pages.length == 0) return;
        uint256 number = _recent(which);
        address consumer = _pages[number].consumer;
        vm.deal(consumer, WEALTH);
        if (_try(consumer, _native(number, _paid(number)), _postCall(number))) broken = "an id lived again";
    }

    function cancel(uint256 which, uint256 who) external {
        if (_pages.length == 0) return;
        uint256 number = _recent(which);
        address consumer = _pages[number].consumer;
        address caller = who % 2 == 0 ? consumer : _actor(who);
        bool allowed = caller == consumer && _isIn(number, _states().open);
        if (_try(caller, 0, _cancelCall(number))) {
            if (!allowed) broken = "cancelled against the rules";
            _end(number, _states().cancelled, 0, "cancelled");
        } else if (allowed) {
            broken = "a consumer could not cancel in time";
        }
    }

    /* STEPS */

    function _step(uint256 number, Step memory step) internal returns (bool taken) {
        taken = _try(step.caller, step.stakes ? _native(number, _stake(number)) : 0, step.message);
        bool excused = step.stakes && _isOdd(_pages[number].currency);
        if (taken && !step.allowed) broken = string.concat(step.name, ": done against the rules");
        if (!taken && step.allowed && !excused) broken = string.concat(step.name, ": refused in time");
        if (!taken) return false;
        (_pages[number].state, _pages[number].deadline) = (step.state, block.timestamp + step.duration);
        ++done[step.name];
    }

    /// @dev Takes an open job, as long as its circuit is not condemned.
    function _take(uint256 number, address payee, Step memory step) internal {
        step.allowed = step.allowed && _isIn(number, _states().open) && _condemnedAt(number) == 0;
        step.stakes = true;
        if (_step(number, step)) (_pages[number].provider, _pages[number].payee) = (step.caller, payee);
    }

    /* SETTLE, WITHDRAW */

    function settle(uint256 which, uint256 who) external {
        if (_pages.length != 0) _settle(_recent(which), _actor(who));
    }

    function _settle(uint256 number, address caller) private {
        (, uint256 deadline) = _standing(number);
        uint256 condemnedAt = _condemnedAt(number);
        bool void = condemnedAt != 0 && condemnedAt <= _pages[number].deadline; // a missed one decides
        bool late = deadline != 0 && block.timestamp > deadline;
        if (_try(caller, 0, _settleCall(number))) {
            if (!void && !late) broken = "settled early, or twice";
            if (void) _end(number, _states().voided, _staked(number), "voided");
            else if (_pages[number].state == _states().open) _end(number, _states().expired, 0, "expired");
            else _endLate(number);
        } else if (void || late) {
            broken = "a missed deadline was not settled";
        }
    }

    function withdraw(uint256 who, uint256 what, uint256 to) external {
        Currency currency = currencies[what % currencies.length];
        address actor = _actor(who);
        uint256 credit = _escrow().credits(currency, actor);
        vm.prank(actor);
        try _escrow().withdraw(currency, _actor(to)) returns (uint256 amount) {
            if (amount != credit || credit == 0) broken = "withdrew another amount";
            if (_escrow().credits(currency, actor) != 0) broken = "credit left after a withdrawal";
            _credits[currency][actor] = 0;
            ++done["withdraw"];
        } catch {
            if (credit != 0 && !_isOdd(currency)) broken = "a credit could not be withdrawn";
        }
    }

    /* THE WORLD AROUND */

    function pass(uint16 time) external {
        _pass(block.timestamp + (time % 2 hours));
    }

    /// @dev To the last second of a job's state, or the first one after it.
    function passToDeadline(uint256 which, bool after_) external {
        if (_pages.length == 0) return;
        (, uint256 deadline) = _standing(_recent(which));
        deadline += after_ ? 1 : 0;
        if (deadline > block.timestamp) _pass(deadline);
    }

    /// @dev From deadline to deadline, so that the diligent ones act in the last second of each.
    function _pass(uint256 until) private {
        for (uint256 next = _nextDeadline(); next < until; next = _nextDeadline()) {
            vm.warp(next);
            for (uint256 number = 0; number < _pages.length; ++number) {
                (, uint256 deadline) = _standing(number);
                if (deadline == next) _beDiligent(number);
            }
            vm.warp(next + 1);
        }
        vm.warp(until);
    }

    function _nextDeadline() private view returns (uint256 next) {
        next = type(uint256).max;
        for (uint256 number = 0; number < _pages.length; ++number) {
            (, uint256 deadline) = _standing(number);
            if (deadline >= block.timestamp && deadline < next) next = deadline;
        }
    }

    function donate(uint256 what, uint96 amount) external {
        Currency currency = currencies[what % 2];
        address escrow = address(_escrow());
        donated[currency] += amount;
        if (currency.isEther()) vm.deal(escrow, escrow.balance + amount);
        else plain.mint(escrow, amount);
    }

    function misbehave(uint8 way) external {
        odd.set(OddToken.Way(way % 9));
    }

    /// @dev The odd token calls back into the contract whenever it moves.
    function arm(uint256 which, bool toWithdraw) external {
        if (_pages.length == 0) return;
        uint256 number = _recent(which);
        bytes memory withdrawal = abi.encodeCall(IEscrow.withdraw, (_pages[number].currency, address(this)));
        odd.setCall(address(_escrow()), toWithdraw ? withdrawal : _settleCall(number));
    }

    /// @dev Seldom, as it ends all trade with the circuit. New jobs use another one.
    function condemn(uint256 luck) external {
        if (luck % _pace().condemnOneIn != 0) return;
        _condemn();
        _registerCircuit();
        ++done["condemned"];
    }

    /// @notice Waits until every deadline has passed, and lets a stranger settle whatever has not ended: of what has,
    /// it must be refused.
    function settleAll() external {
        for (uint256 step = 0; step < 4; ++step) {
            _pass(block.timestamp + 365 days);
        }
        for (uint256 number = 0; number < _pages.length; ++number) {
            _settle(number, actors[4]);
        }
        odd.set(OddToken.Way.Plain);
    }

    /// @notice Everybody takes out what is theirs.
    function withdrawAll() external {
        for (uint256 i = 0; i < actors.length * currencies.length; ++i) {
            (address actor, Currency currency) = (actors[i / currencies.length], currencies[i % currencies.length]);
            if (_escrow().credits(currency, actor) == 0) continue;
            vm.prank(actor);
            _escrow().withdraw(currency, actor);
            _credits[currency][actor] = 0;
        }
    }

    /* WHO AND WHICH */

    /// @dev Whether the contract takes a call. Nothing that the call returns is read.
    function _try(address caller, uint256 value, bytes memory message) internal returns (bool taken) {
        address escrow = address(_escrow());
        vm.prank(caller);
        (taken, ) = escrow.call{value: value}(message);
    }

    function _actor(uint256 seed) internal view returns (address) {
        return actors[seed % actors.length];
    }

    function _recent(uint256 seed) internal view returns (uint256) {
        (uint256 count, uint256 recent) = (_pages.length, _pace().recent);
        return count - 1 - (seed % (count < recent ? count : recent));
    }

    function _isOdd(Currency currency) internal view returns (bool) {
        return currency.unwrap() == address(odd);
    }

    function _native(uint256 number, uint256 amount) private view returns (uint256) {
        return _pages[number].currency.isEther() ? amount : 0;
    }
}
