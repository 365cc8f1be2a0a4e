// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Run} from "../types/Batch.sol";
import {Currency} from "../types/Currency.sol";
import {Digit} from "../types/Sealed.sol";
import {IEscrow} from "./IEscrow.sol";
import {IJobs} from "./IJobs.sol";

/// @title Accuracy bounties: a model whose weights are hidden is paid if it reaches a target on a sealed test set.
/// @notice Open -> Accepted -> Proving -> Paid; see docs/SPEC.md for states, deadlines and defaults.
interface IAccuracyBounty is IEscrow, IJobs {
    /// @notice What the consumer asks for. All that is public of the test set is with the provider before it accepts.
    struct Terms {
        bytes32 circuitId; // exact, with hashed inputs
        address provider; // who may accept; zero for anyone
        Currency currency;
        uint128 reward; // the consumer's, for reaching the target, in wei or token units
        uint128 bond; // the consumer's, lost if it keeps the key or an item is malformed
        uint128 stake; // the provider's
        uint128 missPenalty; // part of the stake that a missed target costs
        bytes32 testRoot; // positional tree over the leaves of all test items (SealedItem)
        uint32 n; // test items
        bytes32 keyHash; // keccak256 of the key
        bytes32 dataHash; // keccak256 of the file with all that is public of the test items
        uint32 num; // the target is num / den
        uint32 den;
        uint40 openUntil; // last second in which the bounty can be accepted (Unix time)
        uint32 revealSeconds; // time to reveal the key, from the acceptance
        uint32 proveSeconds; // time to prove, from the key
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
        Accepted,
        Proving,
        Paid, // the target was reached
        Cancelled, // by the consumer, before an acceptance
        Expired, // nobody accepted in time
        KeyWithheld, // accepted, the key never came: the bond went to the payee
        Missed, // the target was not reached in time
        Malformed, // the provider proved an item of the test set malformed
        Voided // the circuit was condemned in time: deposits went back
    }

    /// @notice What a leaf holds besides index and input commitment, opened.
    struct TestItem {
        bytes32 partsHash; // keccak256 of the parts' ciphertext hashes
        uint32 label;
        bytes32 labelSalt;
    }

    /// @notice What a leaf holds besides index, as it was committed.
    struct Committed {
        bytes32[] parts; // ciphertext hashes of the chunks and the label; that of the disputed part is not read
        uint256[] digests; // one for each chunk
        bytes32 labelHash; // keccak256(label, labelSalt)
        bytes32[] path;
    }

    /// @notice One proof, and the test items in its first slots.
    struct Submission {
        Run[] runs; // strictly ascending
        TestItem[] items; // one for each item of the runs, in order
        bytes proof;
        uint256[] instances;
    }

    /// @notice A bounty was posted. What is public of its test set is at `uri`.
    event BountyPosted(
        bytes32 indexed jobId,
        address indexed consumer,
        bytes32 indexed circuitId,
        uint256 nonce,
        Terms terms,
        string uri
    );
    event BountyCancelled(bytes32 indexed jobId);
    event BountyAccepted(
        bytes32 indexed jobId,
        address indexed provider,
        address indexed payee,
        bytes32 modelId,
        uint40 deadline
    );
    event KeyRevealed(bytes32 indexed jobId, bytes32 key, uint40 deadline);
    /// @notice These items were proven for the first time; `correct` counts all right ones up to now.
    event ItemsProven(bytes32 indexed jobId, uint32[] indices, uint256 correct);
    event BountyPaid(bytes32 indexed jobId, address indexed payee, uint256 correct);
    event BountyExpired(bytes32 indexed jobId);
    event KeyWithheld(bytes32 indexed jobId, address indexed payee, uint256 bond);
    event TargetMissed(bytes32 indexed jobId, address indexed payee, uint256 correct);
    event ItemMalformed(bytes32 indexed jobId, address indexed payee, uint256 index);
    event BountyVoided(bytes32 indexed jobId, bytes32 indexed circuitId);

    error AccuracyBounty_WrongState(State actual, State allowed);
    error AccuracyBounty_BadTarget(uint256 num, uint256 den);
    /// @notice Whoever accepts an open bounty risks the penalty, not the stake: without one, the bond is hostage for gas.
    error AccuracyBounty_OpenNeedsPenalty();
    error AccuracyBounty_PenaltyAboveStake(uint256 actual, uint256 max);
    /// @notice The model is not of the bounty's circuit.
    error AccuracyBounty_WrongCircuit(bytes32 actual, bytes32 allowed);
    error AccuracyBounty_WrongKey(bytes32 actual, bytes32 allowed);
    /// @notice The runs do not ascend strictly.
    error AccuracyBounty_BadRun(uint256 start, uint256 size);
    error AccuracyBounty_WrongItemCount(uint256 actual, uint256 allowed);
    /// @notice Proven inputs, parts' hash or label of the items from `index` on are not those of the test set.
    error AccuracyBounty_WrongItem(uint256 index, uint256 size);
    /// @notice The disputed leaf is not in the test set.
    error AccuracyBounty_UnknownItem(uint256 index);
    /// @notice The disputed part is well formed. The label is the part behind the chunks.
    error AccuracyBounty_PartWellFormed(uint256 index, uint256 part);

    /// @notice Posts a bounty and pays reward + bond in.
    function post(Terms calldata terms, uint256 nonce, string calldata uri) external payable returns (bytes32 jobId);

    /// @notice Takes an open bounty back. Only its consumer, only before an acceptance.
    function cancel(Job calldata job) external;

    /// @notice Enters a model, whose weights are fixed now, and pays the stake in. Proofs must be bound to `payee`.
    function accept(Job calldata job, bytes32 modelId, address payee) external payable;

    /// @notice Opens the test set. Only the consumer.
    function revealKey(Job calldata job, bytes32 key) external;

    /// @notice Proves items; one that is done is skipped. Pays as soon as the target is reached. Anyone may relay it.
    function submit(Job calldata job, Submission[] calldata submissions) external;

    /// @notice Proves that a chunk of an item is malformed: of wrong length, an element outside its domain, or not what its
    /// digest hashes. Only the provider that accepted.
    function disputeChunk(
        Job calldata job,
        uint256 index,
        uint256 chunk,
        bytes calldata ciphertext,
        Committed calldata committed
    ) external;

    /// @notice Proves that an element that packs digits holds one that no input has there. Only the provider that accepted.
    /// @param ciphertext The chunk's.
    function disputeDigit(
        Job calldata job,
        uint256 index,
        Digit calldata place,
        bytes calldata ciphertext,
        Committed calldata committed
    ) external;

    /// @notice Proves that an item's label is malformed: of wrong length, no class, or not what the leaf hides. Only the
    /// provider that accepted.
    /// @param ciphertext The label's.
    function disputeLabel(
        Job calldata job,
        uint256 index,
        bytes calldata ciphertext,
        Committed calldata committed
    ) external;

    /// @notice Ends a bounty whose deadline passed, or whose circuit was condemned in time. Anyone may call it.
    function settle(Job calldata job) external;

    /// @notice The id that `job` has on this contract and chain.
    function jobIdOf(Job calldata job) external view returns (bytes32);

    /// @notice Where a bounty stands; `proven` and `correct` count items, `key` is zero until it is revealed.
    function jobs(
        bytes32 jobId
    )
        external
        view
        returns (
            State state,
            address payee,
            uint40 deadline,
            address provider,
            uint32 proven,
            uint32 correct,
            bytes32 modelId,
            bytes32 key
        );

    /// @notice Whether an item was proven, right or wrong.
    function isProven(bytes32 jobId, uint256 index) external view returns (bool);
}
