"""A node's answers of another form than they have: one sentence, whatever it says."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from prover.base.errors import ChainError
from prover.chain.events.finality import block_at
from prover.chain.node.client import connect
from prover.chain.sending.fees import base_fee
from prover.chain.sending.pool import Pool
from tests.localchain import PROVIDER, Chain
from tests.proxy import proxied

ODD: tuple[Any, ...] = ({}, [], "", "0xzz", -1, 1.5, True, {"a": 1}, [[]])
PARTS: tuple[Any, ...] = (None, "zz", -1, [], {})


def _refused_or_taken(ask: Callable[[], Any]) -> None:
    """Some odd answers can be taken for plain ones; no error but ChainError may come of others."""
    with suppress(ChainError):
        ask()


def _but(result: Any, name: str, value: Any) -> Any:
    return {**result, name: value} if isinstance(result, dict) else result


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_what_is_no_answer_is_refused_in_words(chain: Chain, odd: Any) -> None:
    told = {"on": False}
    with proxied(chain.url, lambda _m, _p, result: odd if told["on"] else result) as proxy:
        client = proxy.client
        told["on"] = True
        account = chain.sender(PROVIDER)._pool._account
        asked = (
            lambda: connect(proxy.url),
            client.block,
            client.now,
            lambda: base_fee(client),
            lambda: block_at(client, 1),
            lambda: client.receipt(b"\1" * 32),
            lambda: client.transaction(b"\1" * 32),
            lambda: client.balance(chain.deployment.prediction),
            lambda: client.code(chain.deployment.prediction),
            lambda: Pool(client, account, chain.sender(PROVIDER)._journal).nonce("latest"),
        )
        for ask in asked:
            _refused_or_taken(ask)


@pytest.mark.parametrize("name", ["number", "hash", "timestamp", "baseFeePerGas"])
@pytest.mark.parametrize("value", PARTS, ids=repr)
def test_a_block_of_another_form_is_refused_in_words(chain: Chain, name: str, value: Any) -> None:
    with proxied(chain.url) as proxy:
        client = proxy.client
        proxy.lie = lambda _m, _p, result: _but(result, name, value)
        for ask in (lambda: base_fee(client), lambda: block_at(client, 1), client.now):
            _refused_or_taken(ask)
        if name != "baseFeePerGas" and value is not None:
            with pytest.raises(ChainError, match="node"):
                client.block()


@pytest.mark.parametrize("name", ["status", "blockNumber", "blockHash", "gasUsed"])
@pytest.mark.parametrize("value", PARTS, ids=repr)
def test_a_receipt_of_another_form_is_refused_in_words(chain: Chain, name: str, value: Any) -> None:
    mined = chain.client.web3.eth.get_block("latest", full_transactions=False)["transactions"][0]
    with proxied(chain.url) as proxy:
        client = proxy.client
        proxy.lie = lambda _m, _p, result: _but(result, name, value)
        if name == "blockNumber" and value is None:
            assert client.receipt(bytes(mined)) is None  # type: ignore[arg-type]
            return  # it is in no block yet
        with pytest.raises(ChainError, match="node"):
            client.receipt(bytes(mined))  # type: ignore[arg-type]


def test_a_time_that_no_clock_shows_is_refused(chain: Chain) -> None:
    """It would go into terms, which cannot hold it."""
    with proxied(chain.url) as proxy:
        client = proxy.client
        proxy.lie = lambda _m, _p, result: _but(result, "timestamp", hex(2**40))
        with pytest.raises(ChainError, match=r"the node's time is .*: expected 0 to"):
            client.now()
