// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModelRegistry} from "../../../contracts/ModelRegistry.sol";
import {Poseidon} from "../../../contracts/Poseidon.sol";
import {AccuracyBounty} from "../../../contracts/AccuracyBounty.sol";
import {IAccuracyBounty} from "../../../contracts/interfaces/IAccuracyBounty.sol";
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
/// arguments; a test set of 600 items in proofs of eight. Accounts already have credits, and the contract has money.
/// scripts/snapshot writes the values down.
/// forge-config: default.isolate = true
contract AccuracyGasTest {
    uint256 private constant TRANSACTION_GAS = 21_000;
    uint256 private constant PROOF_BYTES = 3840;
    uint256 private constant REAL = 16; // items that are proven here; others are only in the tree
    uint32 private constant COUNT = 600;
    uint32 private constant FEW = 72; // elements of a digit with its salt
    uint32 private constant MANY = 1024;
    bytes32 private constant KEY = keccak256("key");
    address private constant CONSUMER = address(0xc0);
    address private constant PROVIDER = address(0xf0);
    address private constant ANYBODY = address(0xa0);

    ModelRegistry private _registry;
    AccuracyBounty private _bounty;
    Coin private _coin;
    Layout private _layout;
    mapping(uint32 elements => bytes32 circuitId) private _circuits;
    mapping(uint32 elements => bytes32 modelId) private _models;
    mapping(uint32 elements => bytes32[]) private _leaves; // the first ones
    uint256 private _nonce;

    function setUp() public {
        vm.warp(1_800_000_000);
        _registry = new ModelRegistry(ChainLimits.here());
        _bounty = new AccuracyBounty(ChainLimits.here(), _registry, new Poseidon());
        _coin = new Coin();
        _layout = DigitsLayouts.batch();
        _equip(CONSUMER);
        _equip(PROVIDER);
        _register(FEW);
        _register(MANY);
        _giveCredit(Currency.wrap(address(0)));
        _giveCredit(_token());
    }

    function test_gas_ether() public {
        _measure("eth", Currency.wrap(address(0)));
    }

    function test_gas_token() public {
        _measure("erc20", _token());
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
        uint256[] memory a = _statement(0);
        uint256[] memory b = _statement(0);
        ++b[_layout.outputs];
        _registry.condemn(_circuits[FEW], "", a, "", b);
        _note("settle voided open erc20", _settle(open));
        _note("settle voided proving erc20", _settle(proving));
    }

    function _measure(string memory kind, Currency currency) private {
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
        _bounty.post{value: _value(job, amount)}(job.terms, job.nonce, "ipfs://test-set");
        return _last();
    }

    function _accept(IAccuracyBounty.Job memory job) private returns (uint256) {
        bytes32 modelId = _models[job.terms.circuitId == _circuits[FEW] ? FEW : MANY];
        vm.prank(PROVIDER);
        _bounty.accept{value: _value(job, job.terms.stake)}(job, modelId, PROVIDER);
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
        return used - _notOurs(submissions[0].proof, submissions[0].instances);
    }

    /// @dev The verifier's run, and what the calldata of its arguments costs beyond that of empty ones.
    function _notOurs(bytes memory proof, uint256[] memory instances) private returns (uint256) {
        bytes memory call_ = abi.encodeCall(IVerifier.verifyProof, (proof, instances));
        (bool success, ) = _registry.requirements(_models[FEW]).verifier.call(call_);
        require(success);
        uint256 verifier = _last() - TRANSACTION_GAS - _calldataGas(call_);
        return verifier + _calldataGas(abi.encode(proof, instances)) - _calldataGas(abi.encode("", new uint256[](0)));
    }

    function _settle(IAccuracyBounty.Job memory job) private returns (uint256) {
        vm.prank(ANYBODY);
        _bounty.settle(job);
        return _last();
    }

    /// @dev The item is well formed and has no label: all of it is decrypted, hashed and compared with every label.
    function _dispute(IAccuracyBounty.Job memory job, uint32 elements) private returns (uint256) {
        bytes memory ciphertext = _ciphertext(0, elements);
        bytes32[] memory path = _path(elements, COUNT, 0, 0);
        vm.prank(PROVIDER);
        _bounty.dispute(job, 0, ciphertext, _inner(0), path);
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
        vm.snapshotValue("gas", string.concat("accuracy ", name), used);
    }

    // ---------------------------------------------------------------- items and proofs

    /// @dev The content is all zeros.
    function _ciphertext(uint256 index, uint256 elements) private pure returns (bytes memory sealed_) {
        for (uint256 counter = 0; counter < elements / 8; ++counter) {
            sealed_ = bytes.concat(sealed_, keccak256(abi.encode(KEY, index, counter)));
        }
    }

    /// @dev What the circuit hashed: the input word of each slot is its number plus 1. The label is 0.
    function _inner(uint256 index) private pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(abi.encode((index % 8) + 1)), uint256(0)));
    }

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

    /// @dev Above the first leaves stand siblings of which nobody knows anything.
    function _sibling(uint256 height) private pure returns (bytes32) {
        return keccak256(abi.encode("sibling", height));
    }

    function _path(
        uint32 elements,
        uint256 count,
        uint256 start,
        uint256 folded
    ) private view returns (bytes32[] memory path) {
        bytes32[] memory level = _first(elements, count);
        uint256 real = PositionalTree.depthOf(level.length);
        path = new bytes32[](PositionalTree.depthOf(count) - folded);
        for (uint256 height = 0; height < folded + path.length; ++height) {
            bytes32 sibling = height < real ? level[(start >> height) ^ 1] : _sibling(height);
            if (height >= folded) path[height - folded] = sibling;
            if (height < real) _rise(level, height);
        }
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
        bytes32[] memory path = _path(FEW, job.terms.n, start, PositionalTree.depthOf(size));
        submission.runs[0] = Run(uint32(start), uint32(size), path);
        submission.items = new IAccuracyBounty.TestItem[](size);
        for (uint256 i = 0; i < size; ++i) {
            submission.items[i] = IAccuracyBounty.TestItem(keccak256(_ciphertext(start + i, FEW)), 0);
        }
        bytes32 jobId = _bounty.jobIdOf(job);
        submission.instances = _statement(
            uint256(keccak256(abi.encode(block.chainid, address(_bounty), jobId, PROVIDER)))
        );
        submission.proof = new bytes(PROOF_BYTES);
    }

    /// @dev Score 0 is the greatest of each item.
    function _statement(uint256 context) private view returns (uint256[] memory instances) {
        instances = Proofs.statement(_layout, context, 0);
        for (uint256 item = 0; item < _layout.items; ++item) {
            for (uint256 word = 0; word < _layout.outputWords; ++word) {
                instances[_layout.outputs + item * _layout.outputWords + word] = 10 - word; // the last one is what CheapVerifier accepts
            }
        }
    }

    // ---------------------------------------------------------------- the world

    function _register(uint32 elements) private {
        Circuit memory circuit = Proofs.circuitOf(_layout, address(new CheapVerifier()), true);
        (circuit.digestElements, circuit.saltElements, circuit.saltBits) = (elements, 8, 16);
        _circuits[elements] = _registry.registerCircuit(circuit, Proofs.sampleProof(_statement(0)), _statement(0));
        _models[elements] = _registry.registerModel(_circuits[elements], 0);
        for (uint256 i = 0; i < REAL; ++i) {
            bytes32 leaf = PositionalTree.leaf(abi.encode(i, keccak256(_ciphertext(i, elements)), _inner(i)));
            _leaves[elements].push(leaf);
        }
    }

    function _equip(address account) private {
        vm.deal(account, 1_000_000 ether);
        _coin.mint(account, 1_000_000 ether);
        vm.prank(account);
        _coin.approve(address(_bounty), type(uint256).max);
    }

    /// @dev Both sides are known to the contract before anything is measured.
    function _giveCredit(Currency currency) private {
        IAccuracyBounty.Job memory job = _proving(currency, FEW, COUNT);
        vm.warp(vm.getBlockTimestamp() + 1 days);
        _settle(job);
        _posted(currency, FEW, COUNT);
    }

    function _token() private view returns (Currency) {
        return Currency.wrap(address(_coin));
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

    function _value(IAccuracyBounty.Job memory job, uint256 amount) private pure returns (uint256) {
        return job.terms.currency.isNative() ? amount : 0;
    }
}
