// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IVerifier} from "../../../contracts/interfaces/IVerifier.sol";
import {Layout} from "../../../contracts/types/Circuit.sol";

/// @notice OpenZeppelin's token, as most are.
contract Coin is ERC20("Coin", "COIN") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @notice Costs next to nothing, so that what is measured is ours: it looks at the last instance only. A proof of 32
/// bytes, as that of a registration's sample, is the hash of the instances.
contract CheapVerifier is IVerifier {
    uint256 public constant LAST = 1;

    /// @inheritdoc IVerifier
    function verifyProof(bytes calldata proof, uint256[] calldata instances) external pure returns (bool) {
        if (proof.length == 32) return bytes32(proof) == keccak256(abi.encodePacked(instances));
        return instances[instances.length - 1] == LAST;
    }
}

/// @title The two sizes of statement of the digits model (10 scores; the context in 8 limbs of 17 bits).
library DigitsLayouts {
    /// @notice One item of 64 public words: 90 instances.
    function single() internal pure returns (Layout memory) {
        return _of(1, 64, 8);
    }

    /// @notice Eight items, each input a digest: 97 instances.
    function batch() internal pure returns (Layout memory) {
        return _of(8, 1, 1);
    }

    /// @dev The context stands before the outputs, as the last instance must be free for `CheapVerifier`.
    function _of(uint16 items, uint16 inputWords, uint16 echoWords) private pure returns (Layout memory layout_) {
        (layout_.items, layout_.inputWords, layout_.contextEchoWords) = (items, inputWords, echoWords);
        (layout_.contextLimbs, layout_.contextBits) = (8, 17);
        (layout_.outputWords, layout_.classes) = (10, 10);
        layout_.contextEcho = items * inputWords;
        layout_.context = layout_.contextEcho + echoWords;
        layout_.outputs = layout_.context + 8;
        layout_.instances = layout_.outputs + items * 10;
    }
}
