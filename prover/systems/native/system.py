"""The native proof system: integer networks in circuits of our own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from prover.base.errors import UsageError
from prover.statement.context import JobContext
from prover.systems.interface import Answer, InputFiles, Numbers, ProofSystem
from prover.systems.native import artifacts, prover, setup, stages
from prover.systems.native.artifacts import NativeArtifacts
from prover.systems.native.circuit.form import Form
from prover.systems.native.inputs import Input, read_input, take_values
from prover.systems.native.network.quantise import InputRange
from prover.systems.native.network.real import Reals
from prover.systems.native.network.search import Choice
from prover.systems.proof import Proof
from prover.systems.srs import INSECURE, SetUpChoice
from prover.systems.worker import Limits, Progress
from prover.verify import parse_description
from prover.verify import verify as verify_in_python


@dataclass(frozen=True)
class Wanted:
    """A model, calibration inputs [n, channels, height, width], and the circuit's form.

    `source` are the integers that stand for inputs; `out` is the directory to make.
    """

    onnx: Path
    samples: Reals
    source: InputRange
    out: Path
    form: Form = setup.CONTEXT


@dataclass(frozen=True)
class Planned:
    """What was wanted, and the integer network that was chosen for it."""

    wanted: Wanted
    choice: Choice


@dataclass(frozen=True)
class NativeWitness:
    """What is proven: an input in the context of a job. The engine computes all else from it."""

    given: Input
    context: JobContext


class Native:
    """`ProofSystem` of native circuits; `limits` hold for each child process."""

    name = "native"
    setup_stages: ClassVar[Mapping[str, float]] = stages.SETTING_UP
    prove_stages: ClassVar[Mapping[str, float]] = stages.PROVING

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()

    def plan(self, wanted: Wanted) -> Planned:
        """See `setup.plan`."""
        return Planned(wanted, setup.plan(wanted.onnx, wanted.samples, wanted.source))

    def setup(
        self, planned: Planned, progress: Progress | None = None, srs: SetUpChoice = INSECURE
    ) -> NativeArtifacts:
        """See `setup.setup`."""
        wanted, choice = planned.wanted, planned.choice
        return setup.setup(
            wanted.onnx, choice, wanted.out, self._limits, progress, wanted.form, srs
        )

    def load(self, directory: Path) -> NativeArtifacts:
        """See `artifacts.load`."""
        return artifacts.load(directory)

    def rebuild(self, made: NativeArtifacts, progress: Progress | None = None) -> None:
        """See `setup.rebuild`."""
        setup.rebuild(made, self._limits, progress)

    def read(self, made: NativeArtifacts, files: InputFiles) -> Input:
        """See `inputs.read_input`."""
        return read_input(made, files)

    def take(self, made: NativeArtifacts, values: Numbers) -> Input:
        """See `inputs.take_values`."""
        return take_values(made, values)

    def witness(self, made: NativeArtifacts, given: Input, context: JobContext) -> NativeWitness:
        """Raises StatementInvalid if the circuit takes no such image, or no such salts."""
        prover.check_input(made, given.image, given.salts)
        return NativeWitness(given, context)

    def prove(
        self, made: NativeArtifacts, witness: NativeWitness, progress: Progress | None = None
    ) -> Proof:
        """See `prover.prove`."""
        image, salts = witness.given.image, witness.given.salts
        return prover.prove(made, image, witness.context, self._limits, progress, salts)

    def verify(self, made: NativeArtifacts, proofs: Sequence[Proof]) -> None:
        """See `prover.verify`, proof by proof."""
        for proof in proofs:
            prover.verify(made, proof, self._limits)

    def verify_by_reference(self, made: NativeArtifacts, proof: Proof) -> None:
        """See `prover.verify` of the package's root."""
        description = parse_description((made.directory / artifacts.DESCRIPTION).read_bytes())
        verify_in_python(description, proof.proof, proof.instances)
        made.require_weights(proof.proof)

    def check_set_up(self, made: NativeArtifacts) -> None:
        """`load` has compared the key's set-up with the manifest's already."""

    def check_given(self, made: NativeArtifacts, proof: Proof, files: InputFiles) -> Input:
        """No file can be compared with a commitment."""
        raise UsageError(
            "--inputs: a native proof hides its input behind a commitment; leave it out"
        )

    def check_context(self, made: NativeArtifacts, proof: Proof, context: JobContext) -> None:
        """See `prover.check_context`."""
        prover.check_context(made, proof, context)

    def answer(self, made: NativeArtifacts, proof: Proof, given: Input | None = None) -> Answer:
        """Digests where they are public, and the best labels; the scores too where these are."""
        shown = [f"0x{word:064x}" for word in prover.digests(made, proof)]
        data: dict[str, object] = {"digests": shown} if shown else {}
        top = list(prover.labels(made, proof))
        if made.manifest.labels:
            line = f"labels, best first: {', '.join(map(str, top))}"
            return Answer(data | {"top": top}, (line,))
        found = prover.scores(made, proof)
        words = ", ".join(f"{label} ({found.values[label] * found.scale:.2f})" for label in top)
        data |= {"output_words": list(found.values), "top": top}
        return Answer(data, (f"labels by score: {words}",))


if TYPE_CHECKING:
    # mypy compares each method.
    _CHECKED: ProofSystem[Wanted, Planned, NativeArtifacts, Input, NativeWitness] = Native()
