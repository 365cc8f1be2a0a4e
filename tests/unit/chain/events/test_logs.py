"""Paging of logs, against a node that refuses, repeats or lies."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web3 import Web3
from web3.providers.base import JSONBaseProvider

from prover.base.errors import ChainError
from prover.chain.events import finality
from prover.chain.events.decoding import known_topics
from prover.chain.events.logs import fetch_pages, timed
from prover.chain.node.client import Client

ADDRESS = "0x" + "11" * 20
TOPIC = "0x" + known_topics()[0].hex()


class FakeLogs(JSONBaseProvider):
    """A node that refuses more above `limit` and ranges above `span`; logs are (block, index)."""

    def __init__(self, logs: list[tuple[int, int]], limit: int, span: int) -> None:
        super().__init__()
        self.logs, self.limit, self.span = logs, limit, span
        self.asked = 0

    def make_batch_request(self, requests: Any) -> Any:
        return [self.make_request(*one) for one in requests]

    def make_request(self, method: Any, params: Any) -> Any:
        if method == "eth_getBlockByNumber":
            return {"result": self.block(params[0])}
        assert method == "eth_getLogs"
        self.asked += 1
        (query,) = params
        assert TOPIC in query["topics"][0]
        start, end = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        found = self.within(start, end)
        if len(found) > self.limit or end - start + 1 > self.span:
            return {"error": {"code": -32005, "message": "query returned more than 10 results"}}
        return {"result": [self.log(*one) for one in reversed(found)]}

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        return [one for one in self.logs if start <= one[0] <= end]

    def block(self, number: str) -> Any:
        return {"number": number, "timestamp": hex(int(number, 16) + 1)}

    def log(self, block: int, index: int) -> dict[str, Any]:
        return {
            "address": ADDRESS,
            "topics": [TOPIC],
            "data": "0x",
            "blockNumber": hex(block),
            "blockHash": "0x" + block.to_bytes(32, "big").hex(),
            "blockTimestamp": hex(block + 1),
            "transactionHash": "0x" + "22" * 32,
            "transactionIndex": "0x0",
            "logIndex": hex(index),
        }


def client_of(node: Any) -> Client:
    return Client(Web3(node), 1, "1:0")


def fetched(node: Any, first: int, last: int) -> list[tuple[int, int]]:
    pages = list(fetch_pages(client_of(node), [ADDRESS], first, last, page=64))
    ends = [(page.first, page.last) for page in pages]
    assert all(before[1] + 1 == after[0] for before, after in pairwise(ends))
    return [(log.block, log.index) for page in pages for log in page.logs]


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
    found = fetched(FakeLogs(sorted(logs), limit, span), first, last)
    assert found == sorted(one for one in logs if first <= one[0] <= last)


def test_a_block_that_the_node_refuses_is_an_error_not_a_gap() -> None:
    with pytest.raises(ChainError, match="block 5"):
        fetched(FakeLogs([(5, 0), (5, 1), (5, 2)], limit=2, span=100), 0, 10)


@pytest.mark.parametrize("lie", [[(3, 0), (3, 0)], [(11, 0)]])
def test_a_node_that_repeats_or_leaves_the_range_is_caught(lie: list[tuple[int, int]]) -> None:
    class Liar(FakeLogs):
        def within(self, start: int, end: int) -> list[tuple[int, int]]:
            return self.logs

    with pytest.raises(ChainError, match="use another node"):
        fetched(Liar(lie, 10, 100), 0, 10)


@pytest.mark.parametrize(
    "change",
    [
        {"removed": True},
        {"blockNumber": "odd"},
        {"topics": None},
        {"blockHash": None},
        {"address": "0x12"},
        {"blockHash": "0x12"},
        {"transactionHash": "0x12"},
        {"topics": [TOPIC + "00"]},
        {"topics": [TOPIC] * 5},
    ],
)
def test_a_log_that_is_none_is_an_error_in_words(change: dict[str, Any]) -> None:
    class Odd(FakeLogs):
        def log(self, block: int, index: int) -> dict[str, Any]:
            return super().log(block, index) | change

    with pytest.raises(ChainError, match="use another node"):
        fetched(Odd([(3, 0)], 10, 100), 0, 10)


def test_logs_of_two_forks_are_caught() -> None:
    class Forked(FakeLogs):
        def log(self, block: int, index: int) -> dict[str, Any]:
            other = {"blockHash": "0x" + "99" * 32} if index else {}
            return super().log(block, index) | other

    with pytest.raises(ChainError, match="use another node"):
        fetched(Forked([(3, 0), (3, 1)], 10, 100), 0, 10)


class Blocks(FakeLogs):
    """A node whose logs tell no times, and whose blocks are these."""

    def __init__(self, **blocks: Any) -> None:
        super().__init__([(3, 0), (3, 1)], limit=10, span=100)
        self.blocks = blocks
        self.numbers: list[str] = []

    def log(self, block: int, index: int) -> dict[str, Any]:
        told = super().log(block, index)
        del told["blockTimestamp"]
        return told

    def block(self, number: str) -> Any:
        if number not in self.blocks:
            return super().block(number)
        self.numbers.append(number)
        return self.blocks[number]


def test_the_time_of_a_block_is_asked_for_once_and_only_where_it_is_missing() -> None:
    node = Blocks(**{"0x3": {"timestamp": "0x2a"}})
    (page,) = fetch_pages(client_of(node), [ADDRESS], 0, 10)
    assert [log.time for log in page.logs] == [42, 42]
    assert node.numbers == ["0x3"]
    assert timed(client_of(node), page.logs) == page.logs
    assert node.numbers == ["0x3"]


@pytest.mark.parametrize(
    "block", [None, {}, {"timestamp": None}, {"timestamp": "soon"}, {"timestamp": 42}, "0x2a"]
)
def test_a_block_that_tells_no_time_is_an_error_in_words(block: Any) -> None:
    with pytest.raises(ChainError, match="does not give block 3: use another node"):
        fetched(Blocks(**{"0x3": block}), 0, 10)


def test_an_answer_that_is_no_list_is_an_error_in_words() -> None:
    class Odd(FakeLogs):
        def make_batch_request(self, requests: Any) -> Any:
            _, block = super().make_batch_request(requests)
            return [{"result": {"logs": []}}, block]

    with pytest.raises(ChainError, match="gives no list of logs"):
        fetched(Odd([], 10, 100), 0, 10)


@pytest.mark.parametrize(("first", "last"), [(0, 0), (63, 63), (0, 63), (1, 64), (0, 64)])
def test_both_ends_of_a_range_are_read(first: int, last: int) -> None:
    logs = [(block, 0) for block in range(66)]
    assert fetched(FakeLogs(logs, 100, 100), first, last) == logs[first : last + 1]


def test_the_range_grows_again_after_a_refusal() -> None:
    crowded = [(5, index) for index in range(3)]
    node = FakeLogs(crowded, limit=3, span=8)
    fetched(node, 0, 1000)
    assert node.asked < 400


class Several(FakeLogs):
    """Nodes behind one address: the first requests meet one that stops at block `stop`."""

    def __init__(self, requests: int, stop: int) -> None:
        super().__init__([(3, 0), (9, 0)], limit=10, span=100)
        self.late, self.stop = requests, stop

    def make_batch_request(self, requests: Any) -> Any:
        self.late -= 1
        return super().make_batch_request(requests)

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        return super().within(start, min(end, self.stop) if self.late >= 0 else end)

    def block(self, number: str) -> Any:
        ahead = self.late >= 0 and int(number, 16) > self.stop
        return None if ahead else super().block(number)


@pytest.fixture
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finality, "BEHIND_SECONDS", 0.2)
    monkeypatch.setattr(finality, "POLL_SECONDS", 0.01)


@pytest.mark.usefixtures("_short_patience")
@pytest.mark.parametrize("requests", [1, 3])
def test_logs_of_a_node_that_lags_behind_the_address_are_not_taken_for_all(requests: int) -> None:
    assert fetched(Several(requests, 5), 0, 10) == [(3, 0), (9, 0)]


@pytest.mark.usefixtures("_short_patience")
def test_a_node_that_goes_on_lagging_is_named() -> None:
    with pytest.raises(ChainError, match="does not give block 10: it lags"):
        fetched(Several(1000, 5), 0, 10)


@pytest.mark.usefixtures("_short_patience")
def test_a_node_that_refuses_the_last_block_is_as_one_that_lags() -> None:
    class Refusing(FakeLogs):
        def make_batch_request(self, requests: Any) -> Any:
            logs, _ = super().make_batch_request(requests)
            return [logs, {"error": {"code": -32000, "message": "header not found"}}]

    with pytest.raises(ChainError, match="does not give block 10: it lags"):
        fetched(Refusing([(3, 0)], 10, 100), 0, 10)


def test_a_node_that_takes_no_batches_is_asked_one_by_one() -> None:
    class Plain(FakeLogs):
        def make_batch_request(self, requests: Any) -> Any:
            return {"error": {"code": -32600, "message": "batch requests are not allowed"}}

    assert fetched(Plain([(3, 0), (9, 0)], 10, 100), 0, 10) == [(3, 0), (9, 0)]
