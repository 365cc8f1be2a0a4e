"""A real TLS server on this machine for the name inputs.example, which only its address reaches."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from prover.clients.common.inputs import fetch as module

HOST = "inputs.example"
# Made by: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500
#   -subj /CN=inputs.example -addext subjectAltName=DNS:inputs.example
CERTIFICATE = Path(__file__).parents[2] / "vectors" / "tls" / "inputs.example.pem"
Answer = Callable[[socket.socket], None]


def content(body: bytes) -> Answer:
    """Answers each request with 200 and a body."""

    return sends(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def sends(text: bytes) -> Answer:
    """Answers each request with these bytes and closes the connection."""

    def answer(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(text)

    return answer


def drip(start: bytes, drop: bytes) -> Answer:
    """Answers with `start`, then with `drop` each 10 ms for ever."""

    def answer(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(start)
        while True:
            connection.sendall(drop)
            threading.Event().wait(0.01)

    return answer


@contextlib.contextmanager
def serving(answer: Answer, *, tls: bool = True) -> Iterator[int]:
    """The port of a server that gives each connection to `answer`; ends with the block."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with contextlib.suppress(OSError), connection:
                answer(context.wrap_socket(connection, server_side=True) if tls else connection)

        threading.Thread(target=serve, daemon=True).start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


def resolve_once(
    monkeypatch: pytest.MonkeyPatch, addresses: Sequence[str] = ("127.0.0.1",)
) -> list[str]:
    """Let HOST be this machine, taken for public, for one look-up; a second one fails.

    Returns the names that were looked up. Addresses are looked up as ever.
    """
    asked: list[str] = []
    original = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name in addresses:
            return original(name, port, *args, **kwargs)
        asked.append(name)
        if asked != [HOST]:
            raise AssertionError(f"looked up {asked}")
        found = [original(one, port, type=socket.SOCK_STREAM)[0] for one in addresses]
        return [entry for entry in found for _ in range(2)]  # as for two protocols

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(module, "is_public", lambda _address: True)
    context = ssl.create_default_context(cafile=str(CERTIFICATE))
    monkeypatch.setattr(ssl, "create_default_context", lambda: context)
    return asked
