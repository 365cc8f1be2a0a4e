"""snarkjs's files give the same set-up as halo2's; damaged ones are refused in words."""

from pathlib import Path

import pytest

from prover.base.errors import ArtifactMismatch, UsageError
from prover.systems import srs
from prover.systems.srs import ptau, source
from prover.systems.srs.raw import P
from tests.unit.systems.srs.conftest import LOGROWS, ptau_of

POWER = LOGROWS - 1


@pytest.mark.parametrize("complete", ["Rust", "Python"])
def test_both_engines_make_the_same_set_up_of_a_ptau_file(
    trial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, complete: str
) -> None:
    """Cut to half its powers; equal to what halo2's file gives, cut to as many."""
    (tmp_path / "phase1.ptau").write_bytes(ptau_of(trial.read_bytes(), POWER))
    found = source.describe(tmp_path / "phase1.ptau")
    assert (found.format, found.logrows) == ("ptau", POWER)
    arguments = (str(found.path), POWER, found.powers_at, found.twists_at)
    if complete == "Python":
        source.complete_plainly(*arguments, str(tmp_path / "made"))
    else:
        pytest.importorskip("zkescrow_native", reason="the Rust engine is not installed (no cargo)")
        source.complete(*arguments, str(tmp_path / "made"))
    cut = srs.import_file(trial, POWER)
    assert (tmp_path / "made").read_bytes() == cut.path.read_bytes()


def test_a_ptau_file_is_recognised_by_its_point(trial: Path, tmp_path: Path) -> None:
    (tmp_path / "phase1.ptau").write_bytes(ptau_of(trial.read_bytes(), POWER))
    kept = srs.import_file(tmp_path / "phase1.ptau")
    assert (kept.name, kept.logrows) == ("trial-one", POWER)


def test_sections_of_a_prepared_file_are_passed_over(trial: Path, tmp_path: Path) -> None:
    """Its Lagrange form stands in snarkjs's order; we compute our own."""
    phase1 = ptau_of(trial.read_bytes(), POWER)
    lagrange = b"in another order"
    section = (12).to_bytes(4, "little") + len(lagrange).to_bytes(8, "little") + lagrange
    count = int.from_bytes(phase1[8:12], "little") + 1
    final = phase1[:8] + count.to_bytes(4, "little") + phase1[12:] + section
    (tmp_path / "phase1.ptau").write_bytes(phase1)
    (tmp_path / "final.ptau").write_bytes(final)
    one, other = (srs.import_file(tmp_path / f"{name}.ptau") for name in ("phase1", "final"))
    assert one == other


def header(prime: int = P, width: int = 32, power: int = POWER) -> bytes:
    number = power.to_bytes(4, "little")
    return width.to_bytes(4, "little") + prime.to_bytes(32, "little") + number + number


BLS = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F624 % (1 << 256)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"header": header(prime=BLS)}, "expected that of BN254"),
        ({"header": header(width=48)}, "expected that of BN254"),
        ({"header": header(power=POWER + 1)}, "section 2 has"),
        ({"header": header(power=POWER - 1)}, "section 2 has"),
        ({"header": header(power=29)}, "its power is 29"),
        ({"header": header(power=2**32 - 1)}, "its power is 4294967295"),
        ({"header": header() + b"\0"}, "section 1 has 45 bytes"),
        ({"twists": b""}, "section 3 has 0 bytes"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(
    trial: Path, tmp_path: Path, changes: dict[str, bytes], reason: str
) -> None:
    (tmp_path / "bad.ptau").write_bytes(ptau_of(trial.read_bytes(), POWER, **changes))
    with pytest.raises(ArtifactMismatch, match=reason):
        ptau.read_layout(tmp_path / "bad.ptau")


def test_a_cut_or_lengthened_file_is_refused(trial: Path, tmp_path: Path) -> None:
    content, path = ptau_of(trial.read_bytes(), POWER), tmp_path / "bad.ptau"
    for end in (3, 5, 11, 12, 17, 40, 70, len(content) - 1):
        path.write_bytes(content[:end])
        with pytest.raises(ArtifactMismatch):
            source.describe(path)
    path.write_bytes(content + b"\0")
    with pytest.raises(ArtifactMismatch, match="1 bytes follow its last section"):
        source.describe(path)


def test_a_section_that_claims_more_than_the_file_is_refused(tmp_path: Path) -> None:
    section = (2).to_bytes(4, "little") + (1 << 62).to_bytes(8, "little")
    (tmp_path / "huge").write_bytes(b"ptau" + bytes([1, 0, 0, 0, 1, 0, 0, 0]) + section)
    with pytest.raises(ArtifactMismatch, match="ends behind the file"):
        ptau.read_layout(tmp_path / "huge")
    (tmp_path / "many").write_bytes(b"ptau" + bytes([1, 0, 0, 0]) + b"\xff" * 4)
    with pytest.raises(ArtifactMismatch, match="4294967295 sections"):
        ptau.read_layout(tmp_path / "many")
    twice = section[:4] + bytes(8)
    (tmp_path / "twice").write_bytes(b"ptau" + bytes([1, 0, 0, 0, 2, 0, 0, 0]) + twice * 2)
    with pytest.raises(ArtifactMismatch, match="comes twice"):
        ptau.read_layout(tmp_path / "twice")


def test_another_files_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello, I am not a set-up")
    with pytest.raises(ArtifactMismatch, match=r"neither a \.ptau file nor"):
        source.describe(tmp_path / "text")
    with pytest.raises(UsageError, match="is no file"):
        source.describe(tmp_path)


def test_a_point_off_the_curve_is_found_in_a_ptau_file(trial: Path, tmp_path: Path) -> None:
    content = bytearray(trial.read_bytes())
    content[4 + 64 * 5] ^= 1
    (tmp_path / "bad.ptau").write_bytes(ptau_of(bytes(content), POWER))
    with pytest.raises(ArtifactMismatch, match="power 5 of the set-up"):
        srs.import_file(tmp_path / "bad.ptau")
