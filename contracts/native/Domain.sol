// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fr, ONE, ORDER, ZERO, get, invert, put, raised} from "./Field.sol";
import {Key, KeyData} from "./Key.sol";
import {Challenges, Proof} from "./Proof.sol";

/// @notice The points at which polynomials are opened, and what is computed of the rows there. Row i stands at omega^i;
/// l_i is 1 there and 0 on the other rows.
struct Domain {
    Fr x;
    Fr before; // x / omega: the row before
    Fr after_; // omega x: the row after
    Fr end; // omega^-(blinding rows + 1) x: where a grand product ends
    Fr xToN; // x^n
    Fr overVanishing; // 1 / (x^n - 1)
    Fr first; // l_0(x)
    Fr last; // l of the row after the usable ones
    Fr active; // 1 on the usable rows: 1 - last - the sum of l over the blinding rows
    Fr instance; // the instance column at x: its claims are not the prover's
    Fr overFirstSet; // 1 / ((U - after) (U - end))
    Fr overRoots; // 1 / (U^packing - x), for the packed polynomials
    Fr overBefore; // 1 / (x - before)
    Fr overX; // 1 / ((x - after) (x - end))
    Fr overAfter; // 1 / ((after - x) (after - end))
    Fr overEnd; // 1 / ((end - x) (end - after))
}

/// @title Rows as powers of omega, of order n = 2^k. docs/native/FORMAT.md sections 3 to 5.
library Rows {
    /// @dev Rows at the end that the identity names: the last one, and the blinding rows.
    uint256 private constant END_ROWS = KeyData.BLINDING_ROWS + 1;
    uint256 private constant OPENING_INVERSES = 6;

    /// @notice All of it, with one inversion.
    function domainOf(
        Key memory key,
        Challenges memory drawn,
        Proof memory proof
    ) internal view returns (Domain memory d) {
        unchecked {
            _placePoints(key, drawn.x, d);
            uint256 list;
            uint256 instances = key.instances == 0 ? 1 : key.instances; // row 0 is needed in any case
            uint256 count = 1 + END_ROWS + OPENING_INVERSES + instances;
            assembly ("memory-safe") {
                list := mload(0x40)
                mstore(0x40, add(list, shl(5, count)))
            }
            put(list, 0, d.xToN - ONE);
            _putOpening(key, d, drawn.openingU, list + 32);
            uint256 ends = list + 32 * (1 + OPENING_INVERSES);
            uint256 starts = ends + 32 * END_ROWS;
            _putRows(key, d.x, ends, starts, instances);
            invert(list, count);
            d.overVanishing = get(list);
            _takeOpening(d, list + 32);
            Fr overRows = (d.xToN - ONE) * _overRows(key.k);
            d.first = overRows * get(starts);
            d.last = overRows * get(ends, END_ROWS - 1);
            Fr sum = ZERO;
            for (uint256 row = 0; row < END_ROWS; ++row) {
                sum = sum + get(ends, row);
            }
            d.active = ONE - overRows * sum;
            d.instance = overRows * _instanceSum(key, proof, starts);
        }
    }

    /// @dev omega^-1 is omega^(n - 1), a product of the squares on the way to omega^n.
    function _placePoints(Key memory key, Fr x, Domain memory d) private pure {
        unchecked {
            (Fr power, Fr square, Fr back) = (x, key.omega, ONE);
            for (uint256 i = 0; i < key.k; ++i) {
                power = power * power;
                back = back * square;
                square = square * square;
            }
            (d.x, d.xToN, d.before, d.after_) = (x, power, x * back, x * key.omega);
            Fr end = x;
            for (uint256 i = 0; i < END_ROWS; ++i) {
                end = end * back;
            }
            d.end = end;
        }
    }

    function _putOpening(Key memory key, Domain memory d, Fr u, uint256 list) private pure {
        put(list, 0, (u - d.after_) * (u - d.end));
        put(list, 1, d.x - d.before);
        put(list, 2, (d.x - d.after_) * (d.x - d.end));
        put(list, 3, (d.after_ - d.x) * (d.after_ - d.end));
        put(list, 4, (d.end - d.x) * (d.end - d.after_));
        put(list, 5, raised(u, key.packing) - d.x);
    }

    function _takeOpening(Domain memory d, uint256 list) private pure {
        (d.overFirstSet, d.overBefore) = (get(list), get(list, 1));
        (d.overX, d.overAfter, d.overEnd) = (get(list, 2), get(list, 3), get(list, 4));
        d.overRoots = get(list, 5);
    }

    /// @dev Of row -j, counted from the end: omega^j x - 1, as l_-j = (x^n - 1) / (n (omega^j x - 1)). Of row i: x -
    /// omega^i, as l_i = (x^n - 1) omega^i / (n (x - omega^i)).
    function _putRows(Key memory key, Fr x, uint256 ends, uint256 starts, uint256 instances) private pure {
        unchecked {
            Fr moved = x;
            for (uint256 j = 0; j < END_ROWS; ++j) {
                moved = moved * key.omega;
                put(ends, j, moved - ONE);
            }
            Fr row = ONE;
            for (uint256 i = 0; i < instances; ++i) {
                put(starts, i, x - row);
                row = row * key.omega;
            }
        }
    }

    /// @dev The sum of instance_i omega^i / (x - omega^i).
    function _instanceSum(Key memory key, Proof memory proof, uint256 starts) private pure returns (Fr sum) {
        unchecked {
            Fr row = ONE;
            sum = ZERO;
            for (uint256 i = 0; i < key.instances; ++i) {
                sum = sum + get(proof.instances, i) * row * get(starts, i);
                row = row * key.omega;
            }
        }
    }

    /// @dev 1 / n: as n divides r - 1, n (r - 1) / n is -1.
    function _overRows(uint256 k) private pure returns (Fr) {
        unchecked {
            return -Fr.wrap((ORDER - 1) >> k);
        }
    }
}
