"""Inputs are fetched from public https addresses only, within limits."""

import http.client
import socket
from pathlib import Path
from typing import Any

import pytest

from prover.provider import fetch as module
from prover.provider.fetch import InputsUnavailable, fetch, is_public

PUBLIC = "93.184.216.34"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0"),  # noqa: S104
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fc00::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "fe80::1%eth0", "::"),
    ],
)
def test_an_address_inside_a_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1::1", f"::ffff:{PUBLIC}"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "uri",
    [
        *(
            "http://example.org/a",
            "ftp://example.org/a",
            "file:///etc/passwd",
            "data:,x",
            "",
            "https:",
        ),
        *("gopher://x", "https://[::1", "https://example.org:99999/"),
    ],
)
def test_other_schemes_are_refused(uri: str) -> None:
    with pytest.raises(InputsUnavailable):
        fetch(uri, 100)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254"])
def test_a_host_inside_the_network_is_never_connected_to(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_: Any) -> None:
        raise AssertionError("connected")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(InputsUnavailable, match="inside a network"):
        fetch(f"https://{host}/inputs.json", 100)


def test_one_private_address_among_public_ones_is_enough_to_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [(socket.AF_INET, 1, 6, "", (address, 443)) for address in (PUBLIC, "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(InputsUnavailable, match=r"10\.0\.0\.1"):
        fetch("https://example.org/", 100)


def test_a_file_is_read_by_option_and_up_to_its_size(tmp_path: Path) -> None:
    path = tmp_path / "a b.json"
    path.write_bytes(b"x" * 100)
    assert fetch(path.as_uri(), 100, allow_files=True) == b"x" * 100
    for uri, limit, allowed in (
        (path.as_uri(), 100, False),
        (path.as_uri(), 99, True),
        (f"file://host{path}", 100, True),
        (tmp_path.as_uri(), 100, True),
    ):
        with pytest.raises(InputsUnavailable):
            fetch(uri, limit, allow_files=allowed)


class Connection:
    """A server at a public address: what it answers."""

    status, chunks = 200, [b"ab", b"cd"]

    def __init__(self, *_: Any) -> None:
        self.waiting = list(self.chunks)

    def request(self, *_: Any, **__: Any) -> None:
        pass

    def getresponse(self) -> "Connection":
        return self

    def read1(self, _size: int) -> bytes:
        return self.waiting.pop(0) if self.waiting else b""

    def close(self) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> type[Connection]:
    kind = type("Answers", (Connection,), {})
    monkeypatch.setattr(module, "_PinnedConnection", kind)
    answer = [(socket.AF_INET, 1, 6, "", (PUBLIC, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    return kind


def test_content_is_joined_and_bounded(server: type[Connection]) -> None:
    assert fetch("https://example.org/a?b", 4) == b"abcd"
    with pytest.raises(InputsUnavailable, match="more than 3 bytes"):
        fetch("https://example.org/", 3)


@pytest.mark.parametrize("status", [301, 302, 404, 500])
def test_redirects_and_errors_are_refused(server: type[Connection], status: int) -> None:
    server.status = status
    with pytest.raises(InputsUnavailable, match=str(status)):
        fetch("https://example.org/", 4)


def test_a_slow_or_broken_server_is_given_up(
    server: type[Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", -1.0)
    with pytest.raises(InputsUnavailable, match="more than"):
        fetch("https://example.org/", 4)

    def broken(*_: Any, **__: Any) -> None:
        raise http.client.IncompleteRead(b"")

    monkeypatch.setattr(server, "request", broken)
    with pytest.raises(InputsUnavailable, match="IncompleteRead"):
        fetch("https://example.org/", 4)
