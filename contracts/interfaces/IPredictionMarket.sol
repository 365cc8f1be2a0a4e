// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../types/Currency.sol";
import {IEscrow} from "./IEscrow.sol";

/// @title Proven predictions: one proof, up to as many items as its circuit has slots.
/// @notice Open -> Locked -> Paid; see docs/SPEC.md for the table of states, deadlines and defaults.
interface IPredictionMarket is IEscrow {
    /// @notice What the consumer asks for. Frozen when the job is posted.
    struct Terms {
        bytes32 modelId;
        bytes32 inputsHash; // keccak256 of the items' input commitments, in order
        Currency currency;
        uint128 reward; // wei or token units
        uint128 stake; // the provider's, lost if it is late
        address provider; // who may lock; zero for anyone
        uint40 openUntil; // last second in which the job can be locked (Unix time)
        uint32 proveSeconds; // time to deliver, from the lock
    }

    /// @notice All that a job id commits to, besides chain and contract.
    struct Job {
        address consumer;
        uint256 nonce; // chosen by the consumer
        Terms terms;
    }

    enum State {
        None,
        Open,
        Locked,
        Paid,
        Cancelled, // by the consumer, before a lock
        Expired, // nobody locked in time
        Slashed, // locked, never delivered
        Voided // the circuit was condemned in time: deposits went back
    }

    /// @notice A job was posted. The inputs are at `uri`; their file hashes to `dataHash` (keccak256).
    event JobPosted(
        bytes32 indexed jobId,
        address indexed consumer,
        bytes32 indexed modelId,
        uint256 nonce,
        Terms terms,
        bytes32 dataHash,
        string uri
    );
    event JobCancelled(bytes32 indexed jobId);
    event JobLocked(bytes32 indexed jobId, address indexed provider, address indexed payee, uint40 deadline);
    /// @notice The proof was accepted. `outputs` holds the output words of the job's items, in order.
    event PredictionDelivered(bytes32 indexed jobId, address indexed payee, uint256 items, uint256[] outputs);
    event JobExpired(bytes32 indexed jobId);
    event ProviderSlashed(bytes32 indexed jobId, address indexed payee, uint256 stake);
    event JobVoided(bytes32 indexed jobId, bytes32 indexed circuitId);

    error PredictionMarket_WrongState(State actual, State allowed);
    /// @notice The proof is not of the committed inputs.
    error PredictionMarket_WrongInputs(bytes32 actual, bytes32 allowed);

    /// @notice Posts a job and pays the reward in.
    function post(
        Terms calldata terms,
        uint256 nonce,
        bytes32 dataHash,
        string calldata uri
    ) external payable returns (bytes32 jobId);

    /// @notice Takes an open job back. Only its consumer, only before a lock.
    function cancel(Job calldata job) external;

    /// @notice Promises to deliver, and pays the stake in. The proof must be bound to `payee`, who gets the money.
    function lock(Job calldata job, address payee) external payable;

    /// @notice Delivers the proof of the job's first `items` item slots; anyone may relay it.
    function deliver(Job calldata job, uint256 items, bytes calldata proof, uint256[] calldata instances) external;

    /// @notice Ends a job whose deadline passed, or whose circuit was condemned in time. Anyone may call it.
    function refund(Job calldata job) external;

    /// @notice The id that `job` has on this contract and chain.
    function jobIdOf(Job calldata job) external view returns (bytes32);

    /// @notice Where a job stands. `payee` and `deadline` are zero before a lock.
    function jobs(bytes32 jobId) external view returns (State state, address payee, uint40 deadline);
}
