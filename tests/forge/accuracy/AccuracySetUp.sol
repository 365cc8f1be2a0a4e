// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccuracyBounty} from "../../../contracts/AccuracyBounty.sol";
import {IAccuracyBounty} from "../../../contracts/interfaces/IAccuracyBounty.sol";
import {PositionalTree} from "../../../contracts/libraries/PositionalTree.sol";
import {Run} from "../../../contracts/types/Batch.sol";
import {SealedSetUp} from "../common/SealedSetUp.sol";
import {ChainLimits} from "../common/ChainLimits.sol";

/// @notice Accuracy bounties, sealed test sets and proofs of their items.
/// @dev The model says label 0 of a positive first value, 1 of a negative one, and none of 0.
contract AccuracySetUp is SealedSetUp {
    uint256 internal constant CLASSES = 2;

    struct TestSet {
        bytes32 root;
        uint256 seed;
        bool flawed; // has an item of each flaw, as far as it goes
        uint256[] digests;
        bytes32[] leaves; // as many as the tree is wide
    }

    AccuracyBounty public bounty;
    TestSet[] internal _sets;

    function _deploy() internal {
        _deployRegistry();
        bounty = new AccuracyBounty(ChainLimits.here(), registry, poseidon);
    }

    /* TEST SETS */

    function _newSet(uint256 count, bool flawed) internal {
        TestSet storage set = _sets.push();
        (set.seed, set.flawed) = (_sets.length, flawed);
        uint256 width = 1 << PositionalTree.depthOf(count);
        for (uint256 i = 0; i < width; ++i) {
            set.leaves.push(i < count ? _newLeaf(set, i) : bytes32(0));
        }
        set.root = _root(set.leaves);
    }

    function _newLeaf(TestSet storage set, uint256 index) private returns (bytes32) {
        (int256[3] memory item, ) = _item(set, index);
        set.digests.push(_digestOf(item));
        return PositionalTree.leaf(abi.encode(index, keccak256(_ciphertext(set, index)), _inner(set, index)));
    }

    /// @dev What is hashed, and what is wrong with what the provider can read.
    function _item(TestSet storage set, uint256 index) internal view returns (int256[3] memory item, Flaw flaw) {
        if (set.flawed) flaw = Flaw(index % 5);
        item = _itemOf(uint256(keccak256(abi.encode("item", set.seed, index))), flaw);
    }

    /// @dev What the consumer says it is: most are as the model has it. A set with flaws has a label that there is not.
    function _label(TestSet storage set, uint256 index) internal view returns (uint256) {
        if (set.flawed && index == 5) return CLASSES;
        (int256[3] memory item, ) = _item(set, index);
        return item[0] > 0 == (index % 3 != 2) ? 0 : 1;
    }

    function _isMalformed(TestSet storage set, uint256 index) internal view returns (bool) {
        (, Flaw flaw) = _item(set, index);
        return flaw != Flaw.None || _label(set, index) >= CLASSES;
    }

    /// @dev Whether the model says what the consumer says.
    function _isRight(TestSet storage set, uint256 index) internal view returns (bool) {
        (int256[3] memory item, ) = _item(set, index);
        return item[0] != 0 && (item[0] > 0 ? 0 : 1) == _label(set, index);
    }

    function _inner(TestSet storage set, uint256 index) internal view returns (bytes32) {
        return keccak256(abi.encode(keccak256(abi.encode(set.digests[index])), _label(set, index)));
    }

    function _key(TestSet storage set) internal view returns (bytes32) {
        return keccak256(abi.encode("key", set.seed));
    }

    function _ciphertext(TestSet storage set, uint256 index) internal view returns (bytes memory) {
        (int256[3] memory item, Flaw flaw) = _item(set, index);
        return _sealed(item, flaw, _key(set), index);
    }

    function _path(TestSet storage set, uint256 start, uint256 folded) internal view returns (bytes32[] memory) {
        return _pathOf(set.leaves, start, folded);
    }

    /* PROOFS */

    /// @dev A proof of `size` items from `start` on.
    function _submission(
        TestSet storage set,
        uint256 context,
        uint256 start,
        uint256 size
    ) internal view returns (IAccuracyBounty.Submission memory submission) {
        submission.runs = new Run[](1);
        submission.runs[0] = Run(uint32(start), uint32(size), _path(set, start, PositionalTree.depthOf(size)));
        submission.items = new IAccuracyBounty.TestItem[](size);
        submission.instances = new uint256[](CONTEXT + LIMBS);
        for (uint256 i = 0; i < size && start + i < set.digests.length; ++i) {
            uint256 index = start + i;
            (int256[3] memory item, ) = _item(set, index);
            bytes32 ciphertextHash = keccak256(_ciphertext(set, index));
            submission.items[i] = IAccuracyBounty.TestItem(ciphertextHash, uint32(_label(set, index)));
            _fillItem(submission.instances, i, set.digests[index], item[0]);
        }
        _fillContext(submission.instances, context);
        submission.proof = _proof(submission.instances);
    }
}
