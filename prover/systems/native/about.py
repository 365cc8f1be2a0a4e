"""What a key says of its circuit (keys/shape.json), beside what the manifest says."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from prover.base import strict_json
from prover.base.errors import ArtifactMismatch
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import CircuitLayout
from prover.verify.description import Instances, Shape


class About(BaseModel):
    """It is in the key's digest: no proof holds for another shape, or other instances."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    shape: Shape
    instances: Instances


def read_about(path: Path) -> About:
    """Raises ArtifactMismatch if the file is none."""
    try:
        return About.model_validate(strict_json.parse(path.read_bytes()))
    except ValueError as error:
        raise ArtifactMismatch(
            f"{path} is not valid ({strict_json.as_text(error)}): get the keys again"
        ) from error


def require_stated(about: About, layout: CircuitLayout, form: Form) -> None:
    """Raise ArtifactMismatch unless a manifest's layout and form are the key's.

    Else a limb of the context could be read as a score, or a digest as a label.
    """
    shape, instances = about.shape, about.instances
    pairs = {
        "k": (layout.k, shape.k),
        "packing": (layout.packing, shape.packing),
        "lanes": (layout.lanes, shape.lanes),
        "weight_lanes": (layout.weight_lanes, shape.weight_lanes),
        "context_limbs": (form.context, instances.context),
        "labels": (form.labels, shape.labels),
        "inputs": (form.inputs, "hashed" if instances.digests else "point"),
        "weights": (form.weights, "hidden" if shape.hidden else "public"),
    }
    for name, (stated, found) in pairs.items():
        if stated != found:
            raise ArtifactMismatch(
                f"the manifest says {name} = {stated}: expected {found} by its key; get the "
                "circuit again, or set the model up again"
            )
