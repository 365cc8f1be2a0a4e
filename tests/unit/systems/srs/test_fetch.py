"""Downloads of published set-ups, from a server on this machine that misbehaves."""

import hashlib
import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from prover.base.errors import EnvironmentMissing, UsageError
from prover.systems import srs
from prover.systems.srs import known
from prover.systems.srs.fetch import checked
from tests.unit.systems.srs.conftest import LOGROWS

SECONDS = 60.0


@dataclass
class Mirror:
    """What the server does: `content`, cut at `cut` or too long; with ranges or without."""

    content: bytes
    address: str = ""
    cut: int | None = None
    ranges: bool = True
    wrong_range: bool = False
    status: int = 200
    drip: bool = False
    asked: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)


class Handler(http.server.BaseHTTPRequestHandler):
    mirror: Mirror

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        mirror, span = self.mirror, self.headers.get("Range", "")
        mirror.asked.append(f"{self.path} {span}".strip())
        begin = int(span.removeprefix("bytes=").rstrip("-")) if span and mirror.ranges else 0
        size, part = len(mirror.content), mirror.content[begin:]
        self.send_response(206 if begin else mirror.status)
        if begin:
            shown = begin + 1 if mirror.wrong_range else begin
            self.send_header("Content-Range", f"bytes {shown}-{size - 1}/{size}")
        self.end_headers()
        if mirror.drip:
            while not mirror.stopping.wait(0.05):
                self.wfile.write(b"x")
            return
        self.wfile.write(part[: mirror.cut])


@pytest.fixture
def mirror(trial: Path) -> Iterator[Mirror]:
    serving = Mirror(trial.read_bytes())
    handler = type("Bound", (Handler,), {"mirror": serving})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    serving.address = f"http://127.0.0.1:{server.server_address[1]}/kzg{{k}}.srs"
    yield serving
    serving.stopping.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def published(trial: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial's hash is published for its size, and for no other."""
    sha256 = hashlib.sha256(trial.read_bytes()).hexdigest()
    facts = dict(known.known())
    facts["trial-one"] = known.Known("trial-one", "a trial", None, {LOGROWS: sha256})
    monkeypatch.setattr(known, "_published", lambda: facts)


Fetch = Callable[..., srs.StoredSetUp]


def fetch(mirror: Mirror, *more: str, seconds: float = SECONDS) -> srs.StoredSetUp:
    return srs.fetch("trial-one", LOGROWS, seconds, (mirror.address, *more))


def test_a_published_file_is_downloaded_and_kept(mirror: Mirror, own: Path, trial: Path) -> None:
    kept = fetch(mirror)
    assert kept.path.read_bytes() == trial.read_bytes()
    assert mirror.asked == ["/kzg6.srs"]
    assert [path.suffix for path in own.iterdir() if path.suffix == ".download"] == []


def test_a_download_that_broke_off_goes_on(mirror: Mirror) -> None:
    mirror.cut = 1000
    with pytest.raises(EnvironmentMissing, match="broke off after 1000 of"):
        fetch(mirror)
    mirror.cut = None
    assert fetch(mirror).logrows == LOGROWS
    assert mirror.asked[1] == "/kzg6.srs bytes=1000-"


def test_a_server_without_ranges_begins_again(mirror: Mirror) -> None:
    mirror.cut = 1000
    with pytest.raises(EnvironmentMissing):
        fetch(mirror)
    mirror.cut, mirror.ranges = None, False
    assert fetch(mirror).logrows == LOGROWS


def test_a_range_that_was_not_asked_for_is_refused(mirror: Mirror) -> None:
    mirror.cut = 1000
    with pytest.raises(EnvironmentMissing):
        fetch(mirror)
    mirror.cut, mirror.wrong_range = None, True
    with pytest.raises(EnvironmentMissing, match="status 206 bytes 1001-"):
        fetch(mirror)
    mirror.wrong_range = False
    assert fetch(mirror).logrows == LOGROWS


def test_another_content_is_thrown_away(mirror: Mirror, own: Path) -> None:
    honest, mirror.content = mirror.content, bytes(len(mirror.content))
    with pytest.raises(EnvironmentMissing, match=r"expected .*, as published"):
        fetch(mirror)
    assert srs.stored_set_ups() == []
    mirror.content = honest
    assert fetch(mirror).logrows == LOGROWS


def test_more_bytes_than_the_file_has_are_refused(mirror: Mirror) -> None:
    mirror.content += bytes(1 << 21)
    with pytest.raises(EnvironmentMissing, match="sends more than the"):
        fetch(mirror)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_another_status_is_refused(mirror: Mirror, status: int) -> None:
    mirror.status = status
    with pytest.raises(EnvironmentMissing, match=f"status {status}"):
        fetch(mirror)


def test_the_next_mirror_is_tried(mirror: Mirror) -> None:
    gone = Mirror(b"", address="http://127.0.0.1:9/kzg{k}.srs")
    assert srs.fetch("trial-one", LOGROWS, SECONDS, (gone.address, mirror.address))


def test_a_server_that_drips_meets_the_deadline(mirror: Mirror) -> None:
    mirror.drip = True
    with pytest.raises(EnvironmentMissing, match="not done within 2 s"):
        fetch(mirror, seconds=2)


def test_a_size_that_is_not_published_is_refused(mirror: Mirror) -> None:
    with pytest.raises(UsageError, match="no file of trial-one for"):
        srs.fetch("trial-one", LOGROWS - 1, SECONDS, (mirror.address,))
    assert mirror.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/{k}",
        "ftp://example.org/{k}",
        "{k}",
        "https://",
        "https://[::1",
        "file:///etc/passwd",
    ],
)
def test_a_mirror_must_be_https(address: str) -> None:
    with pytest.raises(UsageError, match="expected an https address"):
        checked(address, 17)


def test_a_mirrors_address_takes_the_rows() -> None:
    assert checked("https://example.org/kzg{k}.srs", 17) == "https://example.org/kzg17.srs"
    assert checked("http://localhost:8000/{k}", 3) == "http://localhost:8000/3"
