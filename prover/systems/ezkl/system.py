"""The proof system of ezkl, whose verifiers contracts call."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from prover.base.errors import ProvingError, UsageError
from prover.base.files import read_file
from prover.solidity.verifier import compile_verifier
from prover.statement.context import JobContext
from prover.statement.documents.inputs_file import InputsFile, Item
from prover.statement.sealing import Chunks
from prover.systems.ezkl import exchange, prover, setup
from prover.systems.ezkl.artifacts import SRS, Artifacts, load_artifacts
from prover.systems.ezkl.evaluate import compare_with_witness, evaluate
from prover.systems.ezkl.inputs import quantised, read_data, shape_of
from prover.systems.ezkl.outputs import read_outputs
from prover.systems.ezkl.planner.plan import Constraints, Plan
from prover.systems.ezkl.planner.report import PlanReport
from prover.systems.ezkl.planner.search import find_plan
from prover.systems.ezkl.planning import EzklCircuits
from prover.systems.ezkl.prover import Witness
from prover.systems.interface import (
    Answer,
    Codes,
    InputFiles,
    Numbers,
    OnChain,
    Outputs,
    Prediction,
    ProofSystem,
)
from prover.systems.onnx.calibration import Calibration, Floats
from prover.systems.onnx.onnx_file import ImportedModel
from prover.systems.onnx.onnx_file import load as load_model
from prover.systems.proof import Proof
from prover.systems.srs import INSECURE, SetUpChoice, check_named
from prover.systems.worker import Limits, Progress


@dataclass(frozen=True)
class Wanted:
    """A model, data that its circuit must do well on, and what the circuit must keep to."""

    model: ImportedModel
    calibration: Calibration
    constraints: Constraints


@dataclass(frozen=True)
class Planned:
    """A model, the parameters of its circuit, and what its classes are called.

    With the other candidates if it was searched.
    """

    model: ImportedModel
    plan: Plan
    report: PlanReport | None = None
    class_names: tuple[str, ...] | None = None


class Ezkl:
    """`ProofSystem` over ezkl; `limits` hold for each child process."""

    name = "ezkl"
    prove_stages: ClassVar[Mapping[str, float]] = {}

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()

    def plan(self, wanted: Wanted) -> Planned:
        """See `planner.search.find_plan`."""
        engine = EzklCircuits(self._limits)
        report = find_plan(wanted.model, wanted.calibration, wanted.constraints, engine)
        return Planned(wanted.model, report.plan, report)

    def setup(
        self, planned: Planned, progress: Progress | None = None, srs: SetUpChoice = INSECURE
    ) -> Artifacts:
        """See `setup.setup`."""
        asked = planned.model, planned.plan, self._limits, progress, srs
        return setup.setup(*asked, planned.class_names)

    def load(self, directory: Path) -> Artifacts:
        """See `artifacts.load_artifacts`."""
        return load_artifacts(directory)

    def rebuild(
        self,
        made: Artifacts,
        progress: Progress | None = None,
        model: ImportedModel | None = None,
    ) -> bytes:
        """See `setup.rebuild`: the verifier's runtime code."""
        return setup.rebuild(made, self._limits, model, progress)

    def make_proving_key(self, made: Artifacts, progress: Progress | None = None) -> None:
        """See `setup.make_proving_key`."""
        setup.make_proving_key(made, self._limits, progress)

    def read(self, made: Artifacts, files: InputFiles) -> Sequence[Item]:
        """The items of an inputs file, which are proven together."""
        if files.salts is not None:
            raise UsageError(
                "--salts: the items of an inputs file have their salts in it; leave it out"
            )
        if files.inputs is None or files.image is not None:
            raise UsageError("give --inputs, a job's inputs file: this circuit takes no photograph")
        if files.index:
            raise UsageError(
                f"--index {files.index}: an inputs file is proven as a whole; leave it out"
            )
        inputs_file = InputsFile.from_bytes(read_file(files.inputs))
        inputs_file.check(shape_of(made.manifest))
        return inputs_file.items

    def take(self, made: Artifacts, values: Numbers) -> Sequence[Item]:
        """See `inputs.quantised`."""
        return quantised(made.manifest, values)

    def witness(self, made: Artifacts, given: Sequence[Item], context: JobContext) -> Witness:
        """See `prover.make_witness`."""
        return prover.make_witness(made, given, context, self._limits)

    def prove(self, made: Artifacts, witness: Witness, progress: Progress | None = None) -> Proof:
        """See `prover.prove`."""
        return prover.prove(made, witness, self._limits, progress)

    def verify(self, made: Artifacts, proofs: Sequence[Proof]) -> None:
        """See `prover.verify`."""
        prover.verify(made, proofs, self._limits)

    def verify_by_reference(self, made: Artifacts, proof: Proof) -> None:
        """There is none for ezkl's circuits."""
        raise UsageError("--reference: only proofs of native circuits have a verifier in Python")

    def check_set_up(self, made: Artifacts) -> None:
        """Raise ArtifactMismatch unless the set-up's file is the one that the manifest names."""
        check_named(Path(made.path(SRS)), made.srs, made.manifest.plan.logrows)

    def check_given(self, made: Artifacts, proof: Proof, files: InputFiles) -> Sequence[Item]:
        """The items of an inputs file, which must be those of the proof, in their order."""
        if files.inputs is None:
            raise UsageError("give --inputs, the inputs file that the proof must be about")
        items = InputsFile.from_bytes(read_file(files.inputs)).items
        prover.check_items(made.manifest, proof, items, str(files.inputs))
        return items

    def read_data(self, made: Artifacts, path: Path) -> Calibration:
        """See `inputs.read_data`."""
        return read_data(made, path)

    def photograph(self, made: Artifacts, path: Path) -> Item:
        """None of ezkl's circuits takes any."""
        raise UsageError(
            f"--image {path}: this circuit takes no photograph; give --inputs and --index"
        )

    def items(self, made: Artifacts, samples: Iterable[Floats]) -> list[Item]:
        """See `inputs.quantised`."""
        return quantised(made.manifest, samples)

    def commitments(self, made: Artifacts, items: Sequence[Item]) -> list[bytes]:
        """Of the items' own words."""
        return [item.commitment() for item in items]

    def chunks(self, made: Artifacts, item: Item) -> Chunks:
        """One: values, then salt."""
        return ((*item.values, *item.salt),)

    def unsealed(self, made: Artifacts, chunks: Chunks) -> Item:
        """The inverse."""
        (elements,) = chunks
        values = made.facts.shape.values
        return Item(elements[:values], elements[values:])

    def evaluate(self, made: Artifacts, items: Sequence[Item]) -> Outputs:
        """See `evaluate.evaluate`."""
        return evaluate(made, items)

    def compare_with_witness(self, made: Artifacts, items: Sequence[Item]) -> None:
        """See `evaluate.compare_with_witness`."""
        compare_with_witness(made, items, limits=self._limits)

    def predictions(self, made: Artifacts, words: Sequence[int]) -> list[Prediction]:
        """See `outputs.read_outputs`."""
        return read_outputs(tuple(words), made.manifest)

    def require_weights(self, made: Artifacts) -> None:
        """Of hidden weights, those of the compiled circuit must be the registered ones."""
        if not made.facts.hidden:
            return
        if prover.weights_digest(made, self._limits) != made.weights_commitment:
            raise ProvingError(
                "the compiled circuit on this machine has other weights than the model that is "
                "registered, so that no proof would be accepted: set the model up again"
            )

    def require_hiding(self, made: Artifacts, inputs: Sequence[bytes], shown: int) -> None:
        """Digests hide however many proofs there are."""

    def require_proofs(self, made: Artifacts, count: int) -> None:
        """A digest hides weights however many proofs there are."""

    def creation(self, made: Artifacts) -> Codes:
        """Of the generated verifier."""
        return Codes(compile_verifier(made.verifier_source).contract.bytecode)

    def runtime(self, made: Artifacts) -> Codes:
        """Of the generated verifier."""
        return Codes(compile_verifier(made.verifier_source).contract.runtime)

    def rebuilt(
        self, made: Artifacts, progress: Progress | None = None, model: Path | None = None
    ) -> Codes:
        """See `rebuild`."""
        return Codes(self.rebuild(made, progress, load_model(model) if model else None))

    def describe(self, made: Artifacts) -> Mapping[str, Any]:
        """Every field of the manifest."""
        return made.manifest.model_dump()

    def import_artifacts(self, directory: Path) -> Artifacts:
        """See `exchange.import_artifacts`."""
        return exchange.import_artifacts(directory, self._limits)

    def export(self, made: Artifacts, target: Path) -> list[str]:
        """See `exchange.export`."""
        exchange.export(made, target)
        return list(exchange.public_files(made.manifest))

    def check_context(self, made: Artifacts, proof: Proof, context: JobContext) -> None:
        """See `prover.check_context`."""
        prover.check_context(made.manifest, proof, context)

    def answer(self, made: Artifacts, proof: Proof, given: Sequence[Item] | None = None) -> Answer:
        """The predictions of the given items; of all slots if they are not known."""
        layout = made.manifest.layout
        count = layout.items if given is None else len(given)
        words = [layout.item_outputs(proof.instances, item) for item in range(count)]
        found = read_outputs(tuple(word for one in words for word in one), made.manifest)
        data = {"predictions": [one.to_dict() for one in found]}
        return Answer(data, tuple(one.message() for one in found))


if TYPE_CHECKING:
    # mypy compares each method.
    _CHECKED: ProofSystem[Wanted, Planned, Artifacts, Sequence[Item], Witness] = Ezkl()
    _ON_CHAIN: OnChain[Artifacts] = Ezkl()
