"""A proxy between a client and a node: it counts what is asked, and may lie."""

import json
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Lie = Callable[[str, list[Any], Any], Any]  # method, parameters, the honest result


def honest(_method: str, _parameters: list[Any], result: Any) -> Any:
    """Nothing changed."""
    return result


class Proxy(ThreadingHTTPServer):
    """Passes requests on to the node at `node`; results go through `lie`."""

    daemon_threads = True

    def __init__(self, node: str, lie: Lie) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.node, self.lie = node, lie
        self.requests = 0
        self.asked: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def passed_on(self, body: bytes) -> bytes:
        self.requests += 1
        request = urllib.request.Request(  # noqa: S310 - the node is ours
            self.node, body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as response:  # noqa: S310
            answer = json.loads(response.read())
        asked = json.loads(body)
        if not isinstance(asked, list):
            return json.dumps(self._told(asked, answer)).encode()
        by_id = {one["id"]: one for one in answer}
        return json.dumps([self._told(one, by_id[one["id"]]) for one in asked]).encode()

    def _told(self, request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        self.asked[request["method"]] += 1
        if "result" not in answer:
            return answer
        parameters = request.get("params") or []
        return answer | {"result": self.lie(request["method"], parameters, answer["result"])}


class _Handler(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        content = self.server.passed_on(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def proxied(node: str, lie: Lie = honest) -> Iterator[Proxy]:
    """A proxy that runs for the block."""
    proxy = Proxy(node, lie)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
