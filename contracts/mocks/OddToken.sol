// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice An ERC-20 token for tests that misbehaves as it is told to.
contract OddToken {
    enum Way {
        Plain,
        ReturnsNothing, // like USDT
        ReturnsFalse, // without moving anything
        ReturnsTwo,
        TakesFee, // a hundredth of each transfer
        GivesMore, // a hundredth on top
        MovesNothing, // says true
        ShrinksHolder, // the recipient has less after the transfer than before
        Reverts,
        Calls // the target before it moves anything, as ERC-777 hooks do
    }

    Way public way;
    address public target;
    bytes public message;
    bool public entered;
    bytes public refusal;
    address public blocked;

    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    error OddToken_Refused();

    function set(Way way_) external {
        way = way_;
    }

    function setCall(address target_, bytes calldata message_) external {
        (way, target, message) = (Way.Calls, target_, message_);
    }

    function setBlocked(address blocked_) external {
        blocked = blocked_;
    }

    function mint(address to, uint256 amount) external {
        totalSupply += amount;
        balanceOf[to] += amount;
        emit Transfer(address(0), to, amount);
    }

    /// @dev A rebase: everybody's balances change without a transfer.
    function rebase(address account, uint256 balance) external {
        totalSupply = totalSupply + balance - balanceOf[account];
        balanceOf[account] = balance;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _transfer(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        return _transfer(from, to, amount);
    }

    function _transfer(address from, address to, uint256 amount) private returns (bool) {
        if (way == Way.Reverts || to == blocked) revert OddToken_Refused();
        if (way == Way.ReturnsFalse) return false;
        if (way == Way.MovesNothing) return true;
        if (way == Way.Calls) (entered, refusal) = target.call(message);
        _move(from, to, amount);
        if (way == Way.ReturnsNothing) _end(0, 0);
        if (way == Way.ReturnsTwo) _end(2, 0x20);
        return true;
    }

    function _move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        if (way == Way.TakesFee) amount -= amount / 100;
        if (way == Way.GivesMore) amount += amount / 100;
        if (way == Way.ShrinksHolder) balanceOf[to] -= amount;
        else balanceOf[to] += amount;
        emit Transfer(from, to, amount);
    }

    function _end(uint256 word, uint256 size) private pure {
        assembly ("memory-safe") {
            mstore(0x00, word)
            return(0x00, size)
        }
    }
}
