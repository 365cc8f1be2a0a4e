"""halo2's raw format of a set-up (ParamsKZG).

k as little-endian u32; 2^k points of G1, powers of the secret; 2^k points of G1, the Lagrange
basis; the generator of G2; the generator times the secret. A coordinate is 32 little-endian bytes
in Montgomery form; of G2 the real part comes first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from prover.base.errors import ArtifactMismatch
from prover.systems.srs.curve import BATCH, Affine, on_curve
from prover.verify.algebra.group import P, Twist, in_second_group

MAX_LOGROWS = 22
G1_BYTES, G2_BYTES, HEADER_BYTES = 64, 128, 4
_TO_MONTGOMERY = (1 << 256) % P
_FROM_MONTGOMERY = pow(1 << 256, -1, P)


@dataclass(frozen=True)
class Points:
    """A set-up's points, all checked: finite, on their curve, those of G2 of order r."""

    powers: list[Affine]
    lagrange: list[Affine]
    g2: Twist
    s_g2: Twist

    @property
    def logrows(self) -> int:
        """log2 of the number of powers."""
        return len(self.powers).bit_length() - 1


def size(logrows: int) -> int:
    """Bytes of a file for 2^logrows rows."""
    return HEADER_BYTES + 2 * (G1_BYTES << logrows) + 2 * G2_BYTES


def twists_at(logrows: int) -> int:
    """Where the points of G2 begin."""
    return HEADER_BYTES + 2 * (G1_BYTES << logrows)


def logrows_of(path: Path) -> int:
    """The k that a file states."""
    with path.open("rb") as file:
        return int.from_bytes(file.read(HEADER_BYTES), "little")


def check_size(path: Path, logrows: int) -> None:
    """Raise ArtifactMismatch unless size and k are those of 2^logrows rows."""
    found = logrows_of(path)
    length = path.stat().st_size
    if length != size(logrows) or found != logrows:
        raise ArtifactMismatch(
            f"set-up {path.name} has {length} bytes and k = {found}: expected {size(logrows)} and "
            f"{logrows}; get the file again"
        )


def read(path: Path, logrows: int) -> Points:
    """Read and check every point. Raises ArtifactMismatch."""
    check_size(path, logrows)
    with path.open("rb") as file:
        file.seek(HEADER_BYTES)
        powers = list(read_first(file, 1 << logrows, "power"))
        lagrange = list(read_first(file, 1 << logrows, "Lagrange point"))
        g2, s_g2 = read_second(file, "G2"), read_second(file, "s G2")
    return Points(powers, lagrange, g2, s_g2)


def write(path: Path, points: Points) -> None:
    """Write what `read` reads, a batch at a time."""
    with path.open("wb") as file:
        file.write(points.logrows.to_bytes(HEADER_BYTES, "little"))
        write_first(file, points.powers)
        write_first(file, points.lagrange)
        for point in (points.g2, points.s_g2):
            file.write(b"".join(_word(part) for coordinate in point for part in coordinate))


def read_first(file: BinaryIO, count: int, name: str) -> Iterator[Affine]:
    """Points of G1. Raises ArtifactMismatch naming the first that is infinite or off the curve."""
    for start in range(0, count, BATCH):
        content = file.read(G1_BYTES * min(BATCH, count - start))
        words = _words(content)
        for place, point in enumerate(zip(words[::2], words[1::2], strict=True), start):
            if not on_curve(point):  # nor has the curve a point with a coordinate 0, or p
                raise _outside(f"{name} {place}")
            yield point


def read_second(file: BinaryIO, name: str) -> Twist:
    """A point of G2. Raises ArtifactMismatch unless it is finite, on the twist and of order r."""
    words = _words(file.read(G2_BYTES))
    if len(words) != 4 or max(words) >= P:
        raise _outside(f"point {name}")
    point = (words[0], words[1]), (words[2], words[3])
    if not any(words) or not in_second_group(point):
        raise _outside(f"point {name}")
    return point


def write_first(file: BinaryIO, points: Iterable[Affine]) -> None:
    """Write points of G1."""
    for point in points:
        file.write(_word(point[0]) + _word(point[1]))


def _words(content: bytes) -> list[int]:
    """Coordinates; one that is not below p in its Montgomery form becomes p, which is refused."""
    found = []
    for at in range(0, len(content), 32):
        word = int.from_bytes(content[at : at + 32], "little")
        found.append(word * _FROM_MONTGOMERY % P if word < P else P)
    return found


def _word(value: int) -> bytes:
    return (value * _TO_MONTGOMERY % P).to_bytes(32, "little")


def _outside(name: str) -> ArtifactMismatch:
    return ArtifactMismatch(
        f"{name} of the set-up is not a finite point of its group: get the file again"
    )
