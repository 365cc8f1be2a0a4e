// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RetrievalBounty} from "../../../contracts/RetrievalBounty.sol";
import {IRetrievalBounty} from "../../../contracts/interfaces/IRetrievalBounty.sol";
import {PositionalTree} from "../../../contracts/libraries/PositionalTree.sol";
import {ChainLimits} from "../common/ChainLimits.sol";
import {SealedSetUp} from "../common/SealedSetUp.sol";
import {vm} from "../common/Vm.sol";

/// @notice Retrieval bounties, committed datasets, and which of their records match.
abstract contract RetrievalSetUp is SealedSetUp {
    /// @dev Of the set with the same number.
    struct Commitment {
        bytes32 id;
        address owner;
    }

    RetrievalBounty public bounty;
    Commitment[] internal _commitments;

    function _deploy() internal override {
        _deploySealed();
        bounty = new RetrievalBounty(ChainLimits.here(), registry, poseidon);
    }

    function _commit(address owner, uint256 count, bool flawed) internal {
        bytes32 root = _newSet(count, flawed).root;
        vm.prank(owner);
        _commitments.push(Commitment(bounty.commitDataset(root, uint32(count), 0, ""), owner));
    }

    /// @dev Each record has its own key.
    function _key(Items storage set, uint256 index) internal view override returns (bytes32) {
        return keccak256(abi.encode("key", set.seed, index));
    }

    /// @dev Ciphertext hashes of the one chunk.
    function _chunks(Items storage set, uint256 index) internal view returns (bytes32[] memory chunks) {
        chunks = new bytes32[](1);
        chunks[0] = keccak256(_ciphertext(set, index));
    }

    /// @dev What a leaf holds besides index and input commitment.
    function _record(Items storage set, uint256 index) internal view returns (IRetrievalBounty.Record memory) {
        bytes32 keyHash = keccak256(abi.encode(_key(set, index)));
        return IRetrievalBounty.Record(keccak256(abi.encodePacked(_chunks(set, index))), keyHash);
    }

    function _leaf(Items storage set, uint256 index) internal view override returns (bytes32) {
        IRetrievalBounty.Record memory record = _record(set, index);
        bytes32 commitment = _commitment(set, index);
        return PositionalTree.leaf(abi.encode(index, record.chunksHash, commitment, record.keyHash));
    }

    /// @dev By the words of the specification: the score is at least the threshold, or the label is strictly greatest.
    function _isMatch(
        Items storage set,
        IRetrievalBounty.Predicate memory predicate,
        uint256 index
    ) internal view returns (bool) {
        (int256[3] memory item, ) = _item(set, index);
        int256[2] memory scores = [item[0], int256(0)];
        if (predicate.kind == IRetrievalBounty.PredicateKind.AtLeast) {
            return scores[predicate.index] >= predicate.threshold;
        }
        return scores[predicate.index] > scores[1 - predicate.index];
    }
}
