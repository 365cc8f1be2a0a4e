"""A node that stands before Anvil: it lies, forgets, is silent, or keeps geth's rules."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from prover.chain.node.client import Client, connect
from prover.chain.sending.fees import Fees, fields_of

SEND = "eth_sendRawTransaction"
Answer = dict[str, Any]
BUSY: Answer = {"busy": True}  # HTTP status 503
Forward = Callable[[str, list[Any]], Answer]
Hook = Callable[[list[Any], Forward], Answer | None]  # None: the connection is closed unanswered
Lie = Callable[[str, list[Any], Any], Any]  # method, parameters, the honest result


def honest(_method: str, _parameters: list[Any], result: Any) -> Any:
    """Nothing changed."""
    return result


@dataclass
class Proxy:
    """Calls by method, and how many requests they came in; `hooks` answer in the node's place.

    All other results go through `lie`.
    """

    url: str
    lie: Lie = honest
    hooks: dict[str, Hook] = field(default_factory=dict)
    calls: list[tuple[str, list[Any]]] = field(default_factory=list)
    requests: int = 0

    @property
    def asked(self) -> Counter[str]:
        """How often each method was called."""
        return Counter(method for method, _ in self.calls)

    def sent(self) -> list[str]:
        """The raw transactions that were handed over, in order."""
        return [parameters[0] for method, parameters in self.calls if method == SEND]

    @property
    def client(self) -> Client:
        return connect(self.url)


@contextmanager
def proxied(upstream: str, lie: Lie = honest) -> Iterator[Proxy]:
    """A proxy of the node at an address, for the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    proxy = Proxy(f"http://127.0.0.1:{server.server_address[1]}", lie)
    server.proxy, server.upstream = proxy, upstream  # type: ignore[attr-defined]
    serve = partial(server.serve_forever, poll_interval=0.01)
    threading.Thread(target=serve, daemon=True).start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


def refusal(message: str, code: int = -32000) -> Answer:
    """What a node answers where it refuses."""
    return {"error": {"code": code, "message": message}}


@dataclass
class GethPool:
    """geth's rules for a pool (core/txpool), which Anvil does not keep; a hook of SEND."""

    pending: dict[tuple[str, int], tuple[str, Fees, int]] = field(default_factory=dict)
    least_tip: int = 1

    def __call__(self, parameters: list[Any], forward: Forward) -> Answer:
        raw = str(parameters[0])
        fields, sender = fields_of(bytes.fromhex(raw[2:])), _sender(raw)
        nonce, key = int(fields["nonce"]), (sender, int(fields["nonce"]))
        fees = Fees(fields["maxFeePerGas"], fields["maxPriorityFeePerGas"])
        cost = int(fields["value"]) + int(fields["gas"]) * fees.maximum
        mined = int(forward("eth_getTransactionCount", [sender, "latest"])["result"], 16)
        self.pending = {
            at: one for at, one in self.pending.items() if at[0] != sender or at[1] >= mined
        }
        refused = self._refused(key, raw, fees, cost, nonce, mined, forward)
        if refused:
            return refusal(refused)
        answer = forward(SEND, parameters)
        if "result" in answer:
            self.pending[key] = (raw, fees, cost)
        return answer

    def _refused(
        self,
        key: tuple[str, int],
        raw: str,
        fees: Fees,
        cost: int,
        nonce: int,
        mined: int,
        forward: Forward,
    ) -> str:
        if nonce < mined:
            return f"nonce too low: next nonce {mined}, tx nonce {nonce}"
        if fees.priority < self.least_tip:
            tips = f"gas tip cap {fees.priority}, minimum needed {self.least_tip}"
            return f"transaction underpriced: {tips}"
        old_raw, old, _ = self.pending.get(key, ("", Fees(0, 0), 0))
        if old_raw == raw:
            return "already known"
        balance = int(forward("eth_getBalance", [key[0], "latest"])["result"], 16)
        queued = sum(one[2] for at, one in self.pending.items() if at[0] == key[0] and at != key)
        if balance < queued + cost:
            costs = f"balance {balance}, queued cost {queued}, tx cost {cost}"
            return f"insufficient funds for gas * price + value: {costs}"
        if old_raw and not _replaces(old, fees):
            return "replacement transaction underpriced"
        return ""


def _replaces(old: Fees, new: Fees) -> bool:
    """list.Add of geth: both fees are higher, and by a tenth."""
    pairs = ((old.maximum, new.maximum), (old.priority, new.priority))
    return all(later > earlier and later >= earlier * 110 // 100 for earlier, later in pairs)


def _sender(raw: str) -> str:
    from eth_account import Account

    return str(Account.recover_transaction(raw))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self._upstream = requests.Session()

    def finish(self) -> None:
        self._upstream.close()
        super().finish()

    def do_POST(self) -> None:
        self.server.proxy.requests += 1  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)
        if isinstance(request, list):
            answers = [self._answer(one) for one in request]
            self._reply(answers)
            return
        answer = self._answer(request)
        if answer is None:
            self.close_connection = True
            return
        self._reply(answer, 503 if "busy" in answer else 200)

    def _answer(self, request: dict[str, Any]) -> Answer | None:
        proxy: Proxy = self.server.proxy  # type: ignore[attr-defined]
        method, parameters = request["method"], list(request.get("params", []))
        proxy.calls.append((method, parameters))
        hook = proxy.hooks.get(method)
        answer = hook(parameters, self._forward) if hook else self._answer_of(method, parameters)
        return None if answer is None else {"jsonrpc": "2.0", "id": request["id"]} | answer

    def _answer_of(self, method: str, parameters: list[Any]) -> Answer:
        proxy: Proxy = self.server.proxy  # type: ignore[attr-defined]
        answer = self._forward(method, parameters)
        if "result" in answer:
            answer["result"] = proxy.lie(method, parameters, answer["result"])
        return answer

    def _forward(self, method: str, parameters: list[Any]) -> Answer:
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        upstream: str = self.server.upstream  # type: ignore[attr-defined]
        answer: Answer = self._upstream.post(upstream, json=call, timeout=60).json()
        return {key: answer[key] for key in ("result", "error") if key in answer}

    def _reply(self, content: Any, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
