"""What hides an image in its commitment and in proofs about it, all from one seed.

An image's column ends with salt cells and blinding rows. A proof tells one value of the column, and
each of the three pieces of the quotient, which are not blinded, may tell another. So an image is
hidden for a number of proofs, which are counted before they are made.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path

from prover.base.errors import ProvingError
from prover.base.files import locked, write_atomically
from prover.statement.field import FIELD_MODULUS
from prover.systems.native.circuit.layout import CircuitLayout
from prover.systems.native.circuit.program import Placed

# An item's salt is a seed of 32 bytes, as so many elements of so many bits.
SEED_ELEMENTS, SEED_BITS = 8, 32
# Full-size random cells behind the packed image: so many, or as many as fit up to the most.
SALT_CELLS, MOST_CELLS = 8, 128
BLINDING_CELLS = 6
# The commitment tells a value too.
VALUES_AT_FIRST, VALUES_A_PROOF = 1, 4
_APPLICATION = b"zkescrow image 1"


@dataclass(frozen=True)
class Secrets:
    """What hides the image: the salt cells, and the seed of its column's blinding rows.

    `chunks` are the salts of its digests, where these are public.
    """

    salt: tuple[int, ...]
    image_seed: bytes
    chunks: tuple[int, ...] = ()

    @classmethod
    def random(cls, chunks: int = 0, cells: int = SALT_CELLS) -> "Secrets":
        """From the system's generator."""
        return cls(random_words(cells), secrets.token_bytes(32), random_words(chunks))


def random_words(count: int) -> tuple[int, ...]:
    """Field elements from the system's generator."""
    return tuple(secrets.randbelow(FIELD_MODULUS) for _ in range(count))


def salt_cells(program: Placed, layout: CircuitLayout) -> int:
    """Salt cells below the image, as many as fit up to MOST_CELLS."""
    image = program.stored[program.network.input.name].stop
    return min(MOST_CELLS, layout.usable_rows - image)


def proofs_hidden(cells: int) -> int:
    """How many proofs about one image with one seed hide it."""
    return max(cells + BLINDING_CELLS - VALUES_AT_FIRST, 0) // VALUES_A_PROOF


def seed_of(salt: tuple[int, ...]) -> bytes:
    """32 bytes of an item's salt."""
    return b"".join(element.to_bytes(SEED_BITS // 8, "big") for element in salt)


def secrets_of(seed: bytes, cells: int, chunks: int) -> Secrets:
    """Salt cells, the seed of the blinding rows, and salts of digests: nobody else can tell them.

    HMAC-SHA-512 of purpose and number, modulo the field's order.
    """
    salt = tuple(_element(seed, b"cell", number) for number in range(cells))
    salts = tuple(_element(seed, b"digest", number) for number in range(chunks))
    return Secrets(salt, _derived(seed, b"rows", 0)[:32], salts)


def _element(seed: bytes, purpose: bytes, number: int) -> int:
    return int.from_bytes(_derived(seed, purpose, number), "big") % FIELD_MODULUS


def _derived(seed: bytes, purpose: bytes, number: int) -> bytes:
    message = _APPLICATION + b"/" + purpose + number.to_bytes(4, "big")
    return hmac.digest(seed, message, hashlib.sha512)


def spend(folder: Path, commitment: bytes, allowed: int) -> None:
    """Count one more proof about an image before it is made, in a folder of this machine.

    Raises ProvingError once the hiding is used up.
    """
    with locked(folder / "lock"):
        made = counted(folder, commitment)
        if made >= allowed:
            raise ProvingError(used_up(made, allowed))
        write_atomically(folder / commitment.hex(), b"%d\n" % (made + 1))


def counted(folder: Path, commitment: bytes) -> int:
    """How many proofs about an image this machine made."""
    path = folder / commitment.hex()
    return int(path.read_text()) if path.exists() else 0


def used_up(made: int, allowed: int) -> str:
    """Why there is no further proof."""
    return (
        f"{made} proofs were made about this input with the same salt: expected at most {allowed}, "
        "in which the salt hides it; the consumer must post the input again, which draws another"
    )
