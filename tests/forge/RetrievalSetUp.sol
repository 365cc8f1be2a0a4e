// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModelRegistry} from "../../contracts/ModelRegistry.sol";
import {Poseidon} from "../../contracts/Poseidon.sol";
import {RetrievalBounty} from "../../contracts/RetrievalBounty.sol";
import {IRetrievalBounty} from "../../contracts/interfaces/IRetrievalBounty.sol";
import {PositionalTree} from "../../contracts/libraries/PositionalTree.sol";
import {MockVerifier} from "../../contracts/mocks/MockVerifier.sol";
import {Run} from "../../contracts/types/Batch.sol";
import {Circuit, Layout, OutputKind} from "../../contracts/types/Circuit.sol";
import {vm} from "./Vm.sol";

/// @notice A registry with one model, its bounties, datasets, and mock proofs: two items of one digest and two scores.
/// @dev A record is two values and a salt; its scores are the first value and 0.
contract RetrievalSetUp {
    uint256 internal constant SLOTS = 2;
    uint256 internal constant LIMBS = 10;
    uint256 internal constant BITS = 15;
    uint256 internal constant OUTPUTS = SLOTS + 1;
    uint256 internal constant CONTEXT = OUTPUTS + 2 * SLOTS;
    int256 internal constant LEAST = -8;
    int256 internal constant GREATEST = 7;
    uint256 internal constant MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// @dev What is wrong with a record.
    enum Flaw {
        None,
        OtherContent, // than what was hashed
        OutOfDomain,
        SaltOutOfRange,
        TooShort
    }

    struct Dataset {
        bytes32 id;
        address owner;
        uint256 seed;
        bool flawed; // has a record of each flaw, as far as it goes
        uint256[] digests;
        bytes32[] leaves; // as many as the tree is wide
    }

    ModelRegistry public registry;
    Poseidon public poseidon;
    RetrievalBounty public bounty;
    bytes32 public circuitId;
    bytes32 public modelId;
    Dataset[] internal _datasets;

    function _deploy() internal {
        registry = new ModelRegistry();
        poseidon = new Poseidon();
        bounty = new RetrievalBounty(registry, poseidon);
        _registerCircuit();
    }

    /* THE CIRCUIT */

    /// @dev A circuit of its own verifier, and its model, for the jobs to come.
    function _registerCircuit() internal {
        uint256[] memory sample = new uint256[](CONTEXT + LIMBS);
        circuitId = registry.registerCircuit(_circuit(address(new MockVerifier())), _proof(sample), sample);
        modelId = registry.registerModel(circuitId, 0);
    }

    function _circuit(address verifier) private view returns (Circuit memory circuit) {
        circuit.verifier = verifier;
        circuit.codeHash = verifier.codehash;
        (circuit.inputMin, circuit.inputMax) = (int64(LEAST), int64(GREATEST));
        (circuit.digestElements, circuit.saltElements, circuit.saltBits) = (3, 1, 16);
        circuit.exact = true;
        Layout memory layout_ = circuit.statement;
        (layout_.items, layout_.inputWords, layout_.outputWords, layout_.classes) = (uint16(SLOTS), 1, 2, 2);
        (layout_.contextEcho, layout_.contextEchoWords) = (uint16(SLOTS), 1);
        (layout_.outputs, layout_.context) = (uint16(OUTPUTS), uint16(CONTEXT));
        (layout_.contextLimbs, layout_.contextBits) = (uint8(LIMBS), uint8(BITS));
        (layout_.outputKind, layout_.instances) = (OutputKind.Scores, uint16(CONTEXT + LIMBS));
    }

    function _proof(uint256[] memory instances) internal pure returns (bytes memory) {
        return abi.encodePacked(keccak256(abi.encodePacked(instances)));
    }

    function _condemn() internal {
        uint256[] memory a = new uint256[](CONTEXT + LIMBS);
        uint256[] memory b = new uint256[](CONTEXT + LIMBS);
        b[OUTPUTS] = 1;
        registry.condemn(circuitId, _proof(a), a, _proof(b), b);
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
        uint256[] memory elements = new uint256[](3);
        for (uint256 i = 0; i < 3; ++i) {
            elements[i] = _inField(item[i]);
        }
        dataset.digests.push(poseidon.digest(elements));
        bytes32 ciphertextHash = keccak256(_ciphertext(dataset, index));
        bytes32 keyHash = keccak256(abi.encode(_key(dataset, index)));
        return PositionalTree.leaf(abi.encode(index, ciphertextHash, _commitment(dataset, index), keyHash));
    }

    function _commitment(Dataset storage dataset, uint256 index) internal view returns (bytes32) {
        return keccak256(abi.encode(dataset.digests[index]));
    }

    function _inField(int256 value) private pure returns (uint256) {
        return uint256(value < 0 ? value + int256(MODULUS) : value);
    }

    function _root(bytes32[] memory leaves) private pure returns (bytes32) {
        for (uint256 size = leaves.length; size > 1; size >>= 1) {
            for (uint256 i = 0; i < size >> 1; ++i) {
                leaves[i] = PositionalTree.node(leaves[2 * i], leaves[2 * i + 1]);
            }
        }
        return leaves[0];
    }

    /// @dev The siblings above 2^`folded` leaves from `start`.
    function _path(
        Dataset storage dataset,
        uint256 start,
        uint256 folded
    ) internal view returns (bytes32[] memory path) {
        bytes32[] memory level = dataset.leaves;
        uint256 depth = PositionalTree.depthOf(level.length);
        path = new bytes32[](depth > folded ? depth - folded : 0);
        for (uint256 height = 0; height < depth; ++height) {
            if (height >= folded) path[height - folded] = level[(start >> height) ^ 1];
            for (uint256 i = 0; i < level.length >> (height + 1); ++i) {
                level[i] = PositionalTree.node(level[2 * i], level[2 * i + 1]);
            }
        }
    }

    /// @dev What is hashed, and what is wrong with what can be read.
    function _record(Dataset storage dataset, uint256 index) internal view returns (int256[3] memory item, Flaw flaw) {
        uint256 random = uint256(keccak256(abi.encode("record", dataset.seed, index)));
        if (dataset.flawed) flaw = Flaw(index % 5);
        item[0] = LEAST + int256(random % 16);
        item[1] = flaw == Flaw.OutOfDomain ? GREATEST + 1 : LEAST;
        item[2] = flaw == Flaw.SaltOutOfRange ? int256(1 << 16) : int256((random >> 8) % (1 << 16));
    }

    function _key(Dataset storage dataset, uint256 index) internal view returns (bytes32) {
        return keccak256(abi.encode("key", dataset.seed, index));
    }

    function _ciphertext(Dataset storage dataset, uint256 index) internal view returns (bytes memory sealed_) {
        (int256[3] memory item, Flaw flaw) = _record(dataset, index);
        int32 first = int32(item[0]);
        if (flaw == Flaw.OtherContent) first = first == 0 ? int32(1) : int32(0);
        sealed_ = abi.encodePacked(first, int32(item[1]), int32(item[2]));
        bytes32 stream = keccak256(abi.encode(_key(dataset, index), index, uint256(0)));
        for (uint256 i = 0; i < sealed_.length; ++i) {
            sealed_[i] ^= stream[i];
        }
        if (flaw == Flaw.TooShort) {
            assembly ("memory-safe") {
                mstore(sealed_, 11)
            }
        }
    }

    /* PROOFS */

    function _context(bytes32 jobId, address payee) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, address(bounty), jobId, payee)));
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
        for (uint256 limb = 0; limb < LIMBS; ++limb) {
            submission.instances[CONTEXT + limb] = (context >> (limb * BITS)) & ((1 << BITS) - 1);
        }
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
        submission.instances[slot] = dataset.digests[index];
        submission.instances[OUTPUTS + 2 * slot] = _inField(item[0]);
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
