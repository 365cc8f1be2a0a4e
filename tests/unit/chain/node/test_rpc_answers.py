"""A node that answers with what is none, or with something else, is refused in one sentence."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from web3 import Web3

from prover.base.errors import ChainError
from prover.chain.abi.contract import Call
from prover.chain.contracts.prediction import PredictionMarket
from prover.chain.contracts.registry import Registry
from prover.chain.node.client import Client
from prover.chain.node.patience import PatientProvider
from prover.chain.node.rpc import ask_all
from prover.chain.sending.transactions import Sender
from tests.localchain import CONSUMER, STRANGER, Chain, address_of
from tests.proxy import SEND, Lie, proxied, refusal

ACCOUNT = "0x" + "11" * 20
NO_NUMBERS = (None, "0x", "0xzz", "", 5, -1, "-0x5", [], {}, True, "latest", "0x" + "f" * 65)
NO_BYTES = (None, "0xz", "0x1", "", 5, [], {}, True)
Read = Callable[[Client], object]


def saying(method: str, said: Any) -> Lie:
    return lambda asked, _parameters, result: said if asked == method else result


def changing(method: str, **fields: Any) -> Lie:
    """Some fields of a result are others; None: they are missing."""

    def lie(asked: str, _parameters: list[Any], result: Any) -> Any:
        if asked != method or result is None:
            return result
        changed = {**result, **fields}
        return {name: value for name, value in changed.items() if name not in fields or value}

    return lie


def refused(chain: Chain, lie: Lie, read: Read) -> str:
    with proxied(chain.url) as proxy:
        client = proxy.client
        proxy.lie = lie
        with pytest.raises(ChainError, match="use another node") as told:
            read(client)
    return str(told.value)


READS: dict[str, Read] = {
    "eth_getBalance": lambda client: client.balance(ACCOUNT),
    "eth_getTransactionCount": lambda client: sender(client)._pool.nonce("latest"),
    "eth_maxPriorityFeePerGas": lambda client: sender(client).estimate(GIFT),
    "eth_estimateGas": lambda client: sender(client).estimate(GIFT),
}
GIFT = Call("giving", ACCOUNT, b"", 1)


def sender(client: Client) -> Sender:
    from prover.chain.accounts import anvil_account

    return Sender(client, anvil_account(CONSUMER))


@pytest.mark.parametrize("method", READS)
@pytest.mark.parametrize("said", NO_NUMBERS, ids=repr)
def test_what_is_no_number_is_refused(chain: Chain, method: str, said: object) -> None:
    assert method in refused(chain, saying(method, said), READS[method])


@pytest.mark.parametrize("said", ["0x" + "f" * 17, "0x8000000000000000"])
def test_a_count_that_no_store_can_hold_is_refused(chain: Chain, said: str) -> None:
    lie = saying("eth_getTransactionCount", said)
    assert "63 bits" in refused(chain, lie, READS["eth_getTransactionCount"])


@pytest.mark.parametrize("said", NO_BYTES, ids=repr)
def test_what_are_no_bytes_is_refused(chain: Chain, said: object) -> None:
    refused(chain, saying("eth_getCode", said), lambda client: client.code(ACCOUNT))
    predictions = chain.prediction
    read: Read = lambda client: PredictionMarket(client, predictions.address).status(bytes(32))  # noqa: E731
    refused(chain, saying("eth_call", said), read)


def test_a_state_that_no_contract_has_is_refused(chain: Chain) -> None:
    words = "0x" + (77).to_bytes(32, "big").hex() + "00" * 64
    read: Read = lambda client: PredictionMarket(client, chain.prediction.address).status(bytes(32))  # noqa: E731
    assert "state 77" in refused(chain, saying("eth_call", words), read)


def test_a_circuit_of_too_few_bytes_is_refused(chain: Chain) -> None:
    with proxied(chain.url) as proxy:
        proxy.hooks["eth_call"] = lambda *_: {"result": "0x12"}
        registry = Registry(proxy.client, chain.deployment.registry)
        with pytest.raises(ChainError, match="makes no sense"):
            registry.circuit(bytes(32))


@pytest.mark.parametrize("field", ["number", "hash", "timestamp"])
@pytest.mark.parametrize("said", [None, "0xzz", [], 5, "0x" + "f" * 17])
def test_a_block_that_is_none_is_refused(chain: Chain, field: str, said: object) -> None:
    lie = changing("eth_getBlockByNumber", **{field: said})
    refused(chain, lie, lambda client: client.block())
    refused(chain, lie, lambda client: ask_all(client, [("eth_getBlockByNumber", ("0x0", False))]))


def test_another_block_than_the_one_that_was_asked_for_is_refused(chain: Chain) -> None:
    lie = changing("eth_getBlockByNumber", number="0x7")
    told = refused(chain, lie, lambda client: client.block(2))
    assert "block 2 was asked for" in told


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"status": "0x2"}, "with status 0x0 or 0x1"),
        ({"status": None}, "with status 0x0 or 0x1"),
        ({"blockHash": "0x12"}, "with its block's hash and logs"),
        ({"gasUsed": "-0x1"}, "with its block and gas"),
        ({"logs": None}, "with its block's hash and logs"),
        ({"transactionHash": "0x" + "77" * 32}, ""),
    ],
    ids=str,
)
def test_a_receipt_that_is_none_or_of_another_transaction_is_refused(
    chain: Chain, fields: dict[str, Any], wanted: str
) -> None:
    """A wrong receipt would say that money moved which did not."""
    receipt = chain.sender(STRANGER).send("gift", GIFT)
    name = bytes(receipt["transactionHash"])
    lie = changing("eth_getTransactionReceipt", **fields)
    assert wanted in refused(chain, lie, lambda client: client.receipt(name))


def test_a_receipt_without_a_block_is_none_yet(chain: Chain) -> None:
    receipt = chain.sender(STRANGER).send("gift", GIFT)

    def lie(method: str, _parameters: list[Any], result: Any) -> Any:
        waits = {"blockNumber": None, "blockHash": None}
        return {**result, **waits} if method == "eth_getTransactionReceipt" else result

    with proxied(chain.url, lie) as proxy:
        assert proxy.client.receipt(bytes(receipt["transactionHash"])) is None


@pytest.mark.parametrize("said", [None, "0xzz", 5, "0x" + "77" * 32])
def test_a_node_that_took_another_transaction_is_refused_and_ours_is_kept(
    chain: Chain, said: object
) -> None:
    used = chain.client.web3.eth.get_transaction_count(sender(chain.client).address)
    told = refused(chain, saying(SEND, said), lambda client: sender(client).send("gift", GIFT))
    assert "it may have it" in told
    sender(chain.client).send("gift", GIFT)
    now = chain.client.web3.eth.get_transaction_count(sender(chain.client).address)
    assert now == used + 1  # it is mined, and was not sent again


@pytest.mark.parametrize("said", [None, {}, {"reward": []}, {"reward": [[5]]}, {"reward": "0x1"}])
def test_tips_that_are_none_are_refused(chain: Chain, said: object) -> None:
    with proxied(chain.url, saying("eth_feeHistory", said)) as proxy:
        proxy.hooks["eth_maxPriorityFeePerGas"] = lambda *_: refusal("no such method", -32601)
        with pytest.raises(ChainError, match="eth_feeHistory"):
            sender(proxy.client).estimate(GIFT)


def test_another_transaction_than_the_one_that_was_asked_for_is_refused(chain: Chain) -> None:
    receipt = chain.sender(STRANGER).send("gift", GIFT)
    name = bytes(receipt["transactionHash"])
    lie = changing("eth_getTransactionByHash", hash="0x" + "77" * 32)
    refused(chain, lie, lambda client: client.transaction(name))
    for odd in ("0x1" + "0" * 16, "one", 31337):
        lie = changing("eth_getTransactionByHash", chainId=odd)
        assert "chain id" in refused(chain, lie, lambda client: client.transaction(name))
    assert address_of(STRANGER) == chain.client.transaction(name)["from"]


BODIES = (
    b"",
    b"<html>log in first</html>",
    b"null",
    b"5",
    b"[]",
    b"[null]",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"jsonrpc": "2.0", "id": 1, "result": ' + b"1" * 5000 + b"}",
    b'[{"id": "a"}, {"id": 1}]',
    b'[{"jsonrpc": "2.0", "result": "0x1"}]',
    b'[{"jsonrpc": "2.0", "id": 1, "result": "0x1"}, {"jsonrpc": "2.0", "id": 1, "result": "0x1"}]',
)


@contextmanager
def answering(body: bytes) -> Iterator[Client]:
    """A server that says the same to all, as the portal of a network does."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        yield Client(Web3(PatientProvider(url, 5)), 1, "1:aa")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:12]))
def test_a_body_that_is_no_answer_is_refused(body: bytes) -> None:
    with answering(body) as client:
        for read in (
            lambda: client.balance(ACCOUNT),
            lambda: client.block(),
            lambda: ask_all(client, [("eth_getBlockByNumber", ("0x1", False))]),
        ):
            with pytest.raises(ChainError, match=r"the node|use another node"):
                read()
