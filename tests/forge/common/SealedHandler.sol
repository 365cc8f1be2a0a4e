// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PositionalTree} from "../../../contracts/libraries/PositionalTree.sol";
import {Run} from "../../../contracts/types/Batch.sol";
import {JobHandler} from "./JobHandler.sol";
import {SealedSetUp} from "./SealedSetUp.sol";

/// @notice Anybody proving and disputing sealed items, for the protocols that have them.
abstract contract SealedHandler is SealedSetUp, JobHandler {
    /// @dev What is wrong with a submission: first what both protocols know.
    enum Cheat {
        None,
        Twice, // the same proof again in the same call: skipped
        OtherPayee,
        OtherModel,
        OtherPlace,
        FalseProof,
        OtherItem,
        OtherLabel, // accuracy
        OneItemMore,
        NoKeys, // retrieval
        OtherKey,
        OneKeyMore
    }

    /* OF EACH PROTOCOL */

    /// @dev The set that a job is about, and of its items those that are proven, one bit each.
    function _setOf(uint256 number) internal view virtual returns (Items storage);

    function _proven(uint256 number) internal view virtual returns (uint256);

    /// @dev Whether proofs are taken now.
    function _isProving(uint256 number) internal view virtual returns (bool);

    /// @dev The first item that can be disputed, if there is one.
    function _disputable(uint256 number) internal view virtual returns (bool found, uint256 index);

    /// @dev What the protocol cheats with, by any number.
    function _cheatOf(uint256 seed) internal pure virtual returns (Cheat);

    function _submitCall(
        uint256 number,
        uint256 start,
        uint256 size,
        Cheat cheat
    ) internal view virtual returns (bytes memory);

    /// @dev `size` items from `start` on were taken.
    function _note(uint256 number, uint256 start, uint256 size) internal virtual;

    function _disputeCall(
        uint256 number,
        uint256 index,
        bytes memory ciphertext
    ) internal view virtual returns (bytes memory);

    /// @dev Whether an item can be disputed at this time, by whoever may.
    function _isWrong(uint256 number, uint256 index) internal view virtual returns (bool);

    function _endMalformed(uint256 number) internal virtual;

    /// @dev Who may dispute, and of how many calls one is somebody else's.
    function _disputant(uint256 number) internal view virtual returns (address);

    function _strangersOneIn() internal pure virtual returns (uint256);

    /* SUBMIT */

    /// @dev Every second time it is an honest proof of a block within the set.
    function submit(uint256 which, uint256 who, uint256 start, uint256 cheat) external {
        if (_pages.length == 0) return;
        uint256 number = _recent(which);
        uint256 size = 1 + ((start >> 8) % 2);
        uint256 first = start % _count(number);
        if (cheat % 2 == 0) first -= first % size;
        if (cheat % 2 == 0 && first + size > _count(number)) size = 1;
        _submit(number, _actor(who), first, size, cheat % 2 == 0 ? Cheat.None : _cheatOf(cheat / 2));
    }

    function _submit(uint256 number, address caller, uint256 start, uint256 size, Cheat cheat) private {
        bool allowed = _isProving(number) && _condemnedAt(number) == 0;
        bool fits = start % size == 0 && start + size <= _count(number);
        bool good = cheat <= Cheat.Twice;
        if (_try(caller, 0, _submitCall(number, start, size, cheat))) {
            if (!allowed || !good || !fits) broken = "a submission was taken against the rules";
            ++done["submit"];
            _note(number, start, size);
        } else if (allowed && good && fits) {
            broken = "a good submission was refused";
        }
    }

    /// @dev All that is not proven yet, item by item, as long as the job has not ended.
    function _submitAll(uint256 number) internal {
        for (uint256 index = 0; index < _count(number) && _pages[number].deadline != 0; ++index) {
            if ((_proven(number) >> index) & 1 == 0) _submit(number, actors[0], index, 1, Cheat.None);
        }
    }

    /// @dev Where the proof says that its items are, what it states, and itself.
    function _proofOf(
        uint256 number,
        uint256 start,
        uint256 size,
        Cheat cheat
    ) internal view returns (Run[] memory runs, uint256[] memory instances, bytes memory proof) {
        (address payee, bytes32 model) = (_pages[number].payee, _modelOf(number));
        if (cheat == Cheat.OtherPayee) payee = address(uint160(payee) + 9);
        if (cheat == Cheat.OtherModel) model ^= bytes32(uint256(1));
        uint256 context = _boundTo(number, payee, model);
        runs = new Run[](1);
        runs[0] = Run(uint32(start), uint32(size), _path(_setOf(number), start, PositionalTree.depthOf(size)));
        if (cheat == Cheat.OtherPlace) runs[0].start += runs[0].size;
        instances = _statement(_setOf(number), context, start, size);
        proof = _proof(instances);
        if (cheat == Cheat.FalseProof) proof[0] ^= 0x01;
    }

    /* DISPUTE */

    function dispute(uint256 which, uint256 who, uint256 index, uint256 lie) external {
        if (_pages.length == 0) return;
        uint256 number = _recent(which);
        (bool found, uint256 wrong) = _disputable(number);
        index = found && index % 2 == 0 ? wrong : index % _count(number);
        _dispute(
            number,
            who % _strangersOneIn() == 0 ? _actor(who / _strangersOneIn()) : _disputant(number),
            index,
            lie % 4 == 0
        );
    }

    /// @dev A liar changes the ciphertext.
    function _dispute(uint256 number, address caller, uint256 index, bool lie) internal {
        bool allowed = caller == _disputant(number) && _isWrong(number, index) && !lie;
        bytes memory ciphertext = _ciphertext(_setOf(number), index);
        if (lie) ciphertext[0] ^= 0x01;
        if (_try(caller, 0, _disputeCall(number, index, ciphertext))) {
            if (!allowed) broken = "disputed against the rules";
            _endMalformed(number);
        } else if (allowed) {
            broken = "an item that cannot be read could not be disputed";
        }
    }

    function _count(uint256 number) internal view returns (uint256) {
        return _setOf(number).digests.length;
    }
}
