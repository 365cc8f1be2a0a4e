"""What is found out before anything is signed, from what a node answers."""

from types import SimpleNamespace
from typing import Any

import pytest
import requests
from web3.exceptions import ContractLogicError, Web3RPCError

from prover.base.errors import ChainError, ContractRefused, InsufficientFunds
from prover.chain.abi.contract import Call
from prover.chain.sending.fees import Fees
from prover.chain.sending.trial import GAS_CAP, Cost, Trial

ME, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
CALL = Call("a gift", OTHER, b"", 5)


def trial(estimate: int | Exception, balance: int = 5) -> Trial:
    """The dry run passes; the estimate is this, or fails so."""

    def estimated(_transaction: Any, block: str) -> int:
        assert block == "latest"
        if isinstance(estimate, Exception):
            raise estimate
        return estimate

    eth = SimpleNamespace(estimate_gas=estimated)
    client = SimpleNamespace(
        web3=SimpleNamespace(eth=eth),
        balance=lambda address: {ME: balance}[address],
        try_call=lambda transaction: b"",
        tip="latest",
    )
    return Trial(client, ME)  # type: ignore[arg-type]


@pytest.mark.parametrize(("estimate", "gas"), [(100, 120), (101, 121), (GAS_CAP, GAS_CAP)])
def test_the_limit_is_a_fifth_above_the_estimate_and_not_above_the_cap(
    estimate: int, gas: int
) -> None:
    assert trial(estimate).gas(CALL) == gas


def test_what_takes_more_than_any_transaction_may_is_refused() -> None:
    with pytest.raises(ChainError, match=f"{GAS_CAP + 1}"):
        trial(GAS_CAP + 1).gas(CALL)


@pytest.mark.parametrize("words", ["out of gas", "OutOfGas", "intrinsic: out_of_gas"])
def test_an_estimate_that_runs_out_of_gas_is_too_much(words: str) -> None:
    with pytest.raises(ChainError, match="more"):
        trial(error(words)).gas(CALL)


def test_an_estimate_without_money_says_how_much_is_there() -> None:
    with pytest.raises(InsufficientFunds, match=r"has 0\.000000000000000005 ETH"):
        trial(error("insufficient funds for gas * price + value")).gas(CALL)


def test_an_estimate_that_reverts_is_a_refusal() -> None:
    with pytest.raises(ContractRefused):
        trial(ContractLogicError("execution reverted", "0x")).gas(CALL)


def test_another_answer_is_not_explained_away() -> None:
    with pytest.raises(Exception, match="on fire"):
        trial(error("the node is on fire")).gas(CALL)


def test_nothing_is_tried_without_the_amount() -> None:
    """What gas takes is not known yet."""
    with pytest.raises(InsufficientFunds, match=r"5 ETH are needed for a gift, and gas besides;"):
        trial(AssertionError("asked all the same"), balance=4).gas(CALL)


def dry(outcome: Exception, balance: int = 5) -> Trial:
    """The dry run fails so."""

    def tried(transaction: Any) -> bytes:
        assert transaction["gas"] == GAS_CAP
        raise outcome

    made = trial(AssertionError("estimated all the same"), balance)
    made.client.try_call = tried  # type: ignore[misc, assignment]
    return made


def test_a_dry_run_that_is_refused_or_fails_is_told_as_it_is() -> None:
    for outcome in (ContractRefused("out of gas, says the contract"), ChainError("on fire")):
        with pytest.raises(type(outcome)) as told:
            dry(outcome).gas(CALL)
        assert told.value is outcome


@pytest.mark.parametrize("words", ["out of gas", "EVM: OutOfGas", "out_of_gas"])
def test_a_dry_run_that_takes_all_the_gas_there_is_is_too_much(words: str) -> None:
    with pytest.raises(ChainError, match=f"a gift needs more gas: expected at most {GAS_CAP}"):
        dry(ChainError(words)).gas(CALL)


def test_a_dry_run_without_money_says_how_much_is_there() -> None:
    with pytest.raises(InsufficientFunds, match=r"has 0\.000000000000000006 ETH: 0\.0+5 ETH are"):
        dry(ChainError("insufficient funds for transfer"), balance=6).gas(CALL)


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        (0, "gas included; send it"),
        (4, r"gas included, and 0\.0+4 ETH for what"),
        (5, r"and gas besides, and 0\.0+5 ETH for what"),
    ],
)
def test_all_that_is_needed_must_be_there(bound: int, words: str) -> None:
    """Of the 10 wei, 5 are the call's value and some are for others: the rest is for gas."""
    made = trial(0, balance=9)
    made.check_funds(9, CALL, bound)
    with pytest.raises(InsufficientFunds, match=words):
        made.check_funds(10, CALL, bound)


def test_a_cost_is_what_the_gas_limit_takes_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prover.chain.sending.trial.market", lambda _client: Fees(7, 3))
    assert trial(100).cost(CALL) == Cost(120, 840)


def test_a_call_is_tried_as_it_will_be_sent() -> None:
    fields = trial(0).fields(CALL)
    assert fields == {"from": ME, "to": OTHER, "data": b"", "value": 5}
    assert trial(0).fields(Call("a creation", None, b"\1")) == {
        "from": ME,
        "data": b"\1",
        "value": 0,
    }


def test_a_node_that_falls_silent_is_an_error_in_words() -> None:
    with pytest.raises(ChainError, match="does not answer"):
        trial(requests.ConnectionError()).gas(CALL)


def error(message: str) -> Web3RPCError:
    return Web3RPCError(message, rpc_response={"error": {"code": -32000, "message": message}})  # type: ignore[arg-type, typeddict-item]
