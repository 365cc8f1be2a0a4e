"""Inputs are fetched from public https addresses only, within limits."""

import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prover.clients.common.inputs import fetch as module
from prover.clients.common.inputs.fetch import InputsUnavailable, fetch, is_public, shown
from prover.protocol.uris import MAX_URI_CHARACTERS
from tests.unit.clients.tlsserver import HOST, Answer, content, drip, resolve_once, sends, serving

PUBLIC = "93.184.216.34"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0"),  # noqa: S104
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fc00::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "fe80::1%eth0", "::"),
        *("fec0::1", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "::127.0.0.1", "2001::1"),
    ],
)
def test_an_address_inside_a_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", [PUBLIC, "2606:2800:220:1::1", f"::ffff:{PUBLIC}", f"64:ff9b::{PUBLIC}"]
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "uri",
    [
        *("http://example.org/a", "ftp://example.org/a", "file:///etc/passwd", "data:,x", ""),
        *("https:", "gopher://x", "https://[::1", "https://example.org:99999/"),
        *("https://a..b/x", f"https://{'a' * 64}.org/x", "https://example.org/\u00e9"),
        *("https://ex\u00e4mple.org/", "https://.org/", "https://-a.org/", "https://a_b.org/"),
        *("https://user:pass@example.org/", "https://example.org/a b", "https://example.org/\n"),
        *(b"https://example.org/\xff", b"\xc3\x28", "https://x.org/" + "a" * MAX_URI_CHARACTERS),
        *("https://" + ".".join(["a" * 60] * 5) + "/", "https://[fe80::1%25eth0]/", "\ud800"),
    ],
)
def test_an_odd_uri_is_refused_before_any_look_up(
    uri: str | bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(*_: Any, **__: Any) -> None:
        raise AssertionError("looked up")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(InputsUnavailable) as refusal:
        fetch(uri, 100)
    assert str(refusal.value).isprintable()


_PARTS = st.one_of(
    st.text(), st.sampled_from(["https://", "file://", "a", ".", "/", "@", "[", ":"])
)


@given(st.one_of(st.lists(_PARTS).map("".join), st.binary(), st.text().map("https://".__add__)))
@example("https://a..b/x")
@example("https://" + "a" * 64)
@example("https://example.org/\u00e9")
@example("file:///" + "a" * 5000)
@example("file:///%00")
@example("file:///\u00e9")
@example("https://[v1.a]/")
def test_whatever_is_posted_as_a_uri_only_makes_inputs_unavailable(uri: str | bytes) -> None:
    def look_up(host: Any, *_: Any, **__: Any) -> Any:
        str(host).encode("idna")  # as the system's does
        raise socket.gaierror("no such host")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        for files in (False, True):
            with pytest.raises(InputsUnavailable) as refusal:
                fetch(uri, 0, allow_files=files)
            assert str(refusal.value).isprintable()


def test_a_shown_uri_is_short_and_printable() -> None:
    assert shown("https://a/\x1b[2J\u202e") == r"'https://a/\x1b[2J\u202e'"
    assert len(shown(b"\xff" * 10_000)) < 1000


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


def test_a_pipe_or_device_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for uri in ((tmp_path / "pipe").as_uri(), "file:///dev/zero", "file:///dev/stdin"):
        with pytest.raises(InputsUnavailable, match="expected a file that can be read"):
            fetch(uri, 100, allow_files=True)


def test_content_comes_from_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up once: a second answer could be an address inside the network."""
    asked = resolve_once(monkeypatch)
    with serving(content(b"abcd")) as port:
        assert fetch(f"https://{HOST}:{port}/a?b", 4) == b"abcd"
    assert asked == [HOST]


@pytest.mark.parametrize(
    "addresses",
    [("127.0.0.9", "127.0.0.1"), ("::1", "127.0.0.1"), ("127.0.0.1", "127.0.0.9")],
)
def test_a_host_is_reached_by_any_of_its_addresses(
    addresses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One may be of a kind that has no way from here, as IPv6 often is."""
    resolve_once(monkeypatch, addresses)
    with serving(content(b"abcd")) as port:
        assert fetch(f"https://{HOST}:{port}/", 4) == b"abcd"


def test_content_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_once(monkeypatch)
    with serving(content(b"abcd")) as port, pytest.raises(InputsUnavailable, match="than 3 bytes"):
        fetch(f"https://{HOST}:{port}/", 3)


def test_another_host_s_certificate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_once(monkeypatch)
    monkeypatch.setattr(module, "public_addresses", lambda _host, _port: ("127.0.0.1",))
    with serving(content(b"abcd")) as port, pytest.raises(InputsUnavailable, match="certificate"):
        fetch(f"https://other.example:{port}/", 4)


@pytest.mark.parametrize("status", [301, 302, 404, 500])
def test_redirects_and_errors_are_refused(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_once(monkeypatch)
    answer = drip(f"HTTP/1.1 {status} No\r\nLocation: https://x.org/\r\n\r\n".encode(), b"")
    with serving(answer) as port, pytest.raises(InputsUnavailable, match=str(status)):
        fetch(f"https://{HOST}:{port}/", 4)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200,
    ],
)
def test_a_broken_answer_is_unavailable(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_once(monkeypatch)
    with serving(sends(answer)) as port, pytest.raises(InputsUnavailable, match="cannot be had"):
        fetch(f"https://{HOST}:{port}/", 100)


def _silent(connection: socket.socket) -> None:
    connection.recv(1 << 16)
    threading.Event().wait(30)


@pytest.mark.parametrize(
    ("answer", "tls"),
    [
        (_silent, False),  # never answers the TLS handshake
        (_silent, True),
        (drip(b"", b"H"), True),  # a status line without end
        (drip(b"HTTP/1.1 200 OK\r\nX: ", b"a"), True),  # a header without end
        (drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), True),
        (drip(b"HTTP/1.1 200 OK\r\n\r\n", b"a"), True),  # a body without end
        (drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1;", b"x"), True),
    ],
)
def test_the_deadline_holds_wherever_a_server_drips(
    answer: Answer, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each wait for a byte is far below the deadline, all of them together are not."""
    resolve_once(monkeypatch)
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.5)
    before = set(threading.enumerate())
    with serving(answer, tls=tls) as port:
        with pytest.raises(InputsUnavailable, match="took more than"):
            fetch(f"https://{HOST}:{port}/", 1 << 20)
        for thread in set(threading.enumerate()) - before:
            if thread.name.endswith("(_report)"):
                thread.join(5)  # the connection is shut, so that nothing waits on
                assert not thread.is_alive()


def test_the_deadline_holds_for_the_look_up_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.wait(30))
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.1)
    with pytest.raises(InputsUnavailable, match="took more than"):
        fetch("https://example.org/", 4)
    ended.set()
