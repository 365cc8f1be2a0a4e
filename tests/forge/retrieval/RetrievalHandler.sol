// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRetrievalBounty} from "../../../contracts/interfaces/IRetrievalBounty.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {RetrievalBooks} from "./RetrievalBooks.sol";
import {vm} from "../common/Vm.sol";
import {Limits} from "../../../contracts/types/Limits.sol";

/// @notice Anybody doing anything with retrieval bounties, and what must have come of it.
/// @dev A call that the specification allows must not fail, and one that it does not allow must. The first actor is a
/// diligent owner: it proves in time whatever it accepted. The second is a diligent requester: it disputes in time
/// whatever it cannot read. The last thing that should not have happened is kept in `broken`.
contract RetrievalHandler is RetrievalBooks {
    uint256 private constant MAX_JOBS = 30;
    uint256 private constant RECENT = 6; // jobs that calls are about, lest most of them meet ended ones

    /// @dev What is wrong with a submission.
    enum Cheat {
        None,
        OtherPayee,
        NoKeys,
        OtherKey,
        OneKeyMore,
        OtherRecord,
        OtherPlace,
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
        uint8[4] memory counts = [1, 5, 3, 8];
        for (uint256 i = 0; i < 8; ++i) {
            _commit(actors[i % 2 == 0 ? 0 : 2], counts[i / 2], i % 2 == 1);
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

    /* POST, CANCEL, ACCEPT */

    function post(uint256 who, uint256 what, uint96 price, uint96 stake, uint24 open, uint24 prove) external {
        if (_pages.length == MAX_JOBS) return;
        IRetrievalBounty.Job memory job = _newJob(who, what, price, stake);
        job.terms.openUntil = uint40(block.timestamp + (open % 3 hours));
        (job.terms.proveSeconds, job.terms.disputeSeconds) = (prove % 3 hours, (prove / 2) % 3 hours);
        uint256 dataset = (what / 3) % _datasets.length;
        job.terms.datasetId = _datasets[dataset].id;
        uint256 escrow = _datasets[dataset].digests.length * price;
        vm.prank(job.consumer);
        try bounty.post{value: job.terms.currency.isNative() ? escrow : 0}(job.terms, job.nonce) {
            if (!_isSane(job.terms)) broken = "odd terms were taken";
            _open(job, dataset);
        } catch {
            if (_isSane(job.terms) && !_isOdd(job)) broken = "good terms were refused";
        }
    }

    function _newJob(
        uint256 who,
        uint256 what,
        uint96 price,
        uint96 stake
    ) private view returns (IRetrievalBounty.Job memory job) {
        job.consumer = _actor(who);
        job.nonce = _pages.length;
        job.terms.modelId = modelId;
        job.terms.currency = currencies[what % currencies.length];
        (job.terms.pricePerRecord, job.terms.stake) = (price, stake);
        IRetrievalBounty.PredicateKind kind = IRetrievalBounty.PredicateKind(who % 2);
        job.terms.predicate = IRetrievalBounty.Predicate(kind, uint16(what % 2), 0);
    }

    function _isSane(IRetrievalBounty.Terms memory terms) private view returns (bool) {
        (, Limits memory limits) = bounty.deployment();
        uint256 min = limits.minWindow;
        bool windows = terms.openUntil >= block.timestamp + min && terms.proveSeconds >= min;
        return windows && terms.disputeSeconds >= min && terms.pricePerRecord != 0 && terms.stake != 0;
    }

    function _open(IRetrievalBounty.Job memory job, uint256 dataset) private {
        _pages.push();
        Page storage page = _pages[_pages.length - 1];
        (page.job, page.id, page.circuitId, page.dataset) = (job, bounty.jobIdOf(job), circuitId, dataset);
        (page.state, page.deadline) = (IRetrievalBounty.State.Open, job.terms.openUntil);
        ++done["post"];
    }

    function repost(uint256 which) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        vm.deal(page.job.consumer, 1e32);
        vm.prank(page.job.consumer);
        try bounty.post{value: _native(page, _escrow(page))}(page.job.terms, page.job.nonce) {
            broken = "an id lived again";
        } catch {}
    }

    function cancel(uint256 which, uint256 who) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        address caller = who % 2 == 0 ? page.job.consumer : _actor(who);
        bool allowed = caller == page.job.consumer && _isIn(page, IRetrievalBounty.State.Open);
        vm.prank(caller);
        try bounty.cancel(page.job) {
            if (!allowed) broken = "cancelled against the rules";
            _end(page, IRetrievalBounty.State.Cancelled, _escrow(page), 0, "cancelled");
        } catch {
            if (allowed) broken = "a consumer could not cancel in time";
        }
    }

    function accept(uint256 which, uint256 who, uint256 payee) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        address caller = who % 4 == 0 ? _actor(who / 4) : _owner(page);
        bool allowed = caller == _owner(page) && _isIn(page, IRetrievalBounty.State.Open) && _condemnedAt(page) == 0;
        vm.prank(caller);
        try bounty.accept{value: _native(page, page.job.terms.stake)}(page.job, _actor(payee)) {
            if (!allowed) broken = "accepted against the rules";
            (page.state, page.payee) = (IRetrievalBounty.State.Proving, _actor(payee));
            page.deadline = block.timestamp + page.job.terms.proveSeconds;
            ++done["accept"];
        } catch {
            if (allowed && !_isOdd(page.job)) broken = "an owner could not accept in time";
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
        _submit(page, _actor(who), first, size, cheat % 2 == 0 ? Cheat.None : Cheat((cheat / 2) % 9));
    }

    function _submit(Page storage page, address caller, uint256 start, uint256 size, Cheat cheat) private {
        IRetrievalBounty.Submission[] memory submissions = _submissions(page, start, size, cheat);
        bool allowed = _isIn(page, IRetrievalBounty.State.Proving) && _condemnedAt(page) == 0;
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
    ) private view returns (IRetrievalBounty.Submission[] memory submissions) {
        address payee = cheat == Cheat.OtherPayee ? address(uint160(page.payee) + 9) : page.payee;
        uint256 context = _context(page.id, payee);
        IRetrievalBounty.Predicate memory predicate = page.job.terms.predicate;
        submissions = new IRetrievalBounty.Submission[](cheat == Cheat.Twice ? 2 : 1);
        submissions[0] = _submission(_datasets[page.dataset], predicate, context, start, size);
        if (cheat == Cheat.Twice) submissions[1] = submissions[0];
        _spoil(submissions[0], cheat);
    }

    /// @dev Where there is no key to spoil, the proof is.
    function _spoil(IRetrievalBounty.Submission memory submission, Cheat cheat) private pure {
        bytes32[] memory keys = submission.keys;
        bool ofKeys = cheat == Cheat.NoKeys || cheat == Cheat.OtherKey;
        if (cheat == Cheat.FalseProof || (ofKeys && keys.length == 0)) submission.proof[0] ^= 0x01;
        else if (cheat == Cheat.NoKeys) submission.keys = new bytes32[](keys.length - 1);
        else if (cheat == Cheat.OtherKey) keys[keys.length - 1] ^= bytes32(uint256(1));
        else if (cheat == Cheat.OneKeyMore) submission.keys = new bytes32[](keys.length + 1);
        else if (cheat == Cheat.OtherRecord) submission.records[0].ciphertextHash ^= bytes32(uint256(1));
        else if (cheat == Cheat.OtherPlace) submission.runs[0].start += submission.runs[0].size;
        if (cheat != Cheat.OneKeyMore) return;
        for (uint256 i = 0; i < keys.length; ++i) {
            submission.keys[i] = keys[i];
        }
    }

    function _note(Page storage page, uint256 start, uint256 size) private {
        for (uint256 index = start; index < start + size; ++index) {
            bool matched = _isMatch(_datasets[page.dataset], page.job.terms.predicate, index);
            page.proven |= 1 << index;
            if (matched) page.matched |= 1 << index;
        }
        ++done["submit"];
        if (!_isComplete(page)) return;
        page.state = IRetrievalBounty.State.Closing;
        page.deadline = block.timestamp + page.job.terms.disputeSeconds;
        ++done["closing"];
    }

    /* DISPUTE, SETTLE, WITHDRAW */

    function dispute(uint256 which, uint256 who, uint256 index, uint256 lie) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        (bool unreadable, uint256 found) = _unreadable(page);
        index = unreadable && index % 2 == 0 ? found : index % _count(page);
        _dispute(page, who % 2 == 0 ? page.job.consumer : _actor(who), index, lie % 4 == 0);
    }

    /// @dev A liar changes the ciphertext.
    function _dispute(Page storage page, address caller, uint256 index, bool lie) private {
        (, Flaw flaw) = _record(_datasets[page.dataset], index);
        bool matched = (page.matched >> index) & 1 == 1;
        bool allowed = caller == page.job.consumer && _isIn(page, IRetrievalBounty.State.Closing) && matched;
        allowed = allowed && flaw != Flaw.None && !lie;
        if (_tryDispute(page, caller, index, lie)) {
            if (!allowed) broken = "disputed against the rules";
            uint256 all = _escrow(page) + page.job.terms.stake;
            _end(page, IRetrievalBounty.State.Malformed, all, 0, "malformed");
        } else if (allowed) {
            broken = "an unreadable record could not be disputed";
        }
    }

    function _tryDispute(Page storage page, address caller, uint256 index, bool lie) private returns (bool) {
        Dataset storage dataset = _datasets[page.dataset];
        bytes memory ciphertext = _ciphertext(dataset, index);
        if (lie) ciphertext[0] ^= 0x01;
        bytes32[] memory path = _path(dataset, index, 0);
        vm.prank(caller);
        try bounty.dispute(page.job, index, _key(dataset, index), ciphertext, _commitment(dataset, index), path) {
            return true;
        } catch {
            return false;
        }
    }

    function settle(uint256 which, uint256 who) external {
        if (_pages.length != 0) _settle(_page(which), _actor(who));
    }

    function _settle(Page storage page, address caller) private {
        (IRetrievalBounty.State state, uint256 deadline) = _standing(page);
        uint256 condemnedAt = _condemnedAt(page);
        bool void = condemnedAt != 0 && condemnedAt <= page.deadline; // a missed one decides
        bool late = deadline != 0 && block.timestamp > deadline;
        vm.prank(caller);
        try bounty.settle(page.job) {
            if (!void && !late) broken = "settled early, or twice";
            bool open = state == IRetrievalBounty.State.Open;
            uint256 stake = open ? 0 : page.job.terms.stake;
            if (void) _end(page, IRetrievalBounty.State.Voided, _escrow(page), stake, "voided");
            else if (open) _end(page, IRetrievalBounty.State.Expired, _escrow(page), 0, "expired");
            else _endBySettling(page);
        } catch {
            if (void || late) broken = "a missed deadline was not settled";
        }
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
        (, uint256 deadline) = _standing(_page(which));
        deadline += after_ ? 1 : 0;
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
            (, uint256 deadline) = _standing(_pages[i]);
            if (deadline >= block.timestamp && deadline < next) next = deadline;
        }
    }

    function _beDiligent(Page storage page) private {
        (IRetrievalBounty.State state, uint256 deadline) = _standing(page);
        if (deadline != block.timestamp) return;
        if (state == IRetrievalBounty.State.Proving && _owner(page) == actors[0]) {
            for (uint256 index = 0; index < _count(page); ++index) {
                if ((page.proven >> index) & 1 == 0) _submit(page, actors[0], index, 1, Cheat.None);
            }
        } else if (state == IRetrievalBounty.State.Closing && page.job.consumer == actors[1]) {
            (bool unreadable, uint256 index) = _unreadable(page);
            if (unreadable) _dispute(page, actors[1], index, false);
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

    function _isOdd(IRetrievalBounty.Job memory job) private view returns (bool) {
        return job.terms.currency.unwrap() == address(odd);
    }

    function _native(Page storage page, uint256 amount) private view returns (uint256) {
        return page.job.terms.currency.isNative() ? amount : 0;
    }
}
