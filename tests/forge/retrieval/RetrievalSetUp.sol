// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RetrievalBounty} from "../../../contracts/RetrievalBounty.sol";
import {IRetrievalBounty} from "../../../contracts/interfaces/IRetrievalBounty.sol";
import {PositionalTree} from "../../../contracts/libraries/PositionalTree.sol";
import {Run} from "../../../contracts/types/Batch.sol";
import {SealedSetUp} from "../common/SealedSetUp.sol";
import {vm} from "../common/Vm.sol";
import {ChainLimits} from "../common/ChainLimits.sol";

/// @notice Retrieval bounties, datasets and proofs of their records.
contract RetrievalSetUp is SealedSetUp {
    struct Dataset {
        bytes32 id;
        address owner;
        uint256 seed;
        bool flawed; // has a record of each flaw, as far as it goes
        uint256[] digests;
        bytes32[] leaves; // as many as the tree is wide
    }

    RetrievalBounty public bounty;
    Dataset[] internal _datasets;

    function _deploy() internal {
        _deployRegistry();
        bounty = new RetrievalBounty(ChainLimits.here(), registry, poseidon);
    }

    /* DATASETS */

    function _commit(address owner, uint256 count, bool flawed) internal {
        Dataset storage dataset = _datasets.push();
        (dataset.owner, dataset.seed, dataset.flawed) = (owner, _datasets.length, flawed);
        uint256 width = 1 << PositionalTree.depthOf(count);
        for (uint256 i = 0; i < width; ++i) {
            dataset.leaves.push(i < count ? _newLeaf(dataset, i) : bytes32(0));
        }
        bytes32 root = _root(dataset.leaves);
        vm.prank(owner);
        dataset.id = bounty.commitDataset(root, uint32(count), 0, "");
    }

    function _newLeaf(Dataset storage dataset, uint256 index) private returns (bytes32) {
        (int256[3] memory item, ) = _record(dataset, index);
        dataset.digests.push(_digestOf(item));
        bytes32 ciphertextHash = keccak256(_ciphertext(dataset, index));
        bytes32 keyHash = keccak256(abi.encode(_key(dataset, index)));
        return PositionalTree.leaf(abi.encode(index, ciphertextHash, _commitment(dataset, index), keyHash));
    }

    function _commitment(Dataset storage dataset, uint256 index) internal view returns (bytes32) {
        return keccak256(abi.encode(dataset.digests[index]));
    }

    function _path(Dataset storage dataset, uint256 start, uint256 folded) internal view returns (bytes32[] memory) {
        return _pathOf(dataset.leaves, start, folded);
    }

    /// @dev What is hashed, and what is wrong with what can be read.
    function _record(Dataset storage dataset, uint256 index) internal view returns (int256[3] memory item, Flaw flaw) {
        if (dataset.flawed) flaw = Flaw(index % 5);
        item = _itemOf(uint256(keccak256(abi.encode("record", dataset.seed, index))), flaw);
    }

    function _key(Dataset storage dataset, uint256 index) internal view returns (bytes32) {
        return keccak256(abi.encode("key", dataset.seed, index));
    }

    function _ciphertext(Dataset storage dataset, uint256 index) internal view returns (bytes memory) {
        (int256[3] memory item, Flaw flaw) = _record(dataset, index);
        return _sealed(item, flaw, _key(dataset, index), index);
    }

    /* PROOFS */

    function _context(bytes32 jobId, address payee) internal view returns (uint256) {
        return _contextOf(address(bounty), jobId, payee);
    }

    /// @dev A proof of `size` records from `start` on, with the keys of those that match.
    function _submission(
        Dataset storage dataset,
        IRetrievalBounty.Predicate memory predicate,
        uint256 context,
        uint256 start,
        uint256 size
    ) internal view returns (IRetrievalBounty.Submission memory submission) {
        submission.runs = new Run[](1);
        submission.runs[0] = Run(uint32(start), uint32(size), _path(dataset, start, PositionalTree.depthOf(size)));
        submission.records = new IRetrievalBounty.Record[](size);
        submission.keys = _keys(dataset, predicate, start, size);
        submission.instances = new uint256[](CONTEXT + LIMBS);
        for (uint256 i = 0; i < size && start + i < dataset.digests.length; ++i) {
            _fill(dataset, submission, start + i, i);
        }
        _fillContext(submission.instances, context);
        submission.proof = _proof(submission.instances);
    }

    function _fill(
        Dataset storage dataset,
        IRetrievalBounty.Submission memory submission,
        uint256 index,
        uint256 slot
    ) private view {
        (int256[3] memory item, ) = _record(dataset, index);
        bytes32 keyHash = keccak256(abi.encode(_key(dataset, index)));
        submission.records[slot] = IRetrievalBounty.Record(keccak256(_ciphertext(dataset, index)), keyHash);
        _fillItem(submission.instances, slot, dataset.digests[index], item[0]);
    }

    function _keys(
        Dataset storage dataset,
        IRetrievalBounty.Predicate memory predicate,
        uint256 start,
        uint256 size
    ) private view returns (bytes32[] memory keys) {
        keys = new bytes32[](size);
        uint256 matches = 0;
        for (uint256 index = start; index < start + size && index < dataset.digests.length; ++index) {
            if (_isMatch(dataset, predicate, index)) keys[matches++] = _key(dataset, index);
        }
        assembly ("memory-safe") {
            mstore(keys, matches)
        }
    }

    /// @dev By the words of the specification: the score is at least the threshold, or the label is strictly greatest.
    function _isMatch(
        Dataset storage dataset,
        IRetrievalBounty.Predicate memory predicate,
        uint256 index
    ) internal view returns (bool) {
        (int256[3] memory item, ) = _record(dataset, index);
        int256[2] memory scores = [item[0], int256(0)];
        if (predicate.kind == IRetrievalBounty.PredicateKind.AtLeast) {
            return scores[predicate.index] >= predicate.threshold;
        }
        return scores[predicate.index] > scores[1 - predicate.index];
    }
}
