// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Defaults} from "./Defaults.sol";
import {Deployment} from "./Deployment.sol";
import {ProofAcceptance} from "./ProofAcceptance.sol";
import {IAccuracyBounty} from "./interfaces/IAccuracyBounty.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IPoseidon} from "./interfaces/IPoseidon.sol";
import {PositionalTree} from "./libraries/PositionalTree.sol";
import {SealedItem} from "./libraries/SealedItem.sol";
import {Statement} from "./libraries/Statement.sol";
import {Run} from "./types/Batch.sol";
import {Circuit, Layout} from "./types/Circuit.sol";
import {Limits} from "./types/Limits.sol";

/// @title Accuracy bounties: a model whose weights are hidden is paid if it reaches a target on a sealed test set.
contract AccuracyBounty is IAccuracyBounty, Defaults, ProofAcceptance {
    using BitMaps for BitMaps.BitMap;
    using Statement for Layout;

    /// @dev Four storage slots. It is never cleared: an id never lives again.
    struct StoredJob {
        State state;
        address payee;
        uint40 deadline;
        address provider;
        uint32 proven;
        uint32 correct;
        bytes32 modelId;
        bytes32 key;
    }

    /// @notice The contract that hashes as the circuits do.
    IPoseidon public immutable poseidon;

    /// @inheritdoc IAccuracyBounty
    mapping(bytes32 jobId => StoredJob) public jobs;
    mapping(bytes32 jobId => BitMaps.BitMap) private _proven;

    constructor(
        Limits memory limits,
        IModelRegistry registry_,
        IPoseidon poseidon_
    ) Deployment(limits) ProofAcceptance(registry_) {
        poseidon = poseidon_;
    }

    // ---------------------------------------------------------------- post, cancel

    /// @inheritdoc IAccuracyBounty
    function post(
        Terms calldata terms,
        uint256 nonce,
        string calldata uri
    ) external payable nonReentrant returns (bytes32 jobId) {
        jobId = _jobId(msg.sender, nonce, keccak256(abi.encode(terms)));
        if (jobs[jobId].state != State.None) revert Jobs_JobExists(jobId);
        _requireGoodTerms(terms);

        jobs[jobId].state = State.Open;

        emit BountyPosted(jobId, msg.sender, terms.circuitId, nonce, terms, uri);

        _deposit(jobId, terms.currency, uint256(terms.reward) + terms.bond);
    }

    /// @inheritdoc IAccuracyBounty
    function cancel(Job calldata job) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        _requireState(jobs[jobId].state, State.Open);
        _requireConsumer(job.consumer);
        _requireInTime(job.terms.openUntil);

        jobs[jobId].state = State.Cancelled;

        emit BountyCancelled(jobId);

        _creditConsumer(jobId, job, uint256(job.terms.reward) + job.terms.bond);
    }

    // ---------------------------------------------------------------- accept, reveal

    /// @inheritdoc IAccuracyBounty
    function accept(Job calldata job, bytes32 modelId, address payee) external payable nonReentrant {
        bytes32 jobId = jobIdOf(job);
        Terms calldata terms = job.terms;
        _requireState(jobs[jobId].state, State.Open);
        _requireInTime(terms.openUntil);
        _requireOpenTo(terms.provider);
        _requirePayee(payee);
        _requireUsable(modelId);
        (bytes32 circuitId, ) = registry.models(modelId);
        if (circuitId != terms.circuitId) revert AccuracyBounty_WrongCircuit(circuitId, terms.circuitId);
        uint40 deadline = _deadlineAfter(terms.revealSeconds);

        StoredJob storage stored = jobs[jobId];
        (stored.state, stored.payee, stored.deadline) = (State.Accepted, payee, deadline);
        (stored.provider, stored.modelId) = (msg.sender, modelId);

        emit BountyAccepted(jobId, msg.sender, payee, modelId, deadline);

        _deposit(jobId, terms.currency, terms.stake);
    }

    /// @inheritdoc IAccuracyBounty
    function revealKey(Job calldata job, bytes32 key) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        StoredJob storage stored = jobs[jobId];
        _requireState(stored.state, State.Accepted);
        _requireConsumer(job.consumer);
        _requireInTime(stored.deadline);
        bytes32 keyHash = SealedItem.keyHash(key);
        if (keyHash != job.terms.keyHash) revert AccuracyBounty_WrongKey(keyHash, job.terms.keyHash);
        uint40 deadline = _deadlineAfter(job.terms.proveSeconds);

        (stored.state, stored.deadline, stored.key) = (State.Proving, deadline, key);

        emit KeyRevealed(jobId, key, deadline);
    }

    // ---------------------------------------------------------------- submit

    /// @inheritdoc IAccuracyBounty
    function submit(Job calldata job, Submission[] calldata submissions) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        StoredJob memory updated = jobs[jobId];
        Terms calldata terms = job.terms;
        _requireState(updated.state, State.Proving);
        _requireInTime(updated.deadline);

        for (uint256 i = 0; i < submissions.length; ++i) {
            _submitOne(jobId, updated, terms, submissions[i]);
        }
        bool reached = uint256(updated.correct) * terms.den >= uint256(terms.num) * terms.n;
        if (reached) updated.state = State.Paid;
        StoredJob storage stored = jobs[jobId];
        (stored.state, stored.proven, stored.correct) = (updated.state, updated.proven, updated.correct);
        if (!reached) return;

        emit BountyPaid(jobId, updated.payee, updated.correct);

        _credit(jobId, terms.currency, updated.payee, uint256(terms.reward) + terms.stake);
        _creditConsumer(jobId, job, terms.bond);
    }

    /// @dev Counts the new items of one proof in `updated`, and sets their bits.
    function _submitOne(
        bytes32 jobId,
        StoredJob memory updated,
        Terms calldata terms,
        Submission calldata submission
    ) private {
        uint256 items = submission.items.length;
        Claim memory claim = Claim(jobId, updated.payee, updated.modelId, items);
        Layout memory layout_ = _acceptProof(claim, submission.proof, submission.instances);
        uint256 first = 0;
        uint256 end = 0;
        for (uint256 i = 0; i < submission.runs.length; ++i) {
            Run calldata run = submission.runs[i];
            if (run.start < end || run.size > items - first) revert AccuracyBounty_BadRun(run.start, run.size);
            end = uint256(run.start) + run.size;
            _requireOpened(layout_, terms, submission, run, first);
            first += run.size;
        }
        if (first != items) revert AccuracyBounty_WrongItemCount(items, first);
        _count(jobId, updated, layout_, submission);
    }

    /// @dev The items in the proof's slots from `first` on are those of the test set from `run.start` on.
    function _requireOpened(
        Layout memory layout_,
        Terms calldata terms,
        Submission calldata submission,
        Run calldata run,
        uint256 first
    ) private pure {
        bytes32[] memory leaves = new bytes32[](run.size);
        for (uint256 k = 0; k < leaves.length; ++k) {
            TestItem calldata item = submission.items[first + k];
            bytes32 inner = _inner(layout_.inputCommitment(submission.instances, first + k), item.label);
            leaves[k] = _leaf(run.start + k, item.ciphertextHash, inner);
        }
        if (PositionalTree.rootOfBatch(leaves, run.start, terms.n, run.path) != terms.testRoot) {
            revert AccuracyBounty_WrongItem(run.start, run.size);
        }
    }

    function _count(
        bytes32 jobId,
        StoredJob memory updated,
        Layout memory layout_,
        Submission calldata submission
    ) private {
        BitMaps.BitMap storage proven = _proven[jobId];
        uint32[] memory indices = new uint32[](submission.items.length);
        uint256 fresh = 0;
        uint256 item = 0;
        for (uint256 i = 0; i < submission.runs.length; ++i) {
            Run calldata run = submission.runs[i];
            for (uint256 k = 0; k < run.size; ++k) {
                uint256 index = run.start + k;
                if (!proven.get(index)) {
                    proven.set(index);
                    indices[fresh++] = uint32(index);
                    if (_isCorrect(layout_, submission, item)) ++updated.correct;
                }
                ++item;
            }
        }
        if (fresh == 0) return;
        assembly ("memory-safe") {
            mstore(indices, fresh) // shorter than what was allocated
        }
        updated.proven += uint32(fresh);

        emit ItemsProven(jobId, indices, updated.correct);
    }

    function _isCorrect(
        Layout memory layout_,
        Submission calldata submission,
        uint256 item
    ) private pure returns (bool) {
        (uint256 label, bool decided) = layout_.labelOf(submission.instances, item);
        return decided && label == submission.items[item].label;
    }

    // ---------------------------------------------------------------- dispute

    /// @inheritdoc IAccuracyBounty
    function dispute(
        Job calldata job,
        uint256 index,
        bytes calldata ciphertext,
        bytes32 inner,
        bytes32[] calldata path
    ) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        StoredJob storage stored = jobs[jobId];
        _requireState(stored.state, State.Proving);
        _requireProvider(stored.provider);
        _requireInTime(stored.deadline);
        _requireInTestSet(job.terms, index, _leaf(index, keccak256(ciphertext), inner), path);
        bytes memory content = SealedItem.decrypt(ciphertext, stored.key, index);
        _requireMalformed(job.terms.circuitId, index, content, inner);

        stored.state = State.Malformed;

        emit ItemMalformed(jobId, stored.payee, index);

        uint256 amount = uint256(job.terms.reward) + job.terms.bond + job.terms.stake;
        _credit(jobId, job.terms.currency, stored.payee, amount);
    }

    function _requireInTestSet(
        Terms calldata terms,
        uint256 index,
        bytes32 leaf,
        bytes32[] calldata path
    ) private pure {
        if (PositionalTree.rootOf(leaf, index, terms.n, path) != terms.testRoot) {
            revert AccuracyBounty_UnknownItem(index);
        }
    }

    /// @dev No label of the circuit makes the content the one that the leaf commits to.
    function _requireMalformed(bytes32 circuitId, uint256 index, bytes memory content, bytes32 inner) private view {
        Circuit memory circuit = registry.circuits(circuitId);
        (bool wellFormed, bytes32 commitment) = SealedItem.inputCommitment(circuit, poseidon, content);
        if (!wellFormed) return;
        for (uint256 label = 0; label < circuit.statement.classes; ++label) {
            if (_inner(commitment, label) == inner) revert AccuracyBounty_ItemWellFormed(index, label);
        }
    }

    // ---------------------------------------------------------------- settle

    /// @inheritdoc IAccuracyBounty
    function settle(Job calldata job) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        StoredJob storage stored = jobs[jobId];
        State state = stored.state;
        if (state != State.Open && state != State.Accepted) _requireState(state, State.Proving);
        uint256 deadline = state == State.Open ? job.terms.openUntil : stored.deadline;
        uint256 condemnedAt = registry.condemnedAt(job.terms.circuitId);

        if (_isVoid(condemnedAt, deadline, deadline)) _void(jobId, job, stored);
        else if (state == State.Open) _expire(jobId, job);
        else if (state == State.Accepted) _withhold(jobId, job, stored.payee);
        else _miss(jobId, job, stored);
    }

    /// @dev The circuit was condemned in time: each side's deposits go back to it.
    function _void(bytes32 jobId, Job calldata job, StoredJob storage stored) private {
        Terms calldata terms = job.terms;
        (address payee, uint256 escrow) = (stored.payee, uint256(terms.reward) + terms.bond);
        stored.state = State.Voided;

        emit BountyVoided(jobId, terms.circuitId);

        _returnDeposits(jobId, terms.currency, job.consumer, escrow, payee, terms.stake);
    }

    /// @dev Nobody accepted.
    function _expire(bytes32 jobId, Job calldata job) private {
        jobs[jobId].state = State.Expired;

        emit BountyExpired(jobId);

        _creditConsumer(jobId, job, uint256(job.terms.reward) + job.terms.bond);
    }

    /// @dev Accepted, and the key never came: the bond goes to the provider, the victim.
    function _withhold(bytes32 jobId, Job calldata job, address payee) private {
        jobs[jobId].state = State.KeyWithheld;

        emit KeyWithheld(jobId, payee, job.terms.bond);

        _creditConsumer(jobId, job, job.terms.reward);
        _credit(jobId, job.terms.currency, payee, uint256(job.terms.bond) + job.terms.stake);
    }

    /// @dev The target was not reached in time.
    function _miss(bytes32 jobId, Job calldata job, StoredJob storage stored) private {
        Terms calldata terms = job.terms;
        stored.state = State.Missed;

        emit TargetMissed(jobId, stored.payee, stored.correct);

        _creditConsumer(jobId, job, uint256(terms.reward) + terms.bond + terms.missPenalty);
        _credit(jobId, terms.currency, stored.payee, terms.stake - terms.missPenalty);
    }

    function _creditConsumer(bytes32 jobId, Job calldata job, uint256 amount) private {
        _credit(jobId, job.terms.currency, job.consumer, amount);
    }

    // ---------------------------------------------------------------- checks

    function _requireGoodTerms(Terms calldata terms) private view {
        Circuit memory circuit = _requireExactCircuit(terms.circuitId);
        SealedItem.requireSealable(circuit, MAX_ELEMENTS);
        if (circuit.statement.classes > MAX_CLASSES) {
            revert AccuracyBounty_TooManyClasses(circuit.statement.classes, MAX_CLASSES);
        }
        _requireToken(terms.currency);
        _requireReward(terms.reward);
        if (terms.provider == address(0) && terms.missPenalty == 0) revert AccuracyBounty_OpenNeedsPenalty();
        _requireCount(terms.n, MAX_ITEMS);
        if (terms.num == 0 || terms.num > terms.den) revert AccuracyBounty_BadTarget(terms.num, terms.den);
        if (terms.missPenalty > terms.stake) revert AccuracyBounty_PenaltyAboveStake(terms.missPenalty, terms.stake);
        _requireOpenUntil(terms.openUntil);
        _requireWindow(terms.revealSeconds);
        _requireWindow(terms.proveSeconds);
    }

    function _requireState(State actual, State allowed) private pure {
        if (actual != allowed) revert AccuracyBounty_WrongState(actual, allowed);
    }

    // ---------------------------------------------------------------- leaves, ids, views

    function _leaf(uint256 index, bytes32 ciphertextHash, bytes32 inner) private pure returns (bytes32) {
        return PositionalTree.leaf(abi.encode(index, ciphertextHash, inner));
    }

    function _inner(bytes32 commitment, uint256 label) private pure returns (bytes32) {
        return keccak256(abi.encode(commitment, label));
    }

    /// @inheritdoc IAccuracyBounty
    function jobIdOf(Job calldata job) public view returns (bytes32) {
        return _jobId(job.consumer, job.nonce, keccak256(abi.encode(job.terms)));
    }

    /// @inheritdoc IAccuracyBounty
    function isProven(bytes32 jobId, uint256 index) external view returns (bool) {
        return _proven[jobId].get(index);
    }
}
