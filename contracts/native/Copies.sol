// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Evaluations, Claims} from "./Evaluations.sol";
import {Domain} from "./Domain.sol";
import {Fr, ONE, get} from "./Field.sol";
import {Key} from "./Key.sol";
import {Challenges} from "./Proof.sol";

/// @title The permutation argument, at x: cells that are copies of each other are equal. docs/native/FORMAT.md section 4.
library Copies {
    uint256 private constant VALUES = Claims.GRAND_PRODUCT_VALUES;

    /// @notice Goes on with the fold of the gates in y.
    function fold(
        Key memory key,
        Evaluations memory c,
        Challenges memory drawn,
        Domain memory d,
        Fr sum
    ) internal pure returns (Fr) {
        unchecked {
            Fr y = drawn.y;
            uint256 products = key.grandProducts;
            Fr lastValue = get(c.grandProducts, VALUES * (products - 1));
            sum = sum * y + d.first * (ONE - get(c.grandProducts));
            sum = sum * y + d.last * (lastValue * lastValue - lastValue);
            for (uint256 i = 1; i < products; ++i) {
                Fr end = get(c.grandProducts, VALUES * i - 1);
                sum = sum * y + d.first * (get(c.grandProducts, VALUES * i) - end);
            }
            Fr identity = drawn.copyBeta * drawn.x;
            for (uint256 i = 0; i < products; ++i) {
                sum = sum * y + d.active * _step(key, c, drawn, i, identity);
                identity = identity * key.delta * key.delta;
            }
            return sum;
        }
    }

    /// @dev z(omega x) * prod (value + beta sigma + gamma) - z(x) * prod (value + beta delta^j x + gamma), over the two
    /// columns of a grand product: j, of which `identity` is beta delta^j x, and the next.
    function _step(
        Key memory key,
        Evaluations memory c,
        Challenges memory drawn,
        uint256 product,
        Fr identity
    ) private pure returns (Fr) {
        unchecked {
            uint256 column = 2 * product;
            Fr before = get(c.grandProducts, VALUES * product) * _withIdentity(c, drawn, column, identity);
            before = before * _withIdentity(c, drawn, column + 1, identity * key.delta);
            Fr moved = _withSigma(c, drawn, column) * _withSigma(c, drawn, column + 1);
            return get(c.grandProducts, VALUES * product + 1) * moved - before;
        }
    }

    /// @dev value + beta delta^j x + gamma
    function _withIdentity(
        Evaluations memory c,
        Challenges memory drawn,
        uint256 column,
        Fr identity
    ) private pure returns (Fr) {
        return _value(c, column) + identity + drawn.copyGamma;
    }

    /// @dev value + beta sigma + gamma
    function _withSigma(Evaluations memory c, Challenges memory drawn, uint256 column) private pure returns (Fr) {
        return _value(c, column) + drawn.copyBeta * get(c.sigmas, column) + drawn.copyGamma;
    }

    /// @dev The columns of the permutation, in order.
    function _value(Evaluations memory c, uint256 column) private pure returns (Fr) {
        if (column == 0) return c.preOuter;
        if (column == 1) return c.postOuter;
        if (column == 2) return c.factor;
        if (column == 3) return c.instance;
        return column == 4 ? c.packedWord : c.hashWord;
    }
}
