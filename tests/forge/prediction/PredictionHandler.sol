// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPredictionMarket} from "../../../contracts/interfaces/IPredictionMarket.sol";
import {Limits} from "../../../contracts/types/Limits.sol";
import {JobHandler} from "../common/JobHandler.sol";
import {PredictionBooks} from "./PredictionBooks.sol";

/// @notice Anybody doing anything with the contract of predictions.
/// @dev The diligent provider delivers in the last second whatever it is the payee of.
contract PredictionHandler is PredictionBooks, JobHandler {
    function _pace() internal pure override returns (Pace memory) {
        return Pace({jobs: 40, recent: 8, condemnOneIn: 4});
    }

    /* POST */

    function post(uint256 who, uint256 what, uint96 reward, uint96 stake, uint32 open, uint32 prove) external {
        if (_isFull()) return;
        IPredictionMarket.Job memory job = _newJob(who, what, reward, stake);
        job.terms.openUntil = uint40(block.timestamp + (open % 4 hours));
        job.terms.proveSeconds = prove % 4 hours;
        Page memory page;
        (page.id, page.consumer, page.currency) = (market.jobIdOf(job), job.consumer, job.terms.currency);
        page.deadline = job.terms.openUntil;
        if (_post(page, reward, _postCallOf(job), _isSane(job.terms))) _jobs.push(job);
    }

    function _newJob(
        uint256 who,
        uint256 what,
        uint96 reward,
        uint96 stake
    ) private view returns (IPredictionMarket.Job memory job) {
        job.consumer = _actor(who);
        job.nonce = _jobs.length;
        job.terms.modelId = modelId;
        job.terms.inputsHash = _inputsHash(1 + (what % SLOTS));
        job.terms.currency = currencies[what % currencies.length];
        (job.terms.reward, job.terms.stake) = (reward, stake);
        job.terms.provider = what % 5 == 0 ? _actor(who / 7) : address(0);
    }

    function _isSane(IPredictionMarket.Terms memory terms) private view returns (bool) {
        (, Limits memory limits) = market.deployment();
        uint256 min = limits.minWindow;
        bool windows = terms.openUntil >= block.timestamp + min && terms.proveSeconds >= min;
        return windows && terms.reward != 0 && (terms.stake != 0 || terms.provider != address(0));
    }

    /* LOCK, DELIVER */

    function lock(uint256 which, uint256 who, uint256 payee) external {
        if (_jobs.length == 0) return;
        uint256 number = _recent(which);
        IPredictionMarket.Terms storage terms = _jobs[number].terms;
        Step memory step;
        step.caller = who % 3 == 0 && terms.provider != address(0) ? terms.provider : _actor(who);
        step.allowed = terms.provider == address(0) || terms.provider == step.caller;
        step.message = abi.encodeCall(market.lock, (_jobs[number], _actor(payee)));
        (step.state, step.duration) = (uint8(IPredictionMarket.State.Locked), terms.proveSeconds);
        step.name = "lock";
        _take(number, _actor(payee), step);
    }

    /// @dev One in four values of `honest` binds the proof to somebody else than the payee; one in 16 forges it, and one
    /// binds it to another model.
    function deliver(uint256 which, uint256 who, uint256 honest) external {
        if (_jobs.length == 0) return;
        uint256 number = _recent(which);
        address bound = honest % 4 == 1 ? _actor(who) : _pages[number].payee;
        bytes32 model = _modelOf(number) ^ bytes32(uint256(honest % 16 == 7 ? 1 : 0));
        _deliver(number, _boundTo(number, bound, model), _actor(who), honest % 1e6, honest % 16 == 3);
    }

    function _deliver(uint256 number, uint256 context, address caller, uint256 output, bool forged) private {
        bool bound = context == _boundTo(number, _pages[number].payee, _modelOf(number));
        bool timely = _isLocked(number);
        bool condemned = _condemnedAt(number) != 0;
        uint256[] memory instances = _statement(context, output);
        bytes memory proof = _proof(instances);
        if (forged) proof[0] ^= 0x01;
        bytes memory message = abi.encodeCall(market.deliver, (_jobs[number], _itemsOf(number), proof, instances));
        if (_try(caller, 0, message)) {
            if (forged) broken = "a forged proof paid";
            if (!bound) broken = "a proof of somebody else, or of another model, paid";
            if (!timely) broken = "delivered late, or in another state";
            if (condemned) broken = "a condemned circuit paid";
            _end(number, uint8(IPredictionMarket.State.Paid), _paid(number) + _stake(number), "paid");
        } else if (timely && !condemned && !forged && bound) {
            broken = "a good proof was refused in time";
        }
    }

    function _itemsOf(uint256 number) private view returns (uint256) {
        return _jobs[number].terms.inputsHash == _inputsHash(1) ? 1 : 2;
    }

    /* WHAT ALL PROTOCOLS HAVE */

    function _endLate(uint256 number) internal override {
        _end(number, uint8(IPredictionMarket.State.Slashed), 0, "slashed");
    }

    function _beDiligent(uint256 number) internal override {
        if (_isLocked(number) && _pages[number].payee == actors[0])
            _deliver(number, _boundTo(number, actors[0], _modelOf(number)), actors[0], number, false);
    }

    function _postCall(uint256 number) internal view override returns (bytes memory) {
        return _postCallOf(_jobs[number]);
    }

    function _postCallOf(IPredictionMarket.Job memory job) private view returns (bytes memory) {
        return abi.encodeCall(market.post, (job.terms, job.nonce, 0, ""));
    }

    function _cancelCall(uint256 number) internal view override returns (bytes memory) {
        return abi.encodeCall(market.cancel, (_jobs[number]));
    }

    function _settleCall(uint256 number) internal view override returns (bytes memory) {
        return abi.encodeCall(market.refund, (_jobs[number]));
    }
}
