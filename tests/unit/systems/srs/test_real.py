"""A real ceremony's file, which is not ours to ship: powers of tau for 2^11 rows."""

import os
import shutil
from pathlib import Path

import pytest

from prover.base.errors import ArtifactMismatch
from prover.systems import srs
from prover.systems.srs import check, known, raw

ROOT = Path(__file__).parents[4]
LOGROWS = 11
pytestmark = pytest.mark.ceremony


@pytest.fixture
def real() -> Path:
    given = os.environ.get("ZKESCROW_TEST_CEREMONY")
    path = Path(given) if given else ROOT.parent / "shared/data/hermez-raw-11"
    if not path.is_file():
        pytest.skip(f"no ceremony file at {path}: set ZKESCROW_TEST_CEREMONY")
    return path


def test_it_is_what_was_published(real: Path) -> None:
    points = raw.read(real, LOGROWS)
    assert points.s_g2 == known.named("hermez").s_g2
    check.require_consistent_points(points)
    assert srs.recognise(real, LOGROWS).name == "hermez"


def test_fewer_rows_are_told_by_the_point(real: Path, own: Path) -> None:
    """No hash is published for them."""
    kept = srs.import_file(real, 7)
    assert (kept.name, kept.logrows) == ("hermez", 7)
    srs.check_named(kept.path, kept.reference().named, 7)


def test_one_changed_byte_is_found(real: Path, own: Path, tmp_path: Path) -> None:
    shutil.copyfile(real, tmp_path / "spoilt")
    (tmp_path / "spoilt").chmod(0o600)
    with (tmp_path / "spoilt").open("r+b") as file:
        file.seek(raw.HEADER_BYTES + raw.G1_BYTES * 1000)
        file.write(b"\1")
    with pytest.raises(ArtifactMismatch, match="power 1000 of the set-up"):
        srs.import_file(tmp_path / "spoilt")
