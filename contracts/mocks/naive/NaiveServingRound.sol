// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVerifier} from "../../interfaces/IVerifier.sol";

/// @title What a first draft of serving rounds gets wrong, all in one place.
/// @dev tests/contracts/serving/test_attacks.py: each attack succeeds here first, and then fails against ours.
contract NaiveServingRound {
    struct Round {
        address consumer;
        address provider;
        address token;
        bytes32 inputsRoot; // sorted pairs over inputs, of which the index is no part
        uint256 n;
        uint256 price;
        uint256 stake;
        uint256 seconds_; // for each step
        uint256 deadline;
        bytes32 outputsRoot; // sorted pairs over (inputs, outputs)
        uint256 contested;
        uint256 answered;
    }

    struct Item {
        bytes32[] inputPath;
        bytes32[] outputPath;
    }

    uint256 private constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    address public verifier;
    uint256 public slots;
    uint256 public outputs; // first output word
    uint256 public outputWords;
    bool public condemned;
    mapping(bytes32 => Round) public rounds;
    mapping(bytes32 => mapping(uint256 => bool)) public contestedItems;
    mapping(bytes32 => bool) public seen; // proofs, by their hashes
    mapping(address => uint256) public credits;

    error NaiveServingRound_Refused(string why);

    constructor(address verifier_, uint256 slots_, uint256 outputs_, uint256 outputWords_) {
        (verifier, slots, outputs, outputWords) = (verifier_, slots_, outputs_, outputWords_);
    }

    function _require(bool holds, string memory why) private pure {
        if (!holds) revert NaiveServingRound_Refused(why);
    }

    /// @dev Takes any window, any number of items, and what a token says.
    function post(bytes32 jobId, Round memory round) external payable {
        _require(rounds[jobId].consumer == address(0), "exists");
        round.consumer = msg.sender;
        rounds[jobId] = round;
        if (round.token == address(0)) _require(msg.value == round.n * round.price, "value");
        else _require(IERC20(round.token).transferFrom(msg.sender, address(this), round.n * round.price), "token");
    }

    function join(bytes32 jobId) external payable {
        Round storage round = rounds[jobId];
        _require(msg.value == round.stake, "value");
        (round.provider, round.deadline) = (msg.sender, block.timestamp + round.seconds_);
    }

    /// @dev The outputs themselves can be sent later.
    function commitOutputs(bytes32 jobId, bytes32 root) external {
        rounds[jobId].outputsRoot = root;
        rounds[jobId].deadline = block.timestamp + rounds[jobId].seconds_;
    }

    /// @dev At any time before somebody settles, and any number of times.
    function contest(bytes32 jobId, uint256[] calldata indices) external {
        Round storage round = rounds[jobId];
        _require(msg.sender == round.consumer && round.outputsRoot != 0, "contest");
        for (uint256 i = 0; i < indices.length; ++i) {
            contestedItems[jobId][indices[i]] = true;
        }
        (round.contested, round.deadline) = (indices.length, block.timestamp + round.seconds_);
    }

    /// @dev Counts answers, not items; asks for whole batches; pays the caller, for any proof that was not seen before;
    /// and reads no more of an output than its two lowest bytes.
    function answer(bytes32 jobId, Item[] calldata items, bytes calldata proof, uint256[] calldata instances) external {
        Round storage round = rounds[jobId];
        _require(round.contested != 0 && items.length == slots, "state or batch");
        _require(IVerifier(verifier).verifyProof(proof, instances) && !seen[keccak256(proof)], "proof");
        seen[keccak256(proof)] = true;
        for (uint256 i = 0; i < items.length; ++i) {
            bytes32 inputs = keccak256(abi.encodePacked(instances[2 * i:2 * i + 2]));
            bytes32 leaf = keccak256(abi.encodePacked(inputs, _outputsOf(instances, i)));
            _require(MerkleProof.verifyCalldata(items[i].inputPath, round.inputsRoot, inputs), "inputs");
            _require(MerkleProof.verifyCalldata(items[i].outputPath, round.outputsRoot, leaf), "outputs");
        }
        round.answered += items.length;
        if (round.answered >= round.contested) _pay(jobId, msg.sender, round.n);
    }

    function _outputsOf(uint256[] calldata instances, uint256 item) private view returns (bytes memory packed) {
        for (uint256 i = 0; i < outputWords; ++i) {
            uint256 word = instances[outputs + item * outputWords + i];
            unchecked {
                if (word > R / 2) word -= R; // a negative number
            }
            packed = abi.encodePacked(packed, uint16(word));
        }
    }

    /// @dev Forgets the round, so that its id can live again.
    function _pay(bytes32 jobId, address payee, uint256 items) private {
        Round memory round = rounds[jobId];
        delete rounds[jobId];
        credits[payee] += items * round.price + round.stake;
        credits[round.consumer] += (round.n - items) * round.price;
    }

    /// @dev Any two outputs for the same inputs, of any circuit.
    function condemn() external {
        condemned = true;
    }

    /// @dev Undoes everything once the circuit is condemned. Else pays for what was served and not contested, and for
    /// what was answered; it looks at each item.
    function settle(bytes32 jobId) external {
        Round memory round = rounds[jobId];
        if (condemned) {
            delete rounds[jobId];
            credits[round.consumer] += round.n * round.price;
            credits[round.provider] += round.stake;
            return;
        }
        _require(block.timestamp > round.deadline, "early");
        uint256 good = round.answered;
        for (uint256 i = 0; i < round.n; ++i) {
            if (!contestedItems[jobId][i]) ++good;
        }
        _pay(jobId, round.provider, good);
    }
}
