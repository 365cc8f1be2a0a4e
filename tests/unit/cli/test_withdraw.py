"""`zkescrow withdraw`: what it says was sent is what was sent."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from prover.base.errors import ChainError, ContractRefused
from prover.chain.contracts import withdrawals
from prover.chain.node.client import checksum
from prover.clients.register import register
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.prediction.state import Job, Terms
from tests.conftest import Proven
from tests.killing import command, killed
from tests.latenode import late_node
from tests.localchain import CONSUMER, PROVIDER, Chain, address_of

ELSEWHERE = "0x" + "ab" * 20


class Credits:
    """Credits of the consumer for predictions, from jobs that are taken back."""

    def __init__(self, chain: Chain, proven: Proven) -> None:
        self.chain = chain
        model = register(chain.sender(PROVIDER), chain.deployment, proven.artifacts)
        now = chain.client.now()
        terms = Terms(model.model_id, b"\1" * 32, ETH, 1, 1, ETH, now + 1000, 60)
        self._job = Job(address_of(CONSUMER), 0, terms)

    def earn(self, wei: int) -> None:
        terms = replace(self._job.terms, reward=wei)
        self._job = Job(self._job.consumer, self._job.nonce + 1, terms)
        sender, predictions = self.chain.sender(CONSUMER), self.chain.prediction
        sender.send(f"post:{self._job.nonce}", predictions.post(self._job, b"\2" * 32, "file:///x"))
        sender.send(f"cancel:{self._job.nonce}", predictions.cancel(self._job))

    def left(self) -> int:
        return self.chain.prediction.credit(ETH, address_of(CONSUMER))

    def elsewhere(self) -> int:
        return self.chain.client.balance(ELSEWHERE)


@pytest.fixture
def credits_(chain: Chain, proven: Callable[[str], Proven]) -> Credits:
    return Credits(chain, proven("plain"))


@pytest.mark.parametrize("step", ["signed", "sent", "told"])
def test_a_killed_withdrawal_reports_no_money_that_was_not_sent(
    credits_: Credits, step: str
) -> None:
    """Killed, then more is due: the next command finishes the first, and takes the rest."""
    before, arguments = credits_.elsewhere(), ("withdraw", "--account", CONSUMER)
    credits_.earn(5)
    killed(step, 1, *arguments, "--to", ELSEWHERE)
    if step != "signed":
        assert credits_.left() == 0
    credits_.earn(3)
    told = command(*arguments, "--to", ELSEWHERE)
    assert credits_.left() == 0
    assert credits_.elsewhere() - before == 8
    assert told["withdrawn"] == {ETH: 3 if step == "told" else 8}
    assert command(*arguments)["withdrawn"] == {}


def test_money_is_said_to_be_where_it_went(credits_: Credits) -> None:
    """The interrupted command sent it to another account than this one asks for."""
    before = credits_.elsewhere()
    credits_.earn(5)
    killed("sent", 1, "withdraw", "--account", CONSUMER, "--to", ELSEWHERE)
    told = command("withdraw", "--account", CONSUMER)
    assert credits_.elsewhere() - before == 5
    assert told["withdrawals"] == [
        {"contract": "PredictionMarket", "currency": ETH, "to": checksum(ELSEWHERE), "amount": 5}
    ]


def test_a_provider_withdraws_what_is_its_own(credits_: Credits) -> None:
    credits_.earn(5)
    assert command("provider", "withdraw", "--account", PROVIDER)["withdrawn"] == {}
    assert command("provider", "withdraw", "--account", CONSUMER)["withdrawn"] == {ETH: 5}


def test_a_node_that_lags_is_not_believed_that_nothing_is_due(credits_: Credits) -> None:
    """The credit was seen in a block from here; the node still calls an older one its latest."""
    credits_.earn(5)
    with late_node(credits_.chain.url) as (node, client):
        url = str(client.web3.provider.endpoint_uri)  # type: ignore[attr-defined]
        again = ("withdraw", "--account", CONSUMER, "--rpc", url)
        node.late = 2
        assert "nothing to withdraw" not in command(*again, status=1)["error"]
        node.late = 0
        assert command(*again)["withdrawn"] == {ETH: 5}


def test_a_token_that_refuses_keeps_nothing_else(
    credits_: Credits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was withdrawn is told; the one that stays is named."""
    credits_.earn(5)
    honest = withdrawals.withdraw_credit

    def refusing(sender: Any, holder: Any, currency: str, to: str) -> Any:
        if currency == checksum(ELSEWHERE):
            raise ContractRefused("the token says no")
        return honest(sender, holder, currency, to)

    monkeypatch.setattr(withdrawals, "withdraw_credit", refusing)
    told = command("withdraw", "--account", CONSUMER, "--token", ELSEWHERE, status=1)
    assert told["withdrawn"] == {ETH: 5}
    left = {(one["currency"], one["why"]) for one in told["left"]}
    assert left == {(checksum(ELSEWHERE), "the token says no")}
    credits_.earn(7)
    words = ("withdraw", "--unsigned", "--from", address_of(CONSUMER), "--token", ELSEWHERE)
    handed = command(*words)
    assert [one["why"] for one in handed["left"]] == [one["why"] for one in told["left"]]
    assert all("the token says no" in note for note in handed["notes"])


def test_a_node_that_goes_away_is_asked_for_no_other_credit(
    credits_: Credits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was withdrawn before is told."""
    credits_.earn(5)
    honest, asked = withdrawals.withdraw_credit, list[str]()

    def going(sender: Any, holder: Any, currency: str, to: str) -> Any:
        asked.append(holder.NAME)
        if len(asked) > 1:
            raise ChainError("the node is away")
        return honest(sender, holder, currency, to)

    monkeypatch.setattr(withdrawals, "withdraw_credit", going)
    told = command("withdraw", "--account", CONSUMER, status=1)
    assert len(asked) == 2
    assert told["withdrawn"] == {ETH: 5}
    assert [one["why"] for one in told["left"]] == ["the node is away"]
    assert credits_.left() == 0
