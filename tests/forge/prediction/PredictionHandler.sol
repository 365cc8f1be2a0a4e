// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPredictionMarket} from "../../../contracts/interfaces/IPredictionMarket.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {PredictionSetUp} from "./PredictionSetUp.sol";
import {vm} from "../common/Vm.sol";

/// @notice Anybody doing anything with the market, and what must have come of it.
/// @dev What the market does is compared with the table of docs/SPEC.md, and so is what it refuses: a call that the
/// table allows must not fail. The first actor is diligent: it delivers before the deadline whatever it is the payee
/// of, and must never lose a stake. The last thing that should not have happened is kept in `broken`.
contract PredictionHandler is PredictionSetUp {
    uint256 private constant MAX_JOBS = 40;
    uint256 private constant RECENT = 8; // jobs that calls are about, lest most of them meet ended ones

    address[] public actors;
    Currency[] public currencies;
    OddToken public plain;
    OddToken public odd;
    IPredictionMarket.Job[] private _jobs;

    mapping(Currency => uint256) public donated;
    mapping(bytes32 => uint256) public endings;
    mapping(string => uint256) public done;
    string public broken;

    /// @dev What the contract says of a job, the deadline of its state (0 once it has ended), and the credits.
    struct Picture {
        IPredictionMarket.State state;
        address payee;
        uint256 deadline;
        uint256[] credits;
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
        vm.deal(actor, 1e30);
        plain.mint(actor, 1e30);
        odd.mint(actor, 1e30);
        vm.prank(actor);
        plain.approve(address(market), type(uint256).max);
        vm.prank(actor);
        odd.approve(address(market), type(uint256).max);
    }

    /* MOVES OF THE TABLE */

    function post(uint256 who, uint256 what, uint96 reward, uint96 stake, uint32 open, uint32 prove) external {
        if (_jobs.length == MAX_JOBS) return;
        IPredictionMarket.Job memory job = _newJob(who, what, reward, stake);
        job.terms.openUntil = uint40(block.timestamp + (open % 4 hours));
        job.terms.proveSeconds = prove % 4 hours;
        uint256 value = job.terms.currency.isNative() ? reward : 0;
        vm.prank(job.consumer);
        try market.post{value: value}(job.terms, job.nonce, 0, "") {
            _jobs.push(job);
            ++done["post"];
        } catch {}
    }

    function _newJob(
        uint256 who,
        uint256 what,
        uint96 reward,
        uint96 stake
    ) private view returns (IPredictionMarket.Job memory job) {
        job.consumer = _actor(who);
        job.nonce = _jobs.length;
        job.terms.modelId = modelId;
        job.terms.inputsHash = _inputsHash(1 + (what % ITEMS));
        job.terms.currency = currencies[what % currencies.length];
        (job.terms.reward, job.terms.stake) = (reward, stake);
        job.terms.provider = what % 5 == 0 ? _actor(who / 7) : address(0);
    }

    function repost(uint256 which) external {
        if (_jobs.length == 0) return;
        IPredictionMarket.Job memory job = _job(which);
        uint256 value = job.terms.currency.isNative() ? job.terms.reward : 0;
        vm.prank(job.consumer);
        try market.post{value: value}(job.terms, job.nonce, 0, "") {
            broken = "an id lived again";
        } catch {}
    }

    function cancel(uint256 which, uint256 who) external {
        if (_jobs.length == 0) return;
        IPredictionMarket.Job memory job = _job(which);
        address caller = who % 2 == 0 ? job.consumer : _actor(who);
        Picture memory before = _picture(job);
        vm.prank(caller);
        try market.cancel(job) {
            _expectFrom(before, IPredictionMarket.State.Open);
            if (caller != job.consumer) broken = "a stranger cancelled";
            if (block.timestamp > job.terms.openUntil) broken = "cancelled late";
            _expectEnd(job, before, IPredictionMarket.State.Cancelled, job.terms.reward, 0, job.consumer);
        } catch {
            bool allowed = caller == job.consumer && _isOpen(job, before);
            if (allowed) broken = "a consumer could not cancel in time";
        }
    }

    function lock(uint256 which, uint256 who, uint256 payee) external {
        if (_jobs.length == 0) return;
        IPredictionMarket.Job memory job = _job(which);
        Picture memory before = _picture(job);
        uint256 value = job.terms.currency.isNative() ? job.terms.stake : 0;
        address caller = who % 3 == 0 && job.terms.provider != address(0) ? job.terms.provider : _actor(who);
        vm.prank(caller);
        try market.lock{value: value}(job, _actor(payee)) {
            _expectFrom(before, IPredictionMarket.State.Open);
            if (block.timestamp > job.terms.openUntil) broken = "locked late";
            Picture memory current = _picture(job);
            if (current.state != IPredictionMarket.State.Locked) broken = "lock did not lock";
            if (current.deadline != block.timestamp + job.terms.proveSeconds) broken = "wrong deadline";
            if (!_mayLock(job, caller)) broken = "a stranger locked";
            ++done["lock"];
        } catch {
            bool allowed = _mayLock(job, caller) && _isOpen(job, before) && !_isOdd(job);
            if (allowed && _condemnedAt(job) == 0) broken = "a provider could not lock in time";
        }
    }

    /// @dev One in four values of `honest` binds the proof to somebody else than the payee.
    function deliver(uint256 which, uint256 who, uint256 honest) external {
        if (_jobs.length == 0) return;
        IPredictionMarket.Job memory job = _job(which);
        Picture memory before = _picture(job);
        address bound = honest % 4 == 1 ? _actor(who) : before.payee;
        _deliver(job, before, bound, _actor(who), honest % 1e6);
    }

    function _deliver(
        IPredictionMarket.Job memory job,
        Picture memory before,
        address bound,
        address caller,
        uint256 output
    ) private {
        uint256[] memory instances = _statement(_context(market.jobIdOf(job), bound), output);
        vm.prank(caller);
        try market.deliver(job, _itemsOf(job), _proof(instances), instances) {
            _expectFrom(before, IPredictionMarket.State.Locked);
            if (bound != before.payee) broken = "a proof of somebody else paid";
            if (block.timestamp > before.deadline) broken = "delivered late";
            if (_condemnedAt(job) != 0) broken = "a condemned circuit paid";
            uint256 paid = uint256(job.terms.reward) + job.terms.stake;
            _expectEnd(job, before, IPredictionMarket.State.Paid, 0, paid, before.payee);
        } catch {
            bool timely = before.state == IPredictionMarket.State.Locked && block.timestamp <= before.deadline;
            bool good = bound == before.payee && _condemnedAt(job) == 0;
            if (timely && good) broken = "a good proof was refused in time";
        }
    }

    function refund(uint256 which, uint256 who) external {
        if (_jobs.length == 0) return;
        _refund(_job(which), _actor(who));
    }

    function _refund(IPredictionMarket.Job memory job, address caller) private {
        Picture memory before = _picture(job);
        vm.prank(caller);
        try market.refund(job) {
            _expectRefund(job, before);
        } catch {
            if (before.deadline != 0 && block.timestamp > before.deadline)
                broken = "a missed deadline was not refunded";
        }
    }

    function _expectRefund(IPredictionMarket.Job memory job, Picture memory before) private {
        bool locked = before.state == IPredictionMarket.State.Locked;
        if (!locked) _expectFrom(before, IPredictionMarket.State.Open);
        uint256 condemnedAt = _condemnedAt(job);
        uint256 reward = job.terms.reward;
        uint256 stake = locked ? job.terms.stake : 0;
        if (condemnedAt != 0 && condemnedAt <= before.deadline) {
            _expectEnd(job, before, IPredictionMarket.State.Voided, reward, stake, before.payee);
        } else {
            if (block.timestamp <= before.deadline) broken = "refunded early";
            IPredictionMarket.State end = locked ? IPredictionMarket.State.Slashed : IPredictionMarket.State.Expired;
            _expectEnd(job, before, end, reward + stake, 0, before.payee);
        }
    }

    function withdraw(uint256 who, uint256 what, uint256 to) external {
        Currency currency = currencies[what % currencies.length];
        address actor = _actor(who);
        uint256 credit = market.credits(currency, actor);
        vm.prank(actor);
        try market.withdraw(currency, _actor(to)) returns (uint256 amount) {
            if (amount != credit || credit == 0) broken = "withdrew another amount";
            if (market.credits(currency, actor) != 0) broken = "credit left after a withdrawal";
            ++done["withdraw"];
        } catch {
            if (credit != 0 && currency.unwrap() != address(odd)) broken = "a credit could not be withdrawn";
        }
    }

    /* THE WORLD AROUND */

    function pass(uint16 time) external {
        _pass(block.timestamp + (time % 2 hours));
    }

    /// @dev To the last second of a job's state, or the first one after it.
    function passToDeadline(uint256 which, bool after_) external {
        if (_jobs.length == 0) return;
        uint256 deadline = _picture(_job(which)).deadline + (after_ ? 1 : 0);
        if (deadline > block.timestamp) _pass(deadline);
    }

    /// @dev The diligent one delivers what would be late by then.
    function _pass(uint256 until) private {
        for (uint256 i = 0; i < _jobs.length; ++i) {
            Picture memory before = _picture(_jobs[i]);
            bool locked = before.state == IPredictionMarket.State.Locked && before.payee == actors[0];
            if (locked && before.deadline < until) _deliver(_jobs[i], before, before.payee, actors[0], i);
        }
        vm.warp(until);
    }

    function donate(uint256 what, uint96 amount) external {
        Currency currency = currencies[what % 2];
        donated[currency] += amount;
        if (currency.isNative()) vm.deal(address(market), address(market).balance + amount);
        else plain.mint(address(market), amount);
    }

    function misbehave(uint8 way) external {
        odd.set(OddToken.Way(way % 9));
    }

    /// @dev The odd token calls back into the market whenever it moves.
    function arm(uint256 which, bool toWithdraw) external {
        if (_jobs.length == 0) return;
        IPredictionMarket.Job memory job = _job(which);
        bytes memory message =
            toWithdraw
                ? abi.encodeCall(market.withdraw, (job.terms.currency, address(this)))
                : abi.encodeCall(market.refund, (job));
        odd.setCall(address(market), message);
    }

    /// @dev Seldom, as it ends all trade with the circuit. New jobs use another one.
    function condemn(uint256 luck) external {
        if (luck % 4 != 0) return;
        (uint256[] memory a, uint256[] memory b) = (_statement(0, 0), _statement(0, 1));
        registry.condemn(circuitId, _proof(a), a, _proof(b), b);
        _registerCircuit();
        ++done["condemned"];
    }

    /// @notice Waits until every deadline has passed, and lets a stranger refund whatever has not ended.
    function settleAll() external {
        _pass(block.timestamp + 365 days);
        for (uint256 i = 0; i < _jobs.length; ++i) {
            _refund(_jobs[i], actors[4]);
        }
        odd.set(OddToken.Way.Plain);
    }

    /// @notice Everybody takes out what is theirs.
    function withdrawAll() external {
        for (uint256 i = 0; i < actors.length * currencies.length; ++i) {
            (address actor, Currency currency) = (actors[i / currencies.length], currencies[i % currencies.length]);
            if (market.credits(currency, actor) == 0) continue;
            vm.prank(actor);
            market.withdraw(currency, actor);
        }
    }

    /* WHAT MUST HAVE COME OF IT */

    function _expectFrom(Picture memory before, IPredictionMarket.State allowed) private {
        if (before.state != allowed) broken = "a move from another state";
    }

    function _expectEnd(
        IPredictionMarket.Job memory job,
        Picture memory before,
        IPredictionMarket.State end,
        uint256 toConsumer,
        uint256 toPayee,
        address payee
    ) private {
        Picture memory current = _picture(job);
        if (current.state != end) broken = "another end";
        bool slashed = end == IPredictionMarket.State.Slashed;
        if (slashed && before.payee == actors[0]) broken = "a diligent provider lost its stake";
        if (++endings[market.jobIdOf(job)] > 1) broken = "a job ended twice";
        for (uint256 i = 0; i < actors.length; ++i) {
            uint256 due = before.credits[i];
            if (actors[i] == job.consumer) due += toConsumer;
            if (actors[i] == payee) due += toPayee;
            if (current.credits[i] != due) broken = "somebody was credited another amount";
        }
        ++done[_nameOf(end)];
    }

    function _nameOf(IPredictionMarket.State end) private pure returns (string memory) {
        string[5] memory names = ["paid", "cancelled", "expired", "slashed", "voided"];
        return names[uint8(end) - uint8(IPredictionMarket.State.Paid)];
    }

    function _picture(IPredictionMarket.Job memory job) private view returns (Picture memory picture) {
        (picture.state, picture.payee, picture.deadline) = market.jobs(market.jobIdOf(job));
        if (picture.state == IPredictionMarket.State.Open) picture.deadline = job.terms.openUntil;
        if (endings[market.jobIdOf(job)] != 0) picture.deadline = 0;
        picture.credits = new uint256[](actors.length);
        for (uint256 i = 0; i < actors.length; ++i) {
            picture.credits[i] = market.credits(job.terms.currency, actors[i]);
        }
    }

    /* VIEWS */

    function _actor(uint256 seed) private view returns (address) {
        return actors[seed % actors.length];
    }

    function _job(uint256 seed) private view returns (IPredictionMarket.Job memory) {
        uint256 count = _jobs.length;
        return _jobs[count - 1 - (seed % (count < RECENT ? count : RECENT))];
    }

    function _isOpen(IPredictionMarket.Job memory job, Picture memory before) private view returns (bool) {
        return before.state == IPredictionMarket.State.Open && block.timestamp <= job.terms.openUntil;
    }

    function _mayLock(IPredictionMarket.Job memory job, address caller) private pure returns (bool) {
        return job.terms.provider == address(0) || job.terms.provider == caller;
    }

    function _isOdd(IPredictionMarket.Job memory job) private view returns (bool) {
        return job.terms.currency.unwrap() == address(odd);
    }

    function _condemnedAt(IPredictionMarket.Job memory job) private view returns (uint256 time) {
        (, time) = registry.condemnation(job.terms.modelId);
    }

    function _itemsOf(IPredictionMarket.Job memory job) private pure returns (uint256) {
        return job.terms.inputsHash == _inputsHash(1) ? 1 : 2;
    }

    /// @notice What the market owes in a currency: to jobs that have not ended, and to accounts.
    function owed(Currency currency) external view returns (uint256 jobs, uint256 accounts) {
        for (uint256 i = 0; i < _jobs.length; ++i) {
            if (_jobs[i].terms.currency.unwrap() == currency.unwrap()) jobs += _held(_jobs[i]);
        }
        for (uint256 i = 0; i < actors.length; ++i) {
            accounts += market.credits(currency, actors[i]);
        }
    }

    function _held(IPredictionMarket.Job memory job) private view returns (uint256) {
        (IPredictionMarket.State state, , ) = market.jobs(market.jobIdOf(job));
        if (state == IPredictionMarket.State.Open) return job.terms.reward;
        if (state == IPredictionMarket.State.Locked) return uint256(job.terms.reward) + job.terms.stake;
        return 0;
    }

    function balance(Currency currency) external view returns (uint256) {
        if (currency.isNative()) return address(market).balance;
        return OddToken(currency.unwrap()).balanceOf(address(market));
    }
}
