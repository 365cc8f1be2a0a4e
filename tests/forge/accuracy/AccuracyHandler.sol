// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccuracyBounty} from "../../../contracts/interfaces/IAccuracyBounty.sol";
import {Limits} from "../../../contracts/types/Limits.sol";
import {SealedHandler} from "../common/SealedHandler.sol";
import {AccuracyBooks} from "./AccuracyBooks.sol";

/// @notice Anybody doing anything with accuracy bounties.
/// @dev The diligent provider disputes a malformed item in the last second, or proves all; the diligent consumer reveals
/// its key in the last second.
contract AccuracyHandler is AccuracyBooks, SealedHandler {
    constructor() {
        uint8[6] memory counts = [1, 3, 5, 8, 2, 6];
        for (uint256 i = 0; i < counts.length; ++i) {
            _newSet(counts[i], i > 3);
        }
    }

    /* POST, ACCEPT, REVEAL */

    function post(uint256 who, uint256 what, uint96 reward, uint96 bond, uint96 stake, uint24 open) external {
        if (_isFull()) return;
        uint256 set = (what / 3) % _sets.length;
        IAccuracyBounty.Job memory job = _newJob(who, what, set);
        (job.terms.reward, job.terms.bond, job.terms.stake) = (reward, bond, stake);
        job.terms.missPenalty = uint128(what % 7 == 0 ? stake / 2 : stake);
        job.terms.openUntil = uint40(block.timestamp + (open % 3 hours));
        (job.terms.revealSeconds, job.terms.proveSeconds) = ((open / 2) % 3 hours, (open / 3) % 3 hours);
        Page memory page;
        (page.id, page.consumer, page.currency) = (bounty.jobIdOf(job), job.consumer, job.terms.currency);
        page.deadline = job.terms.openUntil;
        if (!_post(page, uint256(reward) + bond, _postCallOf(job), _isSane(job.terms))) return;
        Bounty storage posted = _bounties.push();
        (posted.job, posted.modelId, posted.set) = (job, modelId, set);
    }

    function _newJob(uint256 who, uint256 what, uint256 set) private view returns (IAccuracyBounty.Job memory job) {
        job.consumer = _actor(who);
        job.nonce = _pages.length;
        job.terms.circuitId = circuitId;
        job.terms.provider = who % 7 == 0 ? _actor(what) : address(0);
        job.terms.currency = currencies[what % currencies.length];
        (job.terms.testRoot, job.terms.n) = (_sets[set].root, uint32(_sets[set].digests.length));
        job.terms.keyHash = keccak256(abi.encode(_keyOf(_sets[set])));
        (job.terms.num, job.terms.den) = (uint32(1 + (what % 2)), 3);
    }

    function _isSane(IAccuracyBounty.Terms memory terms) private view returns (bool) {
        (, Limits memory limits) = bounty.deployment();
        uint256 min = limits.minWindow;
        bool windows = terms.openUntil >= block.timestamp + min && terms.proveSeconds >= min;
        bool risked = terms.provider != address(0) || terms.missPenalty != 0;
        return windows && terms.revealSeconds >= min && terms.reward != 0 && risked;
    }

    /// @dev Seldom with a model of another circuit.
    function accept(uint256 which, uint256 who, uint256 payee) external {
        if (_pages.length == 0) return;
        uint256 number = _recent(which);
        IAccuracyBounty.Job storage job = _bounties[number].job;
        address named = job.terms.provider;
        bytes32 model = payee % 8 == 7 ? modelId : _bounties[number].modelId;
        Step memory step;
        step.caller = named != address(0) && who % 4 != 0 ? named : _actor(who / 4);
        step.allowed = (named == address(0) || step.caller == named) && model == _bounties[number].modelId;
        step.message = abi.encodeCall(bounty.accept, (job, model, _actor(payee)));
        (step.state, step.duration) = (uint8(IAccuracyBounty.State.Accepted), job.terms.revealSeconds);
        step.name = "accept";
        _take(number, _actor(payee), step);
    }

    function reveal(uint256 which, uint256 who, uint256 lie) external {
        if (_pages.length == 0) return;
        uint256 number = _recent(which);
        _reveal(number, who % 4 == 0 ? _actor(who) : _pages[number].consumer, lie % 8 == 0);
    }

    function _reveal(uint256 number, address caller, bool lie) private {
        IAccuracyBounty.Job storage job = _bounties[number].job;
        Step memory step;
        step.caller = caller;
        step.allowed = caller == job.consumer && _isNow(number, IAccuracyBounty.State.Accepted) && !lie;
        step.message = abi.encodeCall(bounty.revealKey, (job, lie ? bytes32(0) : _keyOf(_items(number))));
        (step.state, step.duration) = (uint8(IAccuracyBounty.State.Proving), job.terms.proveSeconds);
        step.name = "reveal";
        _step(number, step);
    }

    /* SUBMIT */

    function _submitCall(
        uint256 number,
        uint256 start,
        uint256 size,
        Cheat cheat
    ) internal view override returns (bytes memory) {
        IAccuracyBounty.Submission[] memory all = new IAccuracyBounty.Submission[](cheat == Cheat.Twice ? 2 : 1);
        IAccuracyBounty.Submission memory first = all[0];
        (first.runs, first.instances, first.proof) = _proofOf(number, start, size, cheat);
        first.items = _testItems(_items(number), start, cheat == Cheat.OneItemMore ? 2 * SLOTS : size);
        if (cheat == Cheat.OtherLabel) first.items[0].label ^= 1;
        if (cheat == Cheat.OtherItem) first.items[0].ciphertextHash ^= bytes32(uint256(1));
        if (cheat == Cheat.Twice) all[1] = first;
        return abi.encodeCall(bounty.submit, (_bounties[number].job, all));
    }

    function _testItems(
        Items storage set,
        uint256 start,
        uint256 size
    ) private view returns (IAccuracyBounty.TestItem[] memory items) {
        items = new IAccuracyBounty.TestItem[](size);
        for (uint256 i = 0; i < size && start + i < set.digests.length; ++i) {
            bytes32 ciphertextHash = keccak256(_ciphertext(set, start + i));
            items[i] = IAccuracyBounty.TestItem(ciphertextHash, uint32(_label(set, start + i)));
        }
    }

    function _note(uint256 number, uint256 start, uint256 size) internal override {
        _bounties[number].proven |= ((1 << size) - 1) << start;
        if (!_reaches(number, _bounties[number].proven)) return;
        _end(number, uint8(IAccuracyBounty.State.Paid), _bounties[number].job.terms.reward + _stake(number), "paid");
    }

    function _cheatOf(uint256 seed) internal pure override returns (Cheat) {
        return Cheat(seed % 9);
    }

    function _setOf(uint256 number) internal view override returns (Items storage) {
        return _items(number);
    }

    function _proven(uint256 number) internal view override returns (uint256) {
        return _bounties[number].proven;
    }

    function _isProving(uint256 number) internal view override returns (bool) {
        return _isNow(number, IAccuracyBounty.State.Proving);
    }

    /* DISPUTE */

    function _disputeCall(
        uint256 number,
        uint256 index,
        bytes memory ciphertext
    ) internal view override returns (bytes memory) {
        Items storage set = _items(number);
        bytes32[] memory path = _path(set, index, 0);
        return abi.encodeCall(bounty.dispute, (_bounties[number].job, index, ciphertext, _inner(set, index), path));
    }

    function _disputable(uint256 number) internal view override returns (bool, uint256) {
        return _malformed(number);
    }

    function _isWrong(uint256 number, uint256 index) internal view override returns (bool) {
        return _isProving(number) && _isMalformed(_items(number), index);
    }

    function _disputant(uint256 number) internal view override returns (address) {
        return _pages[number].provider;
    }

    function _strangersOneIn() internal pure override returns (uint256) {
        return 4;
    }

    function _endMalformed(uint256 number) internal override {
        _end(number, uint8(IAccuracyBounty.State.Malformed), _paid(number) + _staked(number), "malformed");
    }

    /* WHAT ALL PROTOCOLS HAVE */

    function _endLate(uint256 number) internal override {
        IAccuracyBounty.Terms storage terms = _bounties[number].job.terms;
        bool withheld = _pages[number].state == uint8(IAccuracyBounty.State.Accepted);
        if (withheld) _end(number, uint8(IAccuracyBounty.State.KeyWithheld), terms.bond + terms.stake, "withheld");
        else _end(number, uint8(IAccuracyBounty.State.Missed), terms.stake - terms.missPenalty, "missed");
    }

    function _beDiligent(uint256 number) internal override {
        bool accepted = _isNow(number, IAccuracyBounty.State.Accepted);
        if (accepted && _pages[number].consumer == actors[1]) _reveal(number, actors[1], false);
        else if (_isProving(number) && _pages[number].provider == actors[0]) _getPaid(number);
    }

    function _getPaid(uint256 number) private {
        (bool malformed, uint256 found) = _malformed(number);
        if (malformed) _dispute(number, actors[0], found, false);
        else _submitAll(number);
    }

    function _postCall(uint256 number) internal view override returns (bytes memory) {
        return _postCallOf(_bounties[number].job);
    }

    function _postCallOf(IAccuracyBounty.Job memory job) private view returns (bytes memory) {
        return abi.encodeCall(bounty.post, (job.terms, job.nonce, ""));
    }

    function _cancelCall(uint256 number) internal view override returns (bytes memory) {
        return abi.encodeCall(bounty.cancel, (_bounties[number].job));
    }

    function _settleCall(uint256 number) internal view override returns (bytes memory) {
        return abi.encodeCall(bounty.settle, (_bounties[number].job));
    }
}
