"""A gift is no failure of an audit, and hides no job; the block in which money came decides."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from prover.audit import surplus
from prover.audit.calls import traced
from prover.audit.findings import AuditReport, Gift
from prover.audit.report import lines
from prover.audit.surplus import Rise, _transactions, greatest_rises
from prover.base.errors import ChainError
from prover.chain.abi.contract import PREDICTION, Call, encode_call
from prover.chain.contracts.jobs import JobContract
from prover.chain.contracts.tokens import allow
from prover.chain.state.replay import load_world
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.solidity.compile import compile_contracts
from tests.conftest import Proven
from tests.localchain import CONSUMER, Chain, with_scene
from tests.proxy import Lie, honest
from tests.unit.audit.test_hidden import audited, hiding
from tests.unit.audit.test_poisoned import Poisoned


def begun(chain: Chain, proven: Callable[[str], Proven], folder: Path) -> Poisoned:
    return Poisoned(chain, proven("salted"), folder)


made_once, scene = with_scene(begun)


def give(scene: Poisoned, amount: int, name: str = "gift") -> int:
    """Force ETH upon the contract of predictions, as anybody can; the block."""
    code = compile_contracts(["EtherForcer"])["EtherForcer"].bytecode
    data = code + encode(["address"], [scene.chain.prediction.address])
    receipt = scene.stranger.send(name, Call("forcing", None, data, amount))
    return int(receipt["blockNumber"])


def found(report: AuditReport) -> list[str]:
    return [one.what for one in report.findings.mismatches]


def and_receipts(job_id: bytes) -> Lie:
    """Receipts do not show the job either."""
    in_logs, topic = hiding(job_id), "0x" + job_id.hex()

    def lie(method: str, parameters: list[Any], result: Any) -> Any:
        if method != "eth_getTransactionReceipt" or result is None:
            return in_logs(method, parameters, result)
        if not any(topic in log["topics"] for log in result["logs"]):
            return result
        return {**result, "logs": []}

    return lie


def test_one_wei_fails_no_audit(scene: Poisoned) -> None:
    block = give(scene, 1)
    scene.post()
    report = audited(scene, honest)
    assert found(report) == []
    assert report.findings.gifts == [Gift(PREDICTION, ETH, 1, block)]
    (told,) = [line for line in lines(report) if "given to" in line]
    assert told == (
        f"given to PredictionMarket in block {block}: 0.000000000000000001 ETH, no job's; nobody "
        "can take it out"
    )


@pytest.mark.parametrize("says", ["0x", "0x" + "00" * 32])
def test_a_token_that_contradicts_itself_is_passed_over_by_name(scene: Poisoned, says: str) -> None:
    """Its author posted a job in it: every audit would fail, for gas."""
    made = compile_contracts(["PlainToken"])["PlainToken"]
    receipt = scene.stranger.send("token", Call("a token", None, made.bytecode))
    token = scene.chain.client.web3.eth.contract(address=receipt["contractAddress"], abi=made.abi)
    consumer = scene.chain.sender(CONSUMER)
    data = token.encode_abi("mint", args=[consumer.address, 10**16])
    call = Call("minting", str(token.address), bytes.fromhex(data[2:]))
    scene.stranger.send("own", call)
    allow(consumer, str(token.address), scene.chain.prediction.address, 10**16)
    scene.post(currency=str(token.address))

    def lie(method: str, parameters: list[Any], result: Any) -> Any:
        asked = method == "eth_call" and parameters[0]["to"].lower() == token.address.lower()
        return says if asked else result

    failed = audited(scene, lie)
    assert any(f"--leave-out {token.address}" in what for what in found(failed))
    report = audited(scene, lie, leave_out=[str(token.address)])
    assert found(report) == []
    left = f"left out, as was asked: money in {token.address} at PredictionMarket"
    assert left in lines(report)


@pytest.mark.parametrize("hide", [hiding, and_receipts])
def test_a_gift_hides_no_job(scene: Poisoned, hide: Callable[[bytes], Lie]) -> None:
    """Also where the receipts lie: the transaction pays the contract, which keeps no gifts."""
    block = give(scene, 7)
    job_id = scene.chain.prediction.job_id(scene.prediction())
    report = audited(scene, hide(job_id))
    assert len(found(report)) == 1
    assert "the node hides events" in found(report)[0]
    assert report.findings.gifts == [Gift(PREDICTION, ETH, 7, block)]


def test_a_job_that_was_posted_through_a_contract_is_found_too(scene: Poisoned) -> None:
    account = compile_contracts(["CallingAccount"])["CallingAccount"]
    made = scene.stranger.send("account", Call("an account", None, account.bytecode))
    at = scene.chain.client.web3.eth.contract(address=made["contractAddress"], abi=account.abi)
    terms = scene.prediction().terms
    post = encode_call(PREDICTION, "post", terms.to_abi(), 9, bytes(32), "")
    execute = at.encode_abi("execute", args=[scene.chain.prediction.address, post])
    call = Call("posting", str(at.address), bytes.fromhex(execute[2:]), terms.reward)
    scene.stranger.send("through", call)
    (job_id,) = [
        one for one, record in jobs_of(scene).items() if record.job.consumer == str(at.address)
    ]
    report = audited(scene, and_receipts(job_id))
    assert "pays for a job, and no log tells of it" in found(report)[0]
    assert report.findings.gifts == []


def jobs_of(scene: Poisoned) -> Any:
    return load_world(scene.chain.client, scene.chain.deployment).prediction.jobs


def test_tokens_that_were_given_are_no_jobs_either(scene: Poisoned) -> None:
    made = compile_contracts(["PlainToken"])["PlainToken"]
    receipt = scene.stranger.send("token", Call("a token", None, made.bytecode))
    token = scene.chain.client.web3.eth.contract(address=receipt["contractAddress"], abi=made.abi)
    predictions = scene.chain.prediction.address
    consumer = scene.chain.sender(CONSUMER)
    for name, to, amount in (("own", consumer.address, 10**16), ("given", predictions, 5)):
        data = token.encode_abi("mint", args=[to, amount])
        call = Call("minting", str(token.address), bytes.fromhex(data[2:]))
        block = int(scene.stranger.send(name, call)["blockNumber"])
    allow(consumer, str(token.address), predictions, 10**16)
    job_id = scene.post(currency=str(token.address))
    gift = Gift(PREDICTION, str(token.address), 5, block)
    report = audited(scene, honest)
    assert (found(report), report.findings.gifts) == ([], [gift])
    for hide in (hiding, and_receipts):
        report = audited(scene, hide(job_id))
        told = found(report)
        assert any("the node hides events" in what for what in told), told


def test_the_greatest_gifts_are_traced(scene: Poisoned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surplus, "MAX_RISES", 2)
    blocks = [give(scene, amount, f"gift {amount}") for amount in (3, 1, 5)]
    report = audited(scene, honest)
    assert found(report) == []
    assert report.findings.gifts == [
        Gift(PREDICTION, ETH, 3, blocks[0]),
        Gift(PREDICTION, ETH, 5, blocks[2]),
        Gift(PREDICTION, ETH, 1, None),
    ]
    assert any("in smaller amounts" in line for line in lines(report))


def test_where_the_node_has_no_old_states_a_gift_cannot_be_told(
    scene: Poisoned, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = give(scene, 1)
    holdings = JobContract.holdings

    def forgetting(self: JobContract, currency: str, block: int | None = None) -> int:
        if block is not None and block < last:
            raise ChainError("the node refuses: missing trie node")
        return holdings(self, currency, block)

    monkeypatch.setattr(JobContract, "holdings", forgetting)
    (what,) = found(audited(scene, honest))
    assert "1 more than they explain" in what
    assert "cannot be told as the node refuses: missing trie node" in what
    assert "--accept-surplus" in what


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.integers(0, 9))
def test_all_rises_are_found_in_as_few_looks_as_halving_takes(steps: list[int], at: int) -> None:
    levels = [at]
    for step in steps:
        levels.append(levels[-1] + step)
    looks: list[int] = []

    def level(block: int) -> int:
        looks.append(block)
        return levels[block]

    expected = [Rise(0, at)] if at else []
    expected += [Rise(block, step) for block, step in enumerate(steps, 1) if step]
    found = greatest_rises(level, 0, len(steps))
    if len(expected) <= surplus.MAX_RISES:
        assert sorted(found, key=lambda rise: rise.block) == expected
    assert len(looks) <= 2 + len(found) * len(steps).bit_length()


@given(st.lists(st.integers(0, 50), min_size=2, max_size=40))
def test_where_money_came_and_went_what_is_found_did_come(levels: list[int]) -> None:
    """A surplus is never left without the block of any rise, nor explained by less than it is."""
    found = greatest_rises(lambda block: levels[block], 0, len(levels) - 1)
    before = [0, *levels]
    assert all(levels[one.block] - before[one.block] == one.amount > 0 for one in found)
    if len(found) < surplus.MAX_RISES:
        assert sum(one.amount for one in found) >= levels[-1]


@pytest.mark.parametrize(
    "block",
    [
        None,
        {},
        {"transactions": [7]},
        {"transactions": [{}]},
        {"transactions": [{"hash": None}]},
        {"transactions": [{"hash": "0xzz"}]},
        {"transactions": [{"hash": "0x00"}]},
    ],
)
def test_a_block_that_is_none_is_said_to_be(block: Any) -> None:
    with pytest.raises(ChainError, match="expected one with its transactions"):
        _transactions(block)


@pytest.mark.parametrize("trace", ["0x", [1], {"calls": 7}, {"calls": [None]}])
def test_a_trace_that_is_none_is_said_to_be(trace: Any) -> None:
    answering = SimpleNamespace(make_request=lambda *_: {"result": trace})
    client = SimpleNamespace(web3=SimpleNamespace(provider=answering))
    with pytest.raises(ChainError, match="trace is malformed"):
        list(traced(client, bytes(32)))  # type: ignore[arg-type]
