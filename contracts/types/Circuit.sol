// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What the output words of an item are.
enum OutputKind {
    Scores,
    Label // best first; the first is the label that is proven
}

/// @notice Where each section of a statement stands among the public instances of a proof.
/// @dev Offsets and lengths count instance words. The sections context, contextEcho, inputs, weights
/// and outputs tile the instances: no gap, no overlap. Mirrored by prover/statement/layout.py.
struct Layout {
    uint16 instances; // instance words in all
    uint16 items; // item slots of one proof (b)
    uint16 context; // first context limb
    uint8 contextLimbs; // limbs of the context
    uint8 contextBits; // bits a limb
    uint16 contextEcho; // the context as a graph input: implied by the circuit, never read
    uint16 contextEchoWords;
    uint16 inputs; // input words of item 0; item i follows at inputs + i * inputWords
    uint16 inputWords; // words an item: its values or digests; 0: the proof commits to it by its point
    uint16 weights; // weights digest, when there is one
    uint8 weightWords; // 1: hidden weights, bound by a digest
    uint8 weightPoints; // not 0: hidden weights, bound by so many points at the head of the proof
    uint16 outputs; // output words of item 0
    uint16 outputWords; // words an item: all scores, or the best labels
    OutputKind outputKind;
    uint16 classes; // number of scores, or of labels
}

/// @notice How items of a circuit are sealed: what each digest hashes of an item, and which elements an input gives. All 0
/// where none can be sealed: inputs are not hashed, or without salt.
struct Sealing {
    uint32 elements; // hashed elements of an item in all, salts included
    uint32 digestElements; // elements hashed into one digest, salt included; the last digest may hash fewer
    uint16 saltElements; // of each digest's elements salt, at the end
    uint8 saltBits; // a salt element lies in [0, 2^saltBits), and in the field
    uint8 digitBits; // an element packs digits of so many bits, the first lowest; 0: it is a value
    uint16 digits; // digits of a full element
    bytes32 paddingRoot; // PositionalTree over all elements but salt, of (number, digits, bitmap of padding digits)
}

/// @notice A proof circuit as the registry knows it. Its id is keccak256(abi.encode(circuit)).
struct Circuit {
    address verifier; // no proxy
    address key; // contract that holds the circuit's verifying key; 0: the verifier is generated for this circuit
    bytes32 codeHash; // keccak256 of the verifier's runtime code; with a key, of its hash and the key's
    bytes32 artifactDigest; // SHA-256 of the canonical manifest
    Layout statement;
    int64 inputMin; // quantised input domain, inclusive
    int64 inputMax;
    Sealing sealing;
    bool exact; // inputs and weights determine the outputs
    uint64 tolerance; // worst error of an output word, in output units; 0 when exact
}

/// @notice What a proof of a model is held against.
struct Requirements {
    bytes32 circuitId;
    uint40 condemnedAt; // Unix seconds; 0 if the circuit was not condemned
    uint256 weightsCommitment;
    address verifier;
    address key; // 0: none
    bytes32 codeHash; // of both, as registered
    Layout statement;
}
