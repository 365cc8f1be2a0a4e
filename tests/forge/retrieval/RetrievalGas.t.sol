// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModelRegistry} from "../../../contracts/ModelRegistry.sol";
import {Poseidon} from "../../../contracts/Poseidon.sol";
import {RetrievalBounty} from "../../../contracts/RetrievalBounty.sol";
import {IRetrievalBounty} from "../../../contracts/interfaces/IRetrievalBounty.sol";
import {IVerifier} from "../../../contracts/interfaces/IVerifier.sol";
import {PositionalTree} from "../../../contracts/libraries/PositionalTree.sol";
import {Run} from "../../../contracts/types/Batch.sol";
import {Circuit, Layout} from "../../../contracts/types/Circuit.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {CheapVerifier, Coin, DigitsLayouts} from "../common/GasFixtures.sol";
import {Proofs} from "../common/Proofs.sol";
import {vm} from "../common/Vm.sol";
import {ChainLimits} from "../common/ChainLimits.sol";

/// @notice What each move costs as a transaction of its own, without the verifier's run and the calldata of its
/// arguments; a dataset of 569 records in proofs of eight. Accounts already have credits, and the contract has money.
/// scripts/snapshot writes the values down.
/// forge-config: default.isolate = true
contract RetrievalGasTest {
    uint256 private constant TRANSACTION_GAS = 21_000;
    uint256 private constant PROOF_BYTES = 3840;
    uint256 private constant REAL = 16; // records that are proven here; others are only in the tree
    uint32 private constant FEW = 72; // elements of a digit with its salt
    uint32 private constant MANY = 1024;
    int128 private constant ANYTHING = 0;
    int128 private constant NOTHING = type(int128).max;
    address private constant REQUESTER = address(0xc0);
    address private constant OWNER = address(0xf0);
    address private constant ANYBODY = address(0xa0);

    struct Data {
        uint32 count;
        uint32 elements; // a record
        bytes32[] leaves; // the first ones
    }

    ModelRegistry private _registry;
    RetrievalBounty private _bounty;
    Coin private _coin;
    Layout private _layout;
    mapping(uint32 elements => bytes32 modelId) private _models;
    mapping(bytes32 datasetId => Data) private _data;
    bytes32 private _large;
    bytes32 private _small;
    bytes32 private _smallOfMany;
    uint256 private _nonce;

    function setUp() public {
        vm.warp(1_800_000_000);
        _registry = new ModelRegistry(ChainLimits.here());
        _bounty = new RetrievalBounty(ChainLimits.here(), _registry, new Poseidon());
        _coin = new Coin();
        _layout = DigitsLayouts.batch();
        _equip(REQUESTER);
        _equip(OWNER);
        _register(FEW);
        _register(MANY);
        _large = _commit(569, FEW);
        _small = _commit(8, FEW);
        _smallOfMany = _commit(8, MANY);
        _giveCredit(Currency.wrap(address(0)));
        _giveCredit(_token());
    }

    function test_gas_ether() public {
        _measure("eth", Currency.wrap(address(0)));
    }

    function test_gas_token() public {
        _measure("erc20", _token());
    }

    function test_gas_commitDataset() public {
        vm.prank(OWNER);
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
        (bytes32 circuitId, ) = _registry.models(_models[FEW]);
        uint256[] memory a = _statement(0);
        uint256[] memory b = _statement(0);
        ++b[_layout.outputs];
        _registry.condemn(circuitId, "", a, "", b);
        _note("settle voided open erc20", _settle(open));
        _note("settle voided accepted erc20", _settle(proving));
    }

    function _measure(string memory kind, Currency currency) private {
        IRetrievalBounty.Job memory open = _newJob(currency, _large, ANYTHING);
        _note(string.concat("post ", kind), _post(open));
        IRetrievalBounty.Job memory incomplete = _posted(currency, _large, ANYTHING);
        _note(string.concat("accept ", kind), _accept(incomplete));
        _submit(incomplete, 0, 8);
        IRetrievalBounty.Job memory complete = _accepted(currency, _small, ANYTHING);
        _submit(complete, 0, 8);
        IRetrievalBounty.Job memory cancelled = _posted(currency, _large, ANYTHING);
        vm.prank(REQUESTER);
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
        vm.prank(REQUESTER);
        _bounty.post{value: _value(job, escrow)}(job.terms, job.nonce);
        return _last();
    }

    function _accept(IRetrievalBounty.Job memory job) private returns (uint256) {
        vm.prank(OWNER);
        _bounty.accept{value: _value(job, job.terms.stake)}(job, OWNER);
        return _last();
    }

    function _submit(IRetrievalBounty.Job memory job, uint256 start, uint256 size) private returns (uint256) {
        IRetrievalBounty.Submission[] memory submissions = new IRetrievalBounty.Submission[](1);
        submissions[0] = _submission(job, start, size);
        vm.prank(OWNER);
        _bounty.submit(job, submissions);
        uint256 used = _last();
        return used - _notOurs(job.terms.modelId, submissions[0].proof, submissions[0].instances);
    }

    /// @dev The verifier's run, and what the calldata of its arguments costs beyond that of empty ones.
    function _notOurs(bytes32 modelId, bytes memory proof, uint256[] memory instances) private returns (uint256) {
        bytes memory call_ = abi.encodeCall(IVerifier.verifyProof, (proof, instances));
        (bool success, ) = _registry.requirements(modelId).verifier.call(call_);
        require(success);
        uint256 verifier = _last() - TRANSACTION_GAS - _calldataGas(call_);
        return verifier + _calldataGas(abi.encode(proof, instances)) - _calldataGas(abi.encode("", new uint256[](0)));
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
        bytes32[] memory path = _path(_data[datasetId], 0, 0);
        vm.prank(REQUESTER);
        _bounty.dispute(job, 0, _key(0), ciphertext, _inputs(0), path);
        return _last();
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
        vm.snapshotValue("gas", string.concat("retrieval ", name), used);
    }

    // ---------------------------------------------------------------- records and proofs

    function _key(uint256 index) private pure returns (bytes32) {
        return keccak256(abi.encode("key", index));
    }

    /// @dev The content is all zeros.
    function _ciphertext(uint256 index, uint256 elements) private pure returns (bytes memory sealed_) {
        for (uint256 counter = 0; counter < elements / 8; ++counter) {
            sealed_ = bytes.concat(sealed_, keccak256(abi.encode(_key(index), index, counter)));
        }
    }

    /// @dev What the circuit hashed: the input word of each slot is its number plus 1.
    function _inputs(uint256 index) private pure returns (bytes32) {
        return keccak256(abi.encode((index % 8) + 1));
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
        vm.prank(OWNER);
        id = _bounty.commitDataset(root, count, 0, "");
        (_data[id].count, _data[id].elements) = (count, elements);
        for (uint256 i = 0; i < real; ++i) {
            _data[id].leaves.push(leaves[i]);
        }
    }

    /// @dev Above the first leaves stand siblings of which nobody knows anything.
    function _root(bytes32[] memory leaves, uint256 depth) private pure returns (bytes32) {
        bytes32[] memory level = new bytes32[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            level[i] = leaves[i];
        }
        uint256 real = PositionalTree.depthOf(leaves.length);
        for (uint256 height = 0; height < depth; ++height) {
            if (height < real) _rise(level, height);
            else level[0] = PositionalTree.node(level[0], _sibling(height));
        }
        return level[0];
    }

    function _rise(bytes32[] memory level, uint256 height) private pure {
        for (uint256 i = 0; i < level.length >> (height + 1); ++i) {
            level[i] = PositionalTree.node(level[2 * i], level[2 * i + 1]);
        }
    }

    function _sibling(uint256 height) private pure returns (bytes32) {
        return keccak256(abi.encode("sibling", height));
    }

    function _path(Data storage data, uint256 start, uint256 folded) private view returns (bytes32[] memory path) {
        bytes32[] memory level = data.leaves;
        uint256 real = PositionalTree.depthOf(level.length);
        path = new bytes32[](PositionalTree.depthOf(data.count) - folded);
        for (uint256 height = 0; height < folded + path.length; ++height) {
            bytes32 sibling = height < real ? level[(start >> height) ^ 1] : _sibling(height);
            if (height >= folded) path[height - folded] = sibling;
            if (height < real) _rise(level, height);
        }
    }

    function _submission(
        IRetrievalBounty.Job memory job,
        uint256 start,
        uint256 size
    ) private view returns (IRetrievalBounty.Submission memory submission) {
        Data storage data = _data[job.terms.datasetId];
        submission.runs = new Run[](1);
        bytes32[] memory path = _path(data, start, PositionalTree.depthOf(size));
        submission.runs[0] = Run(uint32(start), uint32(size), path);
        submission.records = new IRetrievalBounty.Record[](size);
        submission.keys = new bytes32[](job.terms.predicate.threshold == ANYTHING ? size : 0);
        for (uint256 i = 0; i < size; ++i) {
            submission.records[i] = _entry(start + i, data.elements);
            if (submission.keys.length != 0) submission.keys[i] = _key(start + i);
        }
        bytes32 jobId = _bounty.jobIdOf(job);
        submission.instances = _statement(
            uint256(keccak256(abi.encode(block.chainid, address(_bounty), jobId, OWNER)))
        );
        submission.proof = new bytes(PROOF_BYTES);
    }

    function _statement(uint256 context) private view returns (uint256[] memory instances) {
        instances = Proofs.statement(_layout, context, 0);
        instances[instances.length - 1] = 1;
    }

    // ---------------------------------------------------------------- the world

    function _register(uint32 elements) private {
        Circuit memory circuit = Proofs.circuitOf(_layout, address(new CheapVerifier()), true);
        (circuit.digestElements, circuit.saltElements, circuit.saltBits) = (elements, 8, 16);
        bytes32 circuitId = _registry.registerCircuit(circuit, Proofs.sampleProof(_statement(0)), _statement(0));
        _models[elements] = _registry.registerModel(circuitId, 0);
    }

    function _equip(address account) private {
        vm.deal(account, 1_000_000 ether);
        _coin.mint(account, 1_000_000 ether);
        vm.prank(account);
        _coin.approve(address(_bounty), type(uint256).max);
    }

    /// @dev Both sides are known to the contract before anything is measured.
    function _giveCredit(Currency currency) private {
        IRetrievalBounty.Job memory job = _accepted(currency, _large, ANYTHING);
        _submit(job, 0, 8);
        vm.warp(vm.getBlockTimestamp() + 1 days);
        _settle(job);
        _posted(currency, _large, ANYTHING);
    }

    function _token() private view returns (Currency) {
        return Currency.wrap(address(_coin));
    }

    function _newJob(
        Currency currency,
        bytes32 datasetId,
        int128 threshold
    ) private returns (IRetrievalBounty.Job memory job) {
        job.consumer = REQUESTER;
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

    function _value(IRetrievalBounty.Job memory job, uint256 amount) private pure returns (uint256) {
        return job.terms.currency.isNative() ? amount : 0;
    }
}
