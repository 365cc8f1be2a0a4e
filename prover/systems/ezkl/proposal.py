"""What a circuit of ezkl would take for a model, before its keys are made."""

from dataclasses import replace
from typing import Literal

from prover.base.errors import ModelRefused
from prover.protocol.costs import Proving
from prover.systems.class_names import read_names
from prover.systems.ezkl.planner.plan import Constraints, InputMode, Plan
from prover.systems.ezkl.reuse import find_cached
from prover.systems.ezkl.system import Ezkl, Planned
from prover.systems.ezkl.system import Wanted as Asked
from prover.systems.interface import Artifacts
from prover.systems.onnx import calibration, onnx_file
from prover.systems.onnx.onnx_file import ImportedModel
from prover.systems.proposal import HASHED, HIDDEN, POINT, Proposal, Wanted
from prover.systems.srs import SetUpChoice
from prover.systems.worker import Progress


def propose(wanted: Wanted) -> Proposal:
    """Raises ModelRefused naming what ezkl's circuits do not do, or why there is no plan."""
    if wanted.inputs == POINT:
        raise ModelRefused("circuits of ezkl show an input or its digest, no point")
    if wanted.labels:
        raise ModelRefused("circuits of ezkl show all scores, no labels")
    mode: InputMode = "hashed" if wanted.inputs == HASHED else "public"
    weights: Literal["fixed", "hashed"] = "hashed" if wanted.weights == HIDDEN else "fixed"
    model = onnx_file.load(wanted.onnx)
    samples = calibration.read(wanted.data, model.input_shape, model.classes)
    constraints = Constraints(items=wanted.items, input_mode=mode, weights=weights)
    names = read_names(wanted.classes, model.classes) if wanted.classes else None
    planned = replace(Ezkl().plan(Asked(model, samples, constraints)), class_names=names)
    proving = Proving.predicted(
        planned.plan.logrows, planned.plan.items, _instances(planned.plan, model)
    )

    def make(srs: SetUpChoice, progress: Progress | None) -> Artifacts:
        return set_up(planned, srs, progress)

    return Proposal("ezkl", proving, "", make, planned.report)


def set_up(planned: Planned, srs: SetUpChoice, progress: Progress | None) -> Artifacts:
    """Artifacts that are there from before, or new ones."""
    found = find_cached(planned.model, planned.plan, srs, class_names=planned.class_names)
    if found is not None:
        if progress:
            progress("using keys that were made before")
        return found
    if progress:
        progress("making keys and verifier")
    return Ezkl().setup(planned, progress, srs)


def _instances(plan: Plan, model: ImportedModel) -> int:
    """Public words of a proof: context twice, inputs, a weights digest, outputs."""
    hashed, hidden = plan.input_mode == "hashed", plan.weights == "hashed"
    inputs = plan.items * (1 if hashed else model.elements)
    echo = 1 if hashed else plan.context_limbs
    return plan.context_limbs + echo + inputs + hidden + plan.items * model.classes
