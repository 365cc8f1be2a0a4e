"""A small ceremony, whose secret these tests know, that the code is told to be a real one."""

from importlib import import_module
from pathlib import Path

import pytest

from prover.base.settings import get_settings
from prover.systems.srs import known, raw
from prover.systems.srs.check import second_point

development = import_module("prover.systems.srs.development")
SECRET = 0x1234567
LOGROWS = 6
POINT, TWIST = raw.G1_BYTES, raw.G2_BYTES


@pytest.fixture(scope="session")
def ceremony_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In halo2's raw format."""
    path = tmp_path_factory.mktemp("ceremony") / "ceremony-6"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(development, "SECRET", SECRET)
        development.write_plainly(str(path), LOGROWS)
    return path


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """The folder of set-ups of a machine of its own: home and cache are new."""
    monkeypatch.setenv("ZKESCROW_CACHE", str(tmp_path / "cache"))
    get_settings.cache_clear()
    return home / "srs"


@pytest.fixture
def trial(ceremony_file: Path, own: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ceremony's file; the code knows the ceremony `trial-one` by [s]G2."""
    point = second_point(ceremony_file, LOGROWS)
    facts = {**known.known(), "trial-one": known.Known("trial-one", "a trial", point, {})}
    monkeypatch.setattr(known, "_published", lambda: facts)
    return ceremony_file


def ptau_of(content: bytes, power: int, **changes: bytes) -> bytes:
    """A phase 1 file with the powers of a larger set-up; sections may be replaced by name."""
    twists = content[raw.twists_at(LOGROWS) :]
    sections = {
        "header": (32).to_bytes(4, "little")
        + raw.P.to_bytes(32, "little")
        + power.to_bytes(4, "little") * 2,
        "powers": content[4:][: POINT * ((2 << power) - 1)],
        "twists": twists + twists[TWIST:] * ((1 << power) - 2),
        "alpha": b"not read",
    } | changes
    found = b"ptau" + (1).to_bytes(4, "little") + len(sections).to_bytes(4, "little")
    for kind, section in enumerate(sections.values(), 1):
        found += kind.to_bytes(4, "little") + len(section).to_bytes(8, "little") + section
    return found
