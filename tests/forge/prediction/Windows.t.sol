// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PredictionMarket} from "../../../contracts/PredictionMarket.sol";
import {IPredictionMarket} from "../../../contracts/interfaces/IPredictionMarket.sol";
import {IJobs} from "../../../contracts/interfaces/IJobs.sol";
import {PredictionSetUp} from "./PredictionSetUp.sol";
import {vm} from "../common/Vm.sol";
import {ChainLimits} from "../common/ChainLimits.sol";

/// @notice Time limits away from the development chain, and what a job id commits to.
contract WindowsTest is PredictionSetUp {
    function setUp() public {
        vm.chainId(1);
        vm.warp(1_800_000_000);
        _deploy();
    }

    function test_anHourIsTheLeast() public {
        _post(1 hours, 1 hours);
    }

    function test_RevertWhen_provingTimeIsBelowAnHour() public {
        _expectBadWindow(1 hours - 1, 1 hours, 180 days);
        _post(1 hours, 1 hours - 1);
    }

    function test_RevertWhen_openingIsBelowAnHour() public {
        uint256 start = block.timestamp;
        _expectBadWindow(start + 1 hours - 1, start + 1 hours, start + 180 days);
        _post(1 hours - 1, 1 hours);
    }

    /// @dev Up to about 186 days, so that some lie beyond the most that is allowed.
    function testFuzz_acceptsExactlyWindowsWithinBounds(uint256 open, uint256 prove, uint256 edge) public {
        (open, prove) = (open % 2 ** 24, prove % 2 ** 24);
        if (edge % 4 == 0) open = 1 hours - 1 + ((edge >> 8) % 3);
        if (edge % 4 == 1) prove = 180 days - 1 + ((edge >> 8) % 3);
        bool allowed = open >= 1 hours && open <= 180 days && prove >= 1 hours && prove <= 180 days;
        try this.post(open, prove) {
            assert(allowed);
        } catch (bytes memory reason) {
            assert(!allowed);
            assert(bytes4(reason) == IJobs.Jobs_BadWindow.selector);
        }
    }

    function post(uint256 open, uint256 prove) external {
        _post(open, prove);
    }

    function test_idTakesTheChainOfTheDeployment() public {
        IPredictionMarket.Job memory job;
        bytes32 terms = keccak256(abi.encode(job.terms));
        bytes32 id = keccak256(abi.encode(uint256(1), address(market), job.consumer, job.nonce, terms));
        assert(market.jobIdOf(job) == id);
        vm.chainId(2);
        (uint256 chain, ) = market.deployment();
        assert(chain == 1 && market.jobIdOf(job) == id);
    }

    function test_idDiffersOnAnotherContract() public {
        IPredictionMarket.Job memory job;
        assert(new PredictionMarket(ChainLimits.here(), registry).jobIdOf(job) != market.jobIdOf(job));
    }

    function _expectBadWindow(uint256 actual, uint256 min, uint256 max) private {
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_BadWindow.selector, actual, min, max));
    }

    function _post(uint256 open, uint256 prove) private {
        IPredictionMarket.Terms memory terms;
        terms.modelId = modelId;
        (terms.reward, terms.stake) = (1, 1);
        (terms.openUntil, terms.proveSeconds) = (uint40(block.timestamp + open), uint32(prove));
        market.post{value: 1}(terms, 0, 0, "");
    }
}
