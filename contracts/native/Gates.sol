// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Evaluations} from "./Evaluations.sol";
import {Fr, ONE, ORDER, ZERO, get, mix} from "./Field.sol";
import {Key} from "./Key.sol";
import {Challenges} from "./Proof.sol";

/// @title The gates of docs/NATIVE.md section 4, at x. Each is zero on every row that it holds on.
/// @dev `fold` has their order. native/src/circuit/gates says the same in Rust.
library Gates {
    /// @dev Tags of the table: of remainders, and of labels and classes, which no entry of the table has.
    Fr private constant RANGE_TAG = Fr.wrap(1);
    Fr private constant MEMBERSHIP_TAG = Fr.wrap(ORDER - 1);
    /// @dev Poseidon's second word of a fresh state, 2^64, and the matrix of its rounds.
    Fr private constant CAPACITY = Fr.wrap(1 << 64);
    Fr private constant M00 = Fr.wrap(0x066f6f85d6f68a85ec10345351a23a3aaf07f38af8c952a7bceca70bd2af7ad5);
    Fr private constant M01 = Fr.wrap(0x2b9d4b4110c9ae997782e1509b1d0fdb20a7c02bbd8bea7305462b9f8125b1e8);
    Fr private constant M10 = Fr.wrap(0x0cc57cdbb08507d62bf67a4493cc262fb6c09d557013fff1f573f431221f8ff9);
    Fr private constant M11 = Fr.wrap(0x1274e649a32ed355a31a6ed69724e1adade857e86eb5c3a121bcd147943203c8);

    /// @notice All of them, by Horner's rule in y: the first has the highest power.
    function fold(Key memory key, Evaluations memory c, Challenges memory drawn) internal pure returns (Fr sum) {
        unchecked {
            Fr y = drawn.y;
            sum = preInner(key, c, drawn);
            sum = sum * y + preOuter(c, drawn);
            sum = sum * y + postInner(key, c, drawn);
            sum = sum * y + postOuter(c, drawn);
            sum = sum * y + kernelInner(key, c, drawn);
            sum = sum * y + kernel(c, drawn);
            sum = sum * y + layerAccumulator(c, drawn);
            sum = sum * y + closedLayer(c);
            sum = sum * y + input(key, c);
            sum = sum * y + lookupSum(key, c, drawn);
            for (uint256 lane = 0; lane < key.lanes; ++lane) {
                sum = sum * y + lookupPartial(c, drawn, lane);
            }
            if (key.labels != 0) sum = _foldRankRows(key, c, drawn, sum);
            if (key.hidden) {
                sum = sum * y + sameBias(c);
                for (uint256 lane = 0; lane < key.weightLanes; ++lane) {
                    sum = sum * y + noWeight(c, lane);
                }
            }
            sum = c.active * sum;
            if (key.hashed) sum = _foldHashRows(key, c, y, sum); // their flags are 0 where `active` is
            sum = sum * y + boundary(c);
        }
    }

    function _foldRankRows(
        Key memory key,
        Evaluations memory c,
        Challenges memory drawn,
        Fr sum
    ) private pure returns (Fr) {
        Fr y = drawn.y;
        sum = sum * y + labelKey(key, c);
        sum = sum * y + labelOrder(key, c);
        sum = sum * y + threshold(c);
        sum = sum * y + otherClasses(key, c);
        return sum * y + membershipPartial(c, drawn);
    }

    function _foldHashRows(Key memory key, Evaluations memory c, Fr y, Fr sum) private pure returns (Fr) {
        sum = sum * y + packedWord(key, c);
        sum = (sum * y + hashStart0(c)) * y + hashStart1(c);
        sum = (sum * y + hashAbsorb0(c)) * y + hashAbsorb1(c);
        sum = (sum * y + hashSquare0(c)) * y + hashSquare1(c);
        sum = _foldRounds(c, y, sum);
        return sum * y + hashDigest(c);
    }

    // ---------------------------------------------------------------- tensor rows

    /// @notice row_a = nrs row_a_- B^L + sum_l e_l B^l, B = b, or b^2 where dbl; e_l = 2^s q_l + r_l - bias
    function preInner(Key memory key, Evaluations memory c, Challenges memory drawn) internal pure returns (Fr) {
        unchecked {
            (Fr sum, Fr power, Fr square) = (ZERO, ONE, ONE);
            uint256 end = c.quotientsAndRemainders + 64 * key.lanes;
            for (uint256 lane = c.quotientsAndRemainders; lane < end; lane += 64) {
                sum = sum + (get(lane) * key.scale + get(lane, 1) - c.bias) * mix(c.doubled, power, square);
                power = power * drawn.b;
                square = power * power;
            }
            return c.preInner - c.continuesRow * c.preInnerBefore * mix(c.doubled, power, square) - sum;
        }
    }

    /// @notice run_a = run_a_- (c + cre (A - 1)) + re row_a, A = a, or a^2 where dbl
    function preOuter(Evaluations memory c, Challenges memory drawn) internal pure returns (Fr) {
        Fr step = mix(c.doubled, drawn.a, drawn.a * drawn.a);
        Fr carried = c.preOuterBefore * (c.continuesSegment + c.stepsSegment * (step - ONE));
        return c.preOuter - carried - c.endsRow * c.preInner;
    }

    /// @notice row_b = nrs row_b_- B^L + sum_l z_l B^l, B = b, or 1 where sm; z_l = y_l - y_offset
    function postInner(Key memory key, Evaluations memory c, Challenges memory drawn) internal pure returns (Fr) {
        unchecked {
            (Fr sum, Fr power) = (ZERO, ONE);
            for (uint256 lane = 0; lane < key.lanes; ++lane) {
                sum = sum + (get(c.activations, lane) - key.yOffset) * mix(c.summed, power, ONE);
                power = power * drawn.b;
            }
            return c.postInner - c.continuesRow * c.postInnerBefore * mix(c.summed, power, ONE) - sum;
        }
    }

    /// @notice run_b = run_b_- (c + cre (A - 1)) + re row_b, A = a, or 1 where sm
    function postOuter(Evaluations memory c, Challenges memory drawn) internal pure returns (Fr) {
        Fr step = mix(c.summed, drawn.a, ONE);
        Fr carried = c.postOuterBefore * (c.continuesSegment + c.stepsSegment * (step - ONE));
        return c.postOuter - carried - c.endsRow * c.postInner;
    }

    /// @notice im (img - sum_l 2^(bits l) (z_l - input_low)) = 0
    function input(Key memory key, Evaluations memory c) internal pure returns (Fr) {
        unchecked {
            Fr word = ZERO;
            Fr low = key.yOffset + key.inputLow;
            for (uint256 lane = key.lanes; lane > 0; --lane) {
                word = word * key.inputRadix + get(c.activations, lane - 1) - low;
            }
            return c.isInput * (c.input - word);
        }
    }

    // ---------------------------------------------------------------- fold rows

    /// @notice v1 = v1c v1_- G^Lw + sum_l w_l G^l, G = g, or b where wb
    function kernelInner(Key memory key, Evaluations memory c, Challenges memory drawn) internal pure returns (Fr) {
        unchecked {
            (Fr sum, Fr power, Fr powerOfB) = (ZERO, ONE, ONE);
            for (uint256 lane = 0; lane < key.weightLanes; ++lane) {
                sum = sum + get(c.weights, lane) * mix(c.weightsAreTaps, power, powerOfB);
                (power, powerOfB) = (power * drawn.g, powerOfB * drawn.b);
            }
            Fr step = mix(c.weightsAreTaps, power, powerOfB);
            return c.kernelInner - c.continuesKernelInner * c.kernelInnerBefore * step - sum;
        }
    }

    /// @notice v2 = v2_- (u1 + ub b + ua a) + ve v1, less ow where weights are hidden
    function kernel(Evaluations memory c, Challenges memory drawn) internal pure returns (Fr) {
        Fr step = c.keepsKernel + c.shiftsColumns * drawn.b + c.shiftsRows * drawn.a;
        return c.kernel - c.kernelBefore * step - c.entersKernel * c.kernelInner + c.outputSelector;
    }

    /// @notice mac = mac_- (h1 + hg g) + me v2 x
    function layerAccumulator(Evaluations memory c, Challenges memory drawn) internal pure returns (Fr) {
        Fr step = c.keepsAccumulator + c.nextOutput * drawn.g;
        return c.layerAccumulator - c.layerAccumulatorBefore * step - c.takesProduct * c.kernel * c.factor;
    }

    /// @notice le mac = 0
    function closedLayer(Evaluations memory c) internal pure returns (Fr) {
        return c.closesLayer * c.layerAccumulator;
    }

    // ---------------------------------------------------------------- lookups

    /// @notice (sum - sum_- - all h - (lb + cl) rank) (beta + table entry) + m = 0
    function lookupSum(Key memory key, Evaluations memory c, Challenges memory drawn) internal pure returns (Fr) {
        unchecked {
            Fr growth = c.lookupSum - c.lookupSumBefore - (c.isLabel + c.isClass) * c.membershipPartial;
            for (uint256 lane = 0; lane < key.lanes; ++lane) {
                growth = growth - get(c.lookupPartials, lane);
            }
            return growth * _denominator(drawn, c.tableTag, c.tableQuotient, c.tableActivation) + c.multiplicity;
        }
    }

    /// @notice h d_1 d_2 = d_1 + d_2, d_1 of (range, r, 0) and d_2 of (tag, q, y)
    function lookupPartial(Evaluations memory c, Challenges memory drawn, uint256 lane) internal pure returns (Fr) {
        unchecked {
            Fr quotient = get(c.quotientsAndRemainders, 2 * lane);
            Fr remainder = get(c.quotientsAndRemainders, 2 * lane + 1);
            Fr range = _denominator(drawn, RANGE_TAG, remainder, ZERO);
            Fr pair = _denominator(drawn, get(c.tags, lane), quotient, get(c.activations, lane));
            return get(c.lookupPartials, lane) * range * pair - (range + pair);
        }
    }

    /// @notice ends sum = 0: on row 0 and on the last usable row
    function boundary(Evaluations memory c) internal pure returns (Fr) {
        return c.boundary * c.lookupSum;
    }

    /// @dev beta + tag + theta quotient + theta^2 activation
    function _denominator(Challenges memory drawn, Fr tag, Fr quotient, Fr activation) private pure returns (Fr) {
        return drawn.beta + tag + drawn.theta * (quotient + drawn.theta * activation);
    }

    // ---------------------------------------------------------------- rank rows: labels

    /// @notice lb (bar - K(x, pick)) = 0
    function labelKey(Key memory key, Evaluations memory c) internal pure returns (Fr) {
        return c.isLabel * (c.threshold - _orderKey(key, c.factor, c.membership));
    }

    /// @notice lo (bar_- - bar - 1 - d) = 0
    function labelOrder(Key memory key, Evaluations memory c) internal pure returns (Fr) {
        return c.isLowerLabel * (c.thresholdBefore - c.threshold - ONE - _difference(key, c));
    }

    /// @notice cl (bar - bar_-) = 0
    function threshold(Evaluations memory c) internal pure returns (Fr) {
        return c.isClass * (c.threshold - c.thresholdBefore);
    }

    /// @notice cl ((1 - pick) (bar - K(class, x) - 1) - d) = 0
    function otherClasses(Key memory key, Evaluations memory c) internal pure returns (Fr) {
        Fr gap = c.threshold - _orderKey(key, c.class, c.factor) - ONE;
        return c.isClass * ((ONE - c.membership) * gap - _difference(key, c));
    }

    /// @notice lb (rank d_label - 1) + cl (rank d_class + pick) = 0
    function membershipPartial(Evaluations memory c, Challenges memory drawn) internal pure returns (Fr) {
        Fr label = _denominator(drawn, MEMBERSHIP_TAG, c.factor, c.membership);
        Fr class = _denominator(drawn, MEMBERSHIP_TAG, c.class, c.factor);
        return
            c.isLabel * (c.membershipPartial * label - ONE) + c.isClass * (c.membershipPartial * class + c.membership);
    }

    /// @dev K(class, score) = 2^n (score - low) + 2^n - 1 - class
    function _orderKey(Key memory key, Fr class, Fr score) private pure returns (Fr) {
        return score * key.classes + key.lastKey - class;
    }

    /// @dev d = 2^s q + r of the first lane
    function _difference(Key memory key, Evaluations memory c) private pure returns (Fr) {
        return get(c.quotientsAndRemainders) * key.scale + get(c.quotientsAndRemainders, 1);
    }

    // ---------------------------------------------------------------- hidden weights

    /// @notice sb (bias - bias_-) = 0
    function sameBias(Evaluations memory c) internal pure returns (Fr) {
        return c.sameBias * (c.bias - c.biasBefore);
    }

    /// @notice nw w = 0
    function noWeight(Evaluations memory c, uint256 lane) internal pure returns (Fr) {
        return get(c.noWeights, lane) * get(c.weights, lane);
    }

    // ---------------------------------------------------------------- hash rows

    /// @notice im (pack - img - ip 2^(bits L) pack_-) = 0
    function packedWord(Key memory key, Evaluations memory c) internal pure returns (Fr) {
        return c.isInput * (c.packedWord - c.input - c.continuesWord * c.packedWordBefore * key.rowRadix);
    }

    /// @notice hs (state_0 - word) = 0
    function hashStart0(Evaluations memory c) internal pure returns (Fr) {
        return c.hashStart * (c.hashState0 - c.hashWord);
    }

    /// @notice hs (state_1 - 2^64) = 0
    function hashStart1(Evaluations memory c) internal pure returns (Fr) {
        return c.hashStart * (c.hashState1 - CAPACITY);
    }

    /// @notice ha (state_0 - state_0- - word) = 0
    function hashAbsorb0(Evaluations memory c) internal pure returns (Fr) {
        return c.hashAbsorb * (c.hashState0 - c.hashState0Before - c.hashWord);
    }

    /// @notice ha (state_1 - state_1-) = 0
    function hashAbsorb1(Evaluations memory c) internal pure returns (Fr) {
        return c.hashAbsorb * (c.hashState1 - c.hashState1Before);
    }

    /// @notice (hf + hp) (square_0 - x_0^2) = 0, x_0 = state_0- + hc_0
    function hashSquare0(Evaluations memory c) internal pure returns (Fr) {
        Fr entered = c.hashState0Before + c.hashConstant0;
        return (c.hashFullRound + c.hashPartialRound) * (c.hashSquare0 - entered * entered);
    }

    /// @notice hf (square_1 - x_1^2) = 0, x_1 = state_1- + hc_1
    function hashSquare1(Evaluations memory c) internal pure returns (Fr) {
        Fr entered = c.hashState1Before + c.hashConstant1;
        return c.hashFullRound * (c.hashSquare1 - entered * entered);
    }

    /// @dev Of each word of the state: hf (state - M (square_0^2 x_0, square_1^2 x_1)) = 0 and hp (state - M
    /// (square_0^2 x_0, x_1)) = 0.
    function _foldRounds(Evaluations memory c, Fr y, Fr sum) private pure returns (Fr) {
        unchecked {
            Fr first = c.hashSquare0 * c.hashSquare0 * (c.hashState0Before + c.hashConstant0);
            Fr partialSecond = c.hashState1Before + c.hashConstant1;
            Fr fullSecond = c.hashSquare1 * c.hashSquare1 * partialSecond;
            Fr left = c.hashState0 - first * M00;
            sum = sum * y + c.hashFullRound * (left - fullSecond * M01);
            sum = sum * y + c.hashPartialRound * (left - partialSecond * M01);
            left = c.hashState1 - first * M10;
            sum = sum * y + c.hashFullRound * (left - fullSecond * M11);
            return sum * y + c.hashPartialRound * (left - partialSecond * M11);
        }
    }

    /// @notice hd (word - state_0-) = 0
    function hashDigest(Evaluations memory c) internal pure returns (Fr) {
        return c.hashDigest * (c.hashWord - c.hashState0Before);
    }
}
