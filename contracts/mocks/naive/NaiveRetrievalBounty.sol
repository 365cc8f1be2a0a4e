// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IVerifier} from "../../interfaces/IVerifier.sol";

/// @title What a first draft of retrieval bounties gets wrong, all in one place.
/// @dev tests/contracts/retrieval/test_attacks.py: each attack succeeds here first, and then fails against ours.
contract NaiveRetrievalBounty {
    struct Job {
        address requester;
        address owner;
        bytes32 root; // sorted pairs over (ciphertextHash, input, keyHash), of which the index is no part
        uint256 count;
        uint256 price;
        uint256 stake;
        uint256 threshold;
        uint256 proveSeconds;
        uint256 deadline;
        bool settled;
    }

    struct Item {
        uint256 index;
        bytes32 ciphertextHash;
        bytes32 keyHash;
        bytes32[] path;
    }

    address public verifier;
    uint256 public slots;
    bool public condemned;
    mapping(bytes32 => Job) public jobs;
    mapping(bytes32 => mapping(uint256 => bool)) public proven;
    mapping(bytes32 => bool) public seen; // proofs, by their hashes
    mapping(address => uint256) public credits;

    event Matched(bytes32 indexed jobId, uint256 index);

    error NaiveRetrievalBounty_Refused(string why);

    constructor(address verifier_, uint256 slots_) {
        (verifier, slots) = (verifier_, slots_);
    }

    function _require(bool holds, string memory why) private pure {
        if (!holds) revert NaiveRetrievalBounty_Refused(why);
    }

    /// @dev Takes any window, any stake and any number of records.
    function post(bytes32 jobId, Job memory job) external payable {
        _require(jobs[jobId].requester == address(0), "exists");
        _require(msg.value == job.count * job.price, "value");
        job.requester = msg.sender;
        jobs[jobId] = job;
    }

    function accept(bytes32 jobId) external payable {
        Job storage job = jobs[jobId];
        _require(msg.sender == job.owner && msg.value == job.stake, "accept");
        job.deadline = block.timestamp + job.proveSeconds;
    }

    /// @dev Pays the caller at once, for any proof of any job that was not seen before; asks for whole batches, no key,
    /// and no deadline. Scores are read without their sign.
    function submit(bytes32 jobId, Item[] calldata items, bytes calldata proof, uint256[] calldata instances) external {
        Job storage job = jobs[jobId];
        _require(!job.settled && items.length == slots, "state or batch");
        _require(IVerifier(verifier).verifyProof(proof, instances), "proof");
        bytes32 hash = keccak256(abi.encode(jobId, proof));
        _require(!seen[hash], "proof was seen");
        seen[hash] = true;
        for (uint256 i = 0; i < items.length; ++i) {
            Item calldata item = items[i];
            bytes32 leaf = keccak256(abi.encode(item.ciphertextHash, instances[i], item.keyHash));
            _require(MerkleProof.verifyCalldata(item.path, job.root, leaf), "record");
            proven[jobId][item.index] = true;
            if (instances[slots + i] >= job.threshold) emit Matched(jobId, item.index);
        }
        credits[msg.sender] += items.length * job.price;
    }

    /// @dev A cautious variant, which refuses what is done already.
    function submitOnce(
        bytes32 jobId,
        uint256[] calldata indices,
        bytes calldata proof,
        uint256[] calldata instances
    ) external {
        _require(IVerifier(verifier).verifyProof(proof, instances), "proof");
        for (uint256 i = 0; i < indices.length; ++i) {
            _require(!proven[jobId][indices[i]], "done");
            proven[jobId][indices[i]] = true;
        }
    }

    /// @dev An optimistic variant: whoever is not contradicted in time is paid for all, record by record.
    function settle(bytes32 jobId) external {
        Job storage job = jobs[jobId];
        _require(block.timestamp > job.deadline && !job.settled, "early");
        job.settled = true;
        for (uint256 index = 0; index < job.count; ++index) {
            credits[job.owner] += job.price;
        }
        credits[job.owner] += job.stake;
    }

    /// @dev A condemned circuit undoes everything, whatever was missed before.
    function void(
        bytes32 jobId,
        bytes calldata proofA,
        uint256[] calldata instancesA,
        bytes calldata proofB,
        uint256[] calldata instancesB
    ) external {
        Job storage job = jobs[jobId];
        _require(IVerifier(verifier).verifyProof(proofA, instancesA), "proof A");
        _require(IVerifier(verifier).verifyProof(proofB, instancesB), "proof B");
        job.settled = true;
        credits[job.owner] += job.stake;
        credits[job.requester] += job.count * job.price;
    }

    /// @dev Sends before it writes.
    function withdraw() external {
        (bool sent, ) = msg.sender.call{value: credits[msg.sender]}("");
        _require(sent, "transfer");
        credits[msg.sender] = 0;
    }
}
