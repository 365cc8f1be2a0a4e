// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Poseidon} from "../../../contracts/Poseidon.sol";
import {AccuracyBounty} from "../../../contracts/AccuracyBounty.sol";
import {IAccuracyBounty} from "../../../contracts/interfaces/IAccuracyBounty.sol";
import {PositionalTree} from "../../../contracts/libraries/PositionalTree.sol";
import {Run} from "../../../contracts/types/Batch.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {CheapVerifier} from "../common/GasFixtures.sol";
import {SealedGasMeter} from "../common/SealedGasMeter.sol";
import {Proofs} from "../common/Proofs.sol";
import {vm} from "../common/Vm.sol";
import {ChainLimits} from "../common/ChainLimits.sol";

/// @notice Gas of accuracy bounties: a test set of 600 items in proofs of eight.
/// forge-config: default.isolate = true
contract AccuracyGasTest is SealedGasMeter {
    uint32 private constant COUNT = 600;
    bytes32 private constant KEY = keccak256("key");

    AccuracyBounty private _bounty;
    mapping(uint32 elements => bytes32[]) private _leaves; // the first ones

    function _protocol() internal pure override returns (string memory) {
        return "accuracy";
    }

    function _newContract() internal override returns (address) {
        _bounty = new AccuracyBounty(ChainLimits.here(), _registry, new Poseidon());
        return address(_bounty);
    }

    function _prepare() internal override {
        _registerBoth();
        _plant(FEW);
        _plant(MANY);
    }

    function test_gas_submit() public {
        uint256 one = _submit(_proving(_token(), FEW, COUNT), 0, 1);
        IAccuracyBounty.Job memory job = _proving(_token(), FEW, COUNT);
        uint256 eight = _submit(job, 0, 8);
        _note("submit first item", one);
        _note("submit first 8 items", eight);
        _note("submit extra item", (eight - one) / 7);
        _note("submit later 8 items", _submit(job, 8, 8));
        _note("submit 8 items again", _submit(job, 8, 8));
        _note("submit last 8 items, paid", _submit(_proving(_token(), FEW, 8), 0, 8));
    }

    function test_gas_dispute() public {
        uint256 few = _dispute(_proving(_token(), FEW, COUNT), FEW);
        uint256 many = _dispute(_proving(_token(), MANY, COUNT), MANY);
        _note("dispute of 72 elements", few);
        _note("dispute of 1024 elements", many);
        _note("dispute per element", (many - few) / (MANY - FEW));
    }

    function test_gas_condemned() public {
        IAccuracyBounty.Job memory open = _posted(_token(), FEW, COUNT);
        IAccuracyBounty.Job memory proving = _proving(_token(), FEW, COUNT);
        _condemnFew();
        _note("settle voided open erc20", _settle(open));
        _note("settle voided proving erc20", _settle(proving));
    }

    function _measure(string memory kind, Currency currency) internal override {
        IAccuracyBounty.Job memory open = _newJob(currency, FEW, COUNT);
        _note(string.concat("post ", kind), _post(open));
        IAccuracyBounty.Job memory withheld = _posted(currency, FEW, COUNT);
        _note(string.concat("accept ", kind), _accept(withheld));
        IAccuracyBounty.Job memory missed = _accepted(currency, FEW, COUNT);
        _note(string.concat("reveal key ", kind), _reveal(missed));
        IAccuracyBounty.Job memory cancelled = _posted(currency, FEW, COUNT);
        vm.prank(CONSUMER);
        _bounty.cancel(cancelled);
        _note(string.concat("cancel ", kind), _last());
        vm.warp(vm.getBlockTimestamp() + 2 days);
        _note(string.concat("settle expired ", kind), _settle(open));
        _note(string.concat("settle key withheld ", kind), _settle(withheld));
        _note(string.concat("settle missed ", kind), _settle(missed));
    }

    // ---------------------------------------------------------------- moves, and what they cost

    function _post(IAccuracyBounty.Job memory job) private returns (uint256) {
        uint256 amount = uint256(job.terms.reward) + job.terms.bond;
        vm.prank(CONSUMER);
        _bounty.post{value: _value(job.terms.currency, amount)}(job.terms, job.nonce, "ipfs://test-set");
        return _last();
    }

    function _modelOf(IAccuracyBounty.Job memory job) private view returns (bytes32) {
        return _models[job.terms.circuitId == _circuits[FEW] ? FEW : MANY];
    }

    function _accept(IAccuracyBounty.Job memory job) private returns (uint256) {
        vm.prank(PROVIDER);
        _bounty.accept{value: _value(job.terms.currency, job.terms.stake)}(job, _modelOf(job), PROVIDER);
        return _last();
    }

    function _reveal(IAccuracyBounty.Job memory job) private returns (uint256) {
        vm.prank(CONSUMER);
        _bounty.revealKey(job, KEY);
        return _last();
    }

    function _submit(IAccuracyBounty.Job memory job, uint256 start, uint256 size) private returns (uint256) {
        IAccuracyBounty.Submission[] memory submissions = new IAccuracyBounty.Submission[](1);
        submissions[0] = _submission(job, start, size);
        vm.prank(PROVIDER);
        _bounty.submit(job, submissions);
        uint256 used = _last();
        return used - _notOurs(_models[FEW], submissions[0].proof, submissions[0].instances);
    }

    function _settle(IAccuracyBounty.Job memory job) private returns (uint256) {
        vm.prank(ANYBODY);
        _bounty.settle(job);
        return _last();
    }

    /// @dev The item is well formed and has no label: all of it is decrypted, hashed and compared with every label.
    function _dispute(IAccuracyBounty.Job memory job, uint32 elements) private returns (uint256) {
        bytes memory ciphertext = _ciphertext(0, elements);
        bytes32[] memory path = _path(_first(elements, COUNT), COUNT, 0, 0);
        vm.prank(PROVIDER);
        _bounty.dispute(job, 0, ciphertext, _inner(0), path);
        return _last();
    }

    // ---------------------------------------------------------------- items and proofs

    function _key(uint256) internal pure override returns (bytes32) {
        return KEY;
    }

    /// @dev The label is 0.
    function _inner(uint256 index) private pure returns (bytes32) {
        return keccak256(abi.encode(_inputs(index), uint256(0)));
    }

    function _first(uint32 elements, uint256 count) private view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count < REAL ? count : REAL);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = _leaves[elements][i];
        }
    }

    function _submission(
        IAccuracyBounty.Job memory job,
        uint256 start,
        uint256 size
    ) private view returns (IAccuracyBounty.Submission memory submission) {
        submission.runs = new Run[](1);
        bytes32[] memory path = _path(_first(FEW, job.terms.n), job.terms.n, start, PositionalTree.depthOf(size));
        submission.runs[0] = Run(uint32(start), uint32(size), path);
        submission.items = new IAccuracyBounty.TestItem[](size);
        for (uint256 i = 0; i < size; ++i) {
            submission.items[i] = IAccuracyBounty.TestItem(keccak256(_ciphertext(start + i, FEW)), 0);
        }
        submission.instances = _statement(_contextOf(_bounty.jobIdOf(job), _modelOf(job)));
        submission.proof = new bytes(PROOF_BYTES);
    }

    /// @dev Score 0 is the greatest of each item.
    function _statement(uint256 context) internal view override returns (uint256[] memory instances) {
        instances = Proofs.statement(_layout, context, 0);
        for (uint256 item = 0; item < _layout.items; ++item) {
            for (uint256 word = 0; word < _layout.outputWords; ++word) {
                instances[_layout.outputs + item * _layout.outputWords + word] = 10 - word; // the last one is what CheapVerifier accepts
            }
        }
    }

    // ---------------------------------------------------------------- the world

    function _plant(uint32 elements) private {
        for (uint256 i = 0; i < REAL; ++i) {
            bytes32 leaf = PositionalTree.leaf(abi.encode(i, keccak256(_ciphertext(i, elements)), _inner(i)));
            _leaves[elements].push(leaf);
        }
    }

    function _giveCredit(Currency currency) internal override {
        IAccuracyBounty.Job memory job = _proving(currency, FEW, COUNT);
        vm.warp(vm.getBlockTimestamp() + 1 days);
        _settle(job);
        _posted(currency, FEW, COUNT);
    }

    function _newJob(
        Currency currency,
        uint32 elements,
        uint32 count
    ) private returns (IAccuracyBounty.Job memory job) {
        job.consumer = CONSUMER;
        job.nonce = ++_nonce;
        job.terms.circuitId = _circuits[elements];
        job.terms.currency = currency;
        (job.terms.reward, job.terms.bond) = (1 ether, 0.1 ether);
        (job.terms.stake, job.terms.missPenalty) = (0.5 ether, 0.2 ether);
        (job.terms.n, job.terms.num, job.terms.den) = (count, 9, 10);
        job.terms.testRoot = _root(_first(elements, count), PositionalTree.depthOf(count));
        job.terms.keyHash = keccak256(abi.encode(KEY));
        job.terms.dataHash = keccak256("data");
        job.terms.openUntil = uint40(vm.getBlockTimestamp() + 1 hours);
        (job.terms.revealSeconds, job.terms.proveSeconds) = (1 hours, 1 hours);
    }

    function _posted(
        Currency currency,
        uint32 elements,
        uint32 count
    ) private returns (IAccuracyBounty.Job memory job) {
        job = _newJob(currency, elements, count);
        _post(job);
    }

    function _accepted(
        Currency currency,
        uint32 elements,
        uint32 count
    ) private returns (IAccuracyBounty.Job memory job) {
        job = _posted(currency, elements, count);
        _accept(job);
    }

    function _proving(
        Currency currency,
        uint32 elements,
        uint32 count
    ) private returns (IAccuracyBounty.Job memory job) {
        job = _accepted(currency, elements, count);
        _reveal(job);
    }
}
