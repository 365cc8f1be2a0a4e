// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IKeyedVerifier} from "../interfaces/IKeyedVerifier.sol";

/// @notice A keyed verifier for tests. A key is STOP, the number of points of hidden weights, and anything. A proof is
/// the key's digest and these points, if there are any, the input's point, and the hash of all of it and the instances:
/// it holds for one key alone, and anyone can make it.
contract KeyedMockVerifier is IKeyedVerifier {
    uint256 private constant P = 21888242871839275222246405745257275088696311157297823662689037894645226208583;

    /// @inheritdoc IKeyedVerifier
    function verifyProof(address key, bytes calldata proof, uint256[] calldata instances) external view returns (bool) {
        bytes memory code = key.code;
        uint256 points = uint8(code[1]);
        uint256 head = points == 0 ? 0 : 32;
        uint256 end = head + 64 * (points + 1);
        if (proof.length != end + 32) return false;
        if (points != 0 && bytes32(proof) != keccak256(code)) return false;
        for (uint256 place = head; place < end; place += 64) {
            if (!_isPoint(uint256(bytes32(proof[place:])), uint256(bytes32(proof[place + 32:])))) return false;
        }
        return bytes32(proof[end:]) == keccak256(abi.encodePacked(keccak256(code), proof[:end], instances));
    }

    /// @dev In its one encoding: on the curve, not infinity, coordinates below p.
    function _isPoint(uint256 x, uint256 y) private pure returns (bool) {
        return x < P && y < P && mulmod(y, y, P) == addmod(mulmod(mulmod(x, x, P), x, P), 3, P);
    }
}
