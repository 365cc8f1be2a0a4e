// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Evaluations, Claims} from "./Evaluations.sol";
import {Domain} from "./Domain.sol";
// ORDER is used in assembly alone, which the rule does not read
// solhint-disable-next-line no-unused-import
import {Fr, ORDER, ZERO, get} from "./Field.sol";
import {Key} from "./Key.sol";
import {Challenges, Proof} from "./Proof.sol";

/// @notice The sum F of docs/native/FORMAT.md section 5, as far as it is added up. The first five words are what the
/// precompiles take: the sum's point, the term's, and what the term is multiplied by.
struct Sum {
    uint256 x;
    uint256 y;
    uint256 termX;
    uint256 termY;
    Fr power; // of the next claim: the factor of its set, times a power of Y
    Fr openingY;
    Fr claimed; // of sets that are added: the polynomials through the claimed values, at U
    Fr now_; // of the set that is being added: values at x
    Fr other; // at x / omega, or at omega x
    Fr end; // where grand products end
}

/// @title SHPLONK: all commitments opened at all their points, by one pairing. docs/native/FORMAT.md section 5.
/// @dev Sets of points, in order of first claim: {x, x / omega}, {x}, {x, omega x, end}, {x, omega x}; then the roots of x.
/// Within a set the commitments stand in order of first claim too. A number behind `64 *` is the index of an advice column
/// within its phase, as a circuit's description lists them (`columns`).
library Opening {
    uint256 private constant COORDINATES =
        21888242871839275222246405745257275088696311157297823662689037894645226208583;
    uint256 private constant VALUES = Claims.GRAND_PRODUCT_VALUES;

    /// @notice A point is not on the curve, or a coordinate not below p; or the call had too little gas. The precompile
    /// takes 63/64 of the caller's gas with it.
    error NativeVerifier_BadPoint();

    /// @notice The pairing could not be computed: call with more gas. Or the verifier's set-up is none.
    error NativeVerifier_OutOfGas();

    /// @notice Whether all claims hold, and that the quotient has the value `quotient` at x.
    function holds(
        Key memory key,
        Proof memory proof,
        Evaluations memory c,
        Challenges memory drawn,
        Domain memory d,
        Fr quotient
    ) internal view returns (bool) {
        Fr u = drawn.openingU;
        Sum memory sum = _begin(proof.sums + 64 * 1, c.preOuter, c.preOuterBefore, drawn.openingY);
        _addReadTwice(key, proof, c, sum);
        sum.claimed = d.overBefore * (sum.now_ * (u - d.before) - sum.other * (u - d.x));

        sum.power = drawn.openingV * (u - d.before);
        _addAdvice(key, proof, c, sum);
        _addOthers(key, proof, c, sum, d.xToN, quotient);

        _addGrandProducts(key, proof, c, drawn, d, sum);
        _addPacked(key, c, drawn, d, sum);
        _add(sum, proof.w, -((u - d.x) * (u - d.before)));
        _add(sum, proof.wPrime, u);
        _subtractClaimed(sum);
        return _pairingsCancel(sum, proof.wPrime, key.setUp);
    }

    // ---------------------------------------------------------------- claims, in order

    /// @dev The set {x, x / omega}: columns that gates also read on the row before, but the first.
    function _addReadTwice(Key memory key, Proof memory proof, Evaluations memory c, Sum memory sum) private view {
        unchecked {
            uint256 sums = proof.sums;
            _twice(sum, sums + 64 * 3, c.postOuter, c.postOuterBefore);
            uint256 hashCells = proof.cells + 64 * (2 + 3 * key.lanes + (key.labels == 0 ? 0 : 2));
            if (key.hashed) _twice(sum, hashCells, c.packedWord, c.packedWordBefore);
            _twice(sum, sums, c.preInner, c.preInnerBefore);
            _twice(sum, sums + 64 * 2, c.postInner, c.postInnerBefore);
            _twice(sum, sums + 64 * 4, c.kernelInner, c.kernelInnerBefore);
            _twice(sum, sums + 64 * 5, c.kernel, c.kernelBefore);
            _twice(sum, sums + 64 * 7, c.layerAccumulator, c.layerAccumulatorBefore);
            _twice(sum, sums + 64 * (8 + key.lanes), c.lookupSum, c.lookupSumBefore);
            if (key.labels != 0) _twice(sum, proof.cells + 64 * (3 + 3 * key.lanes), c.threshold, c.thresholdBefore);
            if (key.hashed) {
                _twice(sum, hashCells + 64 * 2, c.hashState0, c.hashState0Before);
                _twice(sum, hashCells + 64 * 3, c.hashState1, c.hashState1Before);
            }
            if (key.hidden) _twice(sum, proof.secret, c.bias, c.biasBefore);
        }
    }

    /// @dev The set {x}: the other columns of advice.
    function _addAdvice(Key memory key, Proof memory proof, Evaluations memory c, Sum memory sum) private view {
        unchecked {
            uint256 lanes = key.lanes;
            uint256 quotients = proof.cells + 64 * 2;
            uint256 hashCells = quotients + 64 * (3 * lanes + (key.labels == 0 ? 0 : 2));
            _once(sum, proof.sums + 64 * 6, c.factor);
            if (key.hashed) _once(sum, hashCells + 64, c.hashWord);
            for (uint256 lane = 0; lane < lanes; ++lane) {
                _once(sum, quotients + 64 * lane, get(c.quotientsAndRemainders, 2 * lane));
                _once(sum, quotients + 64 * (lanes + lane), get(c.quotientsAndRemainders, 2 * lane + 1));
            }
            _lanes(sum, quotients + 64 * 2 * lanes, c.activations, lanes);
            _once(sum, proof.cells, c.input);
            _lanes(sum, proof.sums + 64 * 8, c.lookupPartials, lanes);
            if (key.labels != 0) _once(sum, proof.sums + 64 * (9 + lanes), c.membershipPartial);
            _once(sum, proof.cells + 64, c.multiplicity);
            if (key.labels != 0) _once(sum, quotients + 64 * 3 * lanes, c.membership);
            if (key.hashed) {
                _once(sum, hashCells + 64 * 4, c.hashSquare0);
                _once(sum, hashCells + 64 * 5, c.hashSquare1);
            }
        }
    }

    /// @dev The set {x}, on: hidden weights, the quotient as the sum of x^(n i) of its pieces, the random polynomial.
    function _addOthers(
        Key memory key,
        Proof memory proof,
        Evaluations memory c,
        Sum memory sum,
        Fr xToN,
        Fr quotient
    ) private view {
        unchecked {
            if (key.hidden) _lanes(sum, proof.secret + 64, c.weights, key.weightLanes);
            Fr power = sum.power;
            _add(sum, proof.quotient + 64, power * xToN);
            _add(sum, proof.quotient + 128, power * xToN * xToN);
            sum.power = power;
            _once(sum, proof.quotient, quotient);
            _once(sum, proof.random, c.random);
        }
    }

    /// @dev The sets {x, omega x, end} of all grand products but the last, and {x, omega x} of the last.
    function _addGrandProducts(
        Key memory key,
        Proof memory proof,
        Evaluations memory c,
        Challenges memory drawn,
        Domain memory d,
        Sum memory sum
    ) private view {
        unchecked {
            uint256 last = key.grandProducts - 1;
            uint256 values = c.grandProducts;
            Fr factor = drawn.openingV * drawn.openingV * (drawn.openingU - d.before) * d.overFirstSet;
            sum.power = factor;
            (sum.now_, sum.other) = (ZERO, ZERO);
            for (uint256 i = 0; i < last; ++i) {
                sum.end = sum.end + sum.power * get(values, 2);
                _twice(sum, proof.grandProducts + 64 * i, get(values), get(values, 1));
                values += 32 * VALUES;
            }
            sum.claimed = sum.claimed + _atThree(sum, d, drawn.openingU);

            sum.power = factor * drawn.openingV * (drawn.openingU - d.end);
            (sum.now_, sum.other) = (ZERO, ZERO);
            _twice(sum, proof.grandProducts + 64 * last, get(values), get(values, 1));
            sum.claimed = sum.claimed + _atTwo(sum, d, drawn.openingU);
        }
    }

    /// @dev The set of all roots of x, where U^packing = x: there a packed polynomial is the sum of U^j times the j-th of
    /// its columns' values at x. The last has what columns are left.
    function _addPacked(
        Key memory key,
        Evaluations memory c,
        Challenges memory drawn,
        Domain memory d,
        Sum memory sum
    ) private view {
        unchecked {
            (Fr u, Fr v) = (drawn.openingU, drawn.openingV);
            sum.power = v * v * v * v * (u - d.x) * (u - d.before) * d.overRoots;
            (uint256 values, uint256 point) = (c.packed, key.packedPoints);
            uint256 end = values + 32 * key.packedColumns;
            while (values < end) {
                uint256 next = values + 32 * key.packing;
                if (next > end) next = end;
                _once(sum, point, _polynomial(values, next, u));
                (values, point) = (next, point + 64);
            }
        }
    }

    /// @dev At U, the polynomial whose coefficients lie from `start` to `end`, the constant one first.
    function _polynomial(uint256 start, uint256 end, Fr u) private pure returns (Fr value) {
        unchecked {
            value = ZERO;
            while (end > start) {
                end -= 32;
                value = value * u + get(end);
            }
        }
    }

    /// @dev At U, the polynomial of least degree through the values at x, omega x and end.
    function _atThree(Sum memory sum, Domain memory d, Fr u) private pure returns (Fr) {
        (Fr x, Fr after_, Fr end) = (u - d.x, u - d.after_, u - d.end);
        Fr value = sum.now_ * after_ * end * d.overX;
        value = value + sum.other * x * end * d.overAfter;
        return value + sum.end * x * after_ * d.overEnd;
    }

    /// @dev At U, the polynomial of least degree through the values at x and omega x.
    function _atTwo(Sum memory sum, Domain memory d, Fr u) private pure returns (Fr) {
        Fr over = (d.x - d.end) * d.overX; // 1 / (x - omega x)
        return over * (sum.now_ * (u - d.after_) - sum.other * (u - d.x));
    }

    // ---------------------------------------------------------------- a claim

    /// @dev Of a commitment opened at x alone.
    function _once(Sum memory sum, uint256 point, Fr value) private view {
        assembly ("memory-safe") {
            let claimed := add(sum, 0xc0)
            mstore(claimed, addmod(mload(claimed), mulmod(mload(add(sum, 0x80)), value, ORDER), ORDER))
        }
        _addTerm(sum, point);
    }

    /// @dev `_once` of neighbouring points and values.
    function _lanes(Sum memory sum, uint256 points, uint256 values, uint256 lanes) private view {
        unchecked {
            for (uint256 end = values + 32 * lanes; values < end; values += 32) {
                _once(sum, points, get(values));
                points += 64;
            }
        }
    }

    /// @dev Of a commitment opened at x and at a second point.
    function _twice(Sum memory sum, uint256 point, Fr now_, Fr other) private view {
        Fr power = sum.power;
        sum.now_ = sum.now_ + power * now_;
        sum.other = sum.other + power * other;
        _addTerm(sum, point);
    }

    // ---------------------------------------------------------------- points

    /// @dev The first claim's factor is 1: its point is the sum.
    function _begin(uint256 point, Fr now_, Fr before, Fr openingY) private pure returns (Sum memory sum) {
        (sum.power, sum.openingY) = (openingY, openingY);
        (sum.now_, sum.other) = (now_, before);
        assembly ("memory-safe") {
            mcopy(sum, point, 0x40)
        }
    }

    /// @dev Adds a multiple of a point.
    function _add(Sum memory sum, uint256 point, Fr factor) private view {
        sum.power = factor;
        _addTerm(sum, point);
    }

    /// @dev Adds `power` times a point, and moves `power` on. Only a packed polynomial's point can be infinity, of columns
    /// of zeros, as `Transcript` refuses it in a proof: it adds nothing, and the precompiles need not be asked.
    function _addTerm(Sum memory sum, uint256 point) private view {
        bool done = true;
        assembly ("memory-safe") {
            let power := add(sum, 0x80)
            let x := mload(point)
            let y := mload(add(point, 0x20))
            if or(x, y) {
                let term := add(sum, 0x40)
                mstore(term, x)
                mstore(add(sum, 0x60), y)
                done := staticcall(gas(), 0x07, term, 0x60, term, 0x40)
                done := and(done, staticcall(gas(), 0x06, sum, 0x80, sum, 0x40))
            }
            mstore(power, mulmod(mload(power), mload(add(sum, 0xa0)), ORDER))
        }
        if (!done) revert NativeVerifier_BadPoint();
    }

    function _subtractClaimed(Sum memory sum) private view {
        uint256 generator;
        assembly ("memory-safe") {
            generator := mload(0x40) // beyond the memory in use
            mstore(generator, 1)
            mstore(add(generator, 0x20), 2)
        }
        _add(sum, generator, -sum.claimed);
    }

    /// @dev e(W', s_g2) e(-F, g2) = 1
    function _pairingsCancel(Sum memory sum, uint256 wPrime, uint256 setUp) private view returns (bool) {
        bool done;
        uint256 one;
        assembly ("memory-safe") {
            let pairs := mload(0x40)
            mcopy(pairs, wPrime, 0x40)
            mcopy(add(pairs, 0x40), add(setUp, 0x80), 0x80) // s_g2
            mstore(add(pairs, 0xc0), mload(sum))
            mstore(add(pairs, 0xe0), mod(sub(COORDINATES, mload(add(sum, 0x20))), COORDINATES))
            mcopy(add(pairs, 0x100), setUp, 0x80) // g2
            done := staticcall(gas(), 0x08, pairs, 0x180, 0x00, 0x20)
            one := mload(0x00)
        }
        // All points were checked by the precompiles before: what fails now is gas, and no verdict on the proof.
        if (!done) revert NativeVerifier_OutOfGas();
        return one == 1;
    }
}
