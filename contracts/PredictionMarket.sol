// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Defaults} from "./Defaults.sol";
import {Deployment} from "./Deployment.sol";
import {ProofAcceptance} from "./ProofAcceptance.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IPredictionMarket} from "./interfaces/IPredictionMarket.sol";
import {Statement} from "./libraries/Statement.sol";
import {Layout} from "./types/Circuit.sol";
import {Limits} from "./types/Limits.sol";

/// @title Proven predictions: one proof, up to as many items as its circuit has slots.
contract PredictionMarket is IPredictionMarket, Defaults, ProofAcceptance {
    using Statement for Layout;

    /// @dev One word of storage. It is never cleared: an id never lives again.
    struct StoredJob {
        State state;
        address payee;
        uint40 deadline;
    }

    /// @inheritdoc IPredictionMarket
    mapping(bytes32 jobId => StoredJob) public jobs;

    constructor(Limits memory limits, IModelRegistry registry_) Deployment(limits) ProofAcceptance(registry_) {}

    // ---------------------------------------------------------------- post, cancel

    /// @inheritdoc IPredictionMarket
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

        emit JobPosted(jobId, msg.sender, terms.modelId, nonce, terms, dataHash, uri);

        _deposit(jobId, terms.currency, terms.reward);
    }

    /// @inheritdoc IPredictionMarket
    function cancel(Job calldata job) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        _requireState(jobs[jobId].state, State.Open);
        _requireConsumer(job.consumer);
        _requireInTime(job.terms.openUntil);

        jobs[jobId].state = State.Cancelled;

        emit JobCancelled(jobId);

        _credit(jobId, job.terms.currency, job.consumer, job.terms.reward);
    }

    // ---------------------------------------------------------------- lock, deliver

    /// @inheritdoc IPredictionMarket
    function lock(Job calldata job, address payee) external payable nonReentrant {
        bytes32 jobId = jobIdOf(job);
        Terms calldata terms = job.terms;
        _requireState(jobs[jobId].state, State.Open);
        _requireInTime(terms.openUntil);
        _requireOpenTo(terms.provider);
        _requirePayee(payee);
        _requireUsable(terms.modelId);
        uint40 deadline = _deadlineAfter(terms.proveSeconds);

        jobs[jobId] = StoredJob(State.Locked, payee, deadline);

        emit JobLocked(jobId, msg.sender, payee, deadline);

        _deposit(jobId, terms.currency, terms.stake);
    }

    /// @inheritdoc IPredictionMarket
    function deliver(
        Job calldata job,
        uint256 items,
        bytes calldata proof,
        uint256[] calldata instances
    ) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        StoredJob memory stored = jobs[jobId];
        _requireState(stored.state, State.Locked);
        _requireInTime(stored.deadline);
        Layout memory layout_ = _acceptProof(Claim(jobId, stored.payee, job.terms.modelId, items), proof, instances);
        _requireInputs(layout_.inputsHash(proof, instances, items), job.terms.inputsHash);

        jobs[jobId].state = State.Paid;

        emit PredictionDelivered(jobId, stored.payee, items, layout_.outputsOf(instances, items));

        _credit(jobId, job.terms.currency, stored.payee, uint256(job.terms.reward) + job.terms.stake);
    }

    // ---------------------------------------------------------------- refund

    /// @inheritdoc IPredictionMarket
    function refund(Job calldata job) external nonReentrant {
        bytes32 jobId = jobIdOf(job);
        StoredJob memory stored = jobs[jobId];
        if (stored.state != State.Open && stored.state != State.Locked) {
            revert PredictionMarket_WrongState(stored.state, State.Locked);
        }
        bool locked = stored.state == State.Locked;
        uint256 deadline = locked ? stored.deadline : job.terms.openUntil;
        (bytes32 circuitId, uint256 condemnedAt) = registry.condemnation(job.terms.modelId);

        if (_isVoid(condemnedAt, deadline, deadline)) _void(jobId, circuitId, job, stored.payee);
        else if (locked) _slash(jobId, job, stored.payee);
        else _expire(jobId, job);
    }

    /// @dev The circuit was condemned in time: each side's deposits go back to it.
    function _void(bytes32 jobId, bytes32 circuitId, Job calldata job, address payee) private {
        Terms calldata terms = job.terms;
        jobs[jobId].state = State.Voided;

        emit JobVoided(jobId, circuitId);

        _returnDeposits(jobId, terms.currency, job.consumer, terms.reward, payee, terms.stake);
    }

    /// @dev Locked and not delivered: the stake goes to the consumer, the victim.
    function _slash(bytes32 jobId, Job calldata job, address payee) private {
        jobs[jobId].state = State.Slashed;

        emit ProviderSlashed(jobId, payee, job.terms.stake);

        _credit(jobId, job.terms.currency, job.consumer, uint256(job.terms.reward) + job.terms.stake);
    }

    /// @dev Nobody locked.
    function _expire(bytes32 jobId, Job calldata job) private {
        jobs[jobId].state = State.Expired;

        emit JobExpired(jobId);

        _credit(jobId, job.terms.currency, job.consumer, job.terms.reward);
    }

    // ---------------------------------------------------------------- checks

    function _requireGoodTerms(Terms calldata terms) private view {
        _requireUsable(terms.modelId);
        _requireToken(terms.currency);
        _requireReward(terms.reward);
        _requireStakeIfOpen(terms.provider, terms.stake);
        _requireOpenUntil(terms.openUntil);
        _requireWindow(terms.proveSeconds);
    }

    function _requireInputs(bytes32 actual, bytes32 allowed) private pure {
        if (actual != allowed) revert PredictionMarket_WrongInputs(actual, allowed);
    }

    function _requireState(State actual, State allowed) private pure {
        if (actual != allowed) revert PredictionMarket_WrongState(actual, allowed);
    }

    // ---------------------------------------------------------------- ids

    /// @inheritdoc IPredictionMarket
    function jobIdOf(Job calldata job) public view returns (bytes32) {
        return _jobId(job.consumer, job.nonce, keccak256(abi.encode(job.terms)));
    }
}
