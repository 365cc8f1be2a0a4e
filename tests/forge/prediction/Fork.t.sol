// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobs} from "../../../contracts/interfaces/IJobs.sol";
import {IPredictionMarket} from "../../../contracts/interfaces/IPredictionMarket.sol";
import {IProofAcceptance} from "../../../contracts/interfaces/IProofAcceptance.sol";
import {Currency} from "../../../contracts/types/Currency.sol";
import {PredictionSetUp} from "./PredictionSetUp.sol";
import {vm} from "../common/Vm.sol";

/// @notice The chain forks, and one side takes another id: no job is lost, and no proof counts on both sides.
contract ForkTest is PredictionSetUp {
    uint256 private constant HERE = 1;
    uint256 private constant THERE = 10_001;
    address private constant PROVIDER = address(0xb0b);
    Currency private constant ETH = Currency.wrap(address(0));

    IPredictionMarket.Job private _job;

    receive() external payable {}

    function setUp() public {
        vm.chainId(HERE);
        vm.warp(1_800_000_000);
        _deploy();
        IPredictionMarket.Terms memory terms;
        (terms.modelId, terms.inputsHash) = (modelId, _inputsHash(1));
        (terms.reward, terms.stake) = (5, 3);
        (terms.openUntil, terms.proveSeconds) = (uint40(block.timestamp + 1 days), 2 hours);
        market.post{value: 5}(terms, 7, 0, "");
        (_job.consumer, _job.nonce, _job.terms) = (address(this), 7, terms);
    }

    function test_anOpenJobCanBeCancelledOnTheFork() public {
        vm.chainId(THERE);
        market.cancel(_job);
        assert(market.credits(ETH, address(this)) == 5);
        assert(market.withdraw(ETH, address(this)) == 5);
    }

    function test_anOpenJobExpiresOnTheFork() public {
        vm.chainId(THERE);
        vm.warp(block.timestamp + 1 days + 1);
        market.refund(_job);
        assert(market.credits(ETH, address(this)) == 5);
    }

    function test_aLockedJobIsRefundedOnTheFork() public {
        _lock();
        vm.chainId(THERE);
        vm.warp(block.timestamp + 2 hours + 1);
        market.refund(_job);
        assert(market.credits(ETH, address(this)) == 8);
    }

    function test_theForkTakesAProofOfItsOwn() public {
        _lock();
        vm.chainId(THERE);
        _deliver(THERE);
        assert(market.credits(ETH, PROVIDER) == 8);
    }

    function test_RevertWhen_aProofOfOneSideIsReplayedOnTheOther() public {
        _lock();
        uint256 before = vm.snapshotState();
        _deliver(HERE);
        vm.revertToState(before);
        vm.chainId(THERE);
        _expectWrongContext();
        this.deliver(HERE);
        vm.chainId(HERE);
        _expectWrongContext();
        this.deliver(THERE);
    }

    function test_RevertWhen_aJobIsPostedAgainOnTheFork() public {
        vm.chainId(THERE);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_JobExists.selector, market.jobIdOf(_job)));
        market.post{value: 5}(_job.terms, 7, 0, "");
    }

    function deliver(uint256 chain) external {
        _deliver(chain);
    }

    function _lock() private {
        vm.deal(PROVIDER, 3);
        vm.prank(PROVIDER);
        market.lock{value: 3}(_job, PROVIDER);
    }

    /// @dev A proof whose context has the id of `chain`.
    function _deliver(uint256 chain) private {
        bytes32 context = keccak256(abi.encode(chain, address(market), market.jobIdOf(_job), PROVIDER, modelId));
        uint256[] memory instances = _statement(uint256(context), 4);
        market.deliver(_job, 1, _proof(instances), instances);
    }

    function _expectWrongContext() private {
        bytes4 selector = IProofAcceptance.ProofAcceptance_WrongContext.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, market.jobIdOf(_job), PROVIDER, modelId));
    }
}
