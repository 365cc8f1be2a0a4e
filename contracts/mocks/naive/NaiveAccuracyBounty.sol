// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVerifier} from "../../interfaces/IVerifier.sol";

/// @title What a first draft of the accuracy bounty gets wrong, all in one place.
/// @dev tests/contracts/accuracy/test_attacks.py: each attack succeeds here first, and then fails against AccuracyBounty.
contract NaiveAccuracyBounty {
    uint256 private constant SECONDS = 1_000;

    address public verifier;
    uint256 public slots;
    uint256 public classes;
    uint256 public outputs; // first output word
    bytes32[] public inners; // keccak256(inputCommitment, label) of each test item
    mapping(bytes32 codeHash => bool) public condemned;

    address public consumer;
    address public provider;
    uint256 public num;
    uint256 public den;
    uint256 public deadline;
    uint256 public proven;
    uint256 public correct;
    mapping(bytes32 proofHash => bool) public seen;
    mapping(uint256 index => bool) public done;
    mapping(address account => uint256) public credits;

    error NaiveAccuracyBounty_Refused(string why);

    constructor(address verifier_, uint256 slots_, uint256 classes_, uint256 outputs_, bytes32[] memory inners_) {
        (verifier, slots, classes, outputs, inners) = (verifier_, slots_, classes_, outputs_, inners_);
    }

    function _require(bool holds, string memory why) private pure {
        if (!holds) revert NaiveAccuracyBounty_Refused(why);
    }

    function post(uint256 num_, uint256 den_) external payable {
        (consumer, num, den) = (msg.sender, num_, den_);
    }

    function accept() external payable {
        _require(!condemned[verifier.codehash], "condemned");
        (provider, deadline) = (msg.sender, block.timestamp + SECONDS);
    }

    /// @dev A proof counts once, by its hash; an item as often as it is proven.
    function submit(
        uint256[] calldata indices,
        uint256[] calldata labels,
        bytes calldata proof,
        uint256[] calldata instances
    ) public {
        _require(IVerifier(verifier).verifyProof(proof, instances), "proof");
        _require(!seen[keccak256(proof)], "seen");
        seen[keccak256(proof)] = true;
        for (uint256 i = 0; i < indices.length; ++i) {
            bytes32 commitment = keccak256(abi.encodePacked(instances[i]));
            _require(inners[indices[i]] == keccak256(abi.encode(commitment, labels[i])), "item");
            ++proven;
            if (_label(instances, i) == labels[i]) ++correct;
        }
    }

    /// @dev Wants every slot filled, and every item new.
    function submitFull(
        uint256[] calldata indices,
        uint256[] calldata labels,
        bytes calldata proof,
        uint256[] calldata instances
    ) external {
        _require(indices.length == slots, "slots");
        for (uint256 i = 0; i < slots; ++i) {
            _require(!done[indices[i]], "done");
            done[indices[i]] = true;
        }
        submit(indices, labels, proof, instances);
    }

    /// @dev Compares field elements as they are, and takes the last of those that are greatest.
    function _label(uint256[] calldata instances, uint256 item) private view returns (uint256 label) {
        uint256 first = outputs + item * classes;
        for (uint256 i = 1; i < classes; ++i) {
            if (instances[first + i] >= instances[first + label]) label = i;
        }
    }

    /// @dev The share of what was proven, not of all.
    function claim() external {
        _require(proven != 0 && correct * den >= num * proven, "target");
        credits[provider] += address(this).balance;
    }

    /// @dev Anybody may say that an item is bad, and the consumer has its money back.
    function dispute(uint256 index, bytes32 commitment, uint256 label) external {
        _require(inners[index] != keccak256(abi.encode(commitment, label)), "fine");
        credits[consumer] += address(this).balance;
    }

    /// @dev Silence counts as consent.
    function finish() external {
        _require(block.timestamp > deadline, "early");
        credits[provider] += address(this).balance;
    }

    /// @dev Each side takes its own back, whoever was silent.
    function undo(uint256 stake) external {
        _require(block.timestamp > deadline, "early");
        credits[provider] += stake;
        credits[consumer] += address(this).balance - stake;
    }

    /// @dev A circuit is known by its verifier's code.
    function condemn(
        address copy,
        bytes calldata proofA,
        uint256[] calldata instancesA,
        bytes calldata proofB,
        uint256[] calldata instancesB
    ) external {
        _require(IVerifier(copy).verifyProof(proofA, instancesA), "proof A");
        _require(IVerifier(copy).verifyProof(proofB, instancesB), "proof B");
        condemned[copy.codehash] = true;
    }
}
