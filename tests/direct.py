"""Requests to the nodes that tests start, over a plain connection.

All that `requests` does about one takes a millisecond of CPU, five times as long: limits, proxies,
redirections, timers. It is there for other people's nodes, and tests ask those as users do: every
server that a test writes, and each node behind one. So do the programs that tests start.
"""

import atexit
import os
import shutil
import subprocess
import tempfile
import threading
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from web3._utils.http_session_manager import HTTPSessionManager

from prover.chain.node import anvil
from prover.chain.node.client import Client

FOLDER = "ZKESCROW_TEST_NODES"  # one for all processes of a run: a file a port, the process in it
SECONDS = 60.0
_CONNECTIONS = threading.local()


def ask() -> None:
    """From now on, in this process and those that it forks."""
    if FOLDER not in os.environ:
        made, owner = tempfile.mkdtemp(prefix="zkescrow-nodes-"), os.getpid()
        os.environ[FOLDER] = made
        atexit.register(lambda: os.getpid() == owner and shutil.rmtree(made))
    wait_for, post = anvil.wait_for, HTTPSessionManager.make_post_request

    def waited_for(process: "subprocess.Popen[bytes]", port: int) -> Client:
        client = wait_for(process, port)
        if isinstance(process, subprocess.Popen):
            note(port, process.pid)
        return client

    def make_post_request(
        self: HTTPSessionManager, url: Any, data: bytes | dict[str, Any], **options: Any
    ) -> bytes:
        connection = _connection(str(url))
        if connection is None or not isinstance(data, bytes):
            return post(self, url, data, **options)
        try:
            return posted(connection, data)
        except (OSError, HTTPException):  # a node that has ended, say: as a user's client says it
            _CONNECTIONS.__dict__.clear()
            return post(self, url, data, **options)

    anvil.wait_for = waited_for
    HTTPSessionManager.make_post_request = make_post_request  # type: ignore[method-assign]


def note(port: int, process: int) -> None:
    """A node of ours listens there as long as the process is there."""
    Path(os.environ[FOLDER], str(port)).write_text(str(process))


def posted(connection: HTTPConnection, data: bytes) -> bytes:
    """The answer's body. Raises OSError, HTTPException."""
    connection.request("POST", "/", data, {"Content-Type": "application/json"})
    response = connection.getresponse()
    body = response.read()
    if response.status != HTTPStatus.OK:
        raise HTTPException(f"status {response.status}")
    return body


def _connection(url: str) -> HTTPConnection | None:
    """This thread's to a node of ours; None to all else."""
    found: HTTPConnection | None = vars(_CONNECTIONS).get(url)
    if found is not None and found.sock is None:  # closed: whoever listens there now may be another
        found = None
    if found is None and _is_ours(url):
        address = urlsplit(url)
        assert address.hostname is not None
        found = HTTPConnection(address.hostname, address.port, timeout=SECONDS)
        setattr(_CONNECTIONS, url, found)
    return found


def _is_ours(url: str) -> bool:
    address = urlsplit(url)
    noted = Path(os.environ[FOLDER], str(address.port))
    plain = address.scheme == "http" and address.path in ("", "/") and not address.username
    return plain and noted.exists() and Path("/proc", noted.read_text()).exists()
