// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccuracyBounty} from "../../../contracts/interfaces/IAccuracyBounty.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {AccuracyBooks} from "./AccuracyBooks.sol";
import {vm} from "../common/Vm.sol";
import {Limits} from "../../../contracts/types/Limits.sol";

/// @notice Anybody doing anything with accuracy bounties, and what must have come of it.
/// @dev A call that the specification allows must not fail, and one that it does not allow must. The first actor is a
/// diligent provider: in the last second it disputes a malformed item, or proves all. The second is a diligent consumer:
/// it reveals its key in the last second. The last thing that should not have happened is kept in `broken`.
contract AccuracyHandler is AccuracyBooks {
    uint256 private constant MAX_JOBS = 30;
    uint256 private constant RECENT = 6; // jobs that calls are about, lest most of them meet ended ones

    /// @dev What is wrong with a submission.
    enum Cheat {
        None,
        OtherPayee,
        OtherLabel,
        OtherItem,
        OtherPlace,
        OneItemMore,
        Twice, // the same proof again in the same call: skipped
        FalseProof
    }

    constructor() {
        _deploy();
        (plain, odd) = (new OddToken(), new OddToken());
        currencies = [Currency.wrap(address(0)), Currency.wrap(address(plain)), Currency.wrap(address(odd))];
        for (uint160 i = 1; i <= 5; ++i) {
            _equip(address(uint160(0xac0000) + i));
        }
        uint8[6] memory counts = [1, 3, 5, 8, 2, 6];
        for (uint256 i = 0; i < counts.length; ++i) {
            _newSet(counts[i], i > 3);
        }
    }

    function _equip(address actor) private {
        actors.push(actor);
        vm.deal(actor, 1e32);
        plain.mint(actor, 1e32);
        odd.mint(actor, 1e32);
        vm.prank(actor);
        plain.approve(address(bounty), type(uint256).max);
        vm.prank(actor);
        odd.approve(address(bounty), type(uint256).max);
    }

    /* POST, CANCEL, ACCEPT, REVEAL */

    function post(uint256 who, uint256 what, uint96 reward, uint96 bond, uint96 stake, uint24 open) external {
        if (_pages.length == MAX_JOBS) return;
        uint256 set = (what / 3) % _sets.length;
        IAccuracyBounty.Job memory job = _newJob(who, what, set);
        (job.terms.reward, job.terms.bond, job.terms.stake) = (reward, bond, stake);
        job.terms.missPenalty = uint128(what % 7 == 0 ? stake / 2 : stake);
        job.terms.openUntil = uint40(block.timestamp + (open % 3 hours));
        (job.terms.revealSeconds, job.terms.proveSeconds) = ((open / 2) % 3 hours, (open / 3) % 3 hours);
        uint256 escrow = uint256(reward) + bond;
        vm.prank(job.consumer);
        try bounty.post{value: job.terms.currency.isNative() ? escrow : 0}(job.terms, job.nonce, "") {
            if (!_isSane(job.terms)) broken = "odd terms were taken";
            _open(job, set);
        } catch {
            if (_isSane(job.terms) && !_isOdd(job)) broken = "good terms were refused";
        }
    }

    function _newJob(uint256 who, uint256 what, uint256 set) private view returns (IAccuracyBounty.Job memory job) {
        job.consumer = _actor(who);
        job.nonce = _pages.length;
        job.terms.circuitId = circuitId;
        job.terms.provider = who % 7 == 0 ? _actor(what) : address(0);
        job.terms.currency = currencies[what % currencies.length];
        (job.terms.testRoot, job.terms.n) = (_sets[set].root, uint32(_sets[set].digests.length));
        job.terms.keyHash = keccak256(abi.encode(_key(_sets[set])));
        (job.terms.num, job.terms.den) = (uint32(1 + (what % 2)), 3);
    }

    function _isSane(IAccuracyBounty.Terms memory terms) private view returns (bool) {
        (, Limits memory limits) = bounty.deployment();
        uint256 min = limits.minWindow;
        bool windows = terms.openUntil >= block.timestamp + min && terms.proveSeconds >= min;
        bool risked = terms.provider != address(0) || terms.missPenalty != 0;
        return windows && terms.revealSeconds >= min && terms.reward != 0 && risked;
    }

    function _open(IAccuracyBounty.Job memory job, uint256 set) private {
        _pages.push();
        Page storage page = _pages[_pages.length - 1];
        (page.job, page.id, page.set) = (job, bounty.jobIdOf(job), set);
        (page.circuitId, page.modelId) = (circuitId, modelId);
        (page.state, page.deadline) = (IAccuracyBounty.State.Open, job.terms.openUntil);
        ++done["post"];
    }

    function repost(uint256 which) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        vm.deal(page.job.consumer, 1e32);
        vm.prank(page.job.consumer);
        try bounty.post{value: _native(page, _escrow(page))}(page.job.terms, page.job.nonce, "") {
            broken = "an id lived again";
        } catch {}
    }

    function cancel(uint256 which, uint256 who) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        address caller = who % 2 == 0 ? page.job.consumer : _actor(who);
        bool allowed = caller == page.job.consumer && _isIn(page, IAccuracyBounty.State.Open);
        vm.prank(caller);
        try bounty.cancel(page.job) {
            if (!allowed) broken = "cancelled against the rules";
            _end(page, IAccuracyBounty.State.Cancelled, 0, "cancelled");
        } catch {
            if (allowed) broken = "a consumer could not cancel in time";
        }
    }

    /// @dev Seldom with a model of another circuit.
    function accept(uint256 which, uint256 who, uint256 payee) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        address named = page.job.terms.provider;
        address caller = named != address(0) && who % 4 != 0 ? named : _actor(who / 4);
        bool allowed = (named == address(0) || caller == named) && _isIn(page, IAccuracyBounty.State.Open);
        bytes32 model = payee % 8 == 7 ? modelId : page.modelId;
        allowed = allowed && _condemnedAt(page) == 0 && model == page.modelId;
        vm.prank(caller);
        try bounty.accept{value: _native(page, page.job.terms.stake)}(page.job, model, _actor(payee)) {
            if (!allowed) broken = "accepted against the rules";
            (page.state, page.provider, page.payee) = (IAccuracyBounty.State.Accepted, caller, _actor(payee));
            page.deadline = block.timestamp + page.job.terms.revealSeconds;
            ++done["accept"];
        } catch {
            if (allowed && !_isOdd(page.job)) broken = "a provider could not accept in time";
        }
    }

    function reveal(uint256 which, uint256 who, uint256 lie) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        _reveal(page, who % 4 == 0 ? _actor(who) : page.job.consumer, lie % 8 == 0);
    }

    function _reveal(Page storage page, address caller, bool lie) private {
        bool allowed = caller == page.job.consumer && _isIn(page, IAccuracyBounty.State.Accepted) && !lie;
        bytes32 key = lie ? bytes32(0) : _key(_sets[page.set]);
        vm.prank(caller);
        try bounty.revealKey(page.job, key) {
            if (!allowed) broken = "a key was taken against the rules";
            page.state = IAccuracyBounty.State.Proving;
            page.deadline = block.timestamp + page.job.terms.proveSeconds;
            ++done["reveal"];
        } catch {
            if (allowed) broken = "a consumer could not reveal its key in time";
        }
    }

    /* SUBMIT */

    /// @dev Every second time it is an honest proof of a block within the dataset.
    function submit(uint256 which, uint256 who, uint256 start, uint256 cheat) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        uint256 size = 1 + ((start >> 8) % 2);
        uint256 first = start % _count(page);
        if (cheat % 2 == 0) first -= first % size;
        if (cheat % 2 == 0 && first + size > _count(page)) size = 1;
        _submit(page, _actor(who), first, size, cheat % 2 == 0 ? Cheat.None : Cheat((cheat / 2) % 8));
    }

    function _submit(Page storage page, address caller, uint256 start, uint256 size, Cheat cheat) private {
        IAccuracyBounty.Submission[] memory submissions = _submissions(page, start, size, cheat);
        bool allowed = _isIn(page, IAccuracyBounty.State.Proving) && _condemnedAt(page) == 0;
        bool fits = start % size == 0 && start + size <= _count(page);
        bool good = cheat == Cheat.None || cheat == Cheat.Twice;
        vm.prank(caller);
        try bounty.submit(page.job, submissions) {
            if (!allowed || !good || !fits) broken = "a submission was taken against the rules";
            _note(page, start, size);
        } catch {
            if (allowed && good && fits) broken = "a good submission was refused";
        }
    }

    function _submissions(
        Page storage page,
        uint256 start,
        uint256 size,
        Cheat cheat
    ) private view returns (IAccuracyBounty.Submission[] memory submissions) {
        address payee = cheat == Cheat.OtherPayee ? address(uint160(page.payee) + 9) : page.payee;
        uint256 context = _contextOf(address(bounty), page.id, payee);
        submissions = new IAccuracyBounty.Submission[](cheat == Cheat.Twice ? 2 : 1);
        submissions[0] = _submission(_sets[page.set], context, start, size);
        if (cheat == Cheat.Twice) submissions[1] = submissions[0];
        _spoil(submissions[0], cheat);
    }

    function _spoil(IAccuracyBounty.Submission memory submission, Cheat cheat) private pure {
        if (cheat == Cheat.FalseProof) submission.proof[0] ^= 0x01;
        else if (cheat == Cheat.OtherLabel) submission.items[0].label ^= 1;
        else if (cheat == Cheat.OtherItem) submission.items[0].ciphertextHash ^= bytes32(uint256(1));
        else if (cheat == Cheat.OtherPlace) submission.runs[0].start += submission.runs[0].size;
        else if (cheat == Cheat.OneItemMore) submission.items = new IAccuracyBounty.TestItem[](2 * SLOTS);
    }

    function _note(Page storage page, uint256 start, uint256 size) private {
        page.proven |= ((1 << size) - 1) << start;
        ++done["submit"];
        if (!_reaches(page, page.proven)) return;
        IAccuracyBounty.Terms storage terms = page.job.terms;
        _end(page, IAccuracyBounty.State.Paid, uint256(terms.reward) + terms.stake, "paid");
    }

    /* DISPUTE, SETTLE, WITHDRAW */

    function dispute(uint256 which, uint256 who, uint256 index, uint256 lie) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        (bool malformed, uint256 found) = _malformed(page);
        index = malformed && index % 2 == 0 ? found : index % _count(page);
        _dispute(page, who % 4 == 0 ? _actor(who) : page.provider, index, lie % 4 == 0);
    }

    /// @dev A liar changes the ciphertext.
    function _dispute(Page storage page, address caller, uint256 index, bool lie) private {
        bool allowed = caller == page.provider && _isIn(page, IAccuracyBounty.State.Proving) && !lie;
        allowed = allowed && _isMalformed(_sets[page.set], index);
        if (_tryDispute(page, caller, index, lie)) {
            if (!allowed) broken = "disputed against the rules";
            (uint256 consumers, uint256 providers) = _deposits(page);
            _end(page, IAccuracyBounty.State.Malformed, consumers + providers, "malformed");
        } else if (allowed) {
            broken = "a malformed item could not be disputed";
        }
    }

    function _tryDispute(Page storage page, address caller, uint256 index, bool lie) private returns (bool) {
        TestSet storage set = _sets[page.set];
        bytes memory ciphertext = _ciphertext(set, index);
        if (lie) ciphertext[0] ^= 0x01;
        bytes32[] memory path = _path(set, index, 0);
        vm.prank(caller);
        try bounty.dispute(page.job, index, ciphertext, _inner(set, index), path) {
            return true;
        } catch {
            return false;
        }
    }

    function settle(uint256 which, uint256 who) external {
        if (_pages.length != 0) _settle(_page(which), _actor(who));
    }

    function _settle(Page storage page, address caller) private {
        uint256 condemnedAt = _condemnedAt(page);
        bool void = condemnedAt != 0 && condemnedAt <= page.deadline;
        bool late = page.deadline != 0 && block.timestamp > page.deadline;
        vm.prank(caller);
        try bounty.settle(page.job) {
            if (!void && !late) broken = "settled early, or twice";
            _noteSettled(page, void);
        } catch {
            if (void || late) broken = "a missed deadline was not settled";
        }
    }

    function _noteSettled(Page storage page, bool void) private {
        IAccuracyBounty.Terms storage terms = page.job.terms;
        (, uint256 stake) = _deposits(page);
        if (void) _end(page, IAccuracyBounty.State.Voided, stake, "voided");
        else if (page.state == IAccuracyBounty.State.Open) _end(page, IAccuracyBounty.State.Expired, 0, "expired");
        else if (page.state == IAccuracyBounty.State.Accepted)
            _end(page, IAccuracyBounty.State.KeyWithheld, uint256(terms.bond) + terms.stake, "withheld");
        else _end(page, IAccuracyBounty.State.Missed, terms.stake - terms.missPenalty, "missed");
    }

    function withdraw(uint256 who, uint256 what, uint256 to) external {
        Currency currency = currencies[what % currencies.length];
        address actor = _actor(who);
        uint256 credit = bounty.credits(currency, actor);
        vm.prank(actor);
        try bounty.withdraw(currency, _actor(to)) returns (uint256 amount) {
            if (amount != credit || credit == 0) broken = "withdrew another amount";
            _withdrawn(currency, actor);
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
        if (_pages.length == 0) return;
        uint256 deadline = _page(which).deadline + (after_ ? 1 : 0);
        if (deadline > block.timestamp) _pass(deadline);
    }

    /// @dev From deadline to deadline, so that the diligent ones act in the last second of each.
    function _pass(uint256 until) private {
        for (uint256 next = _nextDeadline(); next < until; next = _nextDeadline()) {
            vm.warp(next);
            for (uint256 i = 0; i < _pages.length; ++i) {
                _beDiligent(_pages[i]);
            }
            vm.warp(next + 1);
        }
        vm.warp(until);
    }

    function _nextDeadline() private view returns (uint256 next) {
        next = type(uint256).max;
        for (uint256 i = 0; i < _pages.length; ++i) {
            uint256 deadline = _pages[i].deadline;
            if (deadline >= block.timestamp && deadline < next) next = deadline;
        }
    }

    function _beDiligent(Page storage page) private {
        if (page.deadline != block.timestamp) return;
        bool accepted = page.state == IAccuracyBounty.State.Accepted;
        bool proving = page.state == IAccuracyBounty.State.Proving;
        if (accepted && page.job.consumer == actors[1]) _reveal(page, actors[1], false);
        if (!proving || page.provider != actors[0]) return;
        (bool malformed, uint256 found) = _malformed(page);
        if (malformed) _dispute(page, actors[0], found, false);
        for (uint256 index = 0; index < _count(page) && page.deadline != 0; ++index) {
            if ((page.proven >> index) & 1 == 0) _submit(page, actors[0], index, 1, Cheat.None);
        }
    }

    function donate(uint256 what, uint96 amount) external {
        Currency currency = currencies[what % 2];
        donated[currency] += amount;
        if (currency.isNative()) vm.deal(address(bounty), address(bounty).balance + amount);
        else plain.mint(address(bounty), amount);
    }

    function misbehave(uint8 way) external {
        odd.set(OddToken.Way(way % 9));
    }

    /// @dev The odd token calls back into the contract whenever it moves.
    function arm(uint256 which, bool toWithdraw) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        bytes memory message =
            toWithdraw
                ? abi.encodeCall(bounty.withdraw, (page.job.terms.currency, address(this)))
                : abi.encodeCall(bounty.settle, (page.job));
        odd.setCall(address(bounty), message);
    }

    /// @dev Seldom, as it ends all trade with the circuit. New jobs use another one.
    function condemn(uint256 luck) external {
        if (luck % 16 != 0) return;
        _condemn();
        _registerCircuit();
        ++done["condemned"];
    }

    /// @notice Waits until every deadline has passed, and lets a stranger settle whatever has not ended.
    function settleAll() external {
        _pass(block.timestamp + 365 days);
        for (uint256 i = 0; i < _pages.length; ++i) {
            if (_pages[i].deadline != 0) _settle(_pages[i], actors[4]);
        }
        odd.set(OddToken.Way.Plain);
    }

    /// @notice Everybody takes out what is theirs.
    function withdrawAll() external {
        for (uint256 i = 0; i < actors.length * currencies.length; ++i) {
            (address actor, Currency currency) = (actors[i / currencies.length], currencies[i % currencies.length]);
            if (bounty.credits(currency, actor) == 0) continue;
            vm.prank(actor);
            bounty.withdraw(currency, actor);
            _withdrawn(currency, actor);
        }
    }

    /* WHO AND WHICH */

    function _actor(uint256 seed) private view returns (address) {
        return actors[seed % actors.length];
    }

    function _page(uint256 seed) private view returns (Page storage) {
        uint256 count = _pages.length;
        return _pages[count - 1 - (seed % (count < RECENT ? count : RECENT))];
    }

    function _escrow(Page storage page) private view returns (uint256) {
        return uint256(page.job.terms.reward) + page.job.terms.bond;
    }

    function _isOdd(IAccuracyBounty.Job memory job) private view returns (bool) {
        return job.terms.currency.unwrap() == address(odd);
    }

    function _native(Page storage page, uint256 amount) private view returns (uint256) {
        return page.job.terms.currency.isNative() ? amount : 0;
    }
}
