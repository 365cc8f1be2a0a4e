"""Proofs of native circuits, each in a child process of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prover.base.errors import ProofRejected, StatementInvalid
from prover.base.files import scratch_folder
from prover.statement.context import JobContext
from prover.statement.field import FIELD_MODULUS
from prover.systems import srs, worker
from prover.systems.native.artifacts import NativeArtifacts
from prover.systems.native.circuit.hashing import Hashing
from prover.systems.native.network.network import Integers
from prover.systems.native.setup import TASKS
from prover.systems.native.witness import input_cells, packed
from prover.systems.proof import Proof
from prover.systems.worker import Limits, Progress


@dataclass(frozen=True)
class Scores:
    """What a proof says: a signed integer per class; times `scale` a real score."""

    values: tuple[int, ...]
    scale: float

    def top(self, count: int = 5) -> list[int]:
        """The classes of the largest scores, the smaller class first among equals."""
        order = sorted(range(len(self.values)), key=lambda label: (-self.values[label], label))
        return order[:count]


def prove(
    made: NativeArtifacts,
    image: Integers,
    context: JobContext,
    limits: Limits | None = None,
    progress: Progress | None = None,
    salts: Sequence[int] | None = None,
    seed: bytes | None = None,
) -> Proof:
    """A verified proof of the network's outputs on `image` [channels, height, width].

    `salts` are those of the image's digests, where these are public; by default random ones. With
    `seed` all that hides the image comes from it (`hiding.secrets_of`).
    """
    check_input(made, image, salts)
    limbs = _limbs(made, context)
    reference = srs.file_of(made.manifest.srs, made.layout.k)
    powers = srs.powers_of(made.manifest.srs.name, made.layout.powers)
    with scratch_folder() as folder:
        source, target = folder / "image.npy", folder / "proof.bin"
        np.save(source, image)
        arguments = {
            "directory": str(made.directory),
            "image": str(source),
            "context": list(limbs),
            "salts": None if salts is None else [str(salt) for salt in salts],
            "seed": None if seed is None else seed.hex(),
            "srs": str(reference),
            "powers": str(powers),
            "out": str(target),
        }
        answer = worker.run(f"{TASKS}:make_proof", arguments, limits, progress=progress)
        return Proof(target.read_bytes(), tuple(int(word) for word in answer["instances"]))


def check_input(made: NativeArtifacts, image: Integers, salts: Sequence[int] | None) -> None:
    """Raise StatementInvalid unless the circuit takes this image, and salts if there are any."""
    if salts is None:
        input_cells(made.placed, image)
    else:
        digests_of(made, image, salts)


def verify(made: NativeArtifacts, proof: Proof, limits: Limits | None = None) -> None:
    """Raise ProofRejected unless the proof holds for its instances, with the circuit's weights."""
    with scratch_folder() as folder:
        path = folder / "proof.bin"
        path.write_bytes(proof.proof)
        arguments = {
            "directory": str(made.directory),
            "proof": str(path),
            "instances": [str(word) for word in proof.instances],
        }
        worker.run(f"{TASKS}:check_proof", arguments, limits)
    made.require_weights(proof.proof)


def check_context(made: NativeArtifacts, proof: Proof, context: JobContext) -> None:
    """Raise ProofRejected unless the proof was made for this chain, contract, job, payee, model."""
    limbs = _limbs(made, context)
    if proof.instances[: len(limbs)] != limbs:
        raise ProofRejected(
            "the proof was made for another chain, contract, job or payee: expected one for this "
            "job; prove again"
        )


def digests_of(made: NativeArtifacts, image: Integers, salts: Sequence[int]) -> list[int]:
    """The digests that a proof about `image` shows with these salts, before there is a proof.

    Raises StatementInvalid if the circuit shows no digests, or another number of them, or a salt is
    not a field element.
    """
    hashing = _hashing(made)
    if any(not 0 <= salt < FIELD_MODULUS for salt in salts):
        raise StatementInvalid("a salt is not below the field's order: draw it from the field")
    return hashing.digests(packed(made.placed, input_cells(made.placed, image)), salts)


def words_of(made: NativeArtifacts, image: Integers) -> list[int]:
    """The words of an image that its digests hash. Raises StatementInvalid as `digests_of`."""
    return _hashing(made).words(packed(made.placed, input_cells(made.placed, image)))


def _hashing(made: NativeArtifacts) -> Hashing:
    if made.placed.hashing is None:
        raise StatementInvalid(
            "the circuit hides its input behind a commitment and shows no digests: leave salts out"
        )
    return made.placed.hashing


def digests(made: NativeArtifacts, proof: Proof) -> tuple[int, ...]:
    """The digests among a proof's instances; none where inputs are not hashed."""
    sections = made.about.instances
    return proof.instances[sections.context : sections.context + sections.digests]


def labels(made: NativeArtifacts, proof: Proof) -> tuple[int, ...]:
    """The labels that a proof says, best first; of a circuit with public scores, the five best."""
    if not made.manifest.labels:
        return tuple(scores(made, proof).top())
    return _outputs(made, proof)


def scores(made: NativeArtifacts, proof: Proof) -> Scores:
    """The scores among a proof's instances, where they are public."""
    words = _outputs(made, proof)
    signed = (word - FIELD_MODULUS if word > FIELD_MODULUS // 2 else word for word in words)
    return Scores(tuple(signed), made.manifest.output_scale)


def _outputs(made: NativeArtifacts, proof: Proof) -> tuple[int, ...]:
    sections = made.about.instances
    return proof.instances[sections.context + sections.digests :]


def _limbs(made: NativeArtifacts, context: JobContext) -> tuple[int, ...]:
    return context.limbs(made.manifest.context_limbs, made.manifest.context_bits)
