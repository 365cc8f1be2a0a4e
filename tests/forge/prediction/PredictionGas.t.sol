// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PredictionMarket} from "../../../contracts/PredictionMarket.sol";
import {IPredictionMarket} from "../../../contracts/interfaces/IPredictionMarket.sol";
import {Layout} from "../../../contracts/types/Circuit.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {CheapVerifier, DigitsLayouts} from "../common/GasFixtures.sol";
import {GasMeter} from "../common/GasMeter.sol";
import {Proofs} from "../common/Proofs.sol";
import {vm} from "../common/Vm.sol";
import {ChainLimits} from "../common/ChainLimits.sol";

/// @notice Gas of predictions: one digit of 64 public words, and batches of up to eight digits.
/// forge-config: default.isolate = true
contract PredictionGasTest is GasMeter {
    PredictionMarket private _market;
    mapping(bytes32 modelId => Layout) private _layouts;
    bytes32 private _single;
    bytes32 private _batch;

    function _protocol() internal pure override returns (string memory) {
        return "prediction";
    }

    function _newContract() internal override returns (address) {
        _market = new PredictionMarket(ChainLimits.here(), _registry);
        return address(_market);
    }

    function _prepare() internal override {
        _single = _register(DigitsLayouts.single());
        _batch = _register(DigitsLayouts.batch());
    }

    function test_gas_extraItemInABatch() public {
        Currency currency = _token();
        uint256 one = _deliverNew(currency, _batch, 1);
        uint256 eight = _deliverNew(currency, _batch, 8);
        _note("deliver batch of 8 erc20", eight);
        _note("deliver extra item", (eight - one) / 7);
    }

    function test_gas_condemned() public {
        Currency currency = _token();
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

    function _measure(string memory kind, Currency currency) internal override {
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
        _market.post{value: _value(job.terms.currency, job.terms.reward)}(
            job.terms,
            job.nonce,
            keccak256("data"),
            "ipfs://inputs"
        );
        return _last();
    }

    function _lock(IPredictionMarket.Job memory job) private returns (uint256) {
        vm.prank(PROVIDER);
        _market.lock{value: _value(job.terms.currency, job.terms.stake)}(job, PROVIDER);
        return _last();
    }

    function _deliver(IPredictionMarket.Job memory job, uint256 items) private returns (uint256) {
        Layout memory layout_ = _layouts[job.terms.modelId];
        uint256[] memory instances = Proofs.statement(layout_, _contextOf(_market.jobIdOf(job), job.terms.modelId), 0);
        instances[instances.length - 1] = 1;
        bytes memory proof = new bytes(PROOF_BYTES);
        vm.prank(PROVIDER);
        _market.deliver(job, items, proof, instances);
        uint256 used = _last();
        return used - _notOurs(job.terms.modelId, proof, instances);
    }

    function _refund(IPredictionMarket.Job memory job) private returns (uint256) {
        vm.prank(ANYBODY);
        _market.refund(job);
        return _last();
    }

    function _deliverNew(Currency currency, bytes32 modelId, uint256 items) private returns (uint256) {
        return _deliver(_locked(currency, modelId, items), items);
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

    function _giveCredit(Currency currency) internal override {
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
}
