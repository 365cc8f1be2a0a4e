"""The compiler: which one is taken, and that none is started that has not the pinned hash."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from prover.base.errors import EnvironmentMissing
from prover.base.settings import Settings, get_settings
from prover.solidity import compile as compiling
from prover.solidity import compiler
from tests.localchain import settings_of

PROGRAM = b"#!/bin/sh\necho solc\n"


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PROGRAM)
    path.chmod(0o755)
    return path


class Mirror:
    """Serves one content on this machine, and notes what it was asked for."""

    def __init__(self, content: bytes) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(200 if content else 404)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def mirror(content: bytes) -> Iterator[Mirror]:
    served = Mirror(content)
    try:
        yield served
    finally:
        served.close()


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """As where the package is installed by itself: no checkout, nothing of py-solc-x, no cache."""
    monkeypatch.setenv("SOLCX_BINARY_PATH", str(tmp_path / "solcx"))
    with settings_of(cache=str(tmp_path / "cache")):
        get_settings.cache_clear()
        monkeypatch.setattr(
            compiler, "get_settings", lambda: Settings().model_copy(update={"project": None})
        )
        yield tmp_path


def pin(monkeypatch: pytest.MonkeyPatch, content: bytes, url: str) -> None:
    monkeypatch.setattr(compiler, "SHA256", hashlib.sha256(content).hexdigest())
    monkeypatch.setenv("ZKESCROW_SOLC_MIRROR", url)


def test_it_is_downloaded_once_and_kept(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mirror(PROGRAM) as served:
        pin(monkeypatch, PROGRAM, served.url)
        found = compiler.get_compiler()
        assert found.read_bytes() == PROGRAM
        assert found.stat().st_mode & 0o111
        assert compiler.get_compiler() == compiler.find_compiler() == found
        assert served.asked == [f"/{compiler.BUILD}"]


def test_another_content_is_neither_kept_nor_started(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mirror(b"#!/bin/sh\ntouch started\n") as served:
        pin(monkeypatch, PROGRAM, served.url)
        with pytest.raises(EnvironmentMissing, match=r"SHA-256 .*: expected .*ZKESCROW_SOLC"):
            compiler.get_compiler()
    assert not [path for path in alone.rglob("solc-v*") if not path.name.endswith(".lock")]


def test_too_much_is_not_read(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "MAX_BYTES", 1000)
    with mirror(bytes(10_000)) as served:
        pin(monkeypatch, PROGRAM, served.url)
        with pytest.raises(EnvironmentMissing, match="more than 1000 bytes"):
            compiler.get_compiler()


@pytest.mark.parametrize("answers", [True, False])
def test_without_a_network_it_is_said_what_to_do(
    alone: Path, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    with mirror(b"") as served:
        pin(monkeypatch, PROGRAM, served.url if answers else "http://127.0.0.1:9")
        with pytest.raises(EnvironmentMissing, match=r"could not be downloaded.*ZKESCROW_SOLC"):
            compiler.get_compiler()


def test_looking_downloads_nothing(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mirror(PROGRAM) as served:
        pin(monkeypatch, PROGRAM, served.url)
        with pytest.raises(EnvironmentMissing, match="downloads it to"):
            compiler.find_compiler()
        monkeypatch.setattr(compiler.platform, "machine", lambda: "riscv64")
        with pytest.raises(EnvironmentMissing, match="x86-64 only"):
            compiler.get_compiler()
        assert served.asked == []


def test_a_checkout_downloads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLCX_BINARY_PATH", str(tmp_path / "solcx"))
    settings = {"cache": str(tmp_path / "cache"), "project": str(tmp_path)}
    with mirror(PROGRAM) as served, settings_of(**settings):
        pin(monkeypatch, PROGRAM, served.url)
        with pytest.raises(EnvironmentMissing, match="run scripts/setup, or set ZKESCROW_SOLC"):
            compiler.get_compiler()
        shim = program(tmp_path / ".toolchain/solcx/solc-v0.8.37")
        assert compiler.get_compiler() == shim
        own = program(tmp_path / "solcx/solc-v0.8.37")
        assert compiler.get_compiler() == own
        assert served.asked == []


def test_the_one_that_is_named_is_taken(tmp_path: Path) -> None:
    named = program(tmp_path / "mine")
    with settings_of(solc=str(named)):
        assert compiler.get_compiler() == compiler.find_compiler() == named
    named.chmod(0o644)
    with (
        settings_of(solc=str(named)),
        pytest.raises(EnvironmentMissing, match=r"ZKESCROW_SOLC is .*: expected a program"),
    ):
        compiler.get_compiler()


def test_the_pinned_build_is_the_version_that_is_asked_for() -> None:
    assert compiling.SOLC_VERSION == compiler.SOLC_VERSION
    assert f"v{compiler.SOLC_VERSION}+commit." in compiler.BUILD
