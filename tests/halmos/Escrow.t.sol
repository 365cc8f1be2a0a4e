// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Currency} from "../../contracts/types/Currency.sol";
import {EscrowHarness, Thief, Token} from "./EscrowHarness.sol";

/// @dev Cheats of forge that halmos knows.
interface Vm {
    function assume(bool condition) external pure;
    function deal(address account, uint256 balance) external;
    function prank(address sender) external;
}

/// @dev Cheats of its own.
interface Svm {
    function enableSymbolicStorage(address account) external;
    function createCalldata(string memory contractName) external pure returns (bytes memory);
}

/// @notice Conservation of money in Escrow, for every state of its books, caller, account and amount: what it has
/// changes by what it owes. scripts/halmos proves each `check_` (by induction over calls: each is one step from any
/// state, and at creation both sides are zero).
contract EscrowChecks {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    Svm private constant SVM = Svm(address(uint160(uint256(keccak256("svm cheat code")))));

    EscrowHarness private _escrow;
    Token private _token;
    Currency private _ether;
    Currency private _coin;

    /// @dev One currency's books, as one account sees them.
    struct Books {
        uint256 has; // of the escrow
        uint256 held; // for jobs
        uint256 callers;
        uint256 others;
    }

    function setUp() public {
        _escrow = new EscrowHarness();
        _token = new Token();
        _coin = Currency.wrap(address(_token));
        SVM.enableSymbolicStorage(address(_escrow));
        SVM.enableSymbolicStorage(address(_token));
    }

    /// @notice Money comes in whole: ETH and held rise alike, no credit changes.
    function check_depositOfEther(address caller, address other, uint256 value, uint256 amount) public {
        VM.assume(caller != address(_escrow));
        VM.deal(caller, value);
        Books memory before = _books(_ether, caller, other);
        VM.prank(caller);
        _escrow.deposit{value: value}(_ether, amount);
        Books memory afterwards = _books(_ether, caller, other);
        assert(value == amount);
        _requireRose(before, afterwards, amount);
    }

    function check_depositOfTokens(address caller, address other, uint256 value, uint256 amount) public {
        VM.assume(caller != address(_escrow));
        VM.deal(caller, value);
        Books memory before = _books(_coin, caller, other);
        VM.prank(caller);
        _escrow.deposit{value: value}(_coin, amount);
        assert(value == 0);
        _requireRose(before, _books(_coin, caller, other), amount);
    }

    /// @notice What is held becomes one account's credit: nothing is made, nothing lost, nobody else touched.
    function check_credit(address caller, address account, address other, uint256 amount, bool inEther) public {
        Currency currency = inEther ? _ether : _coin;
        VM.assume(other != account);
        Books memory before = _books(currency, account, other);
        VM.prank(caller);
        _escrow.give(currency, account, amount);
        Books memory afterwards = _books(currency, account, other);
        assert(afterwards.has == before.has);
        assert(before.held - afterwards.held == amount);
        assert(afterwards.callers - before.callers == amount);
        assert(afterwards.others == before.others);
    }

    /// @notice A withdrawal takes the caller's whole credit out, and nothing else.
    function check_withdrawalOfEther(address caller, address to, address other, uint256 funds) public {
        VM.assume(other != caller);
        VM.deal(address(_escrow), funds);
        uint256 paid = to.balance;
        Books memory before = _books(_ether, caller, other);
        VM.prank(caller);
        uint256 amount = _escrow.withdraw(_ether, to);
        assert(to.balance - paid == amount);
        _requireFell(before, _books(_ether, caller, other), amount);
    }

    function check_withdrawalOfTokens(address caller, address to, address other) public {
        VM.assume(other != caller);
        uint256 paid = _token.balanceOf(to);
        Books memory before = _books(_coin, caller, other);
        VM.prank(caller);
        uint256 amount = _escrow.withdraw(_coin, to);
        assert(_token.balanceOf(to) - paid == amount - _token.fee());
        _requireFell(before, _books(_coin, caller, other), amount);
    }

    /// @notice Who asks again while it is being paid gets its credit once.
    function check_reentrantWithdrawal(address other, uint256 funds) public {
        Thief thief = new Thief(_escrow);
        VM.assume(other != address(thief));
        VM.deal(address(_escrow), funds);
        Books memory before = _books(_ether, address(thief), other);
        thief.withdraw();
        assert(address(thief).balance == before.callers);
        _requireFell(before, _books(_ether, address(thief), other), before.callers);
    }

    /// @notice Whatever is called by whomever: only its owner lowers a credit, and only to zero.
    function check_nobodyLowersAnothersCredit(address caller, address owner, uint256 value, uint256 funds) public {
        _requireNotLowered(_ether, caller, owner, value, funds);
    }

    function check_nobodyLowersAnothersTokens(address caller, address owner, uint256 value, uint256 funds) public {
        _requireNotLowered(_coin, caller, owner, value, funds);
    }

    function _requireNotLowered(
        Currency currency,
        address caller,
        address owner,
        uint256 value,
        uint256 funds
    ) private {
        VM.assume(caller != address(_escrow));
        VM.deal(address(_escrow), funds);
        bytes memory call_ = SVM.createCalldata("EscrowHarness");
        uint256 before = _escrow.credits(currency, owner);
        VM.deal(caller, value);
        VM.prank(caller);
        (bool success, ) = address(_escrow).call{value: value}(call_);
        VM.assume(success);
        uint256 afterwards = _escrow.credits(currency, owner);
        assert(afterwards >= before || (caller == owner && afterwards == 0));
    }

    /// @notice What one currency's calls do is nothing to the other's books.
    function check_currenciesAreApart(address caller, address owner, uint256 amount) public {
        Books memory before = _books(_ether, caller, owner);
        VM.prank(caller);
        _escrow.give(_coin, owner, amount);
        VM.prank(caller);
        _escrow.withdraw(_coin, caller);
        _requireSame(before, _books(_ether, caller, owner));
    }

    // ---------------------------------------------------------------- books

    function _books(Currency currency, address caller, address other) private view returns (Books memory) {
        return
            Books({
                has: currency.isEther() ? address(_escrow).balance : _token.balanceOf(address(_escrow)),
                held: _escrow.held(currency),
                callers: _escrow.credits(currency, caller),
                others: _escrow.credits(currency, other)
            });
    }

    function _requireRose(Books memory before, Books memory afterwards, uint256 amount) private pure {
        assert(afterwards.has - before.has == amount);
        assert(afterwards.held - before.held == amount);
        assert(afterwards.callers == before.callers);
        assert(afterwards.others == before.others);
    }

    function _requireFell(Books memory before, Books memory afterwards, uint256 amount) private pure {
        assert(amount != 0 && amount == before.callers);
        assert(before.has - afterwards.has == amount);
        assert(afterwards.held == before.held);
        assert(afterwards.callers == 0);
        assert(afterwards.others == before.others);
    }

    function _requireSame(Books memory before, Books memory afterwards) private pure {
        assert(keccak256(abi.encode(before)) == keccak256(abi.encode(afterwards)));
    }
}
