"""The development set-up: INSECURE. Its secret is public, so anybody can forge proofs on it.

It is the same on every machine, so that keys, verifiers and circuit ids are too.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prover.statement.field import FIELD_MODULUS as R
from prover.systems.srs import raw
from prover.systems.srs.curve import inverses, multiples, root_of_unity
from prover.verify.algebra.group import Twist, bn128

SEED = hashlib.sha256(b"zkescrow development set-up: INSECURE, its secret is public").digest()
# The Rust engine draws it from the seed: the first 64 bytes of ChaCha20's key stream under the
# seed, little-endian, modulo r (a test draws it again).
SECRET = 0x25CF5A802E3A857C2BB34FB99EDE7C920C9512733C4DD7D4D4E9249F782F90D
DENOMINATORS = 1 << 12


def write(path: str, logrows: int) -> dict[str, Any]:
    """Write the set-up for 2^logrows rows, with the Rust engine or, ten times slower, without."""
    try:
        import zkescrow_native
    except ImportError:
        write_plainly(path, logrows)
    else:
        zkescrow_native.Srs.development(logrows, SEED).write(path)
    return {}


def write_plainly(path: str, logrows: int) -> dict[str, Any]:
    """`write` in plain Python, byte for byte the same: some 0.15 ms a point."""
    points = raw.Points(
        powers=list(multiples(_powers(SECRET, 1 << logrows))),
        lagrange=list(multiples(_lagrange(logrows))),
        g2=_twist(bn128.G2),
        s_g2=_twist(bn128.multiply(bn128.G2, SECRET)),
    )
    raw.write(Path(path), points)
    return {}


def _powers(base: int, count: int) -> Iterator[int]:
    power = 1
    for _ in range(count):
        yield power
        power = power * base % R


def _lagrange(logrows: int) -> Iterator[int]:
    """The Lagrange polynomials of the roots of unity w at s: (s^n - 1) w / (n (s - w))."""
    count = 1 << logrows
    factor = (pow(SECRET, count, R) - 1) * pow(count, -1, R) % R
    roots = list(_powers(root_of_unity(logrows), count))
    for start in range(0, count, DENOMINATORS):
        batch = roots[start : start + DENOMINATORS]
        below = inverses([SECRET - root for root in batch], R)
        for root, inverse in zip(batch, below, strict=True):
            yield factor * root % R * inverse % R


def _twist(point: Any) -> Twist:
    x, y = bn128.normalize(point)
    (a, b), (c, d) = x.coeffs, y.coeffs
    return (int(a), int(b)), (int(c), int(d))
