// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVerifier} from "../../interfaces/IVerifier.sol";

/// @title What a first draft of PredictionMarket gets wrong, all in one place.
/// @dev tests/contracts/prediction/test_attacks.py: each attack succeeds here first, and then fails against ours.
contract NaivePredictionMarket {
    struct Job {
        address consumer;
        address provider;
        address token;
        uint256 reward;
        uint256 stake;
        bytes32 inputsHash;
        uint256 openUntil;
        uint64 proveSeconds;
        uint256 deadline;
    }

    address public verifier;
    uint256 public items;
    uint256 public inputWords;
    bool public condemned;
    uint256 public escrowed;
    mapping(bytes32 => Job) public jobs;
    mapping(address => mapping(address => uint256)) public credits;

    event Delivered(bytes32 indexed jobId, address indexed payee, uint256[] outputs);

    error NaivePredictionMarket_Refused(string why);

    constructor(address verifier_, uint256 items_, uint256 inputWords_) {
        (verifier, items, inputWords) = (verifier_, items_, inputWords_);
    }

    function _require(bool holds, string memory why) private pure {
        if (!holds) revert NaivePredictionMarket_Refused(why);
    }

    /// @dev Takes any window.
    function post(bytes32 jobId, Job memory job) external payable {
        _require(jobs[jobId].consumer == address(0), "exists");
        job.consumer = msg.sender;
        jobs[jobId] = job;
        _take(job.token, job.reward);
    }

    function lock(bytes32 jobId) external payable {
        Job storage job = jobs[jobId];
        _require(job.consumer != address(0) && job.provider == address(0), "state");
        job.provider = msg.sender;
        job.deadline = block.timestamp + job.proveSeconds;
        _take(job.token, job.stake);
    }

    /// @dev Pays the caller, for any proof of these inputs, of any job, at any time before somebody refunds.
    function deliver(bytes32 jobId, bytes calldata proof, uint256[] calldata instances) external {
        _require(IVerifier(verifier).verifyProof(proof, instances), "proof");
        _pay(jobId, instances);
    }

    /// @dev Hands the caller's encoding to the verifier, and reads it by its offsets itself.
    function deliverRaw(bytes32 jobId, bytes calldata call_) external {
        (bool success, bytes memory answer) = verifier.staticcall(call_);
        _require(success && abi.decode(answer, (bool)), "proof");
        (, uint256[] memory instances) = abi.decode(call_[4:], (bytes, uint256[]));
        _pay(jobId, instances);
    }

    /// @dev Forgets the job, so that its id can live again.
    function _pay(bytes32 jobId, uint256[] memory instances) private {
        Job memory job = jobs[jobId];
        _require(job.provider != address(0), "state");
        _require(_inputsHash(instances) == job.inputsHash, "inputs");
        delete jobs[jobId];
        credits[job.token][msg.sender] += job.reward + job.stake;
        emit Delivered(jobId, msg.sender, instances);
    }

    /// @dev One item, its input words first.
    function _inputsHash(uint256[] memory instances) private view returns (bytes32) {
        uint256[] memory words = new uint256[](inputWords);
        for (uint256 i = 0; i < inputWords; ++i) {
            words[i] = instances[i];
        }
        return keccak256(abi.encodePacked(keccak256(abi.encodePacked(words))));
    }

    /// @dev A condemned circuit undoes everything, whatever was missed before.
    function condemn(
        bytes calldata proofA,
        uint256[] calldata instancesA,
        bytes calldata proofB,
        uint256[] calldata instancesB
    ) external {
        _require(IVerifier(verifier).verifyProof(proofA, instancesA), "proof A");
        _require(IVerifier(verifier).verifyProof(proofB, instancesB), "proof B");
        _require(_inputsHash(instancesA) == _inputsHash(instancesB), "inputs");
        condemned = true;
    }

    function refund(bytes32 jobId) external {
        Job memory job = jobs[jobId];
        delete jobs[jobId];
        if (condemned) {
            credits[job.token][job.consumer] += job.reward;
            credits[job.token][job.provider] += job.stake;
        } else {
            _require(block.timestamp > job.deadline, "early");
            credits[job.token][job.consumer] += job.reward + job.stake;
        }
    }

    /// @dev Sends before it writes.
    function withdraw(address token) external {
        uint256 amount = credits[token][msg.sender];
        if (token == address(0)) {
            (bool sent, ) = msg.sender.call{value: amount}("");
            _require(sent, "transfer");
            escrowed -= amount;
        } else {
            _require(IERC20(token).transfer(msg.sender, amount), "transfer");
        }
        credits[token][msg.sender] = 0;
    }

    /// @dev Believes a token whatever it says, and insists on a balance of ETH that anybody can change.
    function _take(address token, uint256 amount) private {
        if (token == address(0)) {
            _require(msg.value == amount, "value");
            escrowed += amount;
            _require(address(this).balance == escrowed, "balance");
        } else {
            (bool success, ) = token.call(abi.encodeCall(IERC20.transferFrom, (msg.sender, address(this), amount)));
            _require(success, "token");
        }
    }
}
