// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModelRegistry} from "../../../contracts/ModelRegistry.sol";
import {PredictionMarket} from "../../../contracts/PredictionMarket.sol";
import {IPredictionMarket} from "../../../contracts/interfaces/IPredictionMarket.sol";
import {IVerifier} from "../../../contracts/interfaces/IVerifier.sol";
import {Layout} from "../../../contracts/types/Circuit.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {CheapVerifier, Coin, DigitsLayouts} from "../common/GasFixtures.sol";
import {Proofs} from "../common/Proofs.sol";
import {vm} from "../common/Vm.sol";
import {ChainLimits} from "../common/ChainLimits.sol";

/// @notice What each move costs as a transaction of its own (cold storage, 21,000 and the calldata of the terms
/// included), without the verifier's run and the calldata of its arguments.
/// Accounts already have credits, and the market has money. scripts/snapshot writes the values down.
/// forge-config: default.isolate = true
contract PredictionGasTest {
    uint256 private constant TRANSACTION_GAS = 21_000;
    uint256 private constant PROOF_BYTES = 3840;
    address private constant CONSUMER = address(0xc0);
    address private constant PROVIDER = address(0xf0);
    address private constant ANYBODY = address(0xa0);

    ModelRegistry private _registry;
    PredictionMarket private _market;
    Coin private _coin;
    mapping(bytes32 modelId => Layout) private _layouts;
    bytes32 private _single;
    bytes32 private _batch;
    uint256 private _nonce;

    function setUp() public {
        vm.warp(1_800_000_000);
        _registry = new ModelRegistry(ChainLimits.here());
        _market = new PredictionMarket(ChainLimits.here(), _registry);
        _coin = new Coin();
        _equip(CONSUMER);
        _equip(PROVIDER);
        _single = _register(DigitsLayouts.single());
        _batch = _register(DigitsLayouts.batch());
        _giveCredit(Currency.wrap(address(0)));
        _giveCredit(Currency.wrap(address(_coin)));
    }

    function test_gas_ether() public {
        _measure("eth", Currency.wrap(address(0)));
    }

    function test_gas_token() public {
        _measure("erc20", Currency.wrap(address(_coin)));
    }

    function test_gas_extraItemInABatch() public {
        Currency currency = Currency.wrap(address(_coin));
        uint256 one = _deliverNew(currency, _batch, 1);
        uint256 eight = _deliverNew(currency, _batch, 8);
        _note("deliver batch of 8 erc20", eight);
        _note("deliver extra item", (eight - one) / 7);
    }

    function test_gas_condemned() public {
        Currency currency = Currency.wrap(address(_coin));
        IPredictionMarket.Job memory open = _posted(currency, _single, 1);
        IPredictionMarket.Job memory locked = _locked(currency, _single, 1);
        (bytes32 circuitId, ) = _registry.models(_single);
        uint256[] memory a = Proofs.statement(_layouts[_single], 0, 0);
        uint256[] memory b = Proofs.statement(_layouts[_single], 0, 0);
        (a[a.length - 1], b[b.length - 1]) = (1, 1);
        ++b[_layouts[_single].outputs];
        _registry.condemn(circuitId, "", a, "", b);
        _note("refund voided open erc20", _refund(open));
        _note("refund voided locked erc20", _refund(locked));
    }

    function _measure(string memory kind, Currency currency) private {
        IPredictionMarket.Job memory job = _newJob(currency, _single, 1);
        _note(string.concat("post ", kind), _post(job));
        _note(string.concat("lock ", kind), _lock(job));
        _note(string.concat("deliver ", kind), _deliver(job, 1));
        job = _posted(currency, _single, 1);
        vm.prank(CONSUMER);
        _market.cancel(job);
        _note(string.concat("cancel ", kind), _last());
        _measureRefunds(kind, currency);
        vm.prank(PROVIDER);
        _market.withdraw(currency, PROVIDER);
        _note(string.concat("withdraw ", kind), _last());
    }

    function _measureRefunds(string memory kind, Currency currency) private {
        IPredictionMarket.Job memory open = _posted(currency, _single, 1);
        IPredictionMarket.Job memory locked = _locked(currency, _single, 1);
        vm.warp(vm.getBlockTimestamp() + 1 days + 1);
        _note(string.concat("refund expired ", kind), _refund(open));
        _note(string.concat("refund slashed ", kind), _refund(locked));
    }

    // ---------------------------------------------------------------- moves, and what they cost

    function _post(IPredictionMarket.Job memory job) private returns (uint256) {
        vm.prank(CONSUMER);
        _market.post{value: _value(job, job.terms.reward)}(job.terms, job.nonce, keccak256("data"), "ipfs://inputs");
        return _last();
    }

    function _lock(IPredictionMarket.Job memory job) private returns (uint256) {
        vm.prank(PROVIDER);
        _market.lock{value: _value(job, job.terms.stake)}(job, PROVIDER);
        return _last();
    }

    function _deliver(IPredictionMarket.Job memory job, uint256 items) private returns (uint256) {
        Layout memory layout_ = _layouts[job.terms.modelId];
        uint256 context = uint256(
            keccak256(abi.encode(block.chainid, address(_market), _market.jobIdOf(job), PROVIDER))
        );
        uint256[] memory instances = Proofs.statement(layout_, context, 0);
        instances[instances.length - 1] = 1;
        bytes memory proof = new bytes(PROOF_BYTES);
        vm.prank(PROVIDER);
        _market.deliver(job, items, proof, instances);
        uint256 used = _last();
        uint256 notOurs = _argumentGas(proof, instances) + _verifierGas(job.terms.modelId, proof, instances);
        return used - notOurs;
    }

    /// @dev What the calldata of proof and instances costs beyond that of empty ones.
    function _argumentGas(bytes memory proof, uint256[] memory instances) private pure returns (uint256) {
        return _calldataGas(abi.encode(proof, instances)) - _calldataGas(abi.encode("", new uint256[](0)));
    }

    /// @dev What the verifier runs for, as a transaction costs it less what any transaction costs.
    function _verifierGas(bytes32 modelId, bytes memory proof, uint256[] memory instances) private returns (uint256) {
        bytes memory call_ = abi.encodeCall(IVerifier.verifyProof, (proof, instances));
        (bool success, ) = _registry.requirements(modelId).verifier.call(call_);
        require(success);
        return _last() - TRANSACTION_GAS - _calldataGas(call_);
    }

    function _refund(IPredictionMarket.Job memory job) private returns (uint256) {
        vm.prank(ANYBODY);
        _market.refund(job);
        return _last();
    }

    function _deliverNew(Currency currency, bytes32 modelId, uint256 items) private returns (uint256) {
        return _deliver(_locked(currency, modelId, items), items);
    }

    function _last() private view returns (uint256) {
        return vm.lastCallGas().gasTotalUsed;
    }

    /// @dev EIP-2028.
    function _calldataGas(bytes memory data) private pure returns (uint256 gas_) {
        for (uint256 i = 0; i < data.length; ++i) {
            gas_ += data[i] == 0 ? 4 : 16;
        }
    }

    function _note(string memory name, uint256 used) private {
        vm.snapshotValue("gas", string.concat("prediction ", name), used);
    }

    // ---------------------------------------------------------------- the world

    function _register(Layout memory layout_) private returns (bytes32 modelId) {
        uint256[] memory sample = Proofs.statement(layout_, 0, 0);
        sample[sample.length - 1] = 1;
        bytes32 circuitId = _registry.registerCircuit(
            Proofs.circuitOf(layout_, address(new CheapVerifier()), true),
            Proofs.sampleProof(sample),
            sample
        );
        modelId = _registry.registerModel(circuitId, 0);
        _layouts[modelId] = layout_;
    }

    function _equip(address account) private {
        vm.deal(account, 1000 ether);
        _coin.mint(account, 1000 ether);
        vm.prank(account);
        _coin.approve(address(_market), type(uint256).max);
    }

    /// @dev Both sides are known to the market before anything is measured.
    function _giveCredit(Currency currency) private {
        _deliverNew(currency, _single, 1);
        IPredictionMarket.Job memory job = _posted(currency, _single, 1);
        vm.prank(CONSUMER);
        _market.cancel(job);
        _posted(currency, _batch, 1);
    }

    function _newJob(
        Currency currency,
        bytes32 modelId,
        uint256 items
    ) private returns (IPredictionMarket.Job memory job) {
        job.consumer = CONSUMER;
        job.nonce = ++_nonce;
        job.terms = IPredictionMarket.Terms({
            modelId: modelId,
            inputsHash: Proofs.inputsHash(_layouts[modelId], items),
            currency: currency,
            reward: 1 ether,
            stake: 0.5 ether,
            provider: address(0),
            openUntil: uint40(vm.getBlockTimestamp() + 1 days),
            proveSeconds: 1 hours
        });
    }

    function _posted(
        Currency currency,
        bytes32 modelId,
        uint256 items
    ) private returns (IPredictionMarket.Job memory job) {
        job = _newJob(currency, modelId, items);
        _post(job);
    }

    function _locked(
        Currency currency,
        bytes32 modelId,
        uint256 items
    ) private returns (IPredictionMarket.Job memory job) {
        job = _posted(currency, modelId, items);
        _lock(job);
    }

    function _value(IPredictionMarket.Job memory job, uint256 amount) private pure returns (uint256) {
        return job.terms.currency.isNative() ? amount : 0;
    }
}
