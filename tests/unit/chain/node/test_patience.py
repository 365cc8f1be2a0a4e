"""A node that limits requests is asked again: as late as it says, not for ever, and in words."""

import contextlib
import itertools
import json
import math
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from web3 import Web3
from web3.providers.rpc.utils import REQUEST_RETRY_ALLOWLIST
from web3.types import RPCEndpoint

from prover.base.errors import ChainError, UsageError
from prover.chain.events.logs import fetch_pages
from prover.chain.node import patience
from prover.chain.node.client import Client, checksum, connect
from prover.chain.node.patience import (
    ATTEMPTS,
    FIRST_SECONDS,
    MAX_SECONDS,
    PatientProvider,
    patiently,
)
from prover.chain.node.rpc import ask_all

Limit = tuple[int, dict[str, str], Any]  # status, headers, JSON-RPC error
TOO_FAST = {"code": -32005, "message": "project ID request rate exceeded"}
TOO_MANY = {"code": -32005, "message": "query returned more than 10000 results"}


class Limiting(HTTPServer):
    """Answers as its list of limits says, then properly."""

    def __init__(self) -> None:
        self.limits: list[Limit] = []
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        method = request["method"]
        self.asked.append(method)
        (asked, *_) = request["params"] or ("",)
        number = asked if str(asked).startswith("0x") else "0x7"
        block = {"number": number, "hash": "0x" + "11" * 32, "timestamp": "0x1"}
        results = {
            "eth_call": "0x",
            "eth_chainId": "0x1",
            "eth_getBlockByNumber": block,
            "eth_getLogs": [],
        }
        return {"jsonrpc": "2.0", "id": request["id"], "result": results[method]}


class _Handler(BaseHTTPRequestHandler):
    server: Limiting

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        many = body if isinstance(body, list) else [body]
        status, headers, error = (
            self.server.limits.pop(0) if self.server.limits else (200, {}, None)
        )
        answers = [self.server.answer(one) for one in many]
        if error is not None:
            answers = [
                {"jsonrpc": "2.0", "id": one["id"], "error": error}
                if error is not TOO_MANY or one["method"] == "eth_getLogs"
                else answer
                for one, answer in zip(many, answers, strict=True)
            ]
        content = json.dumps(answers if isinstance(body, list) else answers[0]).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of each pause, which takes no time here."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


@contextmanager
def serving() -> Iterator[tuple[Limiting, Client]]:
    server = Limiting()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        client = connect(f"http://127.0.0.1:{server.server_port}")
        server.asked.clear()
        yield server, client
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", [429, 503])
def test_the_node_is_asked_again_as_late_as_it_says(slept: list[float], status: int) -> None:
    with serving() as (server, client):
        server.limits = [(status, {"Retry-After": "7"}, None)] * 2
        assert client.block()["number"] == 7
    assert slept == [7, 7]


def test_a_node_that_says_nothing_is_asked_more_and_more_rarely(slept: list[float]) -> None:
    with serving() as (server, client):
        server.limits = [(429, {}, None)] * 4
        client.block()
    assert sorted(slept) == slept
    assert slept[-1] > 2


def test_no_pause_is_longer_than_we_allow(slept: list[float]) -> None:
    with serving() as (server, client):
        server.limits = [(429, {"Retry-After": "1000000"}, None)]
        client.block()
        told = {**TOO_FAST, "data": {"rate": {"backoff_seconds": 1e9}}}
        server.limits = [(200, {}, told)]
        client.block()
    assert slept == [MAX_SECONDS, MAX_SECONDS]


@pytest.mark.parametrize("asked", [math.nan, "nan", -1, None, "soon", -math.inf])
def test_a_pause_that_is_no_time_is_ours(slept: list[float], asked: Any) -> None:
    with serving() as (server, client):
        server.limits = [(200, {}, {**TOO_FAST, "data": {"rate": {"backoff_seconds": asked}}})]
        assert client.block()["number"] == 7
    assert slept == [FIRST_SECONDS]


@pytest.mark.parametrize("asked", [math.inf, 10**400], ids=["infinite", "huge"])
def test_an_endless_pause_is_bounded(slept: list[float], asked: Any) -> None:
    with serving() as (server, client):
        server.limits = [(200, {}, {**TOO_FAST, "data": {"rate": {"backoff_seconds": asked}}})]
        assert client.block()["number"] == 7
    assert slept == [MAX_SECONDS]


@pytest.mark.parametrize(
    "asked",
    ["9" * 5000, "Fri, 31 Dec 99999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"],
    ids=["huge", "no year", "last year"],
)
def test_a_header_that_asks_for_no_time_is_bounded(slept: list[float], asked: str) -> None:
    with serving() as (server, client):
        server.limits = [(429, {"Retry-After": asked}, None)]
        assert client.block()["number"] == 7
    assert slept == [MAX_SECONDS]


@pytest.mark.parametrize("limit", [(429, {}, None), (503, {}, None), (200, {}, TOO_FAST)])
def test_a_node_that_always_refuses_is_an_error_in_words(slept: list[float], limit: Limit) -> None:
    with serving() as (server, client):
        server.limits = [limit] * 100
        with pytest.raises(ChainError, match=r"limits requests.*another node"):
            client.block()
        assert len(server.asked) == ATTEMPTS


def test_the_limit_error_of_json_rpc_is_waited_for(slept: list[float]) -> None:
    with serving() as (server, client):
        server.limits = [(200, {}, TOO_FAST)] * 3
        assert client.block()["number"] == 7
        server.limits = [(200, {}, TOO_FAST)]
        assert ask_all(client, [("eth_chainId", ()), ("eth_chainId", ())]) == ["0x1", "0x1"]
    assert slept == [0.5, 1, 2, 0.5]


@pytest.mark.parametrize("limit", [(429, {}, None), (200, {}, TOO_FAST)])
def test_each_pause_is_logged(
    slept: list[float], limit: Limit, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as (server, client):
        server.limits = [limit] * 2
        client.block()
    logged = [line for line in capsys.readouterr().err.splitlines() if " warning " in line]
    assert len(logged) == 2
    assert all("the node limits requests" in line for line in logged)


def test_every_question_may_be_asked_again_but_no_transaction() -> None:
    retried = patience.PatientProvider("http://127.0.0.1:9", 1).exception_retry_configuration
    assert retried is not None
    assert {*retried.method_allowlist, patience.SEND} == {*REQUEST_RETRY_ALLOWLIST, patience.SEND}
    assert patience.SEND not in retried.method_allowlist


def test_only_the_chain_ids_own_answer_is_kept_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"eth_gasPrice": "0x5", "eth_blockNumber": "0x6", "eth_chainId": "0x7"}

    def ask(_provider: object, method: str, _params: object) -> Any:
        return {"jsonrpc": "2.0", "id": 1, "result": answers[method]}

    monkeypatch.setattr(patience.HTTPProvider, "make_request", ask)
    provider = patience.PatientProvider("http://127.0.0.1:9", 1)
    for _ in range(2):
        for method, answer in answers.items():
            assert provider.make_request(RPCEndpoint(method), [])["result"] == answer


def test_the_chain_id_is_not_asked_at_each_call() -> None:
    with serving() as (server, client):
        for _ in range(3):
            client.call({"to": checksum("0x" + "11" * 20)})
        assert server.asked == ["eth_call"] * 3


def test_a_range_with_too_many_logs_is_halved_and_not_waited_for(slept: list[float]) -> None:
    with serving() as (server, client):
        server.limits = [(200, {}, TOO_MANY)]
        assert len(list(fetch_pages(client, ["0x" + "11" * 20], 1, 8))) == 2
    assert slept == []


def test_a_limit_of_requests_is_not_taken_for_a_range_too_large(slept: list[float]) -> None:
    for limit in ((429, {}, None), (200, {}, TOO_FAST)):
        with serving() as (server, client):
            server.limits = [limit] * 100
            with pytest.raises(ChainError, match="limits requests"):
                list(fetch_pages(client, ["0x" + "11" * 20], 1, 8))
            assert server.asked == ["eth_getLogs", "eth_getBlockByNumber"] * ATTEMPTS


@pytest.mark.parametrize(("error", "waits"), [(TOO_FAST, True), (TOO_MANY, False)])
def test_a_batch_that_is_refused_as_one_is_judged_by_its_strictest_request(
    error: Any, waits: bool
) -> None:
    logs, block = (RPCEndpoint("eth_getLogs"), [{}]), (RPCEndpoint("eth_getBlockByNumber"), ["0x1"])
    assert patience._is_batch_limited([logs, block], {"error": error}) is waits
    assert patience._is_batch_limited([block, block], {"error": error})


def test_the_first_answer_that_is_not_limited_is_taken(slept: list[float]) -> None:
    answers = iter([{"error": TOO_FAST}, {"result": 5}, {"result": 6}])
    assert patiently(lambda: next(answers), lambda one: "error" in one) == {"result": 5}


# ---------------------------------------------------------------- answers without an end


@contextmanager
def saying(chunks: Iterable[bytes], pause: float = 0.0) -> Iterator[Client]:
    """A node that begins to answer in this way, whatever it is asked after it was connected to."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line, contextlib.suppress(OSError):
                line.recv(1 << 16)
                for chunk in chunks:
                    line.sendall(chunk)
                    if stop.wait(pause):
                        return

    thread = threading.Thread(target=serve)
    thread.start()
    web3 = Web3(PatientProvider(f"http://127.0.0.1:{listener.getsockname()[1]}", 5.0))
    try:
        yield Client(web3, 1, "1:00")
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize("length", [b"Content-Length: 99999999999\r\n\r\n", b"\r\n"])
def test_an_answer_without_an_end_is_not_read_to_it(
    monkeypatch: pytest.MonkeyPatch, length: bytes
) -> None:
    monkeypatch.setattr(patience, "ANSWER_BYTES", 1 << 20)
    with (
        saying(itertools.chain([HEAD + length], itertools.repeat(b" " * (1 << 16)))) as client,
        pytest.raises(ChainError, match="more than 1048576 bytes, and is not read to its end"),
    ):
        client.block()


@pytest.mark.parametrize("begin", [b"", HEAD + b"Content-Length: 1000\r\n\r\n", HEAD + b"X-A: "])
def test_an_answer_that_drips_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, begin: bytes
) -> None:
    """Before its headers, within them or in its body: each byte is in time, the whole is not."""
    monkeypatch.setattr(patience, "ANSWER_SECONDS", 0.5)
    began = time.monotonic()
    with (
        saying(itertools.chain([begin], itertools.repeat(b"H")), pause=0.05) as client,
        pytest.raises(ChainError, match="takes more than 0 s"),
    ):
        client.block()
    assert time.monotonic() - began < 60


def test_nor_is_one_that_drips_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "ANSWER_SECONDS", 0.5)
    with saying(itertools.chain([HEAD], itertools.repeat(b"X")), pause=0.05) as proxy:
        url = proxy.web3.provider.endpoint_uri  # type: ignore[attr-defined]
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.setenv("no_proxy", "")
        client = Client(Web3(PatientProvider("http://node.invalid:8545", 5.0)), 1, "1:00")
        with pytest.raises(ChainError, match="takes more than 0 s"):
            client.block()


def test_no_proxy_is_asked_for_a_node_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (node, client), serving() as (proxy, beside):
        monkeypatch.setenv("http_proxy", beside.web3.provider.endpoint_uri)  # type: ignore[attr-defined]
        monkeypatch.setenv("no_proxy", "")
        client.block()
        assert node.asked
        assert proxy.asked == []


def test_nobody_else_is_asked_or_believed_where_a_node_redirects() -> None:
    with serving() as (elsewhere, client):
        url = client.web3.provider.endpoint_uri.encode()  # type: ignore[attr-defined]
        head = b"HTTP/1.1 307 Elsewhere\r\nContent-Length: 0\r\nLocation: " + url + b"\r\n\r\n"
        with saying([head]) as redirecting, pytest.raises(ChainError):
            redirecting.block()
        assert elsewhere.asked == []


@pytest.mark.parametrize("url", ["http://[", "http://[::1"])
def test_an_address_that_is_none_is_said(url: str) -> None:
    with pytest.raises(UsageError, match="expected a host"):
        connect(url)
