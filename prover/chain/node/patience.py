"""A node that limits requests is asked again later: HTTP 429 and 503, JSON-RPC error -32005.

It is waited for as long as it asks (`Retry-After`), else twice as long each time; both are bounded.
Asking again is safe for transactions too: the same bytes are the same transaction. But the second
answer may be about the first copy ("nonce too low"): see `Sender`. Where a connection breaks they
are not handed out again here: the same command does, which looks at the chain before.

No answer is waited for without end, or read without a limit, and none is fetched from elsewhere: a
redirection would have another host see, and answer, what was asked.
"""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry
from web3 import HTTPProvider
from web3.exceptions import BadResponseFormat, Web3RPCError
from web3.providers.rpc.utils import REQUEST_RETRY_ALLOWLIST, ExceptionRetryConfiguration
from web3.types import RPCEndpoint, RPCResponse

from prover.base.hosts import is_loopback
from prover.base.log import logger
from prover.chain.node.rpc_answers import checked, decoded

LOG = logger(__name__)
LIMITING = (429, 503)
SEND, CHAIN_ID = "eth_sendRawTransaction", "eth_chainId"
LIMIT_EXCEEDED = -32005
LIMITED = "the node limits requests: wait a minute, or use another node"
ATTEMPTS, FIRST_SECONDS, MAX_SECONDS = 6, 0.5, 30.0
ANSWER_SECONDS, ANSWER_BYTES = 180.0, 1 << 27  # of one answer, however slowly it comes
_CHUNK_BYTES = 1 << 16
# Some nodes say -32005 of a range with too many logs as well: waiting does not make it smaller.
_RATE = re.compile(r"\brate\b|too many requests|per second|capacity|thrott|credits|quota", re.I)


class PatientProvider(HTTPProvider):
    """JSON-RPC over HTTP that honours the node's limits."""

    def __init__(self, url: str, timeout: float) -> None:
        retried = ExceptionRetryConfiguration(
            errors=(requests.ConnectionError, requests.Timeout),
            method_allowlist=[one for one in REQUEST_RETRY_ALLOWLIST if one != SEND],
        )
        super().__init__(
            url,
            request_kwargs={"timeout": timeout, "allow_redirects": False},
            session=_session(url),
            exception_retry_configuration=retried,
        )
        self._chain_id: RPCResponse | None = None  # web3 asks it at each call

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """One request; asked again while the node limits them."""
        if method == CHAIN_ID and self._chain_id is not None:
            return self._chain_id
        ask = super().make_request
        found: Any = patiently(lambda: ask(method, params), lambda one: is_limited(one, method))
        if not isinstance(found, dict):
            raise BadResponseFormat("several answers to one request")
        answer: RPCResponse = checked(method, params, found)
        if method == CHAIN_ID and "result" in answer:
            self._chain_id = answer
        return answer

    def decode_rpc_response(self, raw_response: bytes) -> Any:  # type: ignore[override]
        """The answer, or the answers, of a body. Raises BadResponseFormat."""
        return decoded(raw_response)

    def make_batch_request(
        self, batch_requests: list[tuple[RPCEndpoint, Any]]
    ) -> list[RPCResponse] | RPCResponse:
        """Many requests as one; asked again while the node limits any of them."""
        ask = super().make_batch_request
        answers: list[RPCResponse] | RPCResponse = patiently(
            lambda: ask(batch_requests), lambda found: _is_batch_limited(batch_requests, found)
        )
        if not isinstance(answers, list):
            return answers
        return [checked(*one, answer) for one, answer in zip(batch_requests, answers, strict=False)]


def patiently(ask: Callable[[], Any], limited: Callable[[Any], bool]) -> Any:
    """The first answer that is not limited, or the last one."""
    for attempt in range(ATTEMPTS - 1):
        answer = ask()
        if not limited(answer):
            return answer
        pause = _pause(answer, attempt)
        LOG.warning("the node limits requests", wait=pause)
        time.sleep(pause)
    return ask()


def is_limited(answer: Any, method: str = "") -> bool:
    """Whether a node answers that it is asked too much now."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict) or error.get("code") != LIMIT_EXCEEDED:
        return False
    return method != "eth_getLogs" or bool(_RATE.search(str(error.get("message"))))


def is_limiting(error: Exception, method: str = "") -> bool:
    """Whether an error of a request says that the node is asked too much, waited for in vain."""
    if isinstance(error, Web3RPCError):
        return is_limited(error.rpc_response, method)
    return getattr(getattr(error, "response", None), "status_code", 0) in LIMITING


def _is_batch_limited(requests: list[tuple[RPCEndpoint, Any]], answers: Any) -> bool:
    if not isinstance(answers, list):  # one answer to all of them
        return all(is_limited(answers, method) for method, _ in requests)
    asked = zip(requests, answers, strict=False)
    return any(is_limited(answer, method) for (method, _), answer in asked)


def _pause(answer: Any, attempt: int) -> float:
    """Seconds: what the node asks for in its error's data, else twice as long each time."""
    try:
        asked = float(answer["error"]["data"]["rate"]["backoff_seconds"])
    except OverflowError:
        return MAX_SECONDS
    except (KeyError, TypeError, ValueError, IndexError):
        asked = 0.0
    # In this order: what is no number is never the greater one.
    return min(max(FIRST_SECONDS * 2.0**attempt, asked), MAX_SECONDS)


class _Bounded(Retry):
    """urllib3 waits as long as the node says; a node may say anything."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        try:
            asked = super().get_retry_after(response)
        except (ValueError, OverflowError):  # more digits, or a later year, than Python takes
            return MAX_SECONDS
        return None if asked is None else min(asked, MAX_SECONDS)

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        LOG.warning("the node limits requests", status=response.status if response else None)
        super().sleep(response)


class Unbounded(requests.RequestException):
    """An answer that is longer than any that is wanted, or takes longer."""


class _Sockets:
    """The open connections of a session, which may be cut from another thread."""

    def __init__(self) -> None:
        self._open: set[socket.socket] = set()

    def add(self, one: socket.socket) -> None:
        self._open = {known for known in self._open if known.fileno() >= 0} | {one}

    def cut(self) -> None:
        """Whoever reads from one of them finds it closed."""
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """Its connections are those of `sockets`."""

    def __init__(self, sockets: _Sockets, retry: Retry) -> None:
        self._sockets = sockets
        super().__init__(max_retries=retry)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """The manager of urllib3, with connections that are noted."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _noted(self._sockets)

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        """The same, where the environment names a proxy."""
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = _noted(self._sockets)
        return manager


def _noted(sockets: _Sockets) -> dict[str, type[HTTPConnectionPool]]:
    """Pools of connections that are among `sockets` from when they are made."""

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            sockets.add(self.sock)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            sockets.add(self.sock)

    class Http(HTTPConnectionPool):
        ConnectionCls = Plain

    class Https(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": Http, "https": Https}


class _Session(requests.Session):
    """Reads each answer whole, within limits of time and size. Raises Unbounded."""

    def __init__(self, retry: Retry) -> None:
        super().__init__()
        self._sockets = _Sockets()
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(self._sockets, retry))

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """As `requests`, but for the limits; asking again after a 429 is within the time too."""
        late = threading.Event()

        def cut() -> None:
            late.set()
            self._sockets.cut()

        timer = threading.Timer(ANSWER_SECONDS, cut)
        timer.daemon = True
        timer.start()
        try:
            response = super().send(request, **(options | {"stream": True}))
            response._content = _bounded(response)
        except requests.RequestException as error:
            if late.is_set():
                raise _late() from error
            raise
        finally:
            timer.cancel()
        if late.is_set():  # what was cut may look whole
            raise _late()
        return response


def _late() -> Unbounded:
    return Unbounded(f"an answer of the node takes more than {ANSWER_SECONDS:.0f} s")


def _bounded(response: requests.Response) -> bytes:
    chunks, size = list[bytes](), 0
    for chunk in response.iter_content(_CHUNK_BYTES):
        chunks.append(chunk)
        size += len(chunk)
        if size > ANSWER_BYTES:
            response.close()
            raise Unbounded(f"an answer of the node has more than {ANSWER_BYTES} bytes")
    return b"".join(chunks)


def _session(url: str) -> requests.Session:
    """To the node at `url`. What the environment says of proxies is not for one on this machine."""
    retry = _Bounded(
        total=ATTEMPTS - 1,
        connect=0,
        read=0,
        redirect=0,
        other=0,
        status=ATTEMPTS - 1,
        status_forcelist=LIMITING,
        allowed_methods=None,
        backoff_factor=FIRST_SECONDS,
        backoff_max=MAX_SECONDS,
        raise_on_status=False,
    )
    session = _Session(retry)
    session.trust_env = not is_loopback(urlsplit(url).hostname or "")
    return session
