// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a chain lets everybody do in time and in one transaction. prover/protocol/limits.py has a row for each
/// chain; clients refuse contracts that were deployed with another.
struct Limits {
    uint32 minWindow; // seconds: the shortest time that anybody can be given
    uint32 maxWindow; // seconds: the longest
    uint32 transactionGas; // that one transaction may take
    uint32 transactionBytes; // that one transaction may have
    uint32 maxItems; // of a test set or dataset
    uint32 maxRoundItems; // of a serving round: their outputs are hashed in one transaction
    uint32 maxOutputBytes; // of a serving round: they are posted in one transaction
    uint32 maxContests; // of a serving round: the list travels with every answer
    uint32 maxElements; // that one digest of a sealed item hashes: a dispute does so too
    uint32 maxChunks; // digests of a sealed item
}
