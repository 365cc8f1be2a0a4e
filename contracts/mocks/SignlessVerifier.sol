// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IKeyedVerifier} from "../interfaces/IKeyedVerifier.sol";

/// @notice Takes a point and its negation for the same, and nothing that is no point. A proof is the input's point and
/// the hash of the instances and of its x.
contract SignlessVerifier is IKeyedVerifier {
    uint256 private constant P = 21888242871839275222246405745257275088696311157297823662689037894645226208583;

    /// @inheritdoc IKeyedVerifier
    function verifyProof(
        address,
        bytes calldata proof,
        uint256[] calldata instances
    ) external pure override returns (bool) {
        (uint256 x, uint256 y, bytes32 bound) = abi.decode(proof, (uint256, uint256, bytes32));
        bool isPoint = x < P && y < P && mulmod(y, y, P) == addmod(mulmod(mulmod(x, x, P), x, P), 3, P);
        return isPoint && bound == keccak256(abi.encodePacked(instances, x));
    }
}
