// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ServingRound} from "../../../contracts/ServingRound.sol";
import {IServingRound} from "../../../contracts/interfaces/IServingRound.sol";
import {PositionalTree} from "../../../contracts/libraries/PositionalTree.sol";
import {Layout} from "../../../contracts/types/Circuit.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {CheapVerifier, DigitsLayouts} from "../common/GasFixtures.sol";
import {GasMeter} from "../common/GasMeter.sol";
import {Proofs} from "../common/Proofs.sol";
import {vm} from "../common/Vm.sol";
import {ChainLimits} from "../common/ChainLimits.sol";

/// @notice Gas of serving rounds: 256 digits, ten scores of three bytes each, of which 59 are contested, in proofs of
/// eight.
/// forge-config: default.isolate = true
contract ServingGasTest is GasMeter {
    uint32 private constant N = 256;
    uint256 private constant SCORES = 10;
    uint8 private constant WORD_BYTES = 3;
    uint256 private constant CONTESTS = 59;
    uint256 private constant STEP = 33; // item STEP * j is in slot j of a proof

    ServingRound private _rounds;
    Layout private _layout;
    bytes32 private _model;

    function _protocol() internal pure override returns (string memory) {
        return "serving";
    }

    function _newContract() internal override returns (address) {
        _rounds = new ServingRound(ChainLimits.here(), _registry);
        return address(_rounds);
    }

    function _prepare() internal override {
        _layout = DigitsLayouts.batch();
        bytes32 circuitId = _registry.registerCircuit(
            Proofs.circuitOf(_layout, address(new CheapVerifier()), true),
            Proofs.sampleProof(_statement(0)),
            _statement(0)
        );
        _model = _registry.registerModel(circuitId, 0);
    }

    function test_gas_commitOutputs() public {
        uint256 all = _commitNew(N, WORD_BYTES);
        uint256 half = _commitNew(N / 2, WORD_BYTES);
        uint256 narrow = _commitNew(N, WORD_BYTES - 1);
        _note("commitOutputs of 256 digits", all);
        _note("commitOutputs per digit", (all - half) / (N / 2));
        _note("commitOutputs per byte", (all - narrow) / (N * SCORES));
    }

    function test_gas_contest() public {
        uint32[] memory list = _list(CONTESTS);
        uint256 many = _contest(_served(_token()), list);
        _note("contest of 59", many);
        assembly ("memory-safe") {
            mstore(list, 1)
        }
        uint256 one = _contest(_served(_token()), list);
        _note("contest per index", (many - one) / (CONTESTS - 1));
    }

    function test_gas_answer() public {
        (IServingRound.Job memory job, uint32[] memory list) = _contested(_token(), CONTESTS);
        _note("answer first item", _answer(job, list, _answers(job, list, 1)));
        (job, list) = _contested(_token(), CONTESTS);
        uint256 one = _answer(job, list, _answers(job, list, 1));
        (job, list) = _contested(_token(), CONTESTS);
        uint256 eight = _answer(job, list, _answers(job, list, 8));
        _note("answer first 8 items", eight);
        _note("answer extra item", (eight - one) / 7);
        _note("answer 8 items again", _answer(job, list, _answers(job, list, 8)));
    }

    function test_gas_answerLast() public {
        (IServingRound.Job memory job, uint32[] memory list) = _contested(_token(), 8);
        _note("answer last 8 items", _answer(job, list, _answers(job, list, 8)));
    }

    function test_gas_condemned() public {
        IServingRound.Job memory open = _posted(_token(), N, WORD_BYTES);
        (IServingRound.Job memory contested, ) = _contested(_token(), CONTESTS);
        (bytes32 circuitId, ) = _registry.models(_model);
        uint256[] memory b = _statement(0);
        ++b[_layout.outputs];
        _registry.condemn(circuitId, "", _statement(0), "", b);
        _note("settle voided open erc20", _settle(open));
        _note("settle voided contested erc20", _settle(contested));
    }

    function _measure(string memory kind, Currency currency) internal override {
        IServingRound.Job memory open = _newJob(currency, N, WORD_BYTES);
        _note(string.concat("post ", kind), _post(open));
        IServingRound.Job memory unserved = _posted(currency, N, WORD_BYTES);
        _note(string.concat("join ", kind), _join(unserved));
        IServingRound.Job memory served = _served(currency);
        (IServingRound.Job memory unanswered, ) = _contested(currency, CONTESTS);
        IServingRound.Job memory cancelled = _posted(currency, N, WORD_BYTES);
        vm.prank(CONSUMER);
        _rounds.cancel(cancelled);
        _note(string.concat("cancel ", kind), _last());
        vm.warp(vm.getBlockTimestamp() + 2 days);
        _note(string.concat("settle expired ", kind), _settle(open));
        _note(string.concat("settle unserved ", kind), _settle(unserved));
        _note(string.concat("settle uncontested ", kind), _settle(served));
        _note(string.concat("settle unanswered ", kind), _settle(unanswered));
    }

    // ---------------------------------------------------------------- moves, and what they cost

    function _post(IServingRound.Job memory job) private returns (uint256) {
        uint256 escrow = uint256(job.terms.n) * job.terms.price + uint256(job.terms.maxContests) * job.terms.proofFee;
        vm.prank(CONSUMER);
        _rounds.post{value: _value(job.terms.currency, escrow)}(
            job.terms,
            job.nonce,
            keccak256("data"),
            "ipfs://inputs"
        );
        return _last();
    }

    function _join(IServingRound.Job memory job) private returns (uint256) {
        vm.prank(PROVIDER);
        _rounds.join{value: _value(job.terms.currency, job.terms.stake)}(job, PROVIDER);
        return _last();
    }

    function _commit(IServingRound.Job memory job, bytes memory outputs) private returns (uint256) {
        vm.prank(PROVIDER);
        _rounds.commitOutputs(job, outputs);
        return _last();
    }

    /// @dev Outputs without a byte of zero, which would be cheaper.
    function _commitNew(uint32 n, uint8 wordBytes) private returns (uint256) {
        IServingRound.Job memory job = _posted(_token(), n, wordBytes);
        _join(job);
        bytes memory outputs = new bytes(n * SCORES * wordBytes);
        for (uint256 i = 0; i < outputs.length; ++i) {
            outputs[i] = bytes1(uint8(1 + (i % 255)));
        }
        return _commit(job, outputs);
    }

    function _contest(IServingRound.Job memory job, uint32[] memory list) private returns (uint256) {
        vm.prank(CONSUMER);
        _rounds.contest(job, list);
        return _last();
    }

    function _answer(
        IServingRound.Job memory job,
        uint32[] memory list,
        IServingRound.Answer[] memory answers
    ) private returns (uint256) {
        vm.prank(PROVIDER);
        _rounds.answer(job, list, answers);
        uint256 used = _last();
        return used - _notOurs(_model, answers[0].proof, answers[0].instances);
    }

    function _settle(IServingRound.Job memory job) private returns (uint256) {
        vm.prank(ANYBODY);
        _rounds.settle(job);
        return _last();
    }

    // ---------------------------------------------------------------- items and proofs

    /// @dev Word w of a statement is w + 1; the last one is 1, for the verifier.
    function _statement(uint256 context) private view returns (uint256[] memory instances) {
        instances = Proofs.statement(_layout, context, 0);
        instances[instances.length - 1] = 1;
    }

    /// @dev Item i has the inputs and outputs of slot i % 8 of any statement.
    function _outputs() private view returns (bytes memory outputs) {
        uint256[] memory instances = _statement(0);
        outputs = new bytes(N * SCORES * WORD_BYTES);
        for (uint256 i = 0; i < N; ++i) {
            for (uint256 word = 0; word < SCORES; ++word) {
                uint256 value = instances[_layout.outputs + (i % 8) * SCORES + word];
                outputs[(i * SCORES + word + 1) * WORD_BYTES - 1] = bytes1(uint8(value));
            }
        }
    }

    function _inputLeaves() private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](N);
        for (uint256 i = 0; i < N; ++i) {
            leaves[i] = PositionalTree.leaf(abi.encode(i, keccak256(abi.encode((i % 8) + 1))));
        }
    }

    function _outputLeaves() private view returns (bytes32[] memory leaves) {
        bytes memory outputs = _outputs();
        leaves = new bytes32[](N);
        for (uint256 i = 0; i < N; ++i) {
            bytes memory output = new bytes(SCORES * WORD_BYTES);
            for (uint256 j = 0; j < output.length; ++j) {
                output[j] = outputs[i * output.length + j];
            }
            leaves[i] = PositionalTree.leaf(abi.encodePacked(i, output));
        }
    }

    function _rootOf(bytes32[] memory nodes) private pure returns (bytes32) {
        for (uint256 width = nodes.length; width > 1; width /= 2) {
            _fold(nodes, width);
        }
        return nodes[0];
    }

    function _path(bytes32[] memory nodes, uint256 index) private pure returns (bytes32[] memory path) {
        path = new bytes32[](8);
        for (uint256 level = 0; level < path.length; ++level) {
            path[level] = nodes[(index >> level) ^ 1];
            _fold(nodes, N >> level);
        }
    }

    function _fold(bytes32[] memory nodes, uint256 width) private pure {
        for (uint256 i = 0; i < width / 2; ++i) {
            nodes[i] = PositionalTree.node(nodes[2 * i], nodes[2 * i + 1]);
        }
    }

    /// @dev The eight items STEP * j, and others up to `count`.
    function _list(uint256 count) private pure returns (uint32[] memory list) {
        list = new uint32[](count);
        uint256 others = count - 8;
        uint256 length = 0;
        for (uint32 index = 0; index < N; ++index) {
            if (index % STEP == 0) list[length++] = index;
            else if (index % 4 == 3 && others != 0) (list[length++], others) = (index, others - 1);
        }
        require(length == count);
    }

    /// @dev One proof of the first `items` of the eight, each opened alone, as random ones are.
    function _answers(
        IServingRound.Job memory job,
        uint32[] memory list,
        uint256 items
    ) private view returns (IServingRound.Answer[] memory answers) {
        answers = new IServingRound.Answer[](1);
        answers[0].proof = new bytes(PROOF_BYTES);
        answers[0].instances = _statement(_contextOf(_rounds.jobIdOf(job), job.terms.modelId));
        answers[0].contests = new IServingRound.Contest[](items);
        uint256 slot = 0;
        for (uint32 position = 0; slot < items; ++position) {
            if (list[position] % STEP != 0) continue;
            bytes32[] memory inputPath = _path(_inputLeaves(), list[position]);
            bytes32[] memory outputPath = _path(_outputLeaves(), list[position]);
            answers[0].contests[slot++] = IServingRound.Contest(position, 1, inputPath, outputPath);
        }
    }

    // ---------------------------------------------------------------- the world

    function _giveCredit(Currency currency) internal override {
        IServingRound.Job memory job = _served(currency);
        vm.warp(vm.getBlockTimestamp() + 2 days);
        _settle(job);
        _posted(currency, N, WORD_BYTES);
    }

    function _newJob(Currency currency, uint32 n, uint8 wordBytes) private returns (IServingRound.Job memory job) {
        job.consumer = CONSUMER;
        job.nonce = ++_nonce;
        job.terms.modelId = _model;
        job.terms.currency = currency;
        job.terms.inputsRoot = _rootOf(_inputLeaves());
        (job.terms.n, job.terms.wordBytes, job.terms.maxContests) = (n, wordBytes, uint32(CONTESTS));
        (job.terms.price, job.terms.proofFee, job.terms.stake) = (0.001 ether, 0.002 ether, 0.5 ether);
        job.terms.openUntil = uint40(vm.getBlockTimestamp() + 1 days);
        (job.terms.serveSeconds, job.terms.contestSeconds, job.terms.answerSeconds) = (1 hours, 1 hours, 1 hours);
    }

    function _posted(Currency currency, uint32 n, uint8 wordBytes) private returns (IServingRound.Job memory job) {
        job = _newJob(currency, n, wordBytes);
        _post(job);
    }

    function _served(Currency currency) private returns (IServingRound.Job memory job) {
        job = _posted(currency, N, WORD_BYTES);
        _join(job);
        _commit(job, _outputs());
    }

    function _contested(
        Currency currency,
        uint256 count
    ) private returns (IServingRound.Job memory job, uint32[] memory list) {
        job = _served(currency);
        list = _list(count);
        _contest(job, list);
    }
}
