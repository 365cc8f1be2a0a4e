// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Defaults} from "./Defaults.sol";
import {Deployment} from "./Deployment.sol";
import {ProofAcceptance} from "./ProofAcceptance.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IServingRound} from "./interfaces/IServingRound.sol";
import {PositionalTree} from "./libraries/PositionalTree.sol";
import {PostedOutputs} from "./libraries/PostedOutputs.sol";
import {Statement} from "./libraries/Statement.sol";
import {Layout} from "./types/Circuit.sol";
import {Limits} from "./types/Limits.sol";

/// @title Serving rounds: all answers are posted, a few are contested, and those must be proven.
contract ServingRound is IServingRound, Defaults, ProofAcceptance {
    using BitMaps for BitMaps.BitMap;
    using Statement for Layout;

    /// @dev Four storage slots. They are never cleared: an id never lives again.
    struct StoredJob {
        State state;
        address payee;
        uint40 deadline;
        address provider;
        uint32 contested;
        uint32 answered;
        bytes32 outputsRoot;
        bytes32 listHash;
    }

    /// @dev A round's part in checking one answer.
    struct Round {
        bytes32 jobId;
        address payee;
        bytes32 outputsRoot;
        Layout statement;
    }

    uint256 private constant MAX_WORD_BYTES = 16;

    /// @inheritdoc IServingRound
    mapping(bytes32 jobId => StoredJob) public jobs;
    mapping(bytes32 jobId => BitMaps.BitMap) private _answered;

    constructor(Limits memory limits, IModelRegistry registry_) Deployment(limits) ProofAcceptance(registry_) {}

    // ---------------------------------------------------------------- post, cancel

    /// @inheritdoc IServingRound
    function post(
        Terms calldata terms,
        uint256 nonce,
        bytes32 dataHash,
        string calldata uri
    ) external payable nonReentrant returns (bytes32 jobId) {
        jobId = _jobId(msg.sender, nonce, keccak256(abi.encode(terms)));
        if (jobs[jobId].state != State.None) revert Jobs_JobExists(jobId);
        _requireGoodTerms(terms);

        jobs[jobId].state = State.Open;

        emit RoundPosted(jobId, msg.sender, terms.modelId, nonce, terms, dataHash, uri);

        _deposit(jobId, terms.currency, _escrowOf(terms));
    }

    /// @inheritdoc IServingRound
    function cancel(Job calldata job) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        _requireState(jobs[jobId].state, State.Open);
        _requireConsumer(job.consumer);
        _requireInTime(job.terms.openUntil);

        jobs[jobId].state = State.Cancelled;

        emit RoundCancelled(jobId);

        _credit(jobId, job.terms.currency, job.consumer, _escrowOf(job.terms));
    }

    // ---------------------------------------------------------------- join, commitOutputs

    /// @inheritdoc IServingRound
    function join(Job calldata job, address payee) external payable nonReentrant {
        bytes32 jobId = jobIdOf(job);
        Terms calldata terms = job.terms;
        StoredJob storage stored = jobs[jobId];
        _requireState(stored.state, State.Open);
        _requireInTime(terms.openUntil);
        _requireOpenTo(terms.provider);
        _requirePayee(payee);
        _requireUsable(terms.modelId);
        uint40 deadline = _deadlineAfter(terms.serveSeconds);

        (stored.state, stored.payee, stored.deadline, stored.provider) = (State.Joined, payee, deadline, msg.sender);

        emit RoundJoined(jobId, msg.sender, payee, deadline);

        _deposit(jobId, terms.currency, terms.stake);
    }

    /// @inheritdoc IServingRound
    function commitOutputs(Job calldata job, bytes calldata outputs) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        StoredJob storage stored = jobs[jobId];
        _requireState(stored.state, State.Joined);
        _requireProvider(stored.provider);
        _requireInTime(stored.deadline);
        _requireLength(outputs.length, _outputBytes(job.terms));
        bytes32 root = PostedOutputs.rootOf(outputs, job.terms.n);
        uint40 deadline = _deadlineAfter(job.terms.contestSeconds);

        (stored.state, stored.deadline, stored.outputsRoot) = (State.Served, deadline, root);

        emit OutputsCommitted(jobId, root, outputs, deadline);
    }

    // ---------------------------------------------------------------- contest, answer

    /// @inheritdoc IServingRound
    function contest(Job calldata job, uint32[] calldata indices) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        StoredJob storage stored = jobs[jobId];
        _requireState(stored.state, State.Served);
        _requireConsumer(job.consumer);
        _requireInTime(stored.deadline);
        _requireCount(indices.length, job.terms.maxContests);
        _requireAscending(indices, job.terms.n);
        uint40 deadline = _deadlineAfter(job.terms.answerSeconds);

        (stored.state, stored.deadline) = (State.Contested, deadline);
        (stored.contested, stored.listHash) = (uint32(indices.length), PostedOutputs.listHash(indices));

        emit OutputsContested(jobId, indices, deadline);
    }

    /// @inheritdoc IServingRound
    function answer(Job calldata job, uint32[] calldata indices, Answer[] calldata answers) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        StoredJob storage stored = jobs[jobId];
        _requireState(stored.state, State.Contested);
        _requireInTime(stored.deadline);
        _requireList(PostedOutputs.listHash(indices), stored.listHash);

        uint32 answered = stored.answered;
        for (uint256 i = 0; i < answers.length; ++i) {
            _requireProven(jobId, stored, job.terms, indices, answers[i]);
            answered += _record(jobId, answers[i].contests);
        }
        stored.answered = answered;
        if (answered == stored.contested) _finish(jobId, job, stored);
    }

    /// @dev The proof holds, and the items in its slots are those that stand at these places of the list.
    function _requireProven(
        bytes32 jobId,
        StoredJob storage stored,
        Terms calldata terms,
        uint32[] calldata indices,
        Answer calldata answer_
    ) private view {
        // slither-disable-next-line uninitialized-local
        Round memory round;
        (round.jobId, round.payee, round.outputsRoot) = (jobId, stored.payee, stored.outputsRoot);
        uint256 items = _itemsOf(answer_.contests, indices);
        Claim memory claim = Claim(jobId, round.payee, terms.modelId, items);
        round.statement = _acceptProof(claim, answer_.proof, answer_.instances);
        uint256 first = 0;
        for (uint256 i = 0; i < answer_.contests.length; ++i) {
            Contest calldata run = answer_.contests[i];
            uint256 index = indices[run.position];
            _requireInputs(round, terms, answer_, run, index, first);
            _requireOutputs(round, terms, answer_.instances, run, index, first);
            first += run.size;
        }
    }

    /// @dev How many items the runs hold. Positions ascend, so none is named twice; as the list ascends strictly too, the
    /// indices of a run follow one another if its last one is where it must be.
    function _itemsOf(Contest[] calldata runs, uint32[] calldata indices) private pure returns (uint256 items) {
        uint256 next = 0;
        for (uint256 i = 0; i < runs.length; ++i) {
            (uint256 position, uint256 size) = (runs[i].position, runs[i].size);
            if (position < next || size == 0 || position + size > indices.length) {
                revert ServingRound_BadContest(position, size);
            }
            next = position + size;
            if (indices[next - 1] != indices[position] + size - 1) revert ServingRound_BadContest(position, size);
            items += size;
        }
    }

    /// @dev From item slot `first` of the proof on stand the inputs of the items from `index` on.
    function _requireInputs(
        Round memory round,
        Terms calldata terms,
        Answer calldata answer_,
        Contest calldata run,
        uint256 index,
        uint256 first
    ) private pure {
        bytes32[] memory leaves = new bytes32[](run.size);
        for (uint256 i = 0; i < leaves.length; ++i) {
            bytes32 commitment = round.statement.inputCommitment(answer_.proof, answer_.instances, first + i);
            leaves[i] = PositionalTree.leaf(abi.encode(index + i, commitment));
        }
        if (PositionalTree.rootOfBatch(leaves, index, terms.n, run.inputPath) != terms.inputsRoot) {
            revert ServingRound_WrongInputs(index, run.size);
        }
    }

    /// @dev The proof's outputs are, word by word, what was posted.
    function _requireOutputs(
        Round memory round,
        Terms calldata terms,
        uint256[] calldata instances,
        Contest calldata run,
        uint256 index,
        uint256 first
    ) private pure {
        bytes32[] memory leaves = new bytes32[](run.size);
        for (uint256 i = 0; i < leaves.length; ++i) {
            bytes memory output = _outputOf(round.statement, instances, terms.wordBytes, first + i, index + i);
            leaves[i] = PositionalTree.leaf(abi.encodePacked(index + i, output));
        }
        if (PositionalTree.rootOfBatch(leaves, index, terms.n, run.outputPath) != round.outputsRoot) {
            revert ServingRound_WrongOutputs(index, run.size);
        }
    }

    /// @dev The proven output of an item slot, in the form in which outputs are posted.
    function _outputOf(
        Layout memory layout_,
        uint256[] calldata instances,
        uint256 wordBytes,
        uint256 slot,
        uint256 index
    ) private pure returns (bytes memory output) {
        int256 bound = int256(1 << (8 * wordBytes - 1));
        int256[] memory words = new int256[](layout_.outputWords);
        for (uint256 i = 0; i < words.length; ++i) {
            words[i] = layout_.outputOf(instances, slot, i);
            if (words[i] < -bound || words[i] >= bound) revert ServingRound_OutputTooWide(index, words[i]);
        }
        output = PostedOutputs.pack(words, wordBytes);
    }

    /// @dev Notes the places that were not proven yet, and returns how many they are.
    function _record(bytes32 jobId, Contest[] calldata runs) private returns (uint32 fresh) {
        BitMaps.BitMap storage answered = _answered[jobId];
        uint32[] memory positions = new uint32[](_sizeOf(runs));
        for (uint256 i = 0; i < runs.length; ++i) {
            uint32 end = runs[i].position + runs[i].size;
            for (uint32 position = runs[i].position; position < end; ++position) {
                if (answered.get(position)) continue;
                answered.set(position);
                positions[fresh++] = position;
            }
        }
        assembly ("memory-safe") {
            mstore(positions, fresh) // only the new ones
        }
        if (fresh != 0) emit ContestsAnswered(jobId, positions);
    }

    function _sizeOf(Contest[] calldata runs) private pure returns (uint256 items) {
        for (uint256 i = 0; i < runs.length; ++i) {
            items += runs[i].size;
        }
    }

    // ---------------------------------------------------------------- settle

    /// @inheritdoc IServingRound
    function settle(Job calldata job) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        StoredJob storage stored = jobs[jobId];
        State state = stored.state;
        if (state == State.None || state > State.Contested) {
            revert ServingRound_WrongState(state, State.Contested);
        }
        uint256 deadline = state == State.Open ? job.terms.openUntil : stored.deadline;
        (bytes32 circuitId, uint256 condemnedAt) = registry.condemnation(job.terms.modelId);

        if (_isVoid(condemnedAt, deadline, deadline)) _void(jobId, circuitId, job, stored);
        else if (state == State.Open) _expire(jobId, job, stored);
        else if (state == State.Served) _finish(jobId, job, stored);
        else _slash(jobId, job, stored);
    }

    /// @dev Nothing is contested, or all of it is proven.
    function _finish(bytes32 jobId, Job calldata job, StoredJob storage stored) private {
        Terms calldata terms = job.terms;
        (address payee, uint256 answered) = (stored.payee, stored.answered);
        uint256 earned = uint256(terms.n) * terms.price + answered * terms.proofFee;
        uint256 rest = _escrowOf(terms) - earned;
        stored.state = State.Settled;

        emit RoundSettled(jobId, payee, answered);

        _credit(jobId, terms.currency, payee, earned + terms.stake);
        if (rest != 0) _credit(jobId, terms.currency, job.consumer, rest);
    }

    /// @dev The circuit was condemned in time: each side's deposits go back to it.
    function _void(bytes32 jobId, bytes32 circuitId, Job calldata job, StoredJob storage stored) private {
        Terms calldata terms = job.terms;
        address payee = stored.payee;
        stored.state = State.Voided;

        emit RoundVoided(jobId, circuitId);

        _returnDeposits(jobId, terms.currency, job.consumer, _escrowOf(terms), payee, terms.stake);
    }

    /// @dev Not served, or not all proven: everything goes to the consumer, the victim.
    function _slash(bytes32 jobId, Job calldata job, StoredJob storage stored) private {
        (address payee, uint256 stake) = (stored.payee, job.terms.stake);
        bool unserved = stored.state == State.Joined;
        stored.state = unserved ? State.Unserved : State.Unanswered;

        if (unserved) emit RoundUnserved(jobId, payee, stake);
        else emit RoundUnanswered(jobId, payee, stake);

        _credit(jobId, job.terms.currency, job.consumer, _escrowOf(job.terms) + stake);
    }

    /// @dev Nobody joined.
    function _expire(bytes32 jobId, Job calldata job, StoredJob storage stored) private {
        stored.state = State.Expired;

        emit RoundExpired(jobId);

        _credit(jobId, job.terms.currency, job.consumer, _escrowOf(job.terms));
    }

    // ---------------------------------------------------------------- checks

    function _requireGoodTerms(Terms calldata terms) private view {
        (bytes32 circuitId, ) = registry.models(terms.modelId);
        Layout memory layout_ = _requireExactCircuit(circuitId).statement;
        _requireToken(terms.currency);
        _requireReward(terms.price);
        _requireStakeIfOpen(terms.provider, terms.stake);
        _requireCount(terms.n, MAX_ROUND_ITEMS);
        _requireCount(terms.maxContests, terms.n < MAX_CONTESTS ? terms.n : MAX_CONTESTS);
        _requireWordBytes(terms.wordBytes);
        _requireOutputBytes(uint256(terms.n) * layout_.outputWords * terms.wordBytes);
        _requireOpenUntil(terms.openUntil);
        _requireWindow(terms.serveSeconds);
        _requireWindow(terms.contestSeconds);
        _requireWindow(terms.answerSeconds);
    }

    function _requireWordBytes(uint256 wordBytes) private pure {
        if (wordBytes == 0 || wordBytes > MAX_WORD_BYTES) {
            revert ServingRound_BadWordBytes(wordBytes, 1, MAX_WORD_BYTES);
        }
    }

    function _requireOutputBytes(uint256 length) private view {
        if (length > MAX_OUTPUT_BYTES) revert ServingRound_OutputsTooLong(length, MAX_OUTPUT_BYTES);
    }

    function _requireLength(uint256 actual, uint256 allowed) private pure {
        if (actual != allowed) revert ServingRound_WrongOutputLength(actual, allowed);
    }

    function _requireAscending(uint32[] calldata indices, uint256 n) private pure {
        uint256 least = 0;
        for (uint256 i = 0; i < indices.length; ++i) {
            uint256 index = indices[i];
            if (index < least || index >= n) revert ServingRound_BadIndex(i, index);
            least = index + 1;
        }
    }

    function _requireList(bytes32 actual, bytes32 allowed) private pure {
        if (actual != allowed) revert ServingRound_WrongList(actual, allowed);
    }

    function _requireState(State actual, State allowed) private pure {
        if (actual != allowed) revert ServingRound_WrongState(actual, allowed);
    }

    // ---------------------------------------------------------------- amounts, ids

    /// @dev What the consumer pays in: all answers, and the proofs of all that may be contested.
    function _escrowOf(Terms calldata terms) private pure returns (uint256) {
        return uint256(terms.n) * terms.price + uint256(terms.maxContests) * terms.proofFee;
    }

    function _outputBytes(Terms calldata terms) private view returns (uint256) {
        uint256 words = registry.requirements(terms.modelId).statement.outputWords;
        return uint256(terms.n) * words * terms.wordBytes;
    }

    /// @inheritdoc IServingRound
    function isAnswered(bytes32 jobId, uint256 position) external view returns (bool) {
        return _answered[jobId].get(position);
    }

    /// @inheritdoc IServingRound
    function jobIdOf(Job calldata job) public view returns (bytes32) {
        return _jobId(job.consumer, job.nonce, keccak256(abi.encode(job.terms)));
    }
}
