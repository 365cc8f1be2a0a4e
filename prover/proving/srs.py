"""Structured reference strings for KZG: development ones made here, and checks of any.

File format (halo2 ParamsKZG, raw): k as little-endian u32; 2^k points of G1, powers of the secret;
2^k points of G1, the Lagrange basis; the generator of G2; the generator times the secret. A
coordinate is 32 little-endian bytes in Montgomery form.
"""

import importlib.util
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from py_ecc import optimized_bn128

from prover.errors import ArtifactMismatch, EnvironmentMissing
from prover.files import locked, new_directory, sha256_file, sync
from prover.proving import worker
from prover.settings import get_settings

DEVELOPMENT: Literal["development"] = "development"
MAX_LOGROWS = 22
SAMPLED_POWERS = 32
bn128: Any = optimized_bn128
_MONTGOMERY = pow(1 << 256, -1, bn128.field_modulus)
_G1_BYTES, _G2_BYTES = 64, 128

Affine = tuple[int, int]


@dataclass(frozen=True)
class Srs:
    """Powers of the secret in G1 and G2, affine; G2 coordinates as (real, imaginary)."""

    powers: tuple[Affine, ...]
    lagrange: tuple[Affine, ...]
    g2: tuple[Affine, Affine]
    s_g2: tuple[Affine, Affine]


def development_srs(logrows: int) -> Path:
    """The development SRS of this machine for 2^logrows rows, made and checked on first use.

    Whoever made it knew its secret and could forge proofs: for local chains only. Two processes
    that ask at once get the same file. Raises WorkerFailed, EnvironmentMissing or ArtifactMismatch.
    """
    _check_logrows(logrows)
    path = _development_path(logrows)
    if not path.exists():
        with locked(path.with_suffix(".lock")):
            if not path.exists():
                _make(path, logrows)
    return path


def check_unknown_srs(path: Path, logrows: int) -> None:
    """`check_srs`, unless the file equals the one that this machine made, and checked, itself."""
    own = _development_path(logrows)
    if not own.exists() or sha256_file(own) != sha256_file(path):
        check_srs(path, logrows)


def fetch_srs(logrows: int) -> Path:
    """The SRS of a public ceremony, checked against its pinned hash.

    No ceremony file is pinned by hash in this version, so none is downloaded or accepted: raises
    EnvironmentMissing. Circuits made with a development SRS say so in their manifest.
    """
    _check_logrows(logrows)
    raise EnvironmentMissing(
        f"no ceremony file for 2^{logrows} rows is pinned in this version: only development SRS on "
        "chain 31337 are allowed; pin a file's SHA-256 once it can be fetched and checked"
    )


def check_srs(path: Path, logrows: int, sampled: int | None = SAMPLED_POWERS) -> None:
    """Check that a file is a KZG SRS; raises ArtifactMismatch naming the failed condition.

    All points are on the curve; e(G1_1, G2) == e(G1_0, sG2); and a random 128-bit linear
    combination over consecutive powers, all of them if `sampled` is None, else that many from a
    random place.
    """
    srs = load_srs(path, logrows)
    _check_generators(srs)
    for name, points in (("power", srs.powers), ("Lagrange", srs.lagrange)):
        _check_on_curve(name, points)
    _check_step(srs, [srs.powers[0]], [srs.powers[1]], "first power")
    _check_combination(srs, sampled)


def load_srs(path: Path, logrows: int) -> Srs:
    """Read a file. Raises ArtifactMismatch unless its size and k are those of 2^logrows rows."""
    content = path.read_bytes()
    size = 4 + 2 * _G1_BYTES * (1 << logrows) + 2 * _G2_BYTES
    found = int.from_bytes(content[:4], "little")
    if len(content) != size or found != logrows:
        raise ArtifactMismatch(
            f"SRS {path.name} has {len(content)} bytes and k = {found}: "
            f"{size} and {logrows} are allowed; make it again"
        )
    points = _points(content[4:])
    rows = 1 << logrows
    ends = points[2 * rows :]
    return Srs(
        tuple(points[:rows]),
        tuple(points[rows : 2 * rows]),
        (ends[0], ends[1]),
        (ends[2], ends[3]),
    )


def _development_path(logrows: int) -> Path:
    return get_settings().cache / "srs" / f"{DEVELOPMENT}-{logrows}.srs"


def _make(path: Path, logrows: int) -> None:
    with new_directory(path.parent) as scratch:
        made = scratch / path.name
        arguments = {"path": str(made), "logrows": logrows}
        worker.run(_generator(), arguments, worker.Limits(seconds=3600))
        check_srs(made, logrows)
        sync(made)
        made.replace(path)


def _generator() -> str:
    """The Rust engine, if it is there, takes a tenth of the library's time."""
    if importlib.util.find_spec("zkescrow_native"):
        return "prover.proving.native.tasks:make_srs"
    return "prover.proving.ezkl.engine:gen_srs"


def _check_logrows(logrows: int) -> None:
    if not 1 <= logrows <= MAX_LOGROWS:
        raise EnvironmentMissing(
            f"an SRS of 2^{logrows} rows: 2^1 to 2^{MAX_LOGROWS} are allowed; use a smaller circuit"
        )


def _points(content: bytes) -> list[Affine]:
    modulus = bn128.field_modulus
    words = [
        int.from_bytes(content[at : at + 32], "little") * _MONTGOMERY % modulus
        for at in range(0, len(content), 32)
    ]
    return list(zip(words[::2], words[1::2], strict=True))


def _check_generators(srs: Srs) -> None:
    generator = bn128.normalize(bn128.G1)
    if srs.powers[0] != (int(generator[0]), int(generator[1])):
        raise ArtifactMismatch("SRS does not begin with the generator of G1: make it again")
    if not bn128.eq(_g2(srs.g2), bn128.G2):
        raise ArtifactMismatch("SRS does not hold the generator of G2: make it again")
    if not bn128.is_on_curve(_g2(srs.s_g2), bn128.b2):
        raise ArtifactMismatch("SRS has a point sG2 that is not on the curve: make it again")


def _check_on_curve(name: str, points: Sequence[Affine]) -> None:
    modulus = bn128.field_modulus
    for index, (x, y) in enumerate(points):
        if (y * y - x * x * x - 3) % modulus:
            raise ArtifactMismatch(f"SRS {name} point {index} is not on the curve: make it again")


def _check_combination(srs: Srs, sampled: int | None) -> None:
    count = len(srs.powers) - 1 if sampled is None else min(sampled, len(srs.powers) - 1)
    start = secrets.randbelow(len(srs.powers) - count)
    coefficients = [secrets.randbits(128) for _ in range(count)]
    pairs = list(pairwise(srs.powers[start : start + count + 1]))
    lower = _combine([pair[0] for pair in pairs], coefficients)
    upper = _combine([pair[1] for pair in pairs], coefficients)
    _check_pairing(srs, lower, upper, f"powers {start} to {start + count}")


def _check_step(srs: Srs, lower: list[Affine], upper: list[Affine], name: str) -> None:
    _check_pairing(srs, _combine(lower, [1]), _combine(upper, [1]), name)


def _check_pairing(srs: Srs, lower: Any, upper: Any, name: str) -> None:
    if bn128.pairing(bn128.G2, upper) != bn128.pairing(_g2(srs.s_g2), lower):
        raise ArtifactMismatch(f"SRS {name}: not consecutive powers of one secret; make it again")


def _combine(points: Sequence[Affine], coefficients: Sequence[int]) -> Any:
    """sum coefficient_i * point_i by buckets of one byte, high byte first."""
    bytes_needed = (max(coefficients).bit_length() + 7) // 8
    total = bn128.Z1
    for window in reversed(range(bytes_needed)):
        for _ in range(8):
            total = bn128.double(total)
        digits = [(value >> (8 * window)) & 0xFF for value in coefficients]
        total = bn128.add(total, _bucket_sum(points, digits))
    return total


def _bucket_sum(points: Sequence[Affine], digits: Sequence[int]) -> Any:
    buckets: dict[int, Any] = {}
    for point, digit in zip(points, digits, strict=True):
        buckets[digit] = bn128.add(buckets.get(digit, bn128.Z1), _g1(point))
    running = total = bn128.Z1
    for digit in range(max(digits), 0, -1):
        running = bn128.add(running, buckets.get(digit, bn128.Z1))
        total = bn128.add(total, running)
    return total


def _g1(point: Affine) -> Any:
    return (bn128.FQ(point[0]), bn128.FQ(point[1]), bn128.FQ.one())


def _g2(point: tuple[Affine, Affine]) -> Any:
    return (bn128.FQ2(point[0]), bn128.FQ2(point[1]), bn128.FQ2.one())
