// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Poseidon} from "../../../contracts/Poseidon.sol";
import {RetrievalBounty} from "../../../contracts/RetrievalBounty.sol";
import {IRetrievalBounty} from "../../../contracts/interfaces/IRetrievalBounty.sol";
import {PositionalTree} from "../../../contracts/libraries/PositionalTree.sol";
import {Run} from "../../../contracts/types/Batch.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {SealedGasMeter} from "../common/SealedGasMeter.sol";
import {Proofs} from "../common/Proofs.sol";
import {vm} from "../common/Vm.sol";
import {ChainLimits} from "../common/ChainLimits.sol";

/// @notice Gas of retrieval bounties: a dataset of 569 records in proofs of eight.
/// forge-config: default.isolate = true
contract RetrievalGasTest is SealedGasMeter {
    int128 private constant ANYTHING = 0;
    int128 private constant NOTHING = type(int128).max;

    struct Data {
        uint32 count;
        uint32 elements; // a record
        bytes32[] leaves; // the first ones
    }

    RetrievalBounty private _bounty;
    mapping(bytes32 datasetId => Data) private _data;
    bytes32 private _large;
    bytes32 private _small;
    bytes32 private _smallOfMany;

    function _protocol() internal pure override returns (string memory) {
        return "retrieval";
    }

    function _newContract() internal override returns (address) {
        _bounty = new RetrievalBounty(ChainLimits.here(), _registry, new Poseidon());
        return address(_bounty);
    }

    function _prepare() internal override {
        _registerBoth();
        _large = _commit(569, FEW);
        _small = _commit(8, FEW);
        _smallOfMany = _commit(8, MANY);
    }

    function test_gas_commitDataset() public {
        vm.prank(PROVIDER);
        _bounty.commitDataset(keccak256("root"), 569, keccak256("data"), "ipfs://records");
        _note("commitDataset", _last());
    }

    function test_gas_submit() public {
        _measureSubmit("without match", NOTHING);
        _measureSubmit("with match", ANYTHING);
    }

    function _measureSubmit(string memory kind, int128 threshold) private {
        uint256 one = _submit(_accepted(_token(), _large, threshold), 0, 1);
        IRetrievalBounty.Job memory job = _accepted(_token(), _large, threshold);
        uint256 eight = _submit(job, 0, 8);
        _note(string.concat("submit first record ", kind), one);
        _note(string.concat("submit first 8 records ", kind), eight);
        _note(string.concat("submit extra record ", kind), (eight - one) / 7);
        _note(string.concat("submit later 8 records ", kind), _submit(job, 8, 8));
        _note(string.concat("submit 8 records again ", kind), _submit(job, 8, 8));
    }

    function test_gas_submitLast() public {
        _note("submit last 8 records with match", _submit(_accepted(_token(), _small, ANYTHING), 0, 8));
    }

    function test_gas_dispute() public {
        uint256 few = _disputeNew(_small);
        uint256 many = _disputeNew(_smallOfMany);
        _note("dispute of 72 elements", few);
        _note("dispute of 1024 elements", many);
        _note("dispute per element", (many - few) / (MANY - FEW));
    }

    function test_gas_condemned() public {
        IRetrievalBounty.Job memory open = _posted(_token(), _large, ANYTHING);
        IRetrievalBounty.Job memory proving = _accepted(_token(), _large, ANYTHING);
        _condemnFew();
        _note("settle voided open erc20", _settle(open));
        _note("settle voided accepted erc20", _settle(proving));
    }

    function _measure(string memory kind, Currency currency) internal override {
        IRetrievalBounty.Job memory open = _newJob(currency, _large, ANYTHING);
        _note(string.concat("post ", kind), _post(open));
        IRetrievalBounty.Job memory incomplete = _posted(currency, _large, ANYTHING);
        _note(string.concat("accept ", kind), _accept(incomplete));
        _submit(incomplete, 0, 8);
        IRetrievalBounty.Job memory complete = _accepted(currency, _small, ANYTHING);
        _submit(complete, 0, 8);
        IRetrievalBounty.Job memory cancelled = _posted(currency, _large, ANYTHING);
        vm.prank(CONSUMER);
        _bounty.cancel(cancelled);
        _note(string.concat("cancel ", kind), _last());
        vm.warp(vm.getBlockTimestamp() + 2 days);
        _note(string.concat("settle expired ", kind), _settle(open));
        _note(string.concat("settle incomplete ", kind), _settle(incomplete));
        _note(string.concat("settle complete ", kind), _settle(complete));
    }

    // ---------------------------------------------------------------- moves, and what they cost

    function _post(IRetrievalBounty.Job memory job) private returns (uint256) {
        uint256 escrow = _data[job.terms.datasetId].count * job.terms.pricePerRecord;
        vm.prank(CONSUMER);
        _bounty.post{value: _value(job.terms.currency, escrow)}(job.terms, job.nonce);
        return _last();
    }

    function _accept(IRetrievalBounty.Job memory job) private returns (uint256) {
        vm.prank(PROVIDER);
        _bounty.accept{value: _value(job.terms.currency, job.terms.stake)}(job, PROVIDER);
        return _last();
    }

    function _submit(IRetrievalBounty.Job memory job, uint256 start, uint256 size) private returns (uint256) {
        IRetrievalBounty.Submission[] memory submissions = new IRetrievalBounty.Submission[](1);
        submissions[0] = _submission(job, start, size);
        vm.prank(PROVIDER);
        _bounty.submit(job, submissions);
        uint256 used = _last();
        return used - _notOurs(job.terms.modelId, submissions[0].proof, submissions[0].instances);
    }

    function _settle(IRetrievalBounty.Job memory job) private returns (uint256) {
        vm.prank(ANYBODY);
        _bounty.settle(job);
        return _last();
    }

    /// @dev The record is well formed and is not what was hashed: all of it is decrypted, compared and hashed.
    function _disputeNew(bytes32 datasetId) private returns (uint256) {
        IRetrievalBounty.Job memory job = _accepted(_token(), datasetId, ANYTHING);
        _submit(job, 0, 8);
        bytes memory ciphertext = _ciphertext(0, _data[datasetId].elements);
        bytes32[] memory path = _path(_data[datasetId].leaves, _data[datasetId].count, 0, 0);
        vm.prank(CONSUMER);
        _bounty.dispute(job, 0, _key(0), ciphertext, _inputs(0), path);
        return _last();
    }

    // ---------------------------------------------------------------- records and proofs

    function _key(uint256 index) internal pure override returns (bytes32) {
        return keccak256(abi.encode("key", index));
    }

    function _entry(uint256 index, uint32 elements) private pure returns (IRetrievalBounty.Record memory) {
        return IRetrievalBounty.Record(keccak256(_ciphertext(index, elements)), keccak256(abi.encode(_key(index))));
    }

    function _commit(uint32 count, uint32 elements) private returns (bytes32 id) {
        uint256 real = count < REAL ? count : REAL;
        bytes32[] memory leaves = new bytes32[](real);
        for (uint256 i = 0; i < real; ++i) {
            IRetrievalBounty.Record memory record = _entry(i, elements);
            leaves[i] = PositionalTree.leaf(abi.encode(i, record.ciphertextHash, _inputs(i), record.keyHash));
        }
        bytes32 root = _root(leaves, PositionalTree.depthOf(count));
        vm.prank(PROVIDER);
        id = _bounty.commitDataset(root, count, 0, "");
        (_data[id].count, _data[id].elements) = (count, elements);
        for (uint256 i = 0; i < real; ++i) {
            _data[id].leaves.push(leaves[i]);
        }
    }

    function _submission(
        IRetrievalBounty.Job memory job,
        uint256 start,
        uint256 size
    ) private view returns (IRetrievalBounty.Submission memory submission) {
        Data storage data = _data[job.terms.datasetId];
        submission.runs = new Run[](1);
        bytes32[] memory path = _path(data.leaves, data.count, start, PositionalTree.depthOf(size));
        submission.runs[0] = Run(uint32(start), uint32(size), path);
        submission.records = new IRetrievalBounty.Record[](size);
        submission.keys = new bytes32[](job.terms.predicate.threshold == ANYTHING ? size : 0);
        for (uint256 i = 0; i < size; ++i) {
            submission.records[i] = _entry(start + i, data.elements);
            if (submission.keys.length != 0) submission.keys[i] = _key(start + i);
        }
        submission.instances = _statement(_contextOf(_bounty.jobIdOf(job), job.terms.modelId));
        submission.proof = new bytes(PROOF_BYTES);
    }

    function _statement(uint256 context) internal view override returns (uint256[] memory instances) {
        instances = Proofs.statement(_layout, context, 0);
        instances[instances.length - 1] = 1;
    }

    // ---------------------------------------------------------------- the world

    function _giveCredit(Currency currency) internal override {
        IRetrievalBounty.Job memory job = _accepted(currency, _large, ANYTHING);
        _submit(job, 0, 8);
        vm.warp(vm.getBlockTimestamp() + 1 days);
        _settle(job);
        _posted(currency, _large, ANYTHING);
    }

    function _newJob(
        Currency currency,
        bytes32 datasetId,
        int128 threshold
    ) private returns (IRetrievalBounty.Job memory job) {
        job.consumer = CONSUMER;
        job.nonce = ++_nonce;
        job.terms = IRetrievalBounty.Terms({
            datasetId: datasetId,
            modelId: _models[_data[datasetId].elements],
            predicate: IRetrievalBounty.Predicate(IRetrievalBounty.PredicateKind.AtLeast, 0, threshold),
            currency: currency,
            pricePerRecord: 0.01 ether,
            stake: 0.5 ether,
            openUntil: uint40(vm.getBlockTimestamp() + 1 hours),
            proveSeconds: 1 hours,
            disputeSeconds: 1 hours
        });
    }

    function _posted(
        Currency currency,
        bytes32 datasetId,
        int128 threshold
    ) private returns (IRetrievalBounty.Job memory job) {
        job = _newJob(currency, datasetId, threshold);
        _post(job);
    }

    function _accepted(
        Currency currency,
        bytes32 datasetId,
        int128 threshold
    ) private returns (IRetrievalBounty.Job memory job) {
        job = _posted(currency, datasetId, threshold);
        _accept(job);
    }
}
