// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Defaults} from "./Defaults.sol";
import {Deployment} from "./Deployment.sol";
import {ProofAcceptance} from "./ProofAcceptance.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IPoseidon} from "./interfaces/IPoseidon.sol";
import {IRetrievalBounty} from "./interfaces/IRetrievalBounty.sol";
import {PositionalTree} from "./libraries/PositionalTree.sol";
import {SealedItem} from "./libraries/SealedItem.sol";
import {Statement} from "./libraries/Statement.sol";
import {Run} from "./types/Batch.sol";
import {Circuit, Layout, OutputKind} from "./types/Circuit.sol";
import {Limits} from "./types/Limits.sol";

/// @title Retrieval bounties: each record of a committed dataset is judged, and those that match can be read.
contract RetrievalBounty is IRetrievalBounty, Defaults, ProofAcceptance {
    using BitMaps for BitMaps.BitMap;
    using Statement for Layout;

    /// @dev One word of storage. It is never cleared: an id never lives again.
    struct StoredJob {
        State state;
        address payee;
        uint40 deadline;
        uint32 proven;
    }

    struct Dataset {
        address owner;
        uint32 count;
        uint40 committedAt;
        bytes32 root;
    }

    /// @inheritdoc IRetrievalBounty
    mapping(bytes32 jobId => StoredJob) public jobs;
    mapping(bytes32 datasetId => Dataset) private _datasets;
    mapping(bytes32 jobId => BitMaps.BitMap) private _proven;
    mapping(bytes32 jobId => BitMaps.BitMap) private _matched;

    /// @notice The contract that hashes the content of a disputed record.
    IPoseidon public immutable poseidon;

    constructor(
        Limits memory limits,
        IModelRegistry registry_,
        IPoseidon poseidon_
    ) Deployment(limits) ProofAcceptance(registry_) {
        poseidon = poseidon_;
    }

    // ---------------------------------------------------------------- commit

    /// @inheritdoc IRetrievalBounty
    function commitDataset(
        bytes32 root,
        uint32 count,
        bytes32 dataHash,
        string calldata uri
    ) external returns (bytes32 datasetId) {
        _requireCount(count, MAX_ITEMS);
        datasetId = keccak256(abi.encode(msg.sender, root, count));
        if (_datasets[datasetId].owner != address(0)) return datasetId;

        _datasets[datasetId] = Dataset(msg.sender, count, uint40(block.timestamp), root);

        emit DatasetCommitted(datasetId, msg.sender, root, count, dataHash, uri);
    }

    // ---------------------------------------------------------------- post, cancel

    /// @inheritdoc IRetrievalBounty
    function post(Terms calldata terms, uint256 nonce) external payable nonReentrant returns (bytes32 jobId) {
        jobId = _jobId(msg.sender, nonce, keccak256(abi.encode(terms)));
        if (jobs[jobId].state != State.None) revert Jobs_JobExists(jobId);
        uint256 escrow = _escrowOf(terms);
        _requireGoodTerms(terms);

        jobs[jobId].state = State.Open;

        emit RetrievalPosted(jobId, msg.sender, terms.datasetId, nonce, terms);

        _deposit(jobId, terms.currency, escrow);
    }

    /// @inheritdoc IRetrievalBounty
    function cancel(Job calldata job) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        _requireState(jobs[jobId].state, State.Open);
        _requireConsumer(job.consumer);
        _requireInTime(job.terms.openUntil);

        jobs[jobId].state = State.Cancelled;

        emit RetrievalCancelled(jobId);

        _credit(jobId, job.terms.currency, job.consumer, _escrowOf(job.terms));
    }

    // ---------------------------------------------------------------- accept

    /// @inheritdoc IRetrievalBounty
    function accept(Job calldata job, address payee) external payable nonReentrant {
        bytes32 jobId = jobIdOf(job);
        Terms calldata terms = job.terms;
        _requireState(jobs[jobId].state, State.Open);
        _requireInTime(terms.openUntil);
        _requireProvider(_dataset(terms.datasetId).owner);
        _requirePayee(payee);
        _requireUsable(terms.modelId);
        uint40 deadline = _deadlineAfter(terms.proveSeconds);

        jobs[jobId] = StoredJob(State.Proving, payee, deadline, 0);

        emit RetrievalAccepted(jobId, msg.sender, payee, deadline);

        _deposit(jobId, terms.currency, terms.stake);
    }

    // ---------------------------------------------------------------- submit

    /// @inheritdoc IRetrievalBounty
    function submit(Job calldata job, Submission[] calldata submissions) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        StoredJob memory stored = jobs[jobId];
        _requireState(stored.state, State.Proving);
        _requireInTime(stored.deadline);

        uint256 fresh = 0;
        for (uint256 i = 0; i < submissions.length; ++i) {
            Layout memory layout_ = _requireProven(jobId, stored.payee, job.terms, submissions[i]);
            fresh += _record(jobId, job.terms.predicate, layout_, submissions[i]);
        }
        _advance(jobId, stored, job.terms, fresh);
    }

    /// @dev The proof holds, and the records in its slots are the dataset's.
    function _requireProven(
        bytes32 jobId,
        address payee,
        Terms calldata terms,
        Submission calldata submission
    ) private view returns (Layout memory layout_) {
        uint256 items = _itemsOf(submission.runs);
        if (submission.records.length != items) {
            revert RetrievalBounty_WrongRecordCount(submission.records.length, items);
        }
        Claim memory claim = Claim(jobId, payee, terms.modelId, items);
        layout_ = _acceptProof(claim, submission.proof, submission.instances);
        Dataset memory dataset = _dataset(terms.datasetId);
        uint256 slot = 0;
        for (uint256 i = 0; i < submission.runs.length; ++i) {
            _requireRecords(dataset, layout_, submission, submission.runs[i], slot);
            slot += submission.runs[i].size;
        }
    }

    /// @dev How many items the runs hold; they ascend, so none is named twice.
    function _itemsOf(Run[] calldata runs) private pure returns (uint256 items) {
        uint256 end = 0;
        for (uint256 i = 0; i < runs.length; ++i) {
            (uint256 start, uint256 size) = (runs[i].start, runs[i].size);
            if (start < end) revert RetrievalBounty_BadRun(start, size);
            end = start + size;
            items += size;
        }
    }

    /// @dev The records of one run, from item slot `slot` of the proof on, are those that the dataset has there.
    function _requireRecords(
        Dataset memory dataset,
        Layout memory layout_,
        Submission calldata submission,
        Run calldata run,
        uint256 slot
    ) private pure {
        bytes32[] memory leaves = new bytes32[](run.size);
        for (uint256 i = 0; i < leaves.length; ++i) {
            Record calldata record = submission.records[slot + i];
            bytes32 inputs = layout_.inputCommitment(submission.instances, slot + i);
            leaves[i] = _leaf(run.start + i, record.ciphertextHash, inputs, record.keyHash);
        }
        if (PositionalTree.rootOfBatch(leaves, run.start, dataset.count, run.path) != dataset.root) {
            revert RetrievalBounty_WrongRecord(run.start, run.size);
        }
    }

    /// @dev Notes the records that are not done yet, and returns how many they are. A key is due for each match, done or
    /// not: whether a submission is good does not hang on what others submitted before it.
    function _record(
        bytes32 jobId,
        Predicate calldata predicate,
        Layout memory layout_,
        Submission calldata submission
    ) private returns (uint256 fresh) {
        uint32[] memory indices = _indicesOf(submission.runs, submission.records.length);
        uint256 matches = 0;
        for (uint256 slot = 0; slot < indices.length; ++slot) {
            uint256 index = indices[slot];
            bool matched = _matches(predicate, layout_, submission.instances, slot);
            if (matched) _requireKey(submission, matches++, slot, index);
            if (_proven[jobId].get(index)) continue;
            _proven[jobId].set(index);
            indices[fresh++] = uint32(index);
            if (matched) _announceMatch(jobId, index, submission.keys[matches - 1]);
        }
        if (submission.keys.length != matches) {
            revert RetrievalBounty_TooManyKeys(submission.keys.length, matches);
        }
        if (fresh != 0) emit RecordsProven(jobId, _first(indices, fresh));
    }

    /// @dev The index of the record in each slot.
    function _indicesOf(Run[] calldata runs, uint256 items) private pure returns (uint32[] memory indices) {
        indices = new uint32[](items);
        uint256 slot = 0;
        for (uint256 i = 0; i < runs.length; ++i) {
            (uint32 start, uint32 size) = (runs[i].start, runs[i].size);
            for (uint32 j = 0; j < size; ++j) {
                indices[slot++] = start + j;
            }
        }
    }

    function _matches(
        Predicate calldata predicate,
        Layout memory layout_,
        uint256[] calldata instances,
        uint256 slot
    ) private pure returns (bool) {
        if (predicate.kind == PredicateKind.AtLeast) {
            return layout_.outputOf(instances, slot, predicate.index) >= predicate.threshold;
        }
        (uint256 label, bool decided) = layout_.labelOf(instances, slot);
        return decided && label == predicate.index;
    }

    function _requireKey(Submission calldata submission, uint256 place, uint256 slot, uint256 index) private pure {
        if (place >= submission.keys.length) revert RetrievalBounty_KeyMissing(index);
        bytes32 actual = SealedItem.keyHash(submission.keys[place]);
        bytes32 allowed = submission.records[slot].keyHash;
        if (actual != allowed) revert RetrievalBounty_WrongKey(index, actual, allowed);
    }

    function _announceMatch(bytes32 jobId, uint256 index, bytes32 key) private {
        _matched[jobId].set(index);

        emit RecordMatched(jobId, index, key);
    }

    /// @dev Shortens the array to its first `length` entries.
    function _first(uint32[] memory array, uint256 length) private pure returns (uint32[] memory) {
        assembly ("memory-safe") {
            mstore(array, length)
        }
        return array;
    }

    /// @dev Counts what was proven; with the last record the time to dispute begins.
    function _advance(bytes32 jobId, StoredJob memory stored, Terms calldata terms, uint256 fresh) private {
        stored.proven += uint32(fresh);
        bool complete = stored.proven == _dataset(terms.datasetId).count;
        if (complete) (stored.state, stored.deadline) = (State.Closing, _deadlineAfter(terms.disputeSeconds));
        jobs[jobId] = stored;

        if (complete) emit RetrievalCompleted(jobId, stored.deadline);
    }

    // ---------------------------------------------------------------- dispute

    /// @inheritdoc IRetrievalBounty
    function dispute(
        Job calldata job,
        uint256 index,
        bytes32 key,
        bytes calldata ciphertext,
        bytes32 inputCommitment,
        bytes32[] calldata path
    ) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        _requireDisputable(job, jobId, index);
        bytes32 leaf = _leaf(index, keccak256(ciphertext), inputCommitment, SealedItem.keyHash(key));
        _requireMember(_dataset(job.terms.datasetId), leaf, index, path);
        if (_isAsProven(job.terms.modelId, SealedItem.decrypt(ciphertext, key, index), inputCommitment)) {
            revert RetrievalBounty_RecordWellFormed(index);
        }

        jobs[jobId].state = State.Malformed;

        emit RecordMalformed(jobId, jobs[jobId].payee, index);

        _credit(jobId, job.terms.currency, job.consumer, _escrowOf(job.terms) + job.terms.stake);
    }

    function _requireDisputable(Job calldata job, bytes32 jobId, uint256 index) private view {
        (State state, uint256 deadline) = _standing(jobs[jobId], job.terms);
        _requireState(state, State.Closing);
        _requireConsumer(job.consumer);
        _requireInTime(deadline);
        if (!_matched[jobId].get(index)) revert RetrievalBounty_NotMatched(index);
    }

    function _requireMember(Dataset memory dataset, bytes32 leaf, uint256 index, bytes32[] calldata path) private pure {
        if (PositionalTree.rootOf(leaf, index, dataset.count, path) != dataset.root) {
            revert RetrievalBounty_UnknownRecord(index);
        }
    }

    /// @dev Whether the content is an item of the model's circuit, with this commitment to its inputs.
    function _isAsProven(bytes32 modelId, bytes memory content, bytes32 inputs) private view returns (bool) {
        (bytes32 circuitId, ) = registry.models(modelId);
        (bool wellFormed, bytes32 commitment) = SealedItem.inputCommitment(
            registry.circuits(circuitId),
            poseidon,
            content
        );
        return wellFormed && commitment == inputs;
    }

    // ---------------------------------------------------------------- settle

    /// @inheritdoc IRetrievalBounty
    function settle(Job calldata job) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        StoredJob memory stored = jobs[jobId];
        (State state, uint256 end) = _standing(stored, job.terms);
        if (end == 0) revert RetrievalBounty_WrongState(state, State.Closing);
        uint256 deadline = state == State.Open ? end : stored.deadline; // if that to prove was missed, it decides
        (bytes32 circuitId, uint256 condemnedAt) = registry.condemnation(job.terms.modelId);

        if (_isVoid(condemnedAt, deadline, end)) _void(jobId, circuitId, job, stored.payee);
        else if (state == State.Open) _expire(jobId, job);
        else _pay(jobId, job, stored);
    }

    /// @dev The circuit was condemned in time: each side's deposits go back to it.
    function _void(bytes32 jobId, bytes32 circuitId, Job calldata job, address payee) private {
        Terms calldata terms = job.terms;
        jobs[jobId].state = State.Voided;

        emit RetrievalVoided(jobId, circuitId);

        _returnDeposits(jobId, terms.currency, job.consumer, _escrowOf(terms), payee, terms.stake);
    }

    /// @dev The payee has what was proven; the stake too if that is everything, else it is the consumer's, the victim.
    function _pay(bytes32 jobId, Job calldata job, StoredJob memory stored) private {
        Terms calldata terms = job.terms;
        uint256 count = _dataset(terms.datasetId).count;
        bool complete = stored.proven == count;
        uint256 earned = uint256(stored.proven) * terms.pricePerRecord;
        uint256 unspent = (count - stored.proven) * terms.pricePerRecord;

        jobs[jobId].state = State.Settled;

        emit RetrievalSettled(jobId, stored.payee, stored.proven, complete);

        if (complete) {
            _credit(jobId, terms.currency, stored.payee, earned + terms.stake);
        } else {
            if (earned != 0) _credit(jobId, terms.currency, stored.payee, earned);
            _credit(jobId, terms.currency, job.consumer, unspent + terms.stake);
        }
    }

    /// @dev The owner did not accept.
    function _expire(bytes32 jobId, Job calldata job) private {
        jobs[jobId].state = State.Expired;

        emit RetrievalExpired(jobId);

        _credit(jobId, job.terms.currency, job.consumer, _escrowOf(job.terms));
    }

    // ---------------------------------------------------------------- checks

    function _requireGoodTerms(Terms calldata terms) private view {
        (bytes32 circuitId, ) = registry.models(terms.modelId);
        Circuit memory circuit = _requireExactCircuit(circuitId);
        SealedItem.requireSealable(circuit, MAX_ELEMENTS);
        _requirePredicate(terms.predicate, circuit.statement);
        _requireToken(terms.currency);
        _requireReward(terms.pricePerRecord);
        if (terms.stake == 0) revert RetrievalBounty_ZeroStake();
        _requireOpenUntil(terms.openUntil);
        _requireWindow(terms.proveSeconds);
        _requireWindow(terms.disputeSeconds);
    }

    function _requirePredicate(Predicate calldata predicate, Layout memory layout_) private pure {
        bool fits =
            predicate.kind == PredicateKind.Label ? predicate.threshold == 0 : layout_.outputKind == OutputKind.Scores;
        if (!fits || predicate.index >= layout_.classes) {
            revert RetrievalBounty_BadPredicate(predicate.index, layout_.classes, predicate.threshold);
        }
    }

    function _requireState(State actual, State allowed) private pure {
        if (actual != allowed) revert RetrievalBounty_WrongState(actual, allowed);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IRetrievalBounty
    function jobIdOf(Job calldata job) public view returns (bytes32) {
        return _jobId(job.consumer, job.nonce, keccak256(abi.encode(job.terms)));
    }

    /// @inheritdoc IRetrievalBounty
    function standing(Job calldata job) external view returns (State state, uint256 deadline) {
        return _standing(jobs[jobIdOf(job)], job.terms);
    }

    /// @inheritdoc IRetrievalBounty
    function datasets(
        bytes32 datasetId
    ) external view returns (address owner, uint32 count, uint40 committedAt, bytes32 root) {
        Dataset memory dataset = _dataset(datasetId);
        return (dataset.owner, dataset.count, dataset.committedAt, dataset.root);
    }

    /// @inheritdoc IRetrievalBounty
    function outcome(bytes32 jobId, uint256 index) external view returns (bool proven, bool matched) {
        return (_proven[jobId].get(index), _matched[jobId].get(index));
    }

    /// @dev State and deadline as by time; deadline 0 when there is none. A missed deadline to prove closes the job then.
    function _standing(StoredJob memory stored, Terms calldata terms) private view returns (State, uint256 deadline) {
        if (stored.state == State.Open) return (State.Open, terms.openUntil);
        if (stored.state == State.Proving && block.timestamp > stored.deadline) {
            return (State.Closing, uint256(stored.deadline) + terms.disputeSeconds);
        }
        if (stored.state == State.Proving || stored.state == State.Closing) deadline = stored.deadline;
        return (stored.state, deadline);
    }

    function _dataset(bytes32 datasetId) private view returns (Dataset storage dataset) {
        dataset = _datasets[datasetId];
        if (dataset.owner == address(0)) revert RetrievalBounty_UnknownDataset(datasetId);
    }

    function _escrowOf(Terms calldata terms) private view returns (uint256) {
        return uint256(_dataset(terms.datasetId).count) * terms.pricePerRecord;
    }

    // ---------------------------------------------------------------- hashes

    function _leaf(
        uint256 index,
        bytes32 ciphertextHash,
        bytes32 inputCommitment,
        bytes32 keyHash
    ) private pure returns (bytes32) {
        return PositionalTree.leaf(abi.encode(index, ciphertextHash, inputCommitment, keyHash));
    }
}
