// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRetrievalBounty} from "../../../contracts/interfaces/IRetrievalBounty.sol";
import {Limits} from "../../../contracts/types/Limits.sol";
import {JobBooks} from "../common/JobBooks.sol";
import {SealedHandler} from "../common/SealedHandler.sol";
import {RetrievalBooks} from "./RetrievalBooks.sol";

/// @notice Anybody doing anything with retrieval bounties.
/// @dev The diligent provider is an owner, and proves in time whatever it accepted; the diligent consumer is a requester,
/// and disputes in time whatever it cannot read.
contract RetrievalHandler is RetrievalBooks, SealedHandler {
    constructor() {
        uint8[4] memory counts = [1, 5, 3, 8];
        for (uint256 i = 0; i < 8; ++i) {
            _commit(actors[i % 2 == 0 ? 0 : 2], counts[i / 2], i % 2 == 1);
        }
    }

    /* POST, ACCEPT */

    function post(uint256 who, uint256 what, uint96 price, uint96 stake, uint24 open, uint24 prove) external {
        if (_isFull()) return;
        IRetrievalBounty.Job memory job = _newJob(who, what, price, stake);
        job.terms.openUntil = uint40(block.timestamp + (open % 3 hours));
        (job.terms.proveSeconds, job.terms.disputeSeconds) = (prove % 3 hours, (prove / 2) % 3 hours);
        uint256 dataset = (what / 3) % _sets.length;
        job.terms.datasetId = _commitments[dataset].id;
        Page memory page;
        (page.id, page.consumer, page.currency) = (bounty.jobIdOf(job), job.consumer, job.terms.currency);
        page.deadline = job.terms.openUntil;
        uint256 escrow = _sets[dataset].digests.length * price;
        if (!_post(page, escrow, _postCallOf(job), _isSane(job.terms))) return;
        Request storage posted = _requests.push();
        (posted.job, posted.dataset) = (job, dataset);
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

    function accept(uint256 which, uint256 who, uint256 payee) external {
        if (_pages.length == 0) return;
        uint256 number = _recent(which);
        IRetrievalBounty.Job storage job = _requests[number].job;
        Step memory step;
        step.caller = who % 4 == 0 ? _actor(who / 4) : _owner(number);
        step.allowed = step.caller == _owner(number);
        step.message = abi.encodeCall(bounty.accept, (job, _actor(payee)));
        (step.state, step.duration) = (uint8(IRetrievalBounty.State.Proving), job.terms.proveSeconds);
        step.name = "accept";
        _take(number, _actor(payee), step);
    }

    /* SUBMIT */

    function _submitCall(
        uint256 number,
        uint256 start,
        uint256 size,
        Cheat cheat
    ) internal view override returns (bytes memory) {
        IRetrievalBounty.Submission[] memory all = new IRetrievalBounty.Submission[](cheat == Cheat.Twice ? 2 : 1);
        IRetrievalBounty.Submission memory first = all[0];
        (first.runs, first.instances, first.proof) = _proofOf(number, start, size, cheat);
        (first.records, first.keys) = _opened(number, start, size);
        if (cheat == Cheat.OtherItem) first.records[0].ciphertextHash ^= bytes32(uint256(1));
        _spoilKeys(first, cheat);
        if (cheat == Cheat.Twice) all[1] = first;
        return abi.encodeCall(bounty.submit, (_requests[number].job, all));
    }

    /// @dev The records, and the keys of those that match.
    function _opened(
        uint256 number,
        uint256 start,
        uint256 size
    ) private view returns (IRetrievalBounty.Record[] memory records, bytes32[] memory keys) {
        Items storage set = _dataset(number);
        (records, keys) = (new IRetrievalBounty.Record[](size), new bytes32[](size));
        uint256 matches = 0;
        for (uint256 i = 0; i < size && start + i < set.digests.length; ++i) {
            records[i] = _record(set, start + i);
            bool matched = _isMatch(set, _requests[number].job.terms.predicate, start + i);
            if (matched) keys[matches++] = _key(set, start + i);
        }
        assembly ("memory-safe") {
            mstore(keys, matches)
        }
    }

    /// @dev Where there is no key to spoil, the proof is.
    function _spoilKeys(IRetrievalBounty.Submission memory submission, Cheat cheat) private pure {
        bytes32[] memory keys = submission.keys;
        bool ofKeys = cheat == Cheat.NoKeys || cheat == Cheat.OtherKey;
        if (ofKeys && keys.length == 0) submission.proof[0] ^= 0x01;
        else if (cheat == Cheat.NoKeys) submission.keys = new bytes32[](keys.length - 1);
        else if (cheat == Cheat.OtherKey) keys[keys.length - 1] ^= bytes32(uint256(1));
        else if (cheat == Cheat.OneKeyMore) submission.keys = _longer(keys);
    }

    function _longer(bytes32[] memory keys) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](keys.length + 1);
        for (uint256 i = 0; i < keys.length; ++i) {
            longer[i] = keys[i];
        }
    }

    function _note(uint256 number, uint256 start, uint256 size) internal override {
        Request storage request = _requests[number];
        for (uint256 index = start; index < start + size; ++index) {
            bool matched = _isMatch(_dataset(number), request.job.terms.predicate, index);
            request.proven |= 1 << index;
            if (matched) request.matched |= 1 << index;
        }
        if (!_isComplete(number)) return;
        _pages[number].state = uint8(IRetrievalBounty.State.Closing);
        _pages[number].deadline = block.timestamp + request.job.terms.disputeSeconds;
        ++done["closing"];
    }

    function _cheatOf(uint256 seed) internal pure override returns (Cheat) {
        uint256 kind = seed % 10;
        return Cheat(kind <= uint256(Cheat.OtherItem) ? kind : kind + 2);
    }

    function _setOf(uint256 number) internal view override returns (Items storage) {
        return _dataset(number);
    }

    function _proven(uint256 number) internal view override returns (uint256) {
        return _requests[number].proven;
    }

    function _isProving(uint256 number) internal view override returns (bool) {
        return _isNow(number, IRetrievalBounty.State.Proving);
    }

    /* DISPUTE */

    function _disputeCall(
        uint256 number,
        uint256 index,
        bytes memory ciphertext
    ) internal view override returns (bytes memory) {
        Items storage set = _dataset(number);
        (bytes32 key, bytes32 commitment) = (_key(set, index), _commitment(set, index));
        bytes32[] memory path = _path(set, index, 0);
        return abi.encodeCall(bounty.dispute, (_requests[number].job, index, key, ciphertext, commitment, path));
    }

    function _disputable(uint256 number) internal view override returns (bool, uint256) {
        return _unreadable(number);
    }

    function _isWrong(uint256 number, uint256 index) internal view override returns (bool) {
        return _isNow(number, IRetrievalBounty.State.Closing) && _isUnreadable(number, index);
    }

    function _disputant(uint256 number) internal view override returns (address) {
        return _pages[number].consumer;
    }

    function _strangersOneIn() internal pure override returns (uint256) {
        return 2;
    }

    function _endMalformed(uint256 number) internal override {
        _end(number, uint8(IRetrievalBounty.State.Malformed), 0, "malformed");
    }

    /* WHAT ALL PROTOCOLS HAVE */

    function _standing(uint256 number) internal view override(JobBooks, RetrievalBooks) returns (uint8, uint256) {
        return RetrievalBooks._standing(number);
    }

    function _endLate(uint256 number) internal override {
        _endBySettling(number);
    }

    function _beDiligent(uint256 number) internal override {
        if (_isProving(number) && _owner(number) == actors[0]) {
            _submitAll(number);
        } else if (_isNow(number, IRetrievalBounty.State.Closing) && _pages[number].consumer == actors[1]) {
            (bool unreadable, uint256 index) = _unreadable(number);
            if (unreadable) _dispute(number, actors[1], index, false);
        }
    }

    function _postCall(uint256 number) internal view override returns (bytes memory) {
        return _postCallOf(_requests[number].job);
    }

    function _postCallOf(IRetrievalBounty.Job memory job) private view returns (bytes memory) {
        return abi.encodeCall(bounty.post, (job.terms, job.nonce));
    }

    function _cancelCall(uint256 number) internal view override returns (bytes memory) {
        return abi.encodeCall(bounty.cancel, (_requests[number].job));
    }

    function _settleCall(uint256 number) internal view override returns (bytes memory) {
        return abi.encodeCall(bounty.settle, (_requests[number].job));
    }
}
