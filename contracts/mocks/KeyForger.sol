// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {Circuit} from "../types/Circuit.sol";

/// @notice Ends whoever runs its code in his own name.
contract Bomb {
    fallback() external {
        selfdestruct(payable(msg.sender));
    }
}

/// @notice Its code is what its maker says, and so it has one address for any code. If its maker wants, it is gone when
/// the transaction ends: whoever is created and ends in one transaction does, also by EIP-6780.
contract Ghost {
    constructor() {
        KeyForger maker = KeyForger(msg.sender);
        if (maker.vanishes()) {
            // solhint-disable-next-line avoid-low-level-calls
            (bool success, ) = maker.BOMB().delegatecall("");
            require(success);
        }
        bytes memory code = maker.code();
        assembly ("memory-safe") {
            return(add(code, 0x20), mload(code))
        }
    }
}

/// @notice Registers a circuit by a key that vanishes, and brings it back with other data.
contract KeyForger {
    address public immutable BOMB = address(new Bomb());

    bytes public code;
    bool public vanishes;

    function register(
        IModelRegistry registry,
        Circuit calldata circuit,
        bytes calldata proof,
        uint256[] calldata instances,
        bytes calldata code_
    ) external {
        _make(code_, true);
        registry.registerCircuit(circuit, proof, instances);
    }

    function bringBack(bytes calldata code_) external {
        _make(code_, false);
    }

    /// @notice Where the key is.
    function keyAddress() external view returns (address) {
        bytes32 hash = keccak256(abi.encodePacked(hex"ff", this, bytes32(0), keccak256(type(Ghost).creationCode)));
        return address(uint160(uint256(hash)));
    }

    function _make(bytes calldata code_, bool vanishes_) private {
        (code, vanishes) = (code_, vanishes_);
        new Ghost{salt: 0}();
    }
}
