// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fr, ORDER, raised} from "./Field.sol";
import {Key} from "./Key.sol";

/// @notice Where the words of a proof lie in memory.
struct Proof {
    uint256 instances; // the public words; the proof follows
    uint256 secret; // points of the columns of hidden weights: of the biases, then lane by lane
    uint256 cells; // points of the columns of phase 1; the first is that of the input
    uint256 sums; // points of the columns of phase 2
    uint256 grandProducts; // points of the permutation's grand products
    uint256 random; // point of the random polynomial
    uint256 quotient; // points of the quotient's three pieces
    uint256 evaluations;
    uint256 w; // point W of the opening
    uint256 wPrime; // point W' of the opening
}

/// @notice What the verifier asked: of the gates, of the proof system, of the opening.
struct Challenges {
    Fr b;
    Fr a;
    Fr g;
    Fr theta;
    Fr beta;
    Fr copyBeta;
    Fr copyGamma;
    Fr y;
    Fr x;
    Fr openingY;
    Fr openingV;
    Fr openingU;
}

/// @title The words of a proof and the transcript that they make. docs/native/FORMAT.md section 3.
library Transcript {
    uint256 internal constant QUOTIENT_PIECES = 3;

    /// @notice The proof, or the list of instances, is of another length than the circuit's.
    error NativeVerifier_WrongLength(uint256 actual, uint256 allowed);
    /// @notice An instance or an evaluation is not below r; or a point is infinity. `word` counts from the first instance.
    error NativeVerifier_NotCanonical(uint256 word);

    /// @notice A proof of hidden weights begins with the digest of its key: it was made for another.
    error NativeVerifier_OtherDigest(uint256 actual, uint256 allowed);

    /// @notice Copies instances and proof to memory: a word for the transcript's state, the digest, the instances, the
    /// proof. Where weights are hidden, the proof itself begins with the digest, which is compared and left out.
    function load(
        Key memory key,
        bytes calldata data,
        uint256[] calldata instances
    ) internal pure returns (Proof memory proof) {
        unchecked {
            if (instances.length != key.instances) revert NativeVerifier_WrongLength(instances.length, key.instances);
            if (key.hidden) data = _behindDigest(key, data);
            uint256 start;
            assembly ("memory-safe") {
                start := mload(0x40)
                mstore(start, 0) // the transcript's first state
                mstore(add(start, 0x20), mload(key)) // key.digest
                let to := add(start, 0x40)
                let length := shl(5, instances.length)
                calldatacopy(to, instances.offset, length)
                calldatacopy(add(to, length), data.offset, data.length)
                mstore(0x40, and(add(add(add(to, length), data.length), 0x1f), not(0x1f)))
            }
            proof.instances = start + 0x40;
            uint256 end = _place(key, proof);
            uint256 allowed = end - proof.secret;
            if (data.length != allowed) revert NativeVerifier_WrongLength(data.length, allowed);
            _requireScalars(proof.instances, proof.secret, proof.instances);
            _requireScalars(proof.evaluations, proof.w, proof.instances);
            _requirePoints(proof.secret, proof.evaluations, proof.instances);
            _requirePoints(proof.w, end, proof.instances);
        }
    }

    function _behindDigest(Key memory key, bytes calldata data) private pure returns (bytes calldata) {
        if (data.length < 32) revert NativeVerifier_WrongLength(data.length, 32);
        uint256 digest = uint256(bytes32(data[:32]));
        if (digest != key.digest) revert NativeVerifier_OtherDigest(digest, key.digest);
        return data[32:];
    }

    /// @dev Gives every part its place, in the order of the proof, and returns its end.
    function _place(Key memory key, Proof memory proof) private pure returns (uint256) {
        unchecked {
            uint256 cells = 2 + 3 * key.lanes;
            uint256 sums = 9 + key.lanes;
            uint256 evaluations = 19 + 4 * key.lanes + key.secretColumns + key.packedColumns;
            if (key.labels != 0) (cells, sums, evaluations) = (cells + 2, sums + 1, evaluations + 4);
            if (key.hidden) evaluations += 1; // the biases, which are also read on the row before
            if (key.hashed) (cells, evaluations) = (cells + 6, evaluations + 9);
            evaluations += 3 * key.grandProducts; // less the last one's end, plus the random polynomial
            proof.secret = proof.instances + 32 * key.instances;
            proof.cells = proof.secret + 64 * key.secretColumns;
            proof.sums = proof.cells + 64 * cells;
            proof.grandProducts = proof.sums + 64 * sums;
            proof.random = proof.grandProducts + 64 * key.grandProducts;
            proof.quotient = proof.random + 64;
            proof.evaluations = proof.quotient + 64 * QUOTIENT_PIECES;
            proof.w = proof.evaluations + 32 * evaluations;
            proof.wPrime = proof.w + 64;
            return proof.wPrime + 64;
        }
    }

    function _requireScalars(uint256 start, uint256 end, uint256 first) private pure {
        uint256 place = start;
        assembly ("memory-safe") {
            for {} lt(place, end) {
                place := add(place, 0x20)
            } {
                if iszero(lt(mload(place), ORDER)) {
                    break
                }
            }
        }
        if (place != end) revert NativeVerifier_NotCanonical((place - first) / 32);
    }

    /// @dev That a point is on the curve, with coordinates below p, is for the precompiles to say: each enters the sum.
    function _requirePoints(uint256 start, uint256 end, uint256 first) private pure {
        uint256 place = start;
        assembly ("memory-safe") {
            for {} lt(place, end) {
                place := add(place, 0x40)
            } {
                if iszero(or(mload(place), mload(add(place, 0x20)))) {
                    break
                }
            }
        }
        if (place != end) revert NativeVerifier_NotCanonical((place - first) / 32);
    }

    /// @notice All challenges, in the order in which they are drawn.
    function challenges(Key memory key, Proof memory proof) internal pure returns (Challenges memory drawn) {
        unchecked {
            uint256 state = _absorb(0, proof.instances - 32, proof.sums);
            drawn.b = _challenge(state);
            drawn.a = _challenge(state = _next(state));
            drawn.g = _challenge(state = _next(state));
            drawn.theta = _challenge(state = _next(state));
            drawn.beta = _challenge(state = _next(state));
            state = _absorb(state, proof.sums, proof.grandProducts); // halo2's theta, for lookups that no circuit here has
            drawn.copyBeta = _challenge(state = _next(state));
            drawn.copyGamma = _challenge(state = _next(state));
            drawn.y = _challenge(state = _absorb(state, proof.grandProducts, proof.quotient));
            // A power, so that all roots of x, where packed polynomials are opened, are in the field.
            drawn.x = raised(_challenge(state = _absorb(state, proof.quotient, proof.evaluations)), key.packing);
            drawn.openingY = _challenge(state = _absorb(state, proof.evaluations, proof.w));
            drawn.openingV = _challenge(state = _next(state));
            drawn.openingU = _challenge(_absorb(state, proof.w, proof.wPrime));
        }
    }

    function _challenge(uint256 state) private pure returns (Fr) {
        return Fr.wrap(state % ORDER);
    }

    /// @dev keccak256(state || nothing)
    function _next(uint256 state) private pure returns (uint256 next) {
        assembly ("memory-safe") {
            mstore(0x00, state)
            next := keccak256(0x00, 0x20)
        }
    }

    /// @dev keccak256(state || words from start to end). The word before them is set aside meanwhile.
    function _absorb(uint256 state, uint256 start, uint256 end) private pure returns (uint256 next) {
        assembly ("memory-safe") {
            let before := sub(start, 0x20)
            let kept := mload(before)
            mstore(before, state)
            next := keccak256(before, sub(end, before))
            mstore(before, kept)
        }
    }
}
