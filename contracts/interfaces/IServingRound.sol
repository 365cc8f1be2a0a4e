// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../types/Currency.sol";
import {IEscrow} from "./IEscrow.sol";
import {IJobs} from "./IJobs.sol";

/// @title Serving rounds: many predictions posted unproven, a few contested ones proven.
/// @notice Open -> Joined -> Served -> (Contested ->) Settled; see docs/SPEC.md for states, deadlines and defaults.
interface IServingRound is IEscrow, IJobs {
    /// @notice What the consumer asks for. The inputs are with the provider before it joins.
    struct Terms {
        bytes32 modelId; // of an exact circuit
        address provider; // who may join; zero for anyone
        Currency currency;
        bytes32 inputsRoot; // positional tree over (index, inputCommitment)
        uint32 n; // predictions, 1 to 16,384: their outputs must fit a transaction
        uint8 wordBytes; // bytes in which one output word is posted: signed, big-endian, 1 to 16
        uint128 price; // of one prediction, in wei or token units
        uint128 proofFee; // for each contested item that is proven
        uint32 maxContests; // items that may be contested, 1 to min(n, 1,024): the list travels with each answer
        uint128 stake; // the provider's
        uint40 openUntil; // last second in which the round can be joined (Unix time)
        uint32 serveSeconds; // time to post the outputs, from the join
        uint32 contestSeconds; // time to contest, from the outputs
        uint32 answerSeconds; // time to prove, from the contest
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
        Joined,
        Served,
        Contested,
        Settled, // not contested, or every contested item proven
        Cancelled, // by the consumer, before a join
        Expired, // nobody joined in time
        Unserved, // joined, outputs never posted: the stake went to the consumer
        Unanswered, // contested, not all proven: the stake went to the consumer
        Voided // the circuit was condemned in time: deposits went back
    }

    /// @notice Contested items that stand at consecutive places of the list and have consecutive indices,
    /// opened together in both trees. A size of 1 is always possible.
    struct Contest {
        uint32 position; // place of the first item in the contested list
        uint32 size; // power of two; the first index is a multiple of it
        bytes32[] inputPath;
        bytes32[] outputPath;
    }

    /// @notice One proof, and the contested items in its first slots.
    struct Answer {
        Contest[] contests; // positions strictly ascending
        bytes proof;
        uint256[] instances;
    }

    /// @notice A round was posted. The inputs are at `uri`; their file hashes to `dataHash` (keccak256).
    event RoundPosted(
        bytes32 indexed jobId,
        address indexed consumer,
        bytes32 indexed modelId,
        uint256 nonce,
        Terms terms,
        bytes32 dataHash,
        string uri
    );
    event RoundCancelled(bytes32 indexed jobId);
    event RoundJoined(bytes32 indexed jobId, address indexed provider, address indexed payee, uint40 deadline);
    /// @notice All outputs were posted; `root` is that of the positional tree over (index, output bytes).
    event OutputsCommitted(bytes32 indexed jobId, bytes32 root, bytes outputs, uint40 deadline);
    event OutputsContested(bytes32 indexed jobId, uint32[] indices, uint40 deadline);
    /// @notice The items at these places of the contested list were proven; earlier ones are not named again.
    event ContestsAnswered(bytes32 indexed jobId, uint32[] positions);
    /// @notice The round ended well; `answered` contested items were proven.
    event RoundSettled(bytes32 indexed jobId, address indexed payee, uint256 answered);
    event RoundExpired(bytes32 indexed jobId);
    event RoundUnserved(bytes32 indexed jobId, address indexed payee, uint256 stake);
    event RoundUnanswered(bytes32 indexed jobId, address indexed payee, uint256 stake);
    event RoundVoided(bytes32 indexed jobId, bytes32 indexed circuitId);

    error ServingRound_WrongState(State actual, State allowed);
    error ServingRound_BadWordBytes(uint256 actual, uint256 min, uint256 max);
    /// @notice All outputs together are longer than a transaction may carry.
    error ServingRound_OutputsTooLong(uint256 actual, uint256 max);
    error ServingRound_WrongOutputLength(uint256 actual, uint256 allowed);
    /// @notice The contested indices at `place` and before it do not ascend strictly, or one is not below n.
    error ServingRound_BadIndex(uint256 place, uint256 index);
    error ServingRound_WrongList(bytes32 actual, bytes32 allowed);
    /// @notice The positions of an answer do not ascend strictly, lie beyond the list, or their indices do not follow
    /// one another.
    error ServingRound_BadContest(uint256 position, uint256 size);
    /// @notice The proof's inputs of the items from `index` on are not those of the round.
    error ServingRound_WrongInputs(uint256 index, uint256 size);
    /// @notice The proof's outputs of the items from `index` on are not those that were posted.
    error ServingRound_WrongOutputs(uint256 index, uint256 size);
    /// @notice A proven output word does not fit `wordBytes`.
    error ServingRound_OutputTooWide(uint256 index, int256 value);

    /// @notice Posts a round and pays n * price + maxContests * proofFee in.
    function post(
        Terms calldata terms,
        uint256 nonce,
        bytes32 dataHash,
        string calldata uri
    ) external payable returns (bytes32 jobId);

    /// @notice Takes an open round back. Only its consumer, only before a join.
    function cancel(Job calldata job) external;

    /// @notice Promises to serve, and pays the stake in. Proofs must be bound to `payee`, who gets the money.
    function join(Job calldata job, address payee) external payable;

    /// @notice Posts the output words of all items: index after index, `wordBytes` each. Only the provider that joined.
    function commitOutputs(Job calldata job, bytes calldata outputs) external;

    /// @notice Contests items, once: strictly ascending indices, 1 to maxContests of them. Only the consumer.
    function contest(Job calldata job, uint32[] calldata indices) external;

    /// @notice Proves contested items; a repeated answer is skipped. The last one settles. Anyone may relay it.
    /// @param indices The contested list, as it was posted.
    function answer(Job calldata job, uint32[] calldata indices, Answer[] calldata answers) external;

    /// @notice Ends a round whose deadline passed, or whose circuit was condemned in time. Anyone may call it.
    function settle(Job calldata job) external;

    /// @notice The id that `job` has on this contract and chain.
    function jobIdOf(Job calldata job) external view returns (bytes32);

    /// @notice Where a round stands. `contested` and `answered` count items; `listHash` is keccak256 of the contested
    /// list, four bytes big-endian an index.
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
            uint32 contested,
            uint32 answered,
            bytes32 outputsRoot,
            bytes32 listHash
        );

    /// @notice Whether the item at a place of the contested list was proven.
    function isAnswered(bytes32 jobId, uint256 position) external view returns (bool);
}
