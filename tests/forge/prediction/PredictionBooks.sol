// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "../../../contracts/Escrow.sol";
import {IPredictionMarket} from "../../../contracts/interfaces/IPredictionMarket.sol";
import {JobBooks} from "../common/JobBooks.sol";
import {PredictionSetUp} from "./PredictionSetUp.sol";

/// @notice What the contract must say of its jobs.
abstract contract PredictionBooks is PredictionSetUp, JobBooks {
    IPredictionMarket.Job[] internal _jobs;

    function _escrow() internal view override returns (Escrow) {
        return market;
    }

    function _states() internal pure override returns (States memory) {
        return
            States({
                open: uint8(IPredictionMarket.State.Open),
                cancelled: uint8(IPredictionMarket.State.Cancelled),
                expired: uint8(IPredictionMarket.State.Expired),
                voided: uint8(IPredictionMarket.State.Voided)
            });
    }

    function _modelOf(uint256 number) internal view override returns (bytes32) {
        return _jobs[number].terms.modelId;
    }

    function _paid(uint256 number) internal view override returns (uint256) {
        return _jobs[number].terms.reward;
    }

    function _stake(uint256 number) internal view override returns (uint256) {
        return _jobs[number].terms.stake;
    }

    function _isLocked(uint256 number) internal view returns (bool) {
        return _isIn(number, uint8(IPredictionMarket.State.Locked));
    }

    function _requireFloors(uint256 number, uint8 end) internal override {
        bool slashed = end == uint8(IPredictionMarket.State.Slashed);
        if (slashed && _pages[number].payee == actors[0]) broken = "a diligent provider lost its stake";
    }

    function _requirePage(uint256 number) internal view override {
        Page storage page = _pages[number];
        (IPredictionMarket.State state, address payee, uint256 deadline) = market.jobs(page.id);
        require(uint8(state) == page.state && payee == page.payee, "another standing");
        require(!_isRunning(number) || deadline == page.deadline, "another deadline");
    }
}
