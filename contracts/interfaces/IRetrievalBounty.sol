// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Run} from "../types/Batch.sol";
import {Currency} from "../types/Currency.sol";
import {Digit} from "../types/Sealed.sol";
import {IEscrow} from "./IEscrow.sol";
import {IJobs} from "./IJobs.sol";

/// @title Retrieval bounties: a dataset's owner proves which records a model flags, and delivers those and only those.
/// @notice Open -> Proving -> Closing -> Settled; see docs/SPEC.md for states, deadlines and defaults.
interface IRetrievalBounty is IEscrow, IJobs {
    /// @notice How a proven output flags a record.
    enum PredicateKind {
        AtLeast, // the score `index` is at least `threshold`
        Label // the label is `index`: the strictly greatest score, or the label output
    }

    struct Predicate {
        PredicateKind kind;
        uint16 index; // of the score, or the label
        int128 threshold; // in output units; 0 for Label
    }

    /// @notice What the requester asks for. It holds all that is public of the dataset before it posts.
    struct Terms {
        bytes32 datasetId;
        bytes32 modelId; // of an exact circuit with hashed inputs
        Predicate predicate;
        Currency currency;
        uint128 pricePerRecord; // for each proven record, match or not, in wei or token units
        uint128 stake; // the owner's
        uint40 openUntil; // last second in which the owner can accept (Unix time)
        uint32 proveSeconds; // time to prove all records, from the acceptance
        uint32 disputeSeconds; // time to dispute a match, from the last proof or the missed deadline
    }

    /// @notice All that a job id commits to, besides chain and contract. The consumer is the requester.
    struct Job {
        address consumer;
        uint256 nonce; // chosen by the consumer
        Terms terms;
    }

    enum State {
        None,
        Open,
        Proving,
        Closing, // all proven; or, by the time alone, the deadline to prove was missed
        Settled, // paid for what was proven
        Cancelled, // by the requester, before an acceptance
        Expired, // the owner did not accept in time
        Malformed, // the requester proved that a match cannot be read
        Voided // the circuit was condemned in time: deposits went back
    }

    /// @notice What a leaf holds besides index and input commitment.
    struct Record {
        bytes32 chunksHash; // keccak256 of the chunks' ciphertext hashes
        bytes32 keyHash; // keccak256 of the record's own key
    }

    /// @notice What a leaf holds besides index and key hash, as it was committed.
    struct Committed {
        bytes32[] chunks; // ciphertext hashes; that of the disputed chunk is not read
        uint256[] digests; // one for each chunk
        bytes32[] path;
    }

    /// @notice One proof, and the records in its first slots.
    struct Submission {
        Run[] runs; // strictly ascending
        Record[] records; // one for each item of the runs, in order
        bytes32[] keys; // of those records that match, in order
        bytes proof;
        uint256[] instances;
    }

    /// @notice A dataset was committed: `count` sealed records under `root`, of leaves
    /// (index, keccak256(ciphertext hashes), inputCommitment, keccak256(key)). They are at `uri`.
    event DatasetCommitted(
        bytes32 indexed datasetId,
        address indexed owner,
        bytes32 root,
        uint32 count,
        bytes32 dataHash,
        string uri
    );
    event RetrievalPosted(
        bytes32 indexed jobId,
        address indexed consumer,
        bytes32 indexed datasetId,
        uint256 nonce,
        Terms terms
    );
    event RetrievalCancelled(bytes32 indexed jobId);
    event RetrievalAccepted(bytes32 indexed jobId, address indexed owner, address indexed payee, uint40 deadline);
    /// @notice These records were proven for the first time.
    event RecordsProven(bytes32 indexed jobId, uint32[] indices);
    /// @notice A record matches, and this is its key.
    event RecordMatched(bytes32 indexed jobId, uint256 indexed index, bytes32 key);
    /// @notice All records were proven.
    event RetrievalCompleted(bytes32 indexed jobId, uint40 deadline);
    event RetrievalSettled(bytes32 indexed jobId, address indexed payee, uint256 proven, bool complete);
    event RetrievalExpired(bytes32 indexed jobId);
    event RecordMalformed(bytes32 indexed jobId, address indexed payee, uint256 index);
    event RetrievalVoided(bytes32 indexed jobId, bytes32 indexed circuitId);

    error RetrievalBounty_WrongState(State actual, State allowed);
    error RetrievalBounty_UnknownDataset(bytes32 datasetId);
    /// @notice Without a stake an owner could skip the matches, at no cost, and be paid for the rest.
    error RetrievalBounty_ZeroStake();
    error RetrievalBounty_BadPredicate(uint256 index, uint256 classes, int128 threshold);
    /// @notice The runs do not ascend strictly.
    error RetrievalBounty_BadRun(uint256 start, uint256 size);
    error RetrievalBounty_WrongRecordCount(uint256 actual, uint256 allowed);
    /// @notice Proven inputs, chunks' hash or key hash of the records from `index` on are not the dataset's.
    error RetrievalBounty_WrongRecord(uint256 index, uint256 size);
    /// @notice The record matches, and its key is not among those given.
    error RetrievalBounty_KeyMissing(uint256 index);
    error RetrievalBounty_WrongKey(uint256 index, bytes32 actual, bytes32 allowed);
    /// @notice More keys were given than there are matches.
    error RetrievalBounty_TooManyKeys(uint256 actual, uint256 allowed);
    error RetrievalBounty_NotMatched(uint256 index);
    /// @notice The disputed leaf is not in the dataset.
    error RetrievalBounty_UnknownRecord(uint256 index);
    /// @notice The disputed chunk is what was proven.
    error RetrievalBounty_ChunkWellFormed(uint256 index, uint256 chunk);

    /// @notice Commits the caller's dataset. Committing again returns the id and leaves the time as it was.
    function commitDataset(
        bytes32 root,
        uint32 count,
        bytes32 dataHash,
        string calldata uri
    ) external returns (bytes32 datasetId);

    /// @notice Posts a request and pays count * pricePerRecord in.
    function post(Terms calldata terms, uint256 nonce) external payable returns (bytes32 jobId);

    /// @notice Takes an open request back. Only its consumer, only before an acceptance.
    function cancel(Job calldata job) external;

    /// @notice Promises to prove every record, and pays the stake in. Only the dataset's owner.
    function accept(Job calldata job, address payee) external payable;

    /// @notice Proves records; one that is done is skipped. A match counts only with its key. Anyone may relay it.
    function submit(Job calldata job, Submission[] calldata submissions) external;

    /// @notice Proves that a chunk of a matched record, decrypted with its key, is not what was proven: of wrong length, an
    /// element outside its domain, or not what its digest hashes. Only the consumer.
    function disputeChunk(
        Job calldata job,
        uint256 index,
        bytes32 key,
        uint256 chunk,
        bytes calldata ciphertext,
        Committed calldata committed
    ) external;

    /// @notice Proves that an element of a matched record packs a digit that no input has there. Only the consumer.
    /// @param ciphertext The chunk's.
    function disputeDigit(
        Job calldata job,
        uint256 index,
        bytes32 key,
        Digit calldata place,
        bytes calldata ciphertext,
        Committed calldata committed
    ) external;

    /// @notice Ends a request whose deadline passed, or whose circuit was condemned in time. Anyone may call it.
    function settle(Job calldata job) external;

    /// @notice The id that `job` has on this contract and chain.
    function jobIdOf(Job calldata job) external view returns (bytes32);

    /// @notice Where a request stands as stored; `proven` counts records. A missed deadline to prove is not noticed here:
    /// `standing` says what holds now.
    function jobs(bytes32 jobId) external view returns (State state, address payee, uint40 deadline, uint32 proven);

    /// @notice State and deadline as they are at this time, whether or not anybody has called anything.
    function standing(Job calldata job) external view returns (State state, uint256 deadline);

    /// @notice A committed dataset, with the time of its commitment (Unix seconds); reverts if it is unknown.
    function datasets(
        bytes32 datasetId
    ) external view returns (address owner, uint32 count, uint40 committedAt, bytes32 root);

    /// @notice Whether a record was proven, and whether it matched.
    function outcome(bytes32 jobId, uint256 index) external view returns (bool proven, bool matched);
}
