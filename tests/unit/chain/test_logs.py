"""Paging of logs, against a node that refuses, repeats or lies."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web3.exceptions import Web3RPCError

from prover.chain.client import Client
from prover.chain.logs import fetch_logs
from prover.errors import ChainError

ADDRESS = "0x" + "11" * 20


class FakeEth:
    """A node that refuses more above `limit` and ranges above `span`; logs are (block, index)."""

    def __init__(self, logs: list[tuple[int, int]], limit: int, span: int) -> None:
        self.logs, self.limit, self.span = logs, limit, span
        self.asked = 0

    def get_logs(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        self.asked += 1
        start, end = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        found = [
            {"blockNumber": block, "logIndex": index}
            for block, index in self.logs
            if start <= block <= end
        ]
        if len(found) > self.limit or end - start + 1 > self.span:
            raise Web3RPCError("too much")
        return list(reversed(found))


class FakeWeb3:
    def __init__(self, eth: Any) -> None:
        self.eth = eth


def fetched(eth: Any, first: int, last: int) -> list[tuple[int, int]]:
    client = Client(FakeWeb3(eth), 1, "1:0")  # type: ignore[arg-type]
    logs = fetch_logs(client, [ADDRESS], first, last, page=64)
    return [(int(log["blockNumber"]), int(log["logIndex"])) for log in logs]


@given(
    st.sets(st.tuples(st.integers(0, 200), st.integers(0, 2))),
    st.integers(3, 10),
    st.integers(1, 100),
    st.integers(0, 100),
    st.integers(0, 250),
)
def test_every_log_comes_once_and_in_order(
    logs: set[tuple[int, int]], limit: int, span: int, first: int, last: int
) -> None:
    found = fetched(FakeEth(sorted(logs), limit, span), first, last)
    assert found == sorted(one for one in logs if first <= one[0] <= last)


def test_a_block_that_the_node_refuses_is_an_error_not_a_gap() -> None:
    with pytest.raises(ChainError, match="block 5"):
        fetched(FakeEth([(5, 0), (5, 1), (5, 2)], limit=2, span=100), 0, 10)


@pytest.mark.parametrize("lie", [[(3, 0), (3, 0)], [(11, 0)]])
def test_a_node_that_repeats_or_leaves_the_range_is_caught(lie: list[tuple[int, int]]) -> None:
    class Liar(FakeEth):
        def get_logs(self, query: dict[str, Any]) -> list[dict[str, Any]]:
            return [{"blockNumber": block, "logIndex": index} for block, index in self.logs]

    with pytest.raises(ChainError, match="use another node"):
        fetched(Liar(lie, 10, 100), 0, 10)


def test_the_range_grows_again_after_a_refusal() -> None:
    crowded = [(5, index) for index in range(3)]
    eth = FakeEth(crowded, limit=3, span=8)
    fetched(eth, 0, 1000)
    assert eth.asked < 400
