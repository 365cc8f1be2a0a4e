"""What the rest of the code knows of a proof system."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from prover.statement.context import JobContext
from prover.statement.documents.request import Item as Item
from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.ezkl.planner.plan import Constraints, Plan
from prover.systems.ezkl.planner.report import PlanReport
from prover.systems.onnx.calibration import Calibration
from prover.systems.onnx.onnx_file import ImportedModel
from prover.systems.proof import Proof
from prover.systems.srs import INSECURE, SetUpChoice
from prover.systems.worker import Progress


@dataclass(frozen=True)
class Witness:
    """An evaluated statement.

    `outputs` are signed integers of the given items; `slots` are the items with padding;
    `instances` are the words that a proof of it must show.
    """

    items: tuple[Item, ...]
    slots: tuple[Item, ...]
    context: tuple[int, ...]
    outputs: tuple[tuple[int, ...], ...]
    instances: tuple[int, ...]


Made = TypeVar("Made", contravariant=True)
Evaluated = TypeVar("Evaluated", contravariant=True)


class Prover(Protocol[Made, Evaluated]):
    """Proofs and their verification, by a system's own artifacts and witnesses.

    `ezkl` and `native` are such systems; only `ezkl` has contracts so far (`ProofSystem`).
    """

    name: str

    def prove(self, artifacts: Made, witness: Evaluated, progress: Progress | None = None) -> Proof:
        """A proof that was verified, with instances equal to the witness's."""
        ...

    def verify(self, artifacts: Made, proofs: Sequence[Proof]) -> None:
        """Raise ProofRejected unless all proofs hold."""
        ...


class ProofSystem(Prover[Artifacts, Witness], Protocol):
    """Set-up and witnesses besides; every call may take minutes and reports its stages."""

    def plan(
        self, model: ImportedModel, calibration: Calibration, constraints: Constraints
    ) -> PlanReport:
        """The cheapest parameters that hold, and why others fell."""
        ...

    def setup(
        self,
        model: ImportedModel,
        plan: Plan,
        progress: Progress | None = None,
        srs: SetUpChoice = INSECURE,
    ) -> Artifacts:
        """Make and publish the artifacts of a planned model, on a set-up."""
        ...

    def rebuild(
        self,
        artifacts: Artifacts,
        model: ImportedModel | None = None,
        progress: Progress | None = None,
    ) -> bytes:
        """Make them again, compare, and return the verifier's runtime code."""
        ...

    def make_proving_key(self, artifacts: Artifacts, progress: Progress | None = None) -> None:
        """Put the proving key into artifacts that were imported without one."""
        ...

    def witness(self, artifacts: Artifacts, items: Sequence[Item], context: JobContext) -> Witness:
        """Evaluate the quantised model on 1 to b items in the context of a job."""
        ...
