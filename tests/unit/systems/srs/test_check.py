"""Every point of a set-up is checked, and that all are of one secret; with both engines."""

from collections.abc import Callable
from pathlib import Path

import pytest

from prover.base.errors import ArtifactMismatch
from prover.base.files import sha256_file
from prover.systems import srs
from prover.systems.srs import SetUp, check, raw
from prover.verify.algebra.group import P, bn128

LOGROWS = 4
POINT, TWIST = 64, 128
Spoil = Callable[[bytes], bytes]


def plainly(path: str, logrows: int) -> None:
    check.require_consistent_points(raw.read(Path(path), logrows))


@pytest.fixture(params=["Rust", "Python"])
def require(request: pytest.FixtureRequest) -> Callable[[str, int], object]:
    if request.param == "Python":
        return plainly
    pytest.importorskip("zkescrow_native", reason="the Rust engine is not installed (no cargo)")
    return check.require_consistent


@pytest.fixture(scope="module")
def content() -> bytes:
    return srs.development_srs(LOGROWS).read_bytes()


def swapped(first: int, second: int) -> Spoil:
    def spoil(content: bytes) -> bytes:
        points = [content[4 + POINT * at :][:POINT] for at in range(2 << LOGROWS)]
        points[first], points[second] = points[second], points[first]
        return content[:4] + b"".join(points) + content[4 + POINT * len(points) :]

    return spoil


def replaced(at: int, part: bytes) -> Spoil:
    return lambda content: content[:at] + part + content[at:][len(part) :]


def flipped(at: int) -> Spoil:
    return lambda content: content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def power(number: int) -> int:
    return 4 + POINT * number


def lagrange(number: int) -> int:
    return 4 + POINT * ((1 << LOGROWS) + number)


G2 = raw.twists_at(LOGROWS)
S_G2 = G2 + TWIST


def montgomery(value: int) -> bytes:
    return (value * (1 << 256) % P).to_bytes(32, "little")


def outside_the_subgroup() -> bytes:
    """A point of the twist whose order is not r: nearly every point of the curve."""
    x = bn128.FQ2([1, 0])
    while True:
        root = square_root(x * x * x + bn128.b2)
        if root is not None:
            point = (x, root, bn128.FQ2.one())
            assert bn128.is_on_curve(point, bn128.b2)
            if not bn128.is_inf(bn128.multiply(point, bn128.curve_order)):
                return b"".join(montgomery(int(c)) for part in (x, root) for c in part.coeffs)
        x = x + bn128.FQ2.one()


def square_root(value: object) -> object:
    """In p^2, by the complex method; None where there is none."""
    a, b = (int(part) for part in value.coeffs)  # type: ignore[attr-defined]
    norm = pow(a * a + b * b, (P + 1) // 4, P)
    for sign in (norm, -norm):
        half = (a + sign) * pow(2, -1, P) % P
        real = pow(half, (P + 1) // 4, P)
        if real and real * real % P == half:
            root = bn128.FQ2([real, b * pow(2 * real, -1, P) % P])
            if root * root == value:
                return root
    return None


BAD = {
    "power 3 of": flipped(power(3)),
    "power 0 of": replaced(power(0), bytes(POINT)),
    "power 5 of": replaced(power(5), b"\xff" * 32),
    "Lagrange point 0 of": flipped(lagrange(0)),
    "Lagrange point 15 of": replaced(lagrange(15), bytes(POINT)),
    "groups' generators": swapped(0, 1),
    "consecutive ones of one secret": swapped(1, 2),
    "not consecutive ones": swapped(14, 15),
    "Lagrange form": swapped((1 << LOGROWS) + 2, (1 << LOGROWS) + 3),
    "form is not that": lambda content: swapped(31, 30)(content),
    "G2 of": flipped(G2),
    "s G2 of": flipped(S_G2),
    "s G2 of the": replaced(S_G2, bytes(TWIST)),
    "s G2 of the set-up": replaced(S_G2, outside_the_subgroup()),
}


def test_an_honest_set_up_passes(
    content: bytes, tmp_path: Path, require: Callable[[str, int], object]
) -> None:
    (tmp_path / "srs").write_bytes(content)
    require(str(tmp_path / "srs"), LOGROWS)


@pytest.mark.parametrize("reason", BAD)
def test_a_spoilt_set_up_is_refused(
    content: bytes, tmp_path: Path, require: Callable[[str, int], object], reason: str
) -> None:
    (tmp_path / "srs").write_bytes(BAD[reason](content))
    with pytest.raises(ArtifactMismatch, match=reason):
        require(str(tmp_path / "srs"), LOGROWS)


def test_another_secrets_point_is_refused(
    content: bytes, tmp_path: Path, require: Callable[[str, int], object]
) -> None:
    generator = content[G2:S_G2]
    (tmp_path / "srs").write_bytes(content[:S_G2] + generator)
    with pytest.raises(ArtifactMismatch, match="not consecutive"):
        require(str(tmp_path / "srs"), LOGROWS)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-1],
        lambda content: content + b"\0",
        lambda content: (LOGROWS + 1).to_bytes(4, "little") + content[4:],
        lambda content: b"\xff\xff\xff\xff" + content[4:],
        lambda _: b"",
    ],
)
def test_a_file_of_another_size_is_refused(content: bytes, tmp_path: Path, spoil: Spoil) -> None:
    (tmp_path / "srs").write_bytes(spoil(content))
    with pytest.raises(ArtifactMismatch, match="bytes and k ="):
        srs.check_srs(tmp_path / "srs", LOGROWS)


def test_the_check_runs_in_a_child_and_names_the_reason(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "srs").write_bytes(content)
    srs.check_srs(tmp_path / "srs", LOGROWS)
    (tmp_path / "srs").write_bytes(swapped(14, 15)(content))
    with pytest.raises(ArtifactMismatch, match="not consecutive"):
        srs.check_srs(tmp_path / "srs", LOGROWS)


def test_a_file_is_told_by_its_published_hash(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "srs").write_bytes(content)
    assert srs.recognise(tmp_path / "srs", LOGROWS) == srs.development_record(LOGROWS)


def test_a_file_of_an_unknown_secret_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "srs").write_bytes(content[:S_G2] + content[G2:S_G2])
    with pytest.raises(ArtifactMismatch, match="of no set-up that is known here"):
        srs.recognise(tmp_path / "srs", LOGROWS)


def test_the_point_without_the_powers_does_not_make_a_ceremony(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "srs").write_bytes(swapped(14, 15)(content))
    with pytest.raises(ArtifactMismatch, match="not consecutive"):
        srs.recognise(tmp_path / "srs", LOGROWS)


def test_a_development_file_that_poses_as_a_ceremonys_is_refused(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "srs").write_bytes(content)
    sha256 = sha256_file(tmp_path / "srs")
    srs.check_named(tmp_path / "srs", SetUp(name="development", sha256=sha256), LOGROWS)
    with pytest.raises(ArtifactMismatch, match="another secret"):
        srs.check_named(tmp_path / "srs", SetUp(name="hermez", sha256=sha256), LOGROWS)


def test_a_file_that_is_not_the_manifests_is_called_different(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "srs").write_bytes(swapped(14, 15)(content))
    with pytest.raises(ArtifactMismatch, match="the set-up differs: srs has SHA-256"):
        srs.check_named(tmp_path / "srs", srs.development_record(LOGROWS), LOGROWS)
