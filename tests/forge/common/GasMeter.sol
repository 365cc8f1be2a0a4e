// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModelRegistry} from "../../../contracts/ModelRegistry.sol";
import {IVerifier} from "../../../contracts/interfaces/IVerifier.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {ChainLimits} from "./ChainLimits.sol";
import {Coin} from "./GasFixtures.sol";
import {vm} from "./Vm.sol";

/// @notice What each move of a protocol costs as a transaction of its own (cold storage, 21,000 and the calldata of the
/// terms included), without the verifier's run and the calldata of its arguments.
/// @dev Accounts already have credits, and the contract has money. scripts/snapshot writes the values down.
abstract contract GasMeter {
    uint256 private constant TRANSACTION_GAS = 21_000;
    uint256 internal constant PROOF_BYTES = 3840;
    address internal constant CONSUMER = address(0xc0);
    address internal constant PROVIDER = address(0xf0);
    address internal constant ANYBODY = address(0xa0);

    ModelRegistry internal _registry;
    Coin internal _coin;
    uint256 internal _nonce;
    address private _contract;

    /* OF EACH PROTOCOL */

    /// @dev How the snapshot calls it.
    function _protocol() internal pure virtual returns (string memory);

    function _newContract() internal virtual returns (address);

    /// @dev Registers its models, and what else it needs.
    function _prepare() internal virtual;

    /// @dev Both sides are known to the contract before anything is measured.
    function _giveCredit(Currency currency) internal virtual;

    /// @dev The moves that take or give money, in ETH or a token.
    function _measure(string memory kind, Currency currency) internal virtual;

    /* THE WORLD */

    function setUp() public {
        vm.warp(1_800_000_000);
        _registry = new ModelRegistry(ChainLimits.here());
        _contract = _newContract();
        _coin = new Coin();
        _equip(CONSUMER);
        _equip(PROVIDER);
        _prepare();
        _giveCredit(Currency.wrap(address(0)));
        _giveCredit(_token());
    }

    function test_gas_ether() public {
        _measure("eth", Currency.wrap(address(0)));
    }

    function test_gas_token() public {
        _measure("erc20", _token());
    }

    function _equip(address account) private {
        vm.deal(account, 1_000_000 ether);
        _coin.mint(account, 1_000_000 ether);
        vm.prank(account);
        _coin.approve(_contract, type(uint256).max);
    }

    function _token() internal view returns (Currency) {
        return Currency.wrap(address(_coin));
    }

    /// @dev What is sent along to pay an amount.
    function _value(Currency currency, uint256 amount) internal pure returns (uint256) {
        return currency.isEther() ? amount : 0;
    }

    /// @dev What binds a proof to a job of the provider.
    function _contextOf(bytes32 jobId, bytes32 modelId) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, _contract, jobId, PROVIDER, modelId)));
    }

    /* GAS */

    function _last() internal view returns (uint256) {
        return vm.lastCallGas().gasTotalUsed;
    }

    /// @dev The verifier's run, and what the calldata of its arguments costs beyond that of empty ones.
    function _notOurs(bytes32 modelId, bytes memory proof, uint256[] memory instances) internal returns (uint256) {
        bytes memory call_ = abi.encodeCall(IVerifier.verifyProof, (proof, instances));
        (bool success, ) = _registry.requirements(modelId).verifier.call(call_);
        require(success);
        uint256 verifier = _last() - TRANSACTION_GAS - _calldataGas(call_);
        return verifier + _calldataGas(abi.encode(proof, instances)) - _calldataGas(abi.encode("", new uint256[](0)));
    }

    /// @dev EIP-2028.
    function _calldataGas(bytes memory data) private pure returns (uint256 gas_) {
        for (uint256 i = 0; i < data.length; ++i) {
            gas_ += data[i] == 0 ? 4 : 16;
        }
    }

    function _note(string memory name, uint256 used) internal {
        vm.snapshotValue("gas", string.concat(_protocol(), " ", name), used);
    }
}
