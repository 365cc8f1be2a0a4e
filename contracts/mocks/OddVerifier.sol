// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A verifier that registers well and then answers as it is told to.
contract OddVerifier {
    enum Answer {
        Honest,
        True,
        False,
        Two,
        Nothing,
        OneByte,
        TwoWords,
        RevertsWithOne,
        RevertsWithMuch,
        BurnsGas,
        Reenters,
        Canonical // true of anything within the field
    }

    uint256 private constant MUCH = 1 << 20;
    uint256 private constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    Answer public answer;
    address public target;
    bytes public message;

    function set(Answer answer_) external {
        answer = answer_;
    }

    function reenter(address target_, bytes calldata message_) external {
        (answer, target, message) = (Answer.Reenters, target_, message_);
    }

    function verifyProof(bytes calldata proof, uint256[] calldata instances) external view returns (bool) {
        bool holds = proof.length == 32 && bytes32(proof) == keccak256(abi.encodePacked(instances));
        Answer way = answer;
        if (way == Answer.Honest) return holds;
        if (way == Answer.True) return true;
        if (way == Answer.False) return false;
        if (way == Answer.Two) _end(2, 0x20);
        if (way == Answer.Nothing) _end(1, 0);
        if (way == Answer.OneByte) _end(1 << 248, 1);
        if (way == Answer.TwoWords) _end(1, 0x40);
        if (way == Answer.RevertsWithOne) _revert(1, 0x20);
        if (way == Answer.RevertsWithMuch) _revert(1, MUCH);
        if (way == Answer.Reenters) return _call();
        if (way == Answer.Canonical) return instances[instances.length - 1] < R;
        while (true) {}
        return true;
    }

    function _end(uint256 word, uint256 size) private pure {
        assembly ("memory-safe") {
            mstore(0x00, word)
            return(0x00, size)
        }
    }

    function _revert(uint256 word, uint256 size) private pure {
        assembly ("memory-safe") {
            mstore(0x00, word)
            revert(0x00, size)
        }
    }

    /// @dev A static context: the call can change nothing; its success would show that it was let in.
    function _call() private view returns (bool success) {
        (success, ) = target.staticcall(message);
    }
}
