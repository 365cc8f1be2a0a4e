"""A node that is behind: a proxy before Anvil that answers from an older block than the latest."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import requests

from prover.chain.node.client import Client, connect

_TAGGED = {"eth_call": 1, "eth_getBlockByNumber": 0, "eth_getBalance": 1, "eth_estimateGas": 1}
_BY_NUMBER = {"eth_getBlockByNumber": 0}


class LateNode:
    """Forwards to `url`; while `late` is above 0, the latest block is that many blocks older.

    `answers` bounds how many late answers there are (None: no bound). What `hides` is true for is
    not given at all: a newer block by its number or hash, as a node that has not got it yet.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.late = 0
        self.answers: int | None = None
        self.hides = False
        self.told: list[str] = []  # methods that were answered late

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        head = self._head() - self.late
        if self.late and self.answers != 0 and request["method"] in _TAGGED:
            changed = self._older(request, head)
            if changed is None:
                return {"jsonrpc": "2.0", "id": request["id"], "result": None}
            if changed != request:
                self.told.append(request["method"])
                self.answers = None if self.answers is None else self.answers - 1
            request = changed
        answered: dict[str, Any] = requests.post(self.url, json=request, timeout=60).json()
        return answered

    def _older(self, request: dict[str, Any], head: int) -> dict[str, Any] | None:
        """The request about an older block; None if it is about one that is hidden."""
        place, given = _TAGGED[request["method"]], list(request["params"])
        tag = given[place] if len(given) > place else "latest"
        if tag in ("latest", "pending"):
            given[place:] = [hex(head), *given[place + 1 :]]
            return {**request, "params": given}
        if self.hides and self._number(tag) > head:
            return None if request["method"] in _BY_NUMBER else {**request, "method": "hidden"}
        return request

    def _number(self, tag: Any) -> int:
        if isinstance(tag, str) and len(tag) < 66:
            return int(tag, 16)
        name = tag["blockHash"] if isinstance(tag, dict) else tag
        asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByHash", "params": [name, False]}
        found = requests.post(self.url, json=asked, timeout=60).json()["result"]
        return 0 if found is None else int(found["number"], 16)

    def _head(self) -> int:
        asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}
        return int(requests.post(self.url, json=asked, timeout=60).json()["result"], 16)


@contextmanager
def late_node(url: str) -> Iterator[tuple[LateNode, Client]]:
    """The proxy, and a client that talks to it."""
    node = LateNode(url)

    class Handler(BaseHTTPRequestHandler):
        wbufsize = -1  # an answer in two parts waits 40 ms for an acknowledgement

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = json.loads(body)
            many = [node.answer(one) for one in asked] if isinstance(asked, list) else None
            content = json.dumps(node.answer(asked) if many is None else many).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield node, connect(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
