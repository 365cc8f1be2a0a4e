// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fr, get} from "./Field.sol";
import {Key} from "./Key.sol";
import {Proof} from "./Proof.sol";

/// @notice What the prover claims of the columns at x, and of some on the row before, at x / omega. One of several lanes
/// is the place in memory of its first lane's value. docs/NATIVE.md section 3 says what the columns hold.
struct Evaluations {
    // advice
    Fr preOuter;
    Fr preOuterBefore;
    Fr postOuter;
    Fr postOuterBefore;
    Fr factor;
    Fr packedWord;
    Fr packedWordBefore;
    Fr hashWord;
    uint256 quotientsAndRemainders; // of lane 0: quotient, remainder; of lane 1: ..
    Fr preInner;
    Fr preInnerBefore;
    uint256 activations;
    Fr postInner;
    Fr postInnerBefore;
    Fr kernelInner;
    Fr kernelInnerBefore;
    Fr kernel;
    Fr kernelBefore;
    Fr layerAccumulator;
    Fr layerAccumulatorBefore;
    Fr input;
    Fr lookupSum;
    Fr lookupSumBefore;
    uint256 lookupPartials;
    Fr membershipPartial;
    Fr multiplicity;
    Fr membership;
    Fr threshold;
    Fr thresholdBefore;
    Fr hashState0;
    Fr hashState0Before;
    Fr hashState1;
    Fr hashState1Before;
    Fr hashSquare0;
    Fr hashSquare1;
    // fixed
    Fr active;
    Fr doubled;
    Fr bias;
    Fr biasBefore;
    Fr continuesRow;
    Fr stepsSegment;
    Fr continuesSegment;
    Fr endsRow;
    Fr summed;
    Fr weightsAreTaps;
    uint256 weights;
    Fr continuesKernelInner;
    Fr keepsKernel;
    Fr shiftsColumns;
    Fr shiftsRows;
    Fr entersKernel;
    Fr outputSelector;
    Fr keepsAccumulator;
    Fr nextOutput;
    Fr takesProduct;
    Fr closesLayer;
    Fr isInput;
    Fr isLabel;
    Fr isClass;
    Fr tableTag;
    Fr tableQuotient;
    Fr tableActivation;
    uint256 tags;
    Fr isLowerLabel;
    Fr class;
    Fr sameBias;
    uint256 noWeights;
    Fr continuesWord;
    Fr hashStart;
    Fr hashAbsorb;
    Fr hashConstant0;
    Fr hashConstant1;
    Fr hashFullRound;
    Fr hashPartialRound;
    Fr hashDigest;
    Fr boundary;
    // what follows them
    Fr random;
    uint256 packed; // place of the first value of a packed column; the others, and sigma, follow
    uint256 sigmas;
    uint256 grandProducts;
    Fr instance; // no claim: computed from the public words
}

/// @title Reading the claimed values: each once, in the order in which the gates first ask for them.
library Claims {
    /// @dev Values of a grand product: at x, at omega x and, but for the last one, at its end.
    uint256 internal constant GRAND_PRODUCT_VALUES = 3;

    /// @notice The values of a proof by the names of their columns.
    function read(Key memory key, Proof memory proof) internal pure returns (Evaluations memory c) {
        unchecked {
            uint256 next = _readTensorRows(key, c, proof.evaluations);
            next = _readOthers(key, c, next);
            if (key.hashed) next = _readHashRows(c, next);
            if (key.hidden) next = _readSecretColumns(key, c, next);
            c.random = get(next);
            c.packed = next + 0x20;
            next = _readTensorFlags(key, c, c.packed);
            next = _readFoldFlags(key, c, next);
            next = _readOtherFlags(key, c, next);
            if (key.hashed) next = _readHashFlags(c, next);
            c.boundary = get(next);
            c.sigmas = next + 0x20;
            c.grandProducts = c.sigmas + 32 * key.permuted;
        }
    }

    function _readTensorRows(Key memory key, Evaluations memory c, uint256 next) private pure returns (uint256) {
        unchecked {
            (c.preOuter, c.postOuter, c.factor) = (get(next), get(next, 1), get(next, 2));
            next += 0x60;
            if (key.hashed) {
                (c.packedWord, c.hashWord) = (get(next), get(next, 1));
                next += 0x40;
            }
            c.quotientsAndRemainders = next;
            next += 64 * key.lanes;
            (c.preInnerBefore, c.preInner, c.preOuterBefore) = (get(next), get(next, 1), get(next, 2));
            next += 0x60;
            c.activations = next;
            next += 32 * key.lanes;
            (c.postInnerBefore, c.postInner, c.postOuterBefore) = (get(next), get(next, 1), get(next, 2));
            return next + 0x60;
        }
    }

    function _readOthers(Key memory key, Evaluations memory c, uint256 next) private pure returns (uint256) {
        unchecked {
            (c.kernelInnerBefore, c.kernelInner) = (get(next), get(next, 1));
            (c.kernel, c.kernelBefore) = (get(next, 2), get(next, 3));
            (c.layerAccumulator, c.layerAccumulatorBefore) = (get(next, 4), get(next, 5));
            (c.input, c.lookupSum, c.lookupSumBefore) = (get(next, 6), get(next, 7), get(next, 8));
            next += 0x120;
            c.lookupPartials = next;
            next += 32 * key.lanes;
            if (key.labels == 0) {
                c.multiplicity = get(next);
                return next + 0x20;
            }
            (c.membershipPartial, c.multiplicity, c.membership) = (get(next), get(next, 1), get(next, 2));
            (c.threshold, c.thresholdBefore) = (get(next, 3), get(next, 4));
            return next + 0xa0;
        }
    }

    function _readHashRows(Evaluations memory c, uint256 next) private pure returns (uint256) {
        unchecked {
            c.packedWordBefore = get(next);
            (c.hashState0, c.hashState1) = (get(next, 1), get(next, 2));
            (c.hashState0Before, c.hashState1Before) = (get(next, 3), get(next, 4));
            (c.hashSquare0, c.hashSquare1) = (get(next, 5), get(next, 6));
            return next + 0xe0;
        }
    }

    function _readSecretColumns(Key memory key, Evaluations memory c, uint256 next) private pure returns (uint256) {
        unchecked {
            (c.bias, c.weights) = (get(next), next + 0x20);
            next = c.weights + 32 * key.weightLanes;
            c.biasBefore = get(next);
            return next + 0x20;
        }
    }

    function _readTensorFlags(Key memory key, Evaluations memory c, uint256 next) private pure returns (uint256) {
        unchecked {
            (c.active, c.doubled) = (get(next), get(next, 1));
            next += 0x40;
            if (!key.hidden) {
                c.bias = get(next);
                next += 0x20;
            }
            (c.continuesRow, c.stepsSegment, c.continuesSegment) = (get(next), get(next, 1), get(next, 2));
            (c.endsRow, c.summed) = (get(next, 3), get(next, 4));
            return next + 0xa0;
        }
    }

    function _readFoldFlags(Key memory key, Evaluations memory c, uint256 next) private pure returns (uint256) {
        unchecked {
            c.weightsAreTaps = get(next);
            next += 0x20;
            if (!key.hidden) {
                c.weights = next;
                next += 32 * key.weightLanes;
            }
            (c.continuesKernelInner, c.keepsKernel) = (get(next), get(next, 1));
            (c.shiftsColumns, c.shiftsRows, c.entersKernel) = (get(next, 2), get(next, 3), get(next, 4));
            next += 0xa0;
            if (key.hidden) {
                c.outputSelector = get(next);
                next += 0x20;
            }
            (c.keepsAccumulator, c.nextOutput) = (get(next), get(next, 1));
            (c.takesProduct, c.closesLayer) = (get(next, 2), get(next, 3));
            return next + 0x80;
        }
    }

    function _readOtherFlags(Key memory key, Evaluations memory c, uint256 next) private pure returns (uint256) {
        unchecked {
            c.isInput = get(next);
            next += 0x20;
            if (key.labels != 0) {
                (c.isLabel, c.isClass) = (get(next), get(next, 1));
                next += 0x40;
            }
            (c.tableTag, c.tableQuotient, c.tableActivation) = (get(next), get(next, 1), get(next, 2));
            next += 0x60;
            c.tags = next;
            next += 32 * key.lanes;
            if (key.labels != 0) {
                (c.isLowerLabel, c.class) = (get(next), get(next, 1));
                next += 0x40;
            }
            if (key.hidden) {
                c.sameBias = get(next);
                c.noWeights = next + 0x20;
                next = c.noWeights + 32 * key.weightLanes;
            }
            return next;
        }
    }

    function _readHashFlags(Evaluations memory c, uint256 next) private pure returns (uint256) {
        unchecked {
            (c.continuesWord, c.hashStart, c.hashAbsorb) = (get(next), get(next, 1), get(next, 2));
            (c.hashConstant0, c.hashConstant1) = (get(next, 3), get(next, 4));
            (c.hashFullRound, c.hashPartialRound, c.hashDigest) = (get(next, 5), get(next, 6), get(next, 7));
            return next + 0x100;
        }
    }
}
