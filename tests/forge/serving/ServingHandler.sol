// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IServingRound} from "../../../contracts/interfaces/IServingRound.sol";
import {Limits} from "../../../contracts/types/Limits.sol";
import {JobHandler} from "../common/JobHandler.sol";
import {Trees} from "../common/Trees.sol";
import {ServingBooks} from "./ServingBooks.sol";

/// @notice Anybody doing anything with serving rounds.
/// @dev The diligent provider serves and answers in time; the diligent consumer contests in time whatever was served
/// wrongly.
contract ServingHandler is ServingBooks, JobHandler {
    /// @dev What is wrong with an answer.
    enum Cheat {
        None,
        Twice, // the same proof again in the same call: skipped
        OtherPayee,
        OtherModel,
        OtherInput,
        OtherOutput,
        OtherPath,
        OtherList,
        FalseProof
    }

    /* POST, JOIN */

    function post(uint256 who, uint256 what, uint96 price, uint96 stake, uint24 open, uint24 step) external {
        if (_isFull()) return;
        IServingRound.Job memory job = _newJob(who, what, price, stake);
        job.terms.openUntil = uint40(block.timestamp + (open % 3 hours));
        (job.terms.serveSeconds, job.terms.contestSeconds) = (step % 3 hours, (step / 2) % 3 hours);
        job.terms.answerSeconds = (step / 3) % 3 hours;
        Page memory page;
        (page.id, page.consumer, page.currency) = (rounds.jobIdOf(job), job.consumer, job.terms.currency);
        page.deadline = job.terms.openUntil;
        if (_post(page, _escrowOf(job.terms), _postCallOf(job), _isSane(job.terms))) _played.push().job = job;
    }

    function _newJob(
        uint256 who,
        uint256 what,
        uint96 price,
        uint96 stake
    ) private view returns (IServingRound.Job memory job) {
        job.consumer = _actor(who);
        job.nonce = _played.length;
        job.terms.modelId = modelId;
        job.terms.currency = currencies[what % currencies.length];
        job.terms.n = uint32((what / 3) % 9);
        job.terms.maxContests = uint32((what / 27) % 10);
        job.terms.wordBytes = (what / 270) % 16 == 0 ? 0 : 1;
        job.terms.provider = who % 3 == 0 ? _actor(who / 5) : address(0);
        job.terms.inputsRoot = Trees.rootOf(_inputLeaves(job.terms.n));
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

    function join(uint256 which, uint256 who, uint256 payee) external {
        if (_pages.length == 0) return;
        uint256 number = _recent(which);
        IServingRound.Job storage job = _played[number].job;
        address named = job.terms.provider;
        Step memory step;
        step.caller = named == address(0) || who % 4 == 0 ? _actor(who / 4) : named;
        step.allowed = named == address(0) || step.caller == named;
        step.message = abi.encodeCall(rounds.join, (job, _actor(payee)));
        (step.state, step.duration) = (uint8(IServingRound.State.Joined), job.terms.serveSeconds);
        step.name = "join";
        _take(number, _actor(payee), step);
    }

    /* COMMIT, CONTEST */

    /// @dev Every second time without a mistake; the diligent provider makes none.
    function commit(uint256 which, uint256 who, uint256 wrong, uint256 length) external {
        if (_pages.length == 0) return;
        uint256 number = _recent(which);
        address provider = _pages[number].provider;
        address caller = who % 4 == 0 ? _actor(who / 4) : provider;
        if (wrong % 2 == 0 || provider == actors[0]) wrong = 0;
        _commit(number, caller, (wrong / 2) % (1 << _played[number].job.terms.n), length % 8 == 0);
    }

    function _commit(uint256 number, address caller, uint256 wrong, bool short) private {
        IServingRound.Job storage job = _played[number].job;
        Step memory step;
        step.caller = caller;
        step.allowed = caller == _pages[number].provider && _isNow(number, IServingRound.State.Joined) && !short;
        step.message = abi.encodeCall(rounds.commitOutputs, (job, _outputs(job.terms.n - (short ? 1 : 0), wrong)));
        (step.state, step.duration) = (uint8(IServingRound.State.Served), job.terms.contestSeconds);
        step.name = "serve";
        if (_step(number, step)) _played[number].wrong = wrong;
    }

    /// @dev Contests the items of `mask`; sometimes in another order.
    function contest(uint256 which, uint256 who, uint256 mask, uint256 order) external {
        if (_pages.length == 0) return;
        uint256 number = _recent(which);
        uint32[] memory list = _listOf(mask % (1 << (_played[number].job.terms.n + (order % 8 == 0 ? 1 : 0))));
        bool swapped = order % 8 == 1 && list.length > 1;
        if (swapped) (list[0], list[1]) = (list[1], list[0]);
        _contest(number, who % 2 == 0 ? _pages[number].consumer : _actor(who), list, !swapped);
    }

    function _contest(uint256 number, address caller, uint32[] memory list, bool ordered) private {
        IServingRound.Job storage job = _played[number].job;
        Step memory step;
        step.caller = caller;
        step.allowed = caller == job.consumer && _isNow(number, IServingRound.State.Served) && ordered;
        step.allowed = step.allowed && list.length != 0 && list.length <= job.terms.maxContests;
        step.allowed = step.allowed && list[list.length - 1] < job.terms.n;
        step.message = abi.encodeCall(rounds.contest, (job, list));
        (step.state, step.duration) = (uint8(IServingRound.State.Contested), job.terms.answerSeconds);
        step.name = "contest";
        if (_step(number, step)) _played[number].list = list;
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
        uint256 number = _recent(which);
        uint256 length = _played[number].list.length;
        if (length == 0) return;
        uint256 position = place % length;
        uint256 size = 1 + ((place >> 8) % 2);
        if (cheat % 2 == 0 && !_isRun(number, position, size)) size = 1;
        _answer(number, _actor(who), position, size, cheat % 2 == 0 ? Cheat.None : Cheat((cheat / 2) % 9));
    }

    function _isRun(uint256 number, uint256 position, uint256 size) private view returns (bool) {
        uint32[] storage list = _played[number].list;
        if (position + size > list.length) return false;
        uint256 first = list[position];
        return first % size == 0 && list[position + size - 1] == first + size - 1;
    }

    function _answer(uint256 number, address caller, uint256 position, uint256 size, Cheat cheat) private {
        Round storage round = _played[number];
        bool allowed = _isNow(number, IServingRound.State.Contested) && _condemnedAt(number) == 0;
        allowed = allowed && cheat <= Cheat.Twice && _isRun(number, position, size);
        for (uint256 i = 0; allowed && i < size; ++i) {
            allowed = (round.wrong >> round.list[position + i]) & 1 == 0;
        }
        if (_try(caller, 0, _answerCall(number, position, size, cheat))) {
            if (!allowed) broken = "an answer was taken against the rules";
            round.answered |= ((1 << size) - 1) << position;
            ++done["answer"];
            if (_isComplete(number)) _endWell(number);
        } else if (allowed) {
            broken = "a good answer was refused";
        }
    }

    function _answerCall(
        uint256 number,
        uint256 position,
        uint256 size,
        Cheat cheat
    ) private view returns (bytes memory) {
        IServingRound.Answer[] memory answers = new IServingRound.Answer[](cheat == Cheat.Twice ? 2 : 1);
        answers[0] = _honest(number, position, size, cheat);
        _spoil(answers[0], cheat);
        if (cheat == Cheat.Twice) answers[1] = answers[0];
        uint32[] memory list = _played[number].list;
        if (cheat == Cheat.OtherList) ++list[list.length - 1];
        return abi.encodeCall(rounds.answer, (_played[number].job, list, answers));
    }

    function _honest(
        uint256 number,
        uint256 position,
        uint256 size,
        Cheat cheat
    ) private view returns (IServingRound.Answer memory answer_) {
        Round storage round = _played[number];
        uint256 index = round.list[position];
        (address payee, bytes32 model) = (_pages[number].payee, _modelOf(number));
        if (cheat == Cheat.OtherPayee) payee = address(uint160(payee) + 9);
        if (cheat == Cheat.OtherModel) model ^= bytes32(uint256(1));
        answer_.instances = _statement(_boundTo(number, payee, model), index, size);
        answer_.proof = _proof(answer_.instances);
        answer_.contests = new IServingRound.Contest[](1);
        IServingRound.Contest memory run = answer_.contests[0];
        (run.position, run.size) = (uint32(position), uint32(size));
        run.inputPath = Trees.pathOf(_inputLeaves(round.job.terms.n), index, size - 1);
        run.outputPath = Trees.pathOf(_outputLeaves(round.job.terms.n, round.wrong), index, size - 1);
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

    /* WHAT ALL PROTOCOLS HAVE */

    function _endLate(uint256 number) internal override {
        uint8 state = _pages[number].state;
        if (state == uint8(IServingRound.State.Served)) _endWell(number);
        else if (state == uint8(IServingRound.State.Joined))
            _end(number, uint8(IServingRound.State.Unserved), 0, "unserved");
        else _end(number, uint8(IServingRound.State.Unanswered), 0, "unanswered");
    }

    function _beDiligent(uint256 number) internal override {
        bool serves = _pages[number].provider == actors[0];
        if (_isNow(number, IServingRound.State.Joined) && serves) _commit(number, actors[0], 0, false);
        else if (_isNow(number, IServingRound.State.Contested) && serves) _answerAll(number);
        else if (_isNow(number, IServingRound.State.Served) && _played[number].wrong != 0) _contestOne(number);
    }

    /// @dev If it is the diligent consumer's; one item is always enough.
    function _contestOne(uint256 number) private {
        if (_pages[number].consumer != actors[1]) return;
        uint32[] memory list = _listOf(_played[number].wrong);
        assembly ("memory-safe") {
            mstore(list, 1)
        }
        _contest(number, actors[1], list, true);
    }

    function _answerAll(uint256 number) private {
        Round storage round = _played[number];
        for (uint256 place = 0; place < round.list.length && _pages[number].deadline != 0; ++place) {
            if ((round.answered >> place) & 1 == 0) _answer(number, actors[0], place, 1, Cheat.None);
        }
    }

    function _postCall(uint256 number) internal view override returns (bytes memory) {
        return _postCallOf(_played[number].job);
    }

    function _postCallOf(IServingRound.Job memory job) private view returns (bytes memory) {
        return abi.encodeCall(rounds.post, (job.terms, job.nonce, 0, ""));
    }

    function _cancelCall(uint256 number) internal view override returns (bytes memory) {
        return abi.encodeCall(rounds.cancel, (_played[number].job));
    }

    function _settleCall(uint256 number) internal view override returns (bytes memory) {
        return abi.encodeCall(rounds.settle, (_played[number].job));
    }
}
