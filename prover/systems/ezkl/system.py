"""`ProofSystem` over ezkl."""

from collections.abc import Sequence

from prover.models.calibration import Calibration
from prover.models.onnx_file import ImportedModel
from prover.models.plan import Constraints, Plan
from prover.models.report import PlanReport
from prover.models.search import find_plan
from prover.proving.artifacts import Artifacts, Proof
from prover.proving.ezkl import prover, setup
from prover.proving.ezkl.planning import EzklCircuits
from prover.proving.srs import INSECURE, SetUpChoice
from prover.proving.system import Item, Witness
from prover.proving.worker import Limits, Progress
from prover.statement.context import JobContext


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
