"""Fiat-Shamir with keccak256, as a contract follows it.

The state is 32 bytes, zero at first. What is absorbed waits in a buffer, 32 big-endian bytes a
scalar, 64 a point (x, y). A challenge is state := keccak256(state || buffer) modulo r, after which
the buffer is empty. What is read of the proof is absorbed. The bias of the reduction modulo r
(2^256 = 5.29 r) leaves every challenge with a chance of at most 6 / 2^256.
"""

from eth_utils.crypto import keccak

from prover.base.errors import ProofRejected
from prover.verify.algebra.field import R
from prover.verify.algebra.group import Affine, P, on_curve

WORD_BYTES = 32  # as docs/native/FORMAT.md says; the prover has its own


class Transcript:
    """State and buffer over the bytes of a proof that have not been read yet."""

    def __init__(self, proof: bytes) -> None:
        self._proof = proof
        self._position = 0
        self._state = bytes(WORD_BYTES)
        self._buffer = b""

    def absorb(self, word: int) -> None:
        """Append a word, which verifier and prover know, to the buffer."""
        self._buffer += word.to_bytes(WORD_BYTES, "big")

    def squeeze(self) -> int:
        """The next challenge."""
        self._state = keccak(self._state + self._buffer)
        self._buffer = b""
        return int.from_bytes(self._state, "big") % R

    def read_scalar(self, name: str) -> int:
        """The next word of the proof, below r. Raises ProofRejected with its name."""
        return self._read_below(R, f"evaluation {name}")

    def read_point(self, name: str) -> Affine:
        """The next two words, a finite point. Raises ProofRejected with its name."""
        what = f"commitment {name}"
        point = self._read_below(P, what), self._read_below(P, what)
        if not on_curve(point):
            raise ProofRejected(
                f"{what}: ({point[0]:#x}, {point[1]:#x}): expected a point on the curve y^2 = x^3 "
                "+ 3"
            )
        return point

    def finish(self) -> None:
        """Raises ProofRejected if something of the proof was not read."""
        left = len(self._proof) - self._position
        if left:
            raise ProofRejected(f"length: {left} bytes are left after the last word; cut them off")

    def _read_below(self, modulus: int, what: str) -> int:
        end = self._position + WORD_BYTES
        found = self._proof[self._position : end]
        if len(found) < WORD_BYTES:
            raise ProofRejected(f"length: the proof ends within {what}; send all of it")
        self._position = end
        word = int.from_bytes(found, "big")
        if word >= modulus:
            raise ProofRejected(
                f"{what}: {word:#x}: expected a word below the modulus {modulus:#x}"
            )
        self.absorb(word)
        return word
