"""Reading a proof: its messages in the order in which prover and verifier speak.

The order is that of halo2 (halo2 book, "Proving system"), with multi-phase advice columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from prover.base.errors import ProofRejected
from prover.verify.algebra.field import R
from prover.verify.algebra.group import Affine
from prover.verify.description import Description
from prover.verify.digest import circuit_digest
from prover.verify.expressions import Query
from prover.verify.transcript import WORD_BYTES, Transcript


@dataclass(frozen=True)
class Commitments:
    """Points of a proof; `secret` by order in the description, `advice` by index of the column."""

    secret: tuple[Affine, ...]
    advice: tuple[Affine, ...]
    grand_products: tuple[Affine, ...]
    random: Affine
    quotient: tuple[Affine, ...]


@dataclass(frozen=True)
class Challenges:
    """What the verifier asked, in order: those of the `gates`, then the proof system's."""

    gates: tuple[int, ...]
    beta: int
    gamma: int
    y: int
    x: int


@dataclass(frozen=True)
class GrandProductValues:
    """A grand product z_i at x and omega x."""

    now: int
    following: int


@dataclass(frozen=True)
class Evaluations:
    """Claimed values at x: cells by query, the random polynomial, sigma_j and the grand products.

    `chained` holds those of all grand products but the last at the row after the usable ones.
    """

    cells: dict[Query, int]
    random: int
    sigma: tuple[int, ...]
    grand_products: tuple[GrandProductValues, ...]
    chained: tuple[int, ...]


@dataclass(frozen=True)
class Opening:
    """SHPLONK's challenges Y (within a set), V (between sets) and U, and its points W and W'."""

    y: int
    v: int
    u: int
    w: Affine
    w_prime: Affine


@dataclass(frozen=True)
class Proof:
    """A proof of canonical words; nothing of it has been verified."""

    commitments: Commitments
    challenges: Challenges
    evaluations: Evaluations
    opening: Opening


def read_proof(description: Description, proof: bytes, instances: Sequence[int]) -> Proof:
    """Read all of a proof. Raises ProofRejected naming the word that cannot stand in one."""
    _check_instances(description, instances)
    expected = description.proof.bytes
    if len(proof) != expected:
        raise ProofRejected(
            f"length: the proof has {len(proof)} bytes: expected {expected} by this circuit"
        )
    digest = circuit_digest(description)
    start = _check_prefix(proof, digest) if description.secret_columns else 0
    transcript = Transcript(proof[start:])
    for word in (digest, *instances):
        transcript.absorb(word)
    commitments, challenges = _read_commitments(description, transcript)
    evaluations = _read_evaluations(description, transcript)
    opening = _read_opening(transcript)
    transcript.finish()
    return Proof(commitments, challenges, evaluations, opening)


def weights_commitment(description: Description, proof: bytes) -> bytes:
    """What the hidden weights of a proof are known by: keccak256 of the digest and their points.

    The proof must have been verified. Raises ProofRejected where weights are public, as then the
    circuit itself says which they are.
    """
    points = description.proof.secret_points
    if not points:
        raise ProofRejected("weights: the circuit's are public, and no proof of it commits to them")
    return keccak(proof[: WORD_BYTES * (1 + 2 * points)])


def _check_prefix(proof: bytes, digest: int) -> int:
    """A proof of hidden weights begins with the digest; returns where the rest begins."""
    found = int.from_bytes(proof[:WORD_BYTES], "big")
    if found != digest:
        raise ProofRejected(
            f"digest: the proof begins with {found:#066x}: expected {digest:#066x}, that of this "
            "circuit"
        )
    return WORD_BYTES


def _check_instances(description: Description, instances: Sequence[int]) -> None:
    count = description.instances.count
    if len(instances) != count:
        raise ProofRejected(f"instances: {len(instances)} words: expected {count} by this circuit")
    for index, word in enumerate(instances):
        if not 0 <= word < R:
            raise ProofRejected(
                f"instances: word {index} is {word}: expected 0 <= word < {R}; the residue of a "
                "word is another word"
            )


def _read_commitments(
    description: Description, transcript: Transcript
) -> tuple[Commitments, Challenges]:
    names = [description.columns.fixed[column] for column in description.secret_columns]
    secret = tuple(transcript.read_point(f"fixed column {name}") for name in names)
    advice, gates = _read_advice(description, transcript)
    transcript.squeeze()  # halo2's theta, for lookups that no circuit here has
    beta, gamma = transcript.squeeze(), transcript.squeeze()
    layout = description.proof
    grand_products = [f"grand product {i}" for i in range(layout.grand_products)]
    found = tuple(transcript.read_point(name) for name in grand_products)
    random = transcript.read_point("random polynomial")
    y = transcript.squeeze()
    pieces = [f"quotient piece {i}" for i in range(layout.quotient_pieces)]
    quotient = tuple(transcript.read_point(name) for name in pieces)
    # A power, so that all roots of x, where packed polynomials are opened, are scalars.
    x = pow(transcript.squeeze(), description.shape.packing, R)
    commitments = Commitments(secret, advice, found, random, quotient)
    return commitments, Challenges(gates, beta, gamma, y, x)


def _read_advice(
    description: Description, transcript: Transcript
) -> tuple[tuple[Affine, ...], tuple[int, ...]]:
    """Phase by phase: the columns' commitments, then the challenges that depend on them."""
    points: dict[int, Affine] = {}
    challenges: dict[int, int] = {}
    for phase in description.phases:
        for column in description.advice_of(phase):
            name = description.columns.advice[column].name
            points[column] = transcript.read_point(f"advice column {name}")
        for index in description.challenges_after(phase):
            challenges[index] = transcript.squeeze()
    return (
        tuple(points[column] for column in sorted(points)),
        tuple(challenges[index] for index in sorted(challenges)),
    )


def _read_evaluations(description: Description, transcript: Transcript) -> Evaluations:
    def read(queries: tuple[Query, ...]) -> dict[Query, int]:
        return {
            query: transcript.read_scalar(f"{query.kind} {query.column} at {query.rotation}")
            for query in queries
        }

    cells = read((*description.queried("advice"), *description.secret_queries))
    random = transcript.read_scalar("random polynomial")
    cells |= read(description.packed_queries)
    columns = range(len(description.permutation.columns))
    sigma = tuple(transcript.read_scalar(f"sigma {column}") for column in columns)
    return Evaluations(cells, random, sigma, *_read_grand_products(description, transcript))


def _read_grand_products(
    description: Description, transcript: Transcript
) -> tuple[tuple[GrandProductValues, ...], tuple[int, ...]]:
    grand_products, chained = [], []
    count = description.proof.grand_products
    for index in range(count):
        name = f"of grand product {index}"
        now, following = (transcript.read_scalar(f"{name} at {at}") for at in ("x", "omega x"))
        grand_products.append(GrandProductValues(now, following))
        if index < count - 1:
            chained.append(transcript.read_scalar(f"{name} at its end"))
    return tuple(grand_products), tuple(chained)


def _read_opening(transcript: Transcript) -> Opening:
    y, v = transcript.squeeze(), transcript.squeeze()
    w = transcript.read_point("opening W")
    u = transcript.squeeze()
    return Opening(y, v, u, w, transcript.read_point("opening W'"))
