"""A structured reference string is checked before use, and made once."""

import threading
import time
from pathlib import Path

import pytest

from prover.errors import ArtifactMismatch, EnvironmentMissing
from prover.proving import srs
from prover.settings import get_settings

LOGROWS = 4
POINT = 64
GENERATORS = ("prover.proving.native.tasks:make_srs", "prover.proving.ezkl.engine:gen_srs")


@pytest.fixture(scope="module")
def content() -> bytes:
    return srs.development_srs(LOGROWS).read_bytes()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    monkeypatch.setenv("ZKESCROW_CACHE", str(tmp_path / "cache"))
    get_settings.cache_clear()
    return tmp_path / "cache"


@pytest.mark.parametrize("generator", GENERATORS)
def test_both_engines_make_a_reference_string(
    generator: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "native" in generator:
        pytest.importorskip("zkescrow_native", reason="the Rust engine is not installed (no cargo)")
    monkeypatch.setattr(srs, "_generator", lambda: generator)
    path = srs.development_srs(5)
    assert path.parent == cache / "srs"
    srs.check_srs(path, 5, sampled=None)


def swapped(content: bytes, first: int, second: int) -> bytes:
    points = [content[4 + POINT * at :][:POINT] for at in range(2 << LOGROWS)]
    points[first], points[second] = points[second], points[first]
    return content[:4] + b"".join(points) + content[4 + POINT * len(points) :]


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize("sampled", [None, 5])
def test_an_honest_srs_passes(content: bytes, tmp_path: Path, sampled: int | None) -> None:
    (tmp_path / "srs").write_bytes(content)
    srs.check_srs(tmp_path / "srs", LOGROWS, sampled)


def test_a_spoilt_srs_is_refused(content: bytes, tmp_path: Path) -> None:
    other = srs.development_srs(LOGROWS + 1).read_bytes()
    cases = {
        "bytes and k": content[:-1],
        "bytes and k = 5": (LOGROWS + 1).to_bytes(4, "little") + content[4:],
        "power point 3 is not on the curve": flipped(content, 4 + 3 * POINT),
        "Lagrange point 0 is not on the curve": flipped(content, 4 + (POINT << LOGROWS)),
        "begin with the generator of G1": swapped(content, 0, 1),
        "first power": swapped(content, 1, 2),
        "powers 0 to 15": swapped(content, 7, 8),
        "generator of G2": flipped(content, len(content) - 256),
        "sG2 that is not on the curve": flipped(content, len(content) - 128),
        "not consecutive powers of one secret": content[:-128] + other[-128:],
    }
    for reason, spoilt in cases.items():
        (tmp_path / "srs").write_bytes(spoilt)
        with pytest.raises(ArtifactMismatch, match=reason):
            srs.check_srs(tmp_path / "srs", LOGROWS, None)


def test_two_that_ask_at_once_get_one_file(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def make(path: Path, logrows: int) -> None:
        time.sleep(0.2)
        made.append(path)
        path.write_bytes(bytes(logrows))

    monkeypatch.setattr(srs, "_make", make)
    askers = [threading.Thread(target=srs.development_srs, args=(LOGROWS,)) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert made == [cache / "srs" / f"development-{LOGROWS}.srs"]


def test_an_srs_that_fails_its_check_is_not_kept(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ArtifactMismatch("no")

    monkeypatch.setattr(srs, "check_srs", refuse)
    with pytest.raises(ArtifactMismatch):
        srs.development_srs(LOGROWS)
    assert [path.name for path in (cache / "srs").iterdir()] == [f"development-{LOGROWS}.lock"]


@pytest.mark.parametrize("logrows", [0, 23])
def test_sizes_out_of_range_are_refused(logrows: int) -> None:
    with pytest.raises(EnvironmentMissing, match=r"2\^1 to 2\^22"):
        srs.development_srs(logrows)


def test_no_ceremony_file_is_accepted_without_a_pinned_hash() -> None:
    with pytest.raises(EnvironmentMissing, match="pinned"):
        srs.fetch_srs(17)
