"""snarkjs's powers of tau (.ptau): where the points stand in a file that a stranger wrote.

"ptau", u32 version, u32 number of sections; each section is u32 type, u64 size, content; all
little-endian. Section 1: u32 bytes of a coordinate, the prime, u32 power, u32 power of the
ceremony. Section 2: 2^(power+1) - 1 powers in G1, section 3: 2^power in G2, coordinates in
Montgomery form as in halo2's raw format. Phase 1 and prepared ("final") files differ in sections
that are not read: the Lagrange form, which they have in another order of the roots of unity, is
computed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from prover.base.errors import ArtifactMismatch
from prover.systems.srs.curve import TWO_ADICITY
from prover.systems.srs.raw import G1_BYTES, G2_BYTES
from prover.verify.algebra.group import P

MAGIC = b"ptau"
HEADER, POWERS, TWISTS = 1, 2, 3
COORDINATE_BYTES = 32
MAX_POWER = TWO_ADICITY
MAX_SECTIONS = 64
_HEADER_BYTES = 4 + COORDINATE_BYTES + 4 + 4


@dataclass(frozen=True)
class Ptau:
    """log2 of the powers in G2, of which G1 has twice as many, and where both begin in the file."""

    logrows: int
    powers_at: int
    twists_at: int


def read_layout(path: Path) -> Ptau:
    """The layout of a file, its points not looked at. Raises ArtifactMismatch."""
    with path.open("rb") as file:
        sections = _sections(file, path)
        power = _power(file, sections, path)
    _require_size(path, sections, POWERS, G1_BYTES * ((2 << power) - 1))
    _require_size(path, sections, TWISTS, G2_BYTES << power)
    return Ptau(power, sections[POWERS][0], sections[TWISTS][0])


def _sections(file: BinaryIO, path: Path) -> dict[int, tuple[int, int]]:
    """Place and size of the content by section type; they must fill the file exactly."""
    end = path.stat().st_size
    if file.read(len(MAGIC)) != MAGIC:
        raise _damaged(path, f"expected {MAGIC!r} as its first bytes")
    version, count = _number(file, 4, path), _number(file, 4, path)
    if version != 1 or count > MAX_SECTIONS:
        raise _damaged(
            path,
            f"it has version {version} and {count} sections, expected version 1 and at most "
            f"{MAX_SECTIONS}",
        )
    found: dict[int, tuple[int, int]] = {}
    for _ in range(count):
        kind, size = _number(file, 4, path), _number(file, 8, path)
        if kind in found or size > end - file.tell():
            raise _damaged(path, f"section {kind} comes twice, or ends behind the file")
        found[kind] = file.tell(), size
        file.seek(size, 1)
    if file.tell() != end:
        raise _damaged(path, f"{end - file.tell()} bytes follow its last section")
    return found


def _power(file: BinaryIO, sections: dict[int, tuple[int, int]], path: Path) -> int:
    _require_size(path, sections, HEADER, _HEADER_BYTES)
    file.seek(sections[HEADER][0])
    width, prime = _number(file, 4, path), _number(file, COORDINATE_BYTES, path)
    if width != COORDINATE_BYTES or prime != P:
        raise _damaged(
            path,
            f"its curve has the prime {prime:#x} in {width} bytes, expected that of BN254, {P:#x} "
            f"in {COORDINATE_BYTES}",
        )
    power = _number(file, 4, path)
    if not 1 <= power <= MAX_POWER:
        raise _damaged(path, f"its power is {power}, expected 1 to {MAX_POWER}")
    return power


def _require_size(
    path: Path, sections: dict[int, tuple[int, int]], kind: int, expected: int
) -> None:
    found = sections.get(kind, (0, 0))[1]
    if found != expected:
        raise _damaged(path, f"section {kind} has {found} bytes, expected {expected}")


def _number(file: BinaryIO, length: int, path: Path) -> int:
    content = file.read(length)
    if len(content) != length:
        raise _damaged(path, "it ends early")
    return int.from_bytes(content, "little")


def _damaged(path: Path, reason: str) -> ArtifactMismatch:
    return ArtifactMismatch(
        f"{path.name} is no powers-of-tau file of BN254: {reason}; get the file again"
    )
