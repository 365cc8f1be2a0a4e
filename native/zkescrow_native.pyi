"""Types of the native proof system (Rust): arrays in, bytes out. Long calls release the GIL."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike

import numpy as np
from numpy.typing import NDArray

class Refused(ValueError):
    """What was given fits no circuit, or a file is damaged; the message says what to do."""

class Rejected(ValueError):
    """A proof does not hold."""

class Srs:
    """A KZG set-up for 2^k rows, and packed polynomials of so many rows."""

    @staticmethod
    def development(k: int, seed: bytes, packing: int = 1) -> Srs:
        """Made from a seed of 32 bytes: whoever knows it can forge proofs."""
    @staticmethod
    def read(path: str | PathLike[str]) -> Srs:
        """Read the file that `write` made; points that are not on the curve are refused."""
    @staticmethod
    def read_powers(path: str | PathLike[str], k: int, powers_at: int, twists_at: int) -> Srs:
        """2^k powers from one place of a file and the points G2, s G2 from another."""
    def check(self, seed: bytes) -> None:
        """Raise Refused unless these are consecutive powers of one secret (seed: 32 bytes)."""
    def write(self, path: str | PathLike[str]) -> None:
        """128 bytes for each of the 2^k rows; further powers are left out."""
    def with_powers(self, path: str | PathLike[str], k: int) -> Srs:
        """The same with the first 2^k powers of a file that `write` made, of the same secret."""
    def downsize(self, k: int) -> Srs:
        """The same set-up for fewer rows."""
    @property
    def k(self) -> int:
        """log2 of the rows."""

class Program:
    """A network's fixed columns and copies."""

    def __init__(
        self,
        shape: Mapping[str, int],
        columns: Mapping[str, NDArray[np.int64]],
        copies: NDArray[np.int64],
        instances: Mapping[str, int],
    ) -> None:
        """Columns [lanes, rows] by name; copies [n, 4]: column and row of both sides.

        `instances`: how many are "context", "digests" and "outputs", in this order.
        """
    def salted(self, salt: Sequence[Sequence[bytes]]) -> Program:
        """The same with salt below each lane of `weight` and below `bias`, for hidden weights."""
    @staticmethod
    def usable_rows(k: int) -> int:
        """Rows that columns may fill."""

class Witness:
    """One execution of a network: advice of the first phase; words are little-endian.

    `quotient`, `remainder`, `activation` [lanes, rows], `multiplicity` [rows]; `ranks` [2, rows]
    are `membership` and `threshold`, or [0, rows] where scores are public; `input` is the packed
    input and its salt; `salts` of the digests, if there are.
    """

    def __init__(
        self,
        quotient: NDArray[np.int64],
        remainder: NDArray[np.int64],
        activation: NDArray[np.int64],
        multiplicity: NDArray[np.int64],
        ranks: NDArray[np.int64],
        input: Sequence[bytes],
        salts: Sequence[bytes],
        instances: Sequence[bytes],
    ) -> None: ...

class Keys:
    """Proving and verifying key of a program."""

    @staticmethod
    def read(folder: str | PathLike[str]) -> Keys:
        """Read the folder that `write` made."""
    def write(self, folder: str | PathLike[str]) -> None:
        """Write the keys into a folder; the proving key is the large file."""
    def weights_commitment(self) -> bytes:
        """keccak256 of what every proof begins with: digest and points of hidden weights."""
    def verifying_key(self) -> VerifyingKey:
        """What verification takes."""

class VerifyingKey:
    """All that verification takes."""

    @staticmethod
    def read(folder: str | PathLike[str]) -> VerifyingKey:
        """Read it from a folder of keys; the proving key may be missing there."""
    def to_bytes(self) -> bytes:
        """The key's words, as the contract that holds it has them."""
    def description(self) -> str:
        """JSON that suffices for an independent verifier."""
    def verify(self, proof: bytes, instances: Sequence[bytes]) -> None:
        """Raise Rejected unless the proof holds for the instances (32 little-endian bytes)."""

def keygen(program: Program, srs: Srs) -> Keys:
    """Make the keys; deterministic."""

def prove(
    program: Program,
    keys: Keys,
    srs: Srs,
    witness: Witness,
    image_seed: bytes,
    proof_seed: bytes,
    progress: Callable[[str], object] | None = None,
) -> bytes:
    """A proof; `progress` is called with the name of each stage when it is done."""

def commit_image(srs: Srs, image: Sequence[bytes], image_seed: bytes) -> bytes:
    """The first point of every proof about an image (x, y big-endian), from words and seed."""

def check(
    program: Program, witness: Witness, tampers: Sequence[tuple[str, int, int, int]] = ()
) -> list[str]:
    """What a witness violates: "GATE on row ROW" or "copy of COLUMN on row ROW"; empty if nothing.

    A tamper adds a delta to a cell of the second phase: (column, lane, row, delta).
    """

def msm_seconds(srs: Srs, bits: int, repeats: int) -> list[float]:
    """Seconds of commitments to 2^k scalars of so many bits (64 and more: any)."""

def fft_seconds(k: int, repeats: int) -> list[float]:
    """Seconds of inverse transforms of 2^k values."""
