"""The native proof system: a `Prover` of integer networks in circuits of our own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prover.statement.context import JobContext
from prover.systems.native import prover, setup
from prover.systems.native.artifacts import NativeArtifacts
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.grid import Integers
from prover.systems.native.network.quantise import InputRange
from prover.systems.native.network.real import Reals
from prover.systems.native.network.search import Choice
from prover.systems.proof import Proof
from prover.systems.srs import INSECURE, SetUpChoice
from prover.systems.worker import Limits, Progress


@dataclass(frozen=True)
class NativeWitness:
    """What is proven: an image [channels, height, width] in the context of a job.

    `salts` are those of its digests, where these are public; None draws them.
    """

    image: Integers
    context: JobContext
    salts: tuple[int, ...] | None


class Native:
    """`limits` hold for each child process."""

    name = "native"

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()

    def plan(self, onnx: Path, samples: Reals, source: InputRange) -> Choice:
        """See `setup.plan`."""
        return setup.plan(onnx, samples, source)

    def setup(
        self,
        onnx: Path,
        choice: Choice,
        out: Path,
        form: Form = setup.CONTEXT,
        progress: Progress | None = None,
        srs: SetUpChoice = INSECURE,
    ) -> NativeArtifacts:
        """See `setup.setup`."""
        return setup.setup(onnx, choice, out, self._limits, progress, form, srs)

    def rebuild(self, artifacts: NativeArtifacts, progress: Progress | None = None) -> None:
        """See `setup.rebuild`."""
        setup.rebuild(artifacts, self._limits, progress)

    def witness(
        self,
        artifacts: NativeArtifacts,
        image: Integers,
        context: JobContext,
        salts: Sequence[int] | None = None,
    ) -> NativeWitness:
        """Raises StatementInvalid if the circuit takes no such image, or no such salts."""
        prover.check_input(artifacts, image, salts)
        return NativeWitness(image, context, None if salts is None else tuple(salts))

    def prove(
        self,
        artifacts: NativeArtifacts,
        witness: NativeWitness,
        progress: Progress | None = None,
    ) -> Proof:
        """See `prover.prove`."""
        given = witness.image, witness.context, self._limits, progress, witness.salts
        return prover.prove(artifacts, *given)

    def verify(self, artifacts: NativeArtifacts, proofs: Sequence[Proof]) -> None:
        """Raise ProofRejected unless all proofs hold."""
        for proof in proofs:
            prover.verify(artifacts, proof, self._limits)
