// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IServingRound} from "../../../contracts/interfaces/IServingRound.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {ServingBooks} from "./ServingBooks.sol";
import {vm} from "../common/Vm.sol";
import {Limits} from "../../../contracts/types/Limits.sol";

/// @notice Anybody doing anything with serving rounds, and what must have come of it.
/// @dev A call that the specification allows must not fail, and one that it does not allow must. The first actor is a
/// diligent provider: it serves and answers in time. The second is a diligent consumer: it contests in time whatever was
/// served wrongly. The last thing that should not have happened is kept in `broken`.
contract ServingHandler is ServingBooks {
    uint256 private constant MAX_JOBS = 30;
    uint256 private constant RECENT = 6; // jobs that calls are about, lest most of them meet ended ones

    /// @dev What is wrong with an answer.
    enum Cheat {
        None,
        Twice, // the same proof again in the same call: skipped
        OtherPayee,
        OtherInput,
        OtherOutput,
        OtherPath,
        OtherList,
        FalseProof
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
        vm.deal(actor, 1e32);
        plain.mint(actor, 1e32);
        odd.mint(actor, 1e32);
        vm.prank(actor);
        plain.approve(address(rounds), type(uint256).max);
        vm.prank(actor);
        odd.approve(address(rounds), type(uint256).max);
    }

    /* POST, CANCEL, JOIN */

    function post(uint256 who, uint256 what, uint96 price, uint96 stake, uint24 open, uint24 step) external {
        if (_pages.length == MAX_JOBS) return;
        IServingRound.Job memory job = _newJob(who, what, price, stake);
        job.terms.openUntil = uint40(block.timestamp + (open % 3 hours));
        (job.terms.serveSeconds, job.terms.contestSeconds) = (step % 3 hours, (step / 2) % 3 hours);
        job.terms.answerSeconds = (step / 3) % 3 hours;
        uint256 escrow = uint256(job.terms.n) * price + uint256(job.terms.maxContests) * job.terms.proofFee;
        vm.prank(job.consumer);
        try rounds.post{value: job.terms.currency.isNative() ? escrow : 0}(job.terms, job.nonce, 0, "") {
            if (!_isSane(job.terms)) broken = "odd terms were taken";
            _open(job);
        } catch {
            if (_isSane(job.terms) && !_isOdd(job)) broken = "good terms were refused";
        }
    }

    function _newJob(
        uint256 who,
        uint256 what,
        uint96 price,
        uint96 stake
    ) private view returns (IServingRound.Job memory job) {
        job.consumer = _actor(who);
        job.nonce = _pages.length;
        job.terms.modelId = modelId;
        job.terms.currency = currencies[what % currencies.length];
        job.terms.n = uint32((what / 3) % 9);
        job.terms.maxContests = uint32((what / 27) % 10);
        job.terms.wordBytes = (what / 270) % 16 == 0 ? 0 : 1;
        job.terms.provider = who % 3 == 0 ? _actor(who / 5) : address(0);
        job.terms.inputsRoot = _rootOf(_inputLeaves(job.terms.n));
        (job.terms.price, job.terms.stake, job.terms.proofFee) = (price, stake, price / 3);
    }

    function _isSane(IServingRound.Terms memory terms) private view returns (bool) {
        (, Limits memory limits) = rounds.deployment();
        uint256 min = limits.minWindow;
        bool windows = terms.openUntil >= block.timestamp + min && terms.serveSeconds >= min;
        windows = windows && terms.contestSeconds >= min && terms.answerSeconds >= min;
        bool counts = terms.n != 0 && terms.maxContests != 0 && terms.maxContests <= terms.n && terms.wordBytes != 0;
        return windows && counts && terms.price != 0 && (terms.stake != 0 || terms.provider != address(0));
    }

    function _open(IServingRound.Job memory job) private {
        _pages.push();
        Page storage page = _pages[_pages.length - 1];
        (page.job, page.id, page.circuitId) = (job, rounds.jobIdOf(job), circuitId);
        (page.state, page.deadline) = (IServingRound.State.Open, job.terms.openUntil);
        ++done["post"];
    }

    function repost(uint256 which) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        vm.deal(page.job.consumer, 1e32);
        vm.prank(page.job.consumer);
        try rounds.post{value: _native(page, _escrow(page))}(page.job.terms, page.job.nonce, 0, "") {
            broken = "an id lived again";
        } catch {}
    }

    function cancel(uint256 which, uint256 who) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        address caller = who % 2 == 0 ? page.job.consumer : _actor(who);
        bool allowed = caller == page.job.consumer && _isIn(page, IServingRound.State.Open);
        vm.prank(caller);
        try rounds.cancel(page.job) {
            if (!allowed) broken = "cancelled against the rules";
            _end(page, IServingRound.State.Cancelled, _escrow(page), 0, "cancelled");
        } catch {
            if (allowed) broken = "a consumer could not cancel in time";
        }
    }

    function join(uint256 which, uint256 who, uint256 payee) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        address named = page.job.terms.provider;
        address caller = named == address(0) || who % 4 == 0 ? _actor(who / 4) : named;
        bool allowed = (named == address(0) || caller == named) && _isIn(page, IServingRound.State.Open);
        allowed = allowed && _condemnedAt(page) == 0;
        vm.prank(caller);
        try rounds.join{value: _native(page, page.job.terms.stake)}(page.job, _actor(payee)) {
            if (!allowed) broken = "joined against the rules";
            (page.state, page.provider, page.payee) = (IServingRound.State.Joined, caller, _actor(payee));
            page.deadline = block.timestamp + page.job.terms.serveSeconds;
            ++done["join"];
        } catch {
            if (allowed && !_isOdd(page.job)) broken = "a provider could not join in time";
        }
    }

    /* COMMIT, CONTEST */

    /// @dev Every second time without a mistake; the diligent provider makes none.
    function commit(uint256 which, uint256 who, uint256 wrong, uint256 length) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        address caller = who % 4 == 0 ? _actor(who / 4) : page.provider;
        if (wrong % 2 == 0 || page.provider == actors[0]) wrong = 0;
        _commit(page, caller, (wrong / 2) % (1 << page.job.terms.n), length % 8 == 0);
    }

    function _commit(Page storage page, address caller, uint256 wrong, bool short) private {
        bool allowed = caller == page.provider && _isIn(page, IServingRound.State.Joined) && !short;
        bytes memory outputs = _outputs(page.job.terms.n - (short ? 1 : 0), wrong);
        vm.prank(caller);
        try rounds.commitOutputs(page.job, outputs) {
            if (!allowed) broken = "served against the rules";
            (page.state, page.wrong) = (IServingRound.State.Served, wrong);
            page.deadline = block.timestamp + page.job.terms.contestSeconds;
            ++done["serve"];
        } catch {
            if (allowed) broken = "a provider could not serve in time";
        }
    }

    /// @dev Contests the items of `mask`; sometimes in another order.
    function contest(uint256 which, uint256 who, uint256 mask, uint256 order) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        uint32[] memory list = _listOf(mask % (1 << (page.job.terms.n + (order % 8 == 0 ? 1 : 0))));
        bool swapped = order % 8 == 1 && list.length > 1;
        if (swapped) (list[0], list[1]) = (list[1], list[0]);
        _contest(page, who % 2 == 0 ? page.job.consumer : _actor(who), list, !swapped);
    }

    function _contest(Page storage page, address caller, uint32[] memory list, bool ordered) private {
        bool allowed = caller == page.job.consumer && _isIn(page, IServingRound.State.Served) && ordered;
        allowed = allowed && list.length != 0 && list.length <= page.job.terms.maxContests;
        allowed = allowed && list[list.length - 1] < page.job.terms.n;
        vm.prank(caller);
        try rounds.contest(page.job, list) {
            if (!allowed) broken = "contested against the rules";
            (page.state, page.list) = (IServingRound.State.Contested, list);
            page.deadline = block.timestamp + page.job.terms.answerSeconds;
            ++done["contest"];
        } catch {
            if (allowed) broken = "a consumer could not contest in time";
        }
    }

    function _listOf(uint256 mask) private pure returns (uint32[] memory list) {
        list = new uint32[](9);
        uint256 length = 0;
        for (uint32 index = 0; index < 9; ++index) {
            if ((mask >> index) & 1 == 1) list[length++] = index;
        }
        assembly ("memory-safe") {
            mstore(list, length)
        }
    }

    /* ANSWER */

    /// @dev Every second time it is an honest proof of a run of the list.
    function answer(uint256 which, uint256 who, uint256 place, uint256 cheat) external {
        if (_pages.length == 0) return;
        Page storage page = _page(which);
        if (page.list.length == 0) return;
        uint256 position = place % page.list.length;
        uint256 size = 1 + ((place >> 8) % 2);
        if (cheat % 2 == 0 && !_isRun(page, position, size)) size = 1;
        _answer(page, _actor(who), position, size, cheat % 2 == 0 ? Cheat.None : Cheat((cheat / 2) % 8));
    }

    function _isRun(Page storage page, uint256 position, uint256 size) private view returns (bool) {
        if (position + size > page.list.length) return false;
        uint256 first = page.list[position];
        return first % size == 0 && page.list[position + size - 1] == first + size - 1;
    }

    function _answer(Page storage page, address caller, uint256 position, uint256 size, Cheat cheat) private {
        bool allowed = _isIn(page, IServingRound.State.Contested) && _condemnedAt(page) == 0;
        allowed = allowed && cheat <= Cheat.Twice && _isRun(page, position, size);
        for (uint256 i = 0; allowed && i < size; ++i) {
            allowed = (page.wrong >> page.list[position + i]) & 1 == 0;
        }
        if (_tryAnswer(page, caller, position, size, cheat)) {
            if (!allowed) broken = "an answer was taken against the rules";
            page.answered |= ((1 << size) - 1) << position;
            ++done["answer"];
            if (_isComplete(page)) _endWell(page);
        } else if (allowed) {
            broken = "a good answer was refused";
        }
    }

    function _tryAnswer(
        Page storage page,
        address caller,
        uint256 position,
        uint256 size,
        Cheat cheat
    ) private returns (bool) {
        IServingRound.Answer[] memory answers = new IServingRound.Answer[](cheat == Cheat.Twice ? 2 : 1);
        answers[0] = _honest(page, position, size, cheat == Cheat.OtherPayee);
        _spoil(answers[0], cheat);
        if (cheat == Cheat.Twice) answers[1] = answers[0];
        uint32[] memory list = page.list;
        if (cheat == Cheat.OtherList) ++list[list.length - 1];
        vm.prank(caller);
        try rounds.answer(page.job, list, answers) {
            return true;
        } catch {
            return false;
        }
    }

    function _honest(
        Page storage page,
        uint256 position,
        uint256 size,
        bool forAnother
    ) private view returns (IServingRound.Answer memory answer_) {
        uint256 index = page.list[position];
        uint256 context = _context(page.id, forAnother ? address(uint160(page.payee) + 9) : page.payee);
        answer_.instances = _statement(context, index, size);
        answer_.proof = _proof(answer_.instances);
        answer_.contests = new IServingRound.Contest[](1);
        IServingRound.Contest memory run = answer_.contests[0];
        (run.position, run.size) = (uint32(position), uint32(size));
        run.inputPath = _path(_inputLeaves(page.job.terms.n), index, size - 1);
        run.outputPath = _path(_outputLeaves(page.job.terms.n, page.wrong), index, size - 1);
    }

    /// @dev All but the last ones with a proof that holds. Where there is no path to spoil, the proof is.
    function _spoil(IServingRound.Answer memory answer_, Cheat cheat) private pure {
        bytes32[] memory path = answer_.contests[0].outputPath;
        if (cheat == Cheat.OtherInput) ++answer_.instances[0];
        if (cheat == Cheat.OtherOutput) answer_.instances[OUTPUTS] = 77;
        answer_.proof = _proof(answer_.instances);
        if (cheat == Cheat.FalseProof || (cheat == Cheat.OtherPath && path.length == 0)) answer_.proof[0] ^= 0x01;
        else if (cheat == Cheat.OtherPath) path[0] ^= bytes32(uint256(1));
    }

    /* SETTLE, WITHDRAW */

    function settle(uint256 which, uint256 who) external {
        if (_pages.length != 0) _settle(_page(which), _actor(who));
    }

    function _settle(Page storage page, address caller) private {
        uint256 condemnedAt = _condemnedAt(page);
        bool void = page.deadline != 0 && condemnedAt != 0 && condemnedAt <= page.deadline;
        bool late = page.deadline != 0 && block.timestamp > page.deadline;
        vm.prank(caller);
        try rounds.settle(page.job) {
            if (!void && !late) broken = "settled early, or twice";
            _endBySettling(page, void);
        } catch {
            if (void || late) broken = "a missed deadline was not settled";
        }
    }

    function _endBySettling(Page storage page, bool void) private {
        (uint256 escrow, uint256 stake) = (_escrow(page), page.job.terms.stake);
        IServingRound.State state = page.state;
        bool open = state == IServingRound.State.Open;
        if (void) _end(page, IServingRound.State.Voided, escrow, open ? 0 : stake, "voided");
        else if (open) _end(page, IServingRound.State.Expired, escrow, 0, "expired");
        else if (state == IServingRound.State.Served) _endWell(page);
        else if (state == IServingRound.State.Joined) {
            _end(page, IServingRound.State.Unserved, escrow + stake, 0, "unserved");
        } else {
            _end(page, IServingRound.State.Unanswered, escrow + stake, 0, "unanswered");
        }
    }

    function withdraw(uint256 who, uint256 what, uint256 to) external {
        Currency currency = currencies[what % currencies.length];
        address actor = _actor(who);
        uint256 credit = rounds.credits(currency, actor);
        vm.prank(actor);
        try rounds.withdraw(currency, _actor(to)) returns (uint256 amount) {
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

    /// @dev To the last second of a round's state, or the first one after it.
    function passToDeadline(uint256 which, bool after_) external {
        if (_pages.length == 0) return;
        uint256 deadline = _page(which).deadline;
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
            uint256 deadline = _pages[i].deadline;
            if (deadline >= block.timestamp && deadline < next) next = deadline;
        }
    }

    function _beDiligent(Page storage page) private {
        if (page.deadline != block.timestamp) return;
        bool serves = page.provider == actors[0];
        if (page.state == IServingRound.State.Joined && serves) _commit(page, actors[0], 0, false);
        else if (page.state == IServingRound.State.Contested && serves) _answerAll(page);
        else if (page.state == IServingRound.State.Served && page.wrong != 0) _contestOne(page);
    }

    /// @dev If it is the diligent consumer's; one item is always enough.
    function _contestOne(Page storage page) private {
        if (page.job.consumer != actors[1]) return;
        uint32[] memory list = _listOf(page.wrong);
        assembly ("memory-safe") {
            mstore(list, 1)
        }
        _contest(page, actors[1], list, true);
    }

    function _answerAll(Page storage page) private {
        for (uint256 place = 0; place < page.list.length && page.deadline != 0; ++place) {
            if ((page.answered >> place) & 1 == 0) _answer(page, actors[0], place, 1, Cheat.None);
        }
    }

    function donate(uint256 what, uint96 amount) external {
        Currency currency = currencies[what % 2];
        donated[currency] += amount;
        if (currency.isNative()) vm.deal(address(rounds), address(rounds).balance + amount);
        else plain.mint(address(rounds), amount);
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
                ? abi.encodeCall(rounds.withdraw, (page.job.terms.currency, address(this)))
                : abi.encodeCall(rounds.settle, (page.job));
        odd.setCall(address(rounds), message);
    }

    /// @dev Seldom, as it ends all trade with the circuit. New rounds use another one.
    function condemn(uint256 luck) external {
        if (luck % 16 != 0) return;
        _condemn();
        _registerCircuit();
        ++done["condemned"];
    }

    /// @notice Waits until every deadline has passed, and lets a stranger settle whatever has not ended.
    function settleAll() external {
        for (uint256 step = 0; step < 4; ++step) {
            _pass(block.timestamp + 365 days);
        }
        for (uint256 i = 0; i < _pages.length; ++i) {
            if (_pages[i].deadline != 0) _settle(_pages[i], actors[4]);
        }
        odd.set(OddToken.Way.Plain);
    }

    /// @notice Everybody takes out what is theirs.
    function withdrawAll() external {
        for (uint256 i = 0; i < actors.length * currencies.length; ++i) {
            (address actor, Currency currency) = (actors[i / currencies.length], currencies[i % currencies.length]);
            if (rounds.credits(currency, actor) == 0) continue;
            vm.prank(actor);
            rounds.withdraw(currency, actor);
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

    function _isOdd(IServingRound.Job memory job) private view returns (bool) {
        return job.terms.currency.unwrap() == address(odd);
    }

    function _native(Page storage page, uint256 amount) private view returns (uint256) {
        return page.job.terms.currency.isNative() ? amount : 0;
    }
}
