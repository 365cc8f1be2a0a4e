"""`ProofSystem` over ezkl."""

from collections.abc import Sequence

from prover.statement.context import JobContext
from prover.systems.ezkl import prover, setup
from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.ezkl.planner.plan import Constraints, Plan
from prover.systems.ezkl.planner.report import PlanReport
from prover.systems.ezkl.planner.search import find_plan
from prover.systems.ezkl.planning import EzklCircuits
from prover.systems.interface import Item, Witness
from prover.systems.onnx.calibration import Calibration
from prover.systems.onnx.onnx_file import ImportedModel
from prover.systems.proof import Proof
from prover.systems.srs import INSECURE, SetUpChoice
from prover.systems.worker import Limits, Progress


class Ezkl:
    """`ProofSystem` over ezkl; `limits` hold for each child process."""

    name = "ezkl"

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()

    def plan(
        self, model: ImportedModel, calibration: Calibration, constraints: Constraints
    ) -> PlanReport:
        """See `models.search.find_plan`."""
        return find_plan(model, calibration, constraints, EzklCircuits(self._limits))

    def setup(
        self,
        model: ImportedModel,
        plan: Plan,
        progress: Progress | None = None,
        srs: SetUpChoice = INSECURE,
    ) -> Artifacts:
        """See `setup.setup`."""
        return setup.setup(model, plan, self._limits, progress, srs)

    def rebuild(
        self,
        artifacts: Artifacts,
        model: ImportedModel | None = None,
        progress: Progress | None = None,
    ) -> bytes:
        """See `setup.rebuild`."""
        return setup.rebuild(artifacts, self._limits, model, progress)

    def make_proving_key(self, artifacts: Artifacts, progress: Progress | None = None) -> None:
        """See `setup.make_proving_key`."""
        setup.make_proving_key(artifacts, self._limits, progress)

    def witness(self, artifacts: Artifacts, items: Sequence[Item], context: JobContext) -> Witness:
        """See `prover.make_witness`."""
        return prover.make_witness(artifacts, items, context, self._limits)

    def prove(
        self, artifacts: Artifacts, witness: Witness, progress: Progress | None = None
    ) -> Proof:
        """See `prover.prove`."""
        return prover.prove(artifacts, witness, self._limits, progress)

    def verify(self, artifacts: Artifacts, proofs: Sequence[Proof]) -> None:
        """See `prover.verify`."""
        prover.verify(artifacts, proofs, self._limits)
